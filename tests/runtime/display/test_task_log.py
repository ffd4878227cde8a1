"""What the log of a translated DAG's task says, line by line."""

from __future__ import annotations

import json
import logging
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from sfn_provider._compat import AirflowException
from sfn_provider.asl.jsonata.limits import TIMEOUT
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Completed, Submitted
from sfn_provider.operators.state_machine import (
    ChoiceStateOperator,
    LoopOperator,
    MapStateOperator,
    ParallelStateOperator,
    PassStateOperator,
    WaitStateOperator,
)
from sfn_provider.runtime.display import task_log
from sfn_provider.runtime.routing import task_routing as routing
from sfn_provider.runtime.routing.dag_run_execution import load_run_mocks
from sfn_provider.runtime.state_operator import StateOperator
from sfn_provider.translate import build_dag
from tests.fixtures.live_driver import FUNCTION, JOB, Clock, FakeCaller, deferral, resume, task
from tests.fixtures.task_runs import Run, dag

pytestmark = pytest.mark.usefixtures("fake_clock", "fake_caller")

SUBMITTED = Submitted({"id": "jr_1", "resource": JOB}, {"JobRunId": "jr_1"}, 30.0)
GLUE = "https://console.aws.amazon.com/gluestudio/home?region=eu-west-1#/job/load/run/jr_1"
LAMBDA = "https://console.aws.amazon.com/lambda/home?region=us-east-1#/functions/work"
RETRY = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 60, "MaxAttempts": 2}]


