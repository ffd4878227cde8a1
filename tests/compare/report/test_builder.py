"""The report as data, as JSON and as Markdown."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest

from sfn_provider.asl.document import Document
from sfn_provider.compare.cost.estimate import Environment
from sfn_provider.compare.report import as_html, as_markdown
from sfn_provider.compare.report.data.costs import MOCKED_CALLS, CostOptions, estimate_cost, measure_usage
from sfn_provider.compare.report.data.times import measure_times
from sfn_provider.compare.report.markdown import escape
from sfn_provider.compare.report.model import Case, Diff
from sfn_provider.compare.report.schedule_frequency import runs_per_month
from sfn_provider.translate.plan.schedule import parse_schedule
from tests.fixtures.machines.definitions import END, call, choose, machine
from tests.fixtures.machines.reports import PRICES, make_case, report_of

ORDER = machine(
    {
        "Reserve": call("Enough?", Retry=[{"ErrorEquals": ["Busy"], "IntervalSeconds": 7}]),
        "Enough?": choose("$.state", {"some": "Pack"}, "Back order"),
        "Pack": call("Done"),
        "Back order": {"Type": "Fail", "Error": "None left"},
        "Done": END,
    }
)
SOME: dict[str, Any] = {"Reserve": [{"Return": {"state": "some"}}], "Pack": [{"Return": {"kg": 2}}]}
NONE = {"Reserve": [{"Return": {"state": "none"}}]}
BUSY = {**SOME, "Reserve": [{"Throw": {"Error": "Busy"}}, *SOME["Reserve"]]}
HEAVY = {**SOME, "Pack": [{"Return": {"kg": 3}}]}

GOOD = make_case(ORDER, {}, SOME, "good")
FAILED = make_case(ORDER, {}, NONE, "failed")
RETRIED = make_case(ORDER, {}, BUSY, "retried")
WRONG = make_case(ORDER, {}, SOME, "wrong", other=HEAVY)


def test_cases_survive_their_way_through_json() -> None:
    for case in (GOOD, FAILED, RETRIED, WRONG):
        assert Case.model_validate(json.loads(json.dumps(case.model_dump(mode="json")))) == case


def test_a_case_tells_both_sides_state_by_state() -> None:
    assert (GOOD.agrees, WRONG.agrees) == (True, False)
    assert [row.state for row in GOOD.states] == ["Reserve", "Enough?", "Pack", "Done"]
    assert (RETRIED.step_functions.seconds, RETRIED.states[0].step_functions.calls) == (7.0, 2)
    assert (GOOD.tasks, GOOD.seconds_between, GOOD.transitions) == (4, 2.0, 4)
    assert [row.state for row in WRONG.differing] == ["Pack", "Done"]
    assert WRONG.states[2].diffs == (
        Diff(name="output", lines=("@@ -1,3 +1,3 @@", " {", '-  "kg": 2', '+  "kg": 3', " }")),
    )
    assert [diff.name for diff in WRONG.diffs] == ["output"]


ENDS = machine(
    {
        "Ask": call("Both", Catch=[{"ErrorEquals": ["Busy"], "Next": "Both"}]),
        "Both": {
            "Type": "Parallel",
            "Branches": [machine({"Left": call()}), machine({"Right": {"Type": "Wait", "Seconds": 9, "End": True}})],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Give up"}],
            "Next": "Done",
        },
        "Give up": {"Type": "Fail", "Error": "Lost"},
        "Done": END,
    }
)
BROKEN = make_case(
    ENDS, {}, {"Ask": [{"Throw": {"Error": "Busy"}}], "Left": [{"Throw": {"Error": "Broken"}}]}, "broken"
)


def test_a_visit_has_how_it_ended() -> None:
    ended = {row.state: row.step_functions.ended for row in BROKEN.states if row.step_functions is not None}
    assert ended == {"Ask": "caught", "Both": "caught", "Left": "failed", "Right": "stopped", "Give up": "failed"}
    assert {row.step_functions.ended for row in GOOD.states if row.step_functions is not None} == {"left"}


def test_calls_stand_side_by_side() -> None:
    assert [(row.state, row.number, row.outcome, row.agrees) for row in RETRIED.calls] == [
        ("Reserve", 1, "failed: Busy", True),
        ("Reserve", 2, "succeeded", True),
        ("Pack", 1, "succeeded", True),
    ]
    assert RETRIED.calls[0].call.startswith("arn:aws:lambda")
    once = make_case(ORDER, {}, BUSY, other=SOME)
    assert [(row.number, row.agrees, row.airflow is None) for row in once.calls if row.state == "Reserve"] == [
        (1, False, False),
        (2, False, True),
    ]
    text = as_markdown(report_of(ORDER, once))
    assert "## Calls that AWS sees" in text and "**not called**" in text


def test_warnings_of_lint_are_in_the_report() -> None:
    odd = machine({"Ask": call("${Done}", Parameters={"name": "${Name}"}), "${Done}": END})
    made = report_of(odd, make_case(odd, {}, {"Ask": [{"Return": {}}]}))
    assert made.warnings
    warning = made.warnings[0]
    assert warning.message in html.unescape(as_html(made))
    assert f"- {escape(warning.code)} {escape(warning.location or '/')}: {escape(warning.message)}" in as_markdown(made)
    assert warning.model_dump() in made.as_json()["warnings"]
    assert "Warnings about" not in as_markdown(report_of(ORDER, GOOD))


def test_retries_are_transitions() -> None:
    cost = estimate_cost([RETRIED], Document.open(ORDER), CostOptions(PRICES, 1000, "as given"))
    assert cost is not None
    assert (cost.transitions, cost.retries) == (5, 1)
    assert next(way for way in cost.ways if way.name == "Step Functions Standard").monthly == pytest.approx(10.0)
    assert "5 state transitions, 1 retry among them" in as_markdown(report_of(ORDER, RETRIED))


def test_an_environment_that_runs_anyway_stands_beside_a_whole_one() -> None:
    cost = estimate_cost([GOOD], Document.open(ORDER), CostOptions(PRICES, 1000, "as given"))
    assert cost is not None
    assert cost.added_text == (
        "You already run MWAA? Then this pipeline costs about $0 more a month, as long as workers have free slots. "
        "A whole environment for it alone costs $101.00 a month at least (MWAA tiny)."
    )


def test_half_a_surrogate_pair_is_told_as_its_escape() -> None:
    broken = {**SOME, "Pack": [{"Return": {"\ud800": "\udfff"}}]}
    case = make_case(ORDER, {}, broken)
    assert "\\ud800" in str(case.states[2].output)
    as_markdown(report_of(ORDER, case)).encode("utf-8")
    json.dumps(case.model_dump(mode="json"), ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize(
    ("cases", "verdict"),
    [
        ([GOOD], "Airflow does what Step Functions does in the execution."),
        ([GOOD, FAILED], "Airflow does what Step Functions does in all 2 executions."),
        ([GOOD, WRONG], "Airflow differs from Step Functions in 1 of 2 executions."),
        ([], "Nothing was compared."),
    ],
    ids=["one", "two", "one of two", "none"],
)
def test_the_verdict(cases: list[Case], verdict: str) -> None:
    made = report_of(ORDER, *cases)
    assert made.verdict == verdict
    assert made.agrees is (bool(cases) and all(case.agrees for case in cases))


REACHED = ("state /States/Reserve", "state /States/Enough?", "state /States/Pack", "state /States/Done")


def test_the_verdict_says_how_much_was_reached() -> None:
    one = GOOD.model_copy(update={"reached": REACHED})
    two = FAILED.model_copy(update={"reached": ("state /States/Back order",)})
    made = report_of(ORDER, one, two)
    assert made.verdict == "Airflow does what Step Functions does in 2 executions that reach 5 of 5 states."
    made = report_of(ORDER, one)
    assert made.verdict == "Airflow does what Step Functions does in the execution, which reaches 4 of 5 states."
    assert made.as_json()["coverage"]["states_never_reached"] == ["Back order"]
    assert "- state 'Back order'" in as_markdown(made)


def test_a_case_in_which_nothing_ran_is_told_apart() -> None:
    nothing = GOOD.model_copy(update={"name": "empty", "missing_input": "$.order"})
    made = report_of(ORDER, GOOD, nothing)
    assert (made.agree, made.agrees) == (1, True)
    assert made.verdict.endswith(" Nothing ran after the first state in empty (the input lacks $.order).")
    assert "**nothing ran**: the input lacks \\$.order" in as_markdown(made)
    assert report_of(ORDER, nothing).agrees is False


def test_times_are_those_of_the_run_in_the_middle() -> None:
    times = measure_times([GOOD, FAILED, RETRIED])
    assert times is not None
    assert (times.airflow, times.in_tasks, times.between_tasks, times.tasks) == (4.0, 2.0, 2.0, 4)
    assert [(row.state, row.visits, row.step_functions, row.airflow) for row in times.states][:2] == [
        ("Reserve", 3, 0.0, 0.5),
        ("Enough?", 3, 0.0, 0.5),
    ]
    assert next(row for row in times.states if row.state == "Back order").step_functions is None
    assert times.in_states is None
    assert measure_times([]) is None


def test_where_airflow_is_measured_the_time_of_states_is_told_apart_from_that_around_them() -> None:
    assert RETRIED.airflow is not None
    measured = RETRIED.model_copy(update={"airflow": RETRIED.airflow.model_copy(update={"clock": "measured"})})
    times = measure_times([measured])
    assert times is not None
    assert (times.in_states, times.of_tasks, times.between_tasks) == (7.0, 2.0, 2.0)
    cost = estimate_cost([measured], Document.open(ORDER), CostOptions(PRICES, 30, "as given"))
    assert cost is not None and any("upper bound" in told for told in cost.assumptions)


def test_costs_are_those_of_the_case_with_the_median_of_transitions() -> None:
    cost = estimate_cost(
        [FAILED, RETRIED, GOOD], Document.open(ORDER), CostOptions(PRICES, 1000, "as given", Environment(workers=1))
    )
    assert cost is not None
    assert (cost.case, cost.transitions, cost.tasks, cost.worker_seconds) == ("good", 4, 4, 2.0)
    monthly = {way.name: way.monthly for way in cost.ways}
    assert monthly["Step Functions Standard"] == pytest.approx(8.0)
    assert monthly["MWAA tiny"] == pytest.approx(100 + 1.0 + 50)
    # With own code the task of "Back order" starts, too, though it is not chosen.
    assert monthly["MWAA Serverless, own code"] == pytest.approx(5 * 60 / 3600 * 3.6 * 1000)
    assert monthly["MWAA Serverless, operators"] == pytest.approx(3 * 60 / 3600 * 3.6 * 1000)  # no task for Done
    assert cost.left_out == {"Step Functions Express": "its price in moon-1 is not known; give your own with --price"}
    assert MOCKED_CALLS in cost.assumptions
    assert "MWAA Serverless, own code: 5 starts of tasks a run, 1 of tasks that are not chosen." in cost.assumptions
    pairs = {(point.cheaper, point.than) for point in cost.break_even}
    assert ("MWAA tiny", "MWAA Serverless, own code") in pairs
    page, text = html.unescape(as_html(report_of(ORDER, GOOD))), as_markdown(report_of(ORDER, GOOD))
    assert cost.always_cheaper
    assert all(sentence in page and escape(sentence) in text for sentence in cost.always_cheaper)
    point = next(point for point in cost.break_even if point.cheaper == "MWAA tiny")
    assert point.monthly == pytest.approx(monthly["MWAA tiny"])
    assert estimate_cost([], Document.open(ORDER), CostOptions(PRICES, 1, "as given")) is None


def test_recorded_calls_that_hold_a_worker_are_added_to_their_tasks() -> None:
    job = call("Done", Resource="arn:aws:states:::glue:startJobRun.sync", Parameters={"JobName": "j"})
    definition = machine({"Ask": call("Run"), "Run": job, "Done": END})
    made = make_case(definition, {}, {"Ask": [{"Return": {}}], "Run": [{"Return": {}}]})
    rows = [
        row.model_copy(update={"step_functions": row.step_functions.model_copy(update={"calling": 40.0})})
        for row in made.states
        if row.step_functions
    ]
    recorded = made.step_functions.model_copy(update={"clock": "recorded", "seconds": 310.0})
    case = made.model_copy(update={"states": tuple(rows), "step_functions": recorded})
    usage = measure_usage(case, Document.open(definition))
    assert usage.task_seconds == (40.5, 0.5, 0.5)
    assert usage.express is not None and "Express" in usage.express
    short = case.model_copy(update={"step_functions": recorded.model_copy(update={"seconds": 2.0})})
    plain = machine({"Ask": call("Run"), "Run": call("Done"), "Done": END})
    assert measure_usage(short, Document.open(plain)).express is None
    assert measure_usage(case, Document.open(plain)).express == "an execution takes 310 s; Express ones end after 300 s"


@pytest.mark.parametrize(
    ("schedule", "runs"),
    [
        ("cron(0 2 * * ? *)", 30),
        ("rate(5 minutes)", 8760),
        ("rate(400 days)", 1),
        ("*/10 * * * *", 4380),
        ("0 0 1 * *", 1),
        ("@once", 1),
        ("@quarterly", 1),
        ("@hourly", 730),
    ],
)
def test_runs_of_a_schedule(schedule: str, runs: int) -> None:
    assert runs_per_month(parse_schedule(schedule)) == pytest.approx(runs, rel=0.01)


def test_markdown_tells_all_and_escapes() -> None:
    made = report_of(ORDER, GOOD, WRONG, title="a|b <i> `c` *d*", origin="x_y", notes=["[n](http://x)"])
    text = as_markdown(made)
    assert text.startswith("# a\\|b &lt;i&gt; \\`c\\` \\*d\\*: Step Functions and Airflow\n")
    assert "| wrong | **differ** | SUCCEEDED | SUCCEEDED | 4 | 4 | 0 |" in text
    assert '```diff\n@@ -1,3 +1,3 @@\n {\n-  "kg": 2\n+  "kg": 3\n }\n```' in text
    assert "\\[n\\](http" not in text and "\\[n\\]\\(http" in text
    assert "prices of moon-1 as of 2031-05-06" in text and "https://example.com/prices" in text
    assert made.as_json()["verdict"] in text


def test_a_block_of_markdown_cannot_be_ended_by_what_is_in_it() -> None:
    ticks = {**SOME, "Pack": [{"Return": "````\n# not a heading"}]}
    text = as_markdown(report_of(ORDER, make_case(ORDER, {}, SOME, other=ticks)))
    assert "`````diff" in text
