"""Which task runs, in a real Airflow: the states that a DAG passes are those that Step Functions passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from sfn_provider.compare.airflow.dag_execution import read_outcome
from sfn_provider.compare.airflow.runner import DagRunResult, shared_runner
from sfn_provider.engine import Execution, Mocks, simulate
from sfn_provider.translate import translate
from sfn_provider.xcom_json import encode_dag_run_conf
from tests.fixtures.airflow.airflow_operators import BranchPythonOperator, EmptyOperator
from tests.fixtures.machines.definitions import END, call, choose, go, machine, passed

pytestmark = pytest.mark.usefixtures("user_airflow_home")

Json = Any
Answers = Mapping[str, Any]


def run_source(source: str, configuration: Json = None, mocks: Answers | None = None) -> DagRunResult:
    """Run a DAG file whose DAG is ``machine``."""
    answers = Mocks.from_mapping(mocks or {}).as_configuration()
    return shared_runner().run(source, "machine", configuration or {}, answers)


def run(definition: Mapping[str, Any], input: Json = None, mocks: Answers | None = None) -> DagRunResult:
    """Run a machine as a DAG."""
    return run_source(translate(dict(definition), dag_id="machine").source, encode_dag_run_conf(input), mocks)


def states(result: DagRunResult) -> dict[str, str]:
    """Each task's final state by its id."""
    return {task["task_id"]: task["state"] for task in result.tasks}


def both(definition: Mapping[str, Any], input: Json, mocks: Answers | None = None) -> tuple[Execution, DagRunResult]:
    """Run a machine as a DAG and check that status, output, error and states passed are the engine's."""
    result = run(definition, input, mocks)
    expected, found = (
        simulate(dict(definition), input, mocks=dict(mocks or {}), machine_name="machine"),
        read_outcome(result),
    )
    assert (found.status, found.output, found.error) == (expected.status, expected.output, expected.error)
    assert passed(found) == passed(expected)
    return found, result


# A task that is reached by two ways --------------------------------------------------------------------------------

DIAMOND = machine(
    {
        "A": choose("$.a", {"S": "S", "T": "T"}),
        "T": choose("$.t", {"V": "V", "X": "X"}),
        "V": go("S"),
        "S": END,
        "X": END,
    }
)
"""A leads to S and T, T to V and X, V to S: S is reached straight from A, or by T and V."""


@pytest.mark.parametrize(
    ("input", "way", "skipped"),
    [
        ({"a": "S"}, "AS", "TVX"),
        ({"a": "T", "t": "V"}, "ATVS", "X"),
        ({"a": "T", "t": "X"}, "ATX", "SV"),
    ],
    ids=["straight", "the long way", "not at all"],
)
def test_a_state_runs_only_where_it_was_chosen(input: Json, way: str, skipped: str) -> None:
    execution, result = both(DIAMOND, input)
    assert passed(execution) == list(way)
    assert states(result) == {name: "skipped" if name in skipped else "success" for name in "ATVXS"}
    assert result.state == "success"


TRIGGER_RULES_ALONE = f"""
from airflow import DAG
from {EmptyOperator.__module__} import EmptyOperator
from {BranchPythonOperator.__module__} import BranchPythonOperator

with DAG("machine", schedule=None):
    rule = dict(trigger_rule="none_failed_min_one_success")
    a = BranchPythonOperator(task_id="A", python_callable=lambda: "T")
    t = BranchPythonOperator(task_id="T", python_callable=lambda: "X", **rule)
    v, x, s = (EmptyOperator(task_id=name, **rule) for name in "VXS")
    a >> [s, t]
    t >> [v, x]
    v >> s
"""


def test_trigger_rules_alone_run_a_state_that_nobody_chose() -> None:
    """Why tasks leave tokens: the same graph, branched by Airflow's own means, goes wrong."""
    assert states(run_source(TRIGGER_RULES_ALONE)) == {
        **{"A": "success", "T": "success", "X": "success", "V": "skipped"},
        "S": "success",
    }