class Log:
    """The lines of a task at INFO."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    def lines(self) -> list[str]:
        records = self._caplog.records
        return [record.getMessage() for record in records if (record.name, record.levelno) == ("task", logging.INFO)]


class Skipper:
    """Skips nothing."""

    def skip_all_except(self, instance: Any, taken: list[str]) -> None:
        """Do nothing."""


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Log:
    caplog.set_level(logging.INFO)
    # Airflow 3 logs elsewhere.
    monkeypatch.setattr(StateOperator, "log", logging.getLogger("task"), raising=False)
    monkeypatch.setattr(routing, "SkipMixin", Skipper)
    return Log(caplog)


@pytest.fixture
def run() -> Run:
    return Run(conf={"a": 1})


def ask(*choices: dict[str, Any], **fields: Any) -> Any:
    """A Choice named Ask; the rules lead to Yes where they name no state."""
    rules = [{"Next": "Yes", **rule} for rule in choices]
    names = dict.fromkeys([*(rule["Next"] for rule in rules), *filter(None, [fields.get("default")])])
    with dag():
        made = ChoiceStateOperator(task_id="Ask", choices=rules, **fields)
        made >> [PassStateOperator(task_id=name, end=True) for name in names]
    return made


def glue(**fields: Any) -> Any:
    return task(resource=JOB, parameters={"JobName": "load"}, **fields)


def test_a_call_a_job_a_retry_and_the_end_are_told_once_over_deferrals(
    run: Run, fake_caller: FakeCaller, fake_clock: Clock, log: Log
) -> None:
    fake_caller.answers["Call"] = [SUBMITTED, SUBMITTED]
    fake_caller.polls = [StatesError("Busy", '{"why": "no\nworkers"}'), Completed({"JobRunState": "SUCCEEDED"})]
    retry = {"retry": RETRY}
    waiting = deferral(glue(**retry), run)
    for seconds in (30, 60):
        fake_clock.now += seconds
        waiting = deferral(glue(**retry), run, waiting)
    fake_clock.now += 30
    resume(glue(**retry), run, waiting)
    assert log.lines() == [
        "State 'Call' calls glue:startJobRun.sync",
        f"State 'Call' has started Glue job run jr_1 of load: {GLUE}",
        "State 'Call': Glue job run jr_1 of load has failed with Busy after 30.0 s",
        "State 'Call', attempt 1, has failed with Busy; it is retried in 1 min 0 s (retry 1 of 2 of Retry[0]); "
        r"""cause: {"why": "no\nworkers"}""",
        "State 'Call' calls glue:startJobRun.sync, attempt 2",
        f"State 'Call' has started Glue job run jr_1 of load: {GLUE}",
        "State 'Call': Glue job run jr_1 of load has succeeded after 30.0 s",
        "Next: state 'Next'",
    ]


def test_a_catch_is_told_with_what_it_takes_and_where_it_goes(run: Run, fake_caller: FakeCaller, log: Log) -> None:
    fake_caller.answers["Call"] = [StatesError("Broken", "it broke")]
    catch = [{"ErrorEquals": ["Other"], "Next": "Next"}, {"ErrorEquals": ["Broken"], "Next": "Next"}]
    run.execute(task(catch=catch))
    assert log.lines() == [
        f"State 'Call' calls lambda:invoke, Lambda function work: {LAMBDA}",
        "State 'Call': lambda:invoke has failed with Broken after 0.0 s",
        "State 'Call', attempt 1, has failed with Broken; Catch[1] takes it and goes on to 'Next'; cause: it broke",
    ]


def test_a_failure_that_nothing_takes_is_told_as_that(run: Run, fake_caller: FakeCaller, log: Log) -> None:
    fake_caller.answers["Call"] = [StatesError("Busy", None)] * 3
    retry = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 1, "JitterStrategy": "FULL"}]
    with pytest.raises(AirflowException):
        run.execute(task(retry=retry))
    assert log.lines()[-1] == "State 'Call', attempt 2, has failed with Busy; neither Retry nor Catch takes it"


def test_a_field_that_cannot_be_evaluated_is_told_although_nothing_was_called(run: Run, log: Log) -> None:
    with pytest.raises(AirflowException):
        run.execute(task(parameters={"x.$": "$.missing"}))
    [line] = log.lines()
    assert line.startswith("State 'Call', attempt 1, has failed with States.")
    assert "$.missing" in line


def test_a_bound_of_an_expression_is_told_as_our_own(run: Run, fake_caller: FakeCaller, log: Log) -> None:
    fake_caller.answers["Call"] = [StatesError("States.QueryEvaluationError", TIMEOUT)]
    with pytest.raises(AirflowException):
        run.execute(task())
    failure, note = log.lines()[-2:]
    assert failure.endswith(f"cause: {TIMEOUT}")
    assert note.startswith("Note: This bound is sfn_provider's")


def test_a_call_that_a_lost_worker_made_is_told_as_made_again(
    run: Run, fake_caller: FakeCaller, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_the_worker() -> Any:
        raise KeyboardInterrupt

    fake_caller.answers["Call"] = [lose_the_worker, SUBMITTED]
    with pytest.raises(KeyboardInterrupt):
        run.execute(glue())
    run.try_number = 2
    deferral(glue(), run)
    assert log.lines()[-2:] == [
        "State 'Call' calls glue:startJobRun.sync again: the worker that called it was lost",
        f"State 'Call' has started Glue job run jr_1 of load: {GLUE}",
    ]


def test_a_wait_is_told_with_its_end(run: Run, fake_clock: Clock, log: Log) -> None:
    made = task(WaitStateOperator, seconds=90)
    waiting = deferral(made, run)
    fake_clock.now += 90
    resume(made, run, waiting)
    assert log.lines() == ["State 'Call' waits for 1 min 30 s, until 2025-03-15T02:01:40Z", "Next: state 'Next'"]


def test_the_rounds_of_a_loop_are_counted_over_deferrals(
    run: Run, fake_caller: FakeCaller, fake_clock: Clock, log: Log
) -> None:
    states = {
        "Poll": {"Type": "Task", "Resource": FUNCTION, "Next": "Done?"},
        "Done?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.done", "BooleanEquals": True, "Next": "Next"}],
            "Default": "Rest",
        },
        "Rest": {"Type": "Wait", "Seconds": 60, "Next": "Poll"},
    }
    fake_caller.answers["Poll"] = [Completed({"done": done}) for done in (False, False, True)]
    made = task(LoopOperator, states=states)
    waiting = deferral(made, run)
    fake_clock.now += 60
    waiting = deferral(made, run, waiting)
    fake_clock.now += 60
    resume(made, run, waiting)
    rounds = [line for line in log.lines() if "Round" in line or "goes on" in line]
    assert rounds == [
        "State 'Done?' goes on to 'Rest', its Default: no rule matches; $.done = False",
        "Round 2 of the loop begins with state 'Poll'",
        "State 'Done?' goes on to 'Rest', its Default: no rule matches; $.done = False",
        "Round 3 of the loop begins with state 'Poll'",
        "State 'Done?' goes on to 'Next': Choices[0] matches: $.done BooleanEquals True; $.done = True",
    ]


# Choice ---------------------------------------------------------------------------------------------------------------

CHOICES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a comparison": (
        {"Variable": "$.score", "NumericGreaterThan": 0.95},
        {"score": 0.97},
        "$.score NumericGreaterThan 0.95; $.score = 0.97",
    ),
    "two values": (
        {"Variable": "$.a", "StringEqualsPath": "$$.Execution.Name"},
        {"a": "manual__1"},
        "$.a StringEqualsPath '$$.Execution.Name'; $.a = 'manual__1', $$.Execution.Name = 'manual__1'",
    ),
    "a combination": (
        {
            "And": [
                {"Variable": "$.n", "IsPresent": False},
                {"Not": {"Or": [{"Variable": "$.s", "IsNull": True}, {"Variable": "$.s", "StringMatches": "a*"}]}},
            ]
        },
        {"s": "b"},
        "$.n IsPresent False And Not ($.s IsNull True Or $.s StringMatches 'a*'); $.n = missing, $.s = 'b'",
    ),
    "a long value": (
        {"Variable": "$.s", "IsString": True},
        {"s": "x" * 100},
        f"$.s IsString True; $.s = '{'x' * 80}...'",
    ),
    "a line break": (
        {"Variable": "$.s", "StringEquals": "a\nState 'Call' is forged"},
        {"s": "a\nState 'Call' is forged"},
        r"$.s StringEquals 'a\nState 'Call' is forged'; $.s = 'a\nState 'Call' is forged'",
    ),
    "a secret": (
        {"Variable": "$.login.password", "StringEquals": "hunter2"},
        {"login": {"password": "hunter2"}},
        "$.login.password StringEquals '***'; $.login.password = '***'",
    ),
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_tells_the_rule_and_what_it_compares(name: str, log: Log) -> None:
    rule, conf, told = CHOICES[name]
    Run(conf=conf).execute(ask({"Variable": "$.never", "IsPresent": True, "Next": "No"}, rule))
    assert log.lines() == [f"State 'Ask' goes on to 'Yes': Choices[1] matches: {told}"]


def test_a_choice_in_jsonata_tells_the_condition_and_what_it_reads(log: Log) -> None:
    condition = "{% $states.input.n > 2 and $count($states.input.`a b`) = 0 %}"
    Run(conf={"n": 5, "a b": []}).execute(ask({"Condition": condition}, query_language="JSONata"))
    told = f"{condition}; $states.input.n = 5, $states.input.`a b` = a list of 0"
    assert log.lines() == [f"State 'Ask' goes on to 'Yes': Choices[0] matches: {told}"]


def test_a_variable_in_a_condition_is_told_with_its_value(run: Run, log: Log) -> None:
    states = {
        "Set": {"Type": "Pass", "Assign": {"limits": {"most": 3}}, "Next": "Ask"},
        "Ask": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $limits.most > 2 and $exists($states.input.a) %}", "Next": "Next"}],
            "Default": "Set",
        },
    }
    run.execute(task(LoopOperator, states=states, query_language="JSONata"))
    assert log.lines()[-1].endswith("; $limits.most = 3, $states.input.a = 1")


def test_many_values_are_counted(log: Log) -> None:
    rules = [{"Variable": f"$.v{number}", "NumericEquals": -1} for number in range(12)]
    Run(conf={f"v{number}": number for number in range(12)}).execute(ask(*rules, default="No"))
    [line] = log.lines()
    assert line.endswith("$.v9 = 9, and 2 more")


def test_a_choice_without_a_way_says_so(run: Run, log: Log) -> None:
    with pytest.raises(AirflowException):
        run.execute(ask({"Variable": "$.a", "NumericEquals": 2}))
    assert log.lines()[0] == "State 'Ask' chooses no state, and has no Default: no rule matches; $.a = 1"


# Branches and items ---------------------------------------------------------------------------------------------------


def branch(name: str, **state: Any) -> dict[str, Any]:
    return {"StartAt": name, "States": {name: {"Type": "Task", "Resource": FUNCTION, "End": True, **state}}}


def test_the_failure_of_a_branch_is_told_with_its_place(run: Run, fake_caller: FakeCaller, log: Log) -> None:
    fake_caller.answers |= {"One": [Completed(1)], "Two": [StatesError("Broken", "it broke")]}
    with pytest.raises(AirflowException):
        run.execute(task(ParallelStateOperator, branches=[branch("One"), branch("Two")]))
    failures = [line for line in log.lines() if "attempt 1, has failed" in line]
    assert failures == [
        "State 'Two' ('Call' 1), attempt 1, has failed with Broken; neither Retry nor Catch takes it; cause: it broke",
        "State 'Call', attempt 1, has failed with Broken; neither Retry nor Catch takes it; cause: it broke",
    ]


def test_the_items_of_a_map_are_counted_and_their_calls_have_their_index(fake_caller: FakeCaller, log: Log) -> None:
    fake_caller.answers["Each"] = [Completed(1), Completed(2)]
    made = task(MapStateOperator, item_processor=branch("Each"), items_path="$.items")
    Run(conf={"items": ["a", "b"]}).execute(made)
    assert log.lines()[:3] == [
        "State 'Call' has 2 items",
        f"State 'Each' ('Call' 0) calls lambda:invoke, Lambda function work: {LAMBDA}",
        f"State 'Each' ('Call' 1) calls lambda:invoke, Lambda function work: {LAMBDA}",
    ]


def tasks_of(folder: Path, **state: Any) -> dict[str, Any]:
    """The tasks of a machine of one state, named Call, by their ids."""
    file = folder / "machine.asl.json"
    file.write_text(json.dumps({"StartAt": "Call", "States": {"Call": {"End": True, **state}}}))
    return dict(build_dag(file).task_dict)


def test_a_join_tells_which_branch_has_failed(run: Run, fake_caller: FakeCaller, log: Log, tmp_path: Path) -> None:
    fake_caller.answers |= {"One": [Completed(1)], "Two": [StatesError("Broken", "it broke")]}
    tasks = tasks_of(tmp_path, Type="Parallel", Branches=[branch("One"), branch("Two")])
    for task_id, made in tasks.items():
        with nullcontext() if task_id.endswith(("start", "One")) else pytest.raises(AirflowException):
            run.execute(made)
    assert log.lines()[-3:] == [
        "State 'Two', attempt 1, has failed with Broken; neither Retry nor Catch takes it; cause: it broke",
        "Branch 1 of 'Call' has failed with Broken: it broke",
        "State 'Call', attempt 1, has failed with Broken; neither Retry nor Catch takes it; cause: it broke",
    ]


PROCESSOR = branch("Each")
DISTRIBUTED = {**PROCESSOR, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"ItemProcessor": PROCESSOR}, ["State 'Call' has 3 items"]),
        (
            {"ItemProcessor": DISTRIBUTED, "ItemBatcher": {"MaxItemsPerBatch": 2}},
            ["State 'Call' has 3 items, in 2 batches of the ItemBatcher", "2 child executions are run by 1 task"],
        ),
    ],
    ids=["inline", "distributed"],
)
def test_a_start_task_counts_items_and_batches(
    fields: dict[str, Any], told: list[str], log: Log, tmp_path: Path
) -> None:
    tasks = tasks_of(tmp_path, Type="Map", ItemsPath="$.items", **fields)
    Run(conf={"items": [1, 2, 3]}).execute(next(made for name, made in tasks.items() if name.endswith("start")))
    assert log.lines() == told


# Mocks and secrets ----------------------------------------------------------------------------------------------------


def test_with_mocks_the_log_is_the_same_but_for_the_calls(
    tmp_path: Path, log: Log, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    responses = {"Call": {"0": {"Throw": {"Error": "Busy", "Cause": "later"}}, "1": {"Return": 1}}}
    file = tmp_path / "mocks.json"
    file.write_text(
        json.dumps({"StateMachines": {"M": {"TestCases": {"Case": {"Call": "Call"}}}}, "MockedResponses": responses})
    )
    monkeypatch.setenv("SFN_PROVIDER_MOCK_CONFIG", f"{file}#Case")
    load_run_mocks.cache_clear()
    run.execute(task(retry=RETRY))
    assert log.lines() == [
        "State 'Call' calls lambda:invoke; a mock answers",
        "State 'Call', attempt 1, has failed with Busy; it is retried in 1 min 0 s (retry 1 of 2 of Retry[0]); "
        "cause: later",
        "State 'Call' calls lambda:invoke, attempt 2; a mock answers",
        "Next: state 'Next'",
    ]


def test_a_line_that_cannot_be_made_does_not_fail_the_state(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Any) -> str:
        raise ValueError("it cannot be written")

    monkeypatch.setattr(task_log, "choice_reason", refuse)
    run = Run(conf={"a": 1})
    assert run.execute(ask({"Variable": "$.a", "NumericEquals": 1})) == {"a": 1}
    [line] = [record.getMessage() for record in caplog.records if "missing" in record.getMessage()]
    assert line == "A line on a ChoiceMade is missing here: ValueError('it cannot be written')"


def test_secrets_in_causes_are_masked_before_they_are_cut(run: Run, fake_caller: FakeCaller, log: Log) -> None:
    cause = json.dumps({"log": "x" * 975, "password": "hunter2-hunter2"})
    fake_caller.answers["Call"] = [StatesError("Broken", cause)]
    with pytest.raises(AirflowException):
        run.execute(task())
    assert "hunter2" not in "".join(log.lines())
    assert all(len(line) < 1200 for line in log.lines())


def test_a_states_name_cannot_forge_a_line(run: Run, fake_caller: FakeCaller, log: Log) -> None:
    name = "Call\n[2025] ERROR forged"
    fake_caller.answers[name] = [Completed(1)]
    run.execute(task(state_name=name))
    assert not [line for line in log.lines() if "\n" in line]
    assert log.lines()[0].startswith(r"State 'Call\n[2025] ERROR forged' calls lambda:invoke")
