"""What the log of a translated DAG's task says, line by line."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from sfn_provider._compat import AirflowException
from sfn_provider.asl.jsonata.limits import TIMEOUT
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Completed
from sfn_provider.operators.state_machine import (
    LoopOperator,
    MapStateOperator,
    ParallelStateOperator,
    WaitStateOperator,
)
from sfn_provider.runtime.display import task_log
from sfn_provider.runtime.routing.dag_run_execution import load_run_mocks
from sfn_provider.translate import build_dag
from tests.fixtures.airflow.task_runs import Run
from tests.fixtures.calls.live_driver import FUNCTION, Clock, FakeCaller, deferral, resume, task
from tests.runtime.display.logged_tasks import GLUE, LAMBDA, RETRY, SUBMITTED, Log, ask, glue

pytestmark = pytest.mark.usefixtures("fake_clock", "fake_caller", "log")


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
        "State 'Call': Glue job run jr_1 of load has failed with Busy after 30 s",
        "State 'Call', attempt 1, has failed with Busy; it is retried in 1 min 0 s (retry 1 of 2 of Retry[0]); "
        r"""cause: {"why": "no\nworkers"}""",
        "State 'Call' calls glue:startJobRun.sync, attempt 2",
        f"State 'Call' has started Glue job run jr_1 of load: {GLUE}",
        "State 'Call': Glue job run jr_1 of load has succeeded after 30 s",
        "Next: state 'Next'",
    ]


def test_a_catch_is_told_with_what_it_takes_and_where_it_goes(run: Run, fake_caller: FakeCaller, log: Log) -> None:
    fake_caller.answers["Call"] = [StatesError("Broken", "it broke")]
    catch = [{"ErrorEquals": ["Other"], "Next": "Next"}, {"ErrorEquals": ["Broken"], "Next": "Next"}]
    run.execute(task(catch=catch))
    assert log.lines() == [
        f"State 'Call' calls lambda:invoke, Lambda function work: {LAMBDA}",
        "State 'Call': lambda:invoke has failed with Broken after 0 s",
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