def test_no_task_keeps_a_choice_of_an_earlier_run() -> None:
    definition = translate(DIAMOND, dag_id="machine").source
    ways = [{"a": "T", "t": "V"}, {"a": "T", "t": "X"}, {"a": "S"}]
    assert [states(run_source(definition, way))["S"] for way in ways] == ["success", "skipped", "success"]


# Merges and handlers --------------------------------------------------------------------------------------------------

THROW = [{"Throw": {"Error": "Broken", "Cause": "it broke"}}]
ANSWER = [{"Return": {"answer": 1}}]
CATCH = [{"ErrorEquals": ["Broken"], "ResultPath": "$.error", "Next": "Mend"}]


@dataclass(frozen=True)
class Case:
    """A machine, an input and answers, and the states that it passes."""

    name: str
    definition: Mapping[str, Any]
    way: str
    input: Json = field(default_factory=lambda: {"x": "no"})
    mocks: Answers = field(default_factory=dict)


REJOIN = machine({"Try": call("Rejoin", Catch=CATCH), "Mend": go("Rejoin"), "Rejoin": END})
TWO_TRIES = machine(
    {"Try": call("Again", Catch=CATCH), "Again": call("Rejoin", Catch=CATCH), "Mend": go("Rejoin"), "Rejoin": END}
)
MERGE = machine(
    {
        "Ask": choose("$.x", {"one": "One", "two": "Two"}, "Merge"),
        "One": go("Two"),
        "Two": go("Merge"),
        "Merge": choose("$.x", {"one": "Left"}, "Right"),
        "Left": go("End"),
        "Right": go("End"),
        "End": END,
    }
)
UNEVEN = machine(
    {
        "Ask": choose("$.x", {"far": "Far 1"}, "End"),
        "Far 1": go("Far 2"),
        "Far 2": choose("$.y", {"on": "Far 3"}, "Other"),
        "Far 3": go("End"),
        "Other": {"Type": "Succeed"},
        "End": END,
    }
)
SAME_TARGET = machine({"Ask": choose("$.x", {"a": "Next", "b": "Next"}, "Next"), "Next": END})
CASES = [
    Case("no error, the handler is left out", REJOIN, "Try Rejoin", mocks={"Try": ANSWER}),
    Case("a handler that rejoins", REJOIN, "Try Mend Rejoin", mocks={"Try": THROW}),
    Case("one handler for two, the first", TWO_TRIES, "Try Mend Rejoin", mocks={"Try": THROW, "Again": ANSWER}),
    Case("one handler for two, the second", TWO_TRIES, "Try Again Mend Rejoin", mocks={"Try": ANSWER, "Again": THROW}),
    Case("one handler for two, neither", TWO_TRIES, "Try Again Rejoin", mocks={"Try": ANSWER, "Again": ANSWER}),
    Case("a merge that both ways lead to", MERGE, "Ask One Two Merge Left End", {"x": "one"}),
    Case("a merge behind a skipped choice", MERGE, "Ask Two Merge Right End", {"x": "two"}),
    Case("a merge straight from the choice", MERGE, "Ask Merge Right End", {"x": "none"}),
    Case("ways of uneven length, the short one", UNEVEN, "Ask End", {"x": "near"}),
    Case("ways of uneven length, the long one", UNEVEN, "Ask Far_1 Far_2 Far_3 End", {"x": "far", "y": "on"}),
    Case("ways of uneven length, beside the merge", UNEVEN, "Ask Far_1 Far_2 Other", {"x": "far", "y": "off"}),
    Case("all rules lead to the same state", SAME_TARGET, "Ask Next"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_merges_and_handlers(case: Case) -> None:
    execution, result = both(case.definition, case.input, case.mocks)
    way = case.way.split()
    assert [name.replace(" ", "_") for name in passed(execution)] == way
    assert {task for task, state in states(result).items() if state == "success"} == set(way)
    assert {state for task, state in states(result).items() if task not in way} <= {"skipped"}


LOOP = machine(
    {
        "Poll": call("Look", Catch=[{"ErrorEquals": ["Broken"], "ResultPath": "$.error", "Next": "Mend"}]),
        "Look": choose("$.state", {"done": "Done", "gone": "Gone"}, "Rest"),
        "Rest": {"Type": "Wait", "Seconds": 3600, "Next": "Poll"},
        "Mend": go("End"),
        "Done": go("End"),
        "Gone": {"Type": "Fail", "Error": "Gone"},
        "End": END,
    }
)


@pytest.mark.parametrize(
    ("answers", "end", "exit"),
    [
        (["wait", "wait", "done"], "Done", "success"),
        (["done"], "Done", "success"),
        (["wait", "gone"], "Gone", "failed"),
        (["wait", None], "Mend", "success"),
    ],
)
def test_a_loop_is_one_task_and_is_left_by_any_of_its_exits(answers: list[str | None], end: str, exit: str) -> None:
    mocks = {"Poll": [{"Return": {"state": answer}} if answer else THROW[0] for answer in answers]}
    execution, result = both(LOOP, {}, mocks)
    assert passed(execution).count("Poll") == len(answers)
    ran = {task for task, state in states(result).items() if state in ("success", "failed")}
    assert ran == {"Poll_loop", end} | ({"End"} if exit == "success" else set())
    assert result.state == exit


def test_a_loop_is_entered_by_any_of_its_states() -> None:
    loop = {"One": choose("$.x", {"again": "Two"}, "End"), "Two": go("One", Result={"x": "out"}), "End": END}
    definition = machine({"Ask": choose("$.at", {"1": "One", "2": "Two"}), **loop})
    for input, way in (({"at": "1", "x": "again"}, "Ask One Two One End"), ({"at": "2"}, "Ask Two One End")):
        execution, _ = both(definition, input)
        assert passed(execution) == way.split()


def test_an_execution_that_starts_in_a_loop_starts_at_its_start() -> None:
    loop = {"One": go("Two"), "Two": choose("$.x", {"again": "One"}, "End"), "End": END}
    execution, _ = both({"StartAt": "Two", "States": loop}, {"x": "no"})
    assert passed(execution) == ["Two", "End"]


# Failures -------------------------------------------------------------------------------------------------------------


def test_a_fail_state_fails_the_run_with_its_error() -> None:
    definition = machine(
        {"Ask": choose("$.x", {"bad": "Bad"}, "Good"), "Bad": {"Type": "Fail", "Error": "E", "Cause": "c"}, "Good": END}
    )
    execution, result = both(definition, {"x": "bad"})
    assert (execution.status, execution.error, execution.cause) == ("FAILED", "E", "c")
    assert (result.state, states(result)) == ("failed", {"Ask": "success", "Bad": "failed", "Good": "skipped"})


def test_an_error_that_nobody_catches_fails_the_run_and_nothing_after_it_runs() -> None:
    definition = machine(
        {
            "Try": call(
                "Next", Catch=[{"ErrorEquals": ["Other"], "Next": "Mend"}], Retry=[{"ErrorEquals": ["Broken"]}]
            ),
            "Next": go("Last"),
            "Mend": go("Last"),
            "Last": END,
        }
    )
    execution, result = both(definition, {}, {"Try": THROW})
    assert (execution.error, execution.cause, execution.transitions) == ("Broken", "it broke", 4)
    assert result.state == "failed"
    later = {"Next": "upstream_failed", "Mend": "upstream_failed", "Last": "upstream_failed"}
    assert states(result) == {"Try": "failed"} | later


def test_a_machine_that_takes_too_long_times_out_in_the_task_where_it_was() -> None:
    definition = machine(
        {
            "A": {"Type": "Wait", "Seconds": 40, "Next": "B"},
            "B": {"Type": "Wait", "Seconds": 40, "Next": "C"},
            "C": END,
        },
        TimeoutSeconds=60,
    )
    execution, result = both(definition, {})
    assert (execution.status, execution.error, execution.output) == ("TIMED_OUT", None, None)
    assert (execution.events[-1]["timestamp"] - execution.events[0]["timestamp"]).total_seconds() == 60
    assert states(result) == {"A": "success", "B": "failed", "C": "upstream_failed"}


# Data -----------------------------------------------------------------------------------------------------------------

CHAIN = machine({"A": go("B"), "B": END})


@pytest.mark.parametrize(
    "input",
    [[1, [2]], "text", 0, False, None, {}, {"a": None}, {"sfn_provider:input": 1}],
    ids=str,
)
def test_any_json_is_an_input_and_an_output(input: Json) -> None:
    execution, _ = both(CHAIN, input)
    assert execution.output == input


@pytest.mark.parametrize("output", [None, 0, [], {}], ids=str)
def test_an_empty_output_reaches_the_next_state(output: Json) -> None:
    definition = machine({"Ask": call("Next"), "Next": END})
    both(definition, {"x": 1}, {"Ask": [{"Return": output}]})


def test_variables_are_carried_from_task_to_task() -> None:
    definition = machine(
        {
            "First": go("Ask", Assign={"kept": {"n.$": "$.n"}, "none": None}),
            "Ask": choose("$.x", {"a": "Change"}, "Use"),
            "Change": go("Use", Assign={"changed": [1, None]}),
            "Use": {
                "Type": "Pass",
                "Parameters": {"kept.$": "$kept.n", "none.$": "$none", "changed.$": "$changed"},
                "End": True,
            },
        }
    )
    execution, _ = both(definition, {"n": 5, "x": "a"})
    assert execution.output == {"kept": 5, "none": None, "changed": [1, None]}


PARAMS = {"day": "2025-03-15", "deep": {"list": [1, None]}, "none": None}


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [(None, PARAMS), ({}, PARAMS), ({"day": "other"}, {"day": "other"}), ({"more": 1}, {"more": 1})],
)
def test_params_are_the_input_of_a_run_without_a_configuration(configuration: Json, expected: Json) -> None:
    source = translate(CHAIN, dag_id="machine", params=PARAMS, schedule="@daily").source
    assert read_outcome(run_source(source, configuration)).output == expected


def test_a_payload_that_looks_like_a_template_is_not_rendered() -> None:
    text = "{{ ds }} {% if x %} {# no #} {{ 1 + 1 }}"
    definition = machine(
        {"A": go("B", Result={text: text}, ResultPath="$.result"), "B": call(Parameters={"t": text, "i.$": "$"})}
    )
    execution, _ = both(definition, {"x": text}, {"B": ANSWER})
    [scheduled] = [event for event in execution.events if event["type"] == "LambdaFunctionScheduled"]
    assert scheduled["lambdaFunctionScheduledEventDetails"]["input"].count("{{ 1 + 1 }}") == 4


# What a user adds to the file -----------------------------------------------------------------------------------------

ADDED = f"""
    from {EmptyOperator.__module__} import EmptyOperator

    before = EmptyOperator(task_id="before")
    after = EmptyOperator(task_id="after")
    before >> ask
    one >> after
    ask >> EmptyOperator(task_id="always")
"""


@pytest.mark.parametrize(("way", "after"), [("one", "success"), ("two", "skipped")])
def test_tasks_that_a_user_adds_run_where_their_state_runs(way: str, after: str) -> None:
    definition = machine({"Ask": choose("$.x", {"one": "One"}, "Two"), "One": go("End"), "Two": go("End"), "End": END})
    result = run_source(translate(definition, dag_id="machine").source + ADDED, {"x": way})
    found = states(result)
    assert (found["before"], found["always"], found["after"]) == ("success", "success", after)
    assert read_outcome(result).output == {"x": way}
    assert (found["One"], found["Two"]) == (("success", "skipped") if way == "one" else ("skipped", "success"))
