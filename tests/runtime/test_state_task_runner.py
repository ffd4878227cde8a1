"""One task's run of its states, with mocks: what it takes over, leaves behind, and how it fails."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sfn_provider._compat import AirflowException, AirflowFailException, AirflowSkipException
from sfn_provider.engine.simulation.simulator import EPOCH
from sfn_provider.exceptions import StatesError
from sfn_provider.operators.state_machine import (
    ChoiceStateOperator,
    FailStateOperator,
    LoopOperator,
    PassStateOperator,
    TaskStateOperator,
    WaitStateOperator,
)
from sfn_provider.runtime.routing import task_routing as routing
from sfn_provider.runtime.routing.dag_run_execution import load_run_mocks
from sfn_provider.runtime.routing.routing_token import RoutingToken
from sfn_provider.runtime.state_operator import StateOperator
from sfn_provider.runtime.state_task_runner import StateTaskRunner
from tests.fixtures.airflow.airflow_operators import EmptyOperator
from tests.fixtures.airflow.task_runs import Run, dag
from tests.fixtures.machines.definitions import choose

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"
BREAKS = {"Throw": {"Error": "Broken", "Cause": "it broke"}}


@pytest.fixture(autouse=True)
def mock_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Mocks for the states Call (fails once, then answers) and Break (fails)."""
    file = tmp_path / "mocks.json"
    responses = {"Call": {"0": BREAKS, "1": {"Return": {"n": 1}}}, "Break": {"0": BREAKS}}
    cases = {"Case": {name: name for name in responses}}
    file.write_text(json.dumps({"StateMachines": {"M": {"TestCases": cases}}, "MockedResponses": responses}))
    monkeypatch.setenv("SFN_PROVIDER_MOCK_CONFIG", f"{file}#Case")
    monkeypatch.delenv("SFN_PROVIDER_HISTORY", raising=False)
    load_run_mocks.cache_clear()
    return file


def chain(*tasks: tuple[type[StateOperator], dict[str, Any]], timeout: float | None = None) -> list[Any]:
    """Make tasks in a DAG, one after the other. Each is its operator and its arguments."""
    with dag(timeout):
        made = [operator(**arguments) for operator, arguments in tasks]
        for before, after in pairwise(made):
            before >> after
    return made


def test_a_task_leaves_its_output_and_a_token() -> None:
    run = Run(conf={"a": 1})
    [first, _] = chain(
        (PassStateOperator, {"task_id": "First", "assign": {"v": 2}, "next": "Second!"}),
        (PassStateOperator, {"task_id": "Second", "state_name": "Second!", "end": True}),
    )
    assert run.execute(first) == {"a": 1}
    token = RoutingToken(**run.xcoms["First", "token"])
    assert (token.task_id, token.next, token.variables) == ("First", "Second!", {"v": 2})
    assert (token.now, token.events, token.previous, token.transitions) == (EPOCH, 3, 3, 1)


def test_the_next_task_goes_on_where_the_one_before_left() -> None:
    run = Run(conf={"a": 1})
    tasks = chain(
        (WaitStateOperator, {"task_id": "Rest", "seconds": 90, "next": "Show"}),
        (
            PassStateOperator,
            {
                "task_id": "Show",
                "parameters": {
                    "entered.$": "$$.State.EnteredTime",
                    "started.$": "$$.Execution.StartTime",
                    "name.$": "$$.Execution.Name",
                    "machine.$": "$$.StateMachine.Name",
                    "input.$": "$$.Execution.Input",
                    "state.$": "$$.State.Name",
                },
                "end": True,
            },
        ),
    )
    for task in tasks:
        output = run.execute(task)
    assert output == {
        "entered": "2025-01-01T00:01:30.000Z",
        "started": "2025-01-01T00:00:00.000Z",
        "name": "manual__1",
        "machine": "machine",
        "input": {"a": 1},
        "state": "Show",
    }
    assert run.xcoms["Show", "token"]["next"] is None
    assert run.xcoms["Show", "token"]["events"] == 6  # the execution's start and end are two of them


def test_ways_not_taken_are_skipped_without_starting_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    skipped: list[tuple[list[str], dict[tuple[str, str], Any]]] = []

    class Skipper:
        def skip_all_except(self, instance: Any, taken: list[str]) -> None:
            skipped.append((taken, dict(instance.run.xcoms)))

    monkeypatch.setattr(routing, "SkipMixin", Skipper)
    with dag():
        ask = ChoiceStateOperator(task_id="Ask", **_ask_fields())
        yes, no = (PassStateOperator(task_id=name, end=True) for name in ("Yes", "No"))
        ask >> [yes, no, EmptyOperator(task_id="added")]
    run = Run(conf={"x": "y"})
    run.execute(ask)
    [(taken, left_before)] = skipped
    assert sorted(taken) == ["Yes", "added"]
    assert left_before.keys() == {("Ask", "token"), ("Ask", "return_value")}, "Airflow 3 ends the task there"
    run.execute(yes)
    assert len(skipped) == 1, "nothing is left out after the last state"


def _ask_fields() -> dict[str, Any]:
    fields = choose("$.x", {"y": "Yes"}, "No")
    return {"choices": fields["Choices"], "default": fields["Default"]}


def test_a_task_that_nobody_chose_skips_itself() -> None:
    run = Run(conf={})
    with dag():
        first = ChoiceStateOperator(task_id="First", **_ask_fields())
        yes, no = (PassStateOperator(task_id=name, end=True) for name in ("Yes", "No"))
        first >> [yes, no]
    run.xcoms["First", "token"] = {"task_id": "First", "next": "No"}
    with pytest.raises(AirflowSkipException, match="no task before this one chose state 'Yes'"):
        run.execute(yes)
    run.xcoms.clear()
    with pytest.raises(AirflowSkipException):
        run.execute(yes)
    assert run.xcoms == {}


def test_tasks_that_are_no_states_do_not_count() -> None:
    with dag():
        task = PassStateOperator(task_id="First", end=True)
        EmptyOperator(task_id="before") >> task
    assert Run(conf={"a": 1}).execute(task) == {"a": 1}


def test_a_null_output_is_null_for_the_next_task() -> None:
    run = Run(conf={"a": 1})
    for task in chain(
        (PassStateOperator, {"task_id": "First", "output_path": None, "next": "Second"}),
        (PassStateOperator, {"task_id": "Second", "result_path": "$.x", "result": 1, "end": True}),
    ):
        output = run.execute(task)
    assert output == {"x": 1}


def test_mocks_answer_call_by_call_and_retries_take_virtual_time() -> None:
    [task] = chain(
        (
            TaskStateOperator,
            {
                "task_id": "Call",
                "resource": FUNCTION,
                "retry": [{"ErrorEquals": ["Broken"], "IntervalSeconds": 30}],
                "end": True,
            },
        )
    )
    run = Run(conf={})
    assert run.execute(task) == {"n": 1}
    assert (run.xcoms["Call", "token"]["now"], run.xcoms["Call", "token"]["transitions"]) == (EPOCH + 30, 2)


def test_the_tasks_of_a_run_share_the_count_of_calls_and_runs_do_not(mock_file: Path) -> None:
    reference = f"{mock_file}#Case"
    assert load_run_mocks(reference, "one") is load_run_mocks(reference, "one")
    assert load_run_mocks(reference, "one") is not load_run_mocks(reference, "two")


def test_an_error_fails_the_task_without_a_retry_by_airflow() -> None:
    [task] = chain((TaskStateOperator, {"task_id": "Break", "resource": FUNCTION, "end": True, "retries": 5}))
    run = Run(conf={})
    with pytest.raises(AirflowFailException, match=r"^Broken: it broke$"):
        run.execute(task)
    assert list(run.xcoms) == [("Break", "error")]
    error = {"Error": "Broken", "Cause": "it broke", "Status": "FAILED", "Transitions": 1}
    assert run.xcoms["Break", "error"].items() >= error.items()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"error": "E", "cause": "c"}, "E: c"),
        ({"error": "E"}, "E"),
        ({"cause": "c"}, "c"),
        ({}, "the state failed without naming an error"),
    ],
)
def test_a_fail_state_says_what_it_has_to_say(fields: dict[str, str], told: str) -> None:
    [task] = chain((FailStateOperator, {"task_id": "Stop", **fields}))
    with pytest.raises(AirflowFailException) as error:
        Run(conf={}).execute(task)
    assert str(error.value) == told


def test_a_task_without_a_mock_says_so() -> None:
    [task] = chain((TaskStateOperator, {"task_id": "Other", "resource": FUNCTION, "end": True}))
    run = Run(conf={})
    with pytest.raises(AirflowFailException, match=f"state 'Other' calls {FUNCTION} but has no mock.*Break, Call"):
        run.execute(task)
    assert list(run.xcoms) == [("Other", "error")]
    assert list(run.xcoms["Other", "error"]) == ["Message", "task_id", "map_index"]


def test_a_run_that_takes_too_long_is_told_its_limit() -> None:
    [task] = chain((WaitStateOperator, {"task_id": "Rest", "seconds": 90, "end": True}), timeout=60)
    run = Run(conf={})
    with pytest.raises(AirflowFailException, match=r"^the execution ran longer than the 0:01:00 that it may take$"):
        run.execute(task)
    error = {"Error": None, "Cause": None, "Status": "TIMED_OUT", "Transitions": 1}
    assert run.xcoms["Rest", "error"].items() >= error.items()


def test_history_is_kept_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    [task] = chain((PassStateOperator, {"task_id": "A", "end": True}))
    run = Run(conf={})
    run.execute(task)
    assert ("A", "history") not in run.xcoms
    monkeypatch.setenv("SFN_PROVIDER_HISTORY", "1")
    run.execute(task)
    assert [record[2] for record in run.xcoms["A", "history"]] == [
        *("ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded")
    ]
    assert json.loads(json.dumps(run.xcoms["A", "history"])) == run.xcoms["A", "history"]


def test_a_loop_is_entered_at_the_state_that_was_chosen() -> None:
    states = {"One": {"Type": "Pass", "Result": 1, "Next": "Two"}, "Two": choose("$.x", {"again": "One"}, "End")}
    run = Run(conf={"x": "done"})
    for task in chain(
        (PassStateOperator, {"task_id": "First", "next": "Two"}),
        (LoopOperator, {"task_id": "Loop", "states": states}),
        (PassStateOperator, {"task_id": "End", "end": True}),
    ):
        run.execute(task)
    assert run.xcoms["Loop", "token"]["next"] == "End"
    assert run.xcoms["End", "return_value"] == {"x": "done"}


@pytest.mark.parametrize(
    ("conf", "params", "expected"),
    [
        ({"a": 1}, {"a": 2, "b": 3}, {"a": 1}),
        ({}, {"a": 2}, {"a": 2}),
        (None, {"a": 2}, {"a": 2}),
        (None, {}, {}),
        ({"sfn_provider:input": [1]}, {"a": 2}, [1]),
        ({}, {"sfn_provider:input": None}, None),
    ],
)
def test_the_input_is_the_runs_configuration_or_the_params(conf: Any, params: Any, expected: Any) -> None:
    [task] = chain((PassStateOperator, {"task_id": "A", "end": True}))
    assert Run(conf=conf, params=params).execute(task) == expected


RESERVED = {"__classname__": "builtins.tuple", "__version__": 1, "deep": [{"__type": "dict", "__var": {}}]}


def test_data_that_airflow_would_misread_is_kept_as_text() -> None:
    run = Run(conf={"in": RESERVED})
    first, second = chain(
        (PassStateOperator, {"task_id": "First", "assign": {"v": RESERVED}, "next": "Second"}),
        (PassStateOperator, {"task_id": "Second", "parameters": {"in.$": "$.in", "v.$": "$v"}, "end": True}),
    )
    run.execute(first)
    kept = [run.xcoms["First", key] for key in ("return_value", "token")]
    assert [set(value) for value in kept] == [{"sfn_provider:json"}] * 2
    assert json.loads(run.execute(second)["sfn_provider:json"]) == {"in": RESERVED, "v": RESERVED}


def test_an_execution_that_takes_a_year_times_out() -> None:
    [task] = chain((WaitStateOperator, {"task_id": "Rest", "timestamp": "2026-01-01T00:00:01Z", "end": True}))
    run = Run(conf={})
    with pytest.raises(AirflowFailException, match=r"^the execution ran longer than the 365 days, 0:00:00 that it may"):
        run.execute(task)
    assert run.xcoms["Rest", "error"]["Status"] == "TIMED_OUT"


def test_an_input_that_aws_would_not_take_starts_nothing() -> None:
    [task] = chain((PassStateOperator, {"task_id": "First", "end": True}))
    run = Run(conf={"a": "x" * 262_144})
    with pytest.raises(AirflowFailException, match=r"input has 262,152 bytes as JSON, .* no execution starts"):
        run.execute(task)
    assert run.xcoms["First", "error"]["Message"].endswith("put the data into S3 and pass its place")
    assert Run(conf={"a": "x" * 262_136}).execute(task) == {"a": "x" * 262_136}


NAMES = {
    "a manual run": ("manual__2026-11-28T00:00:00.000000+00:00", "manual__2026-11-28T00-00-00.000000+00-00"),
    "one that a user named": ("monthly run/2026", "monthly-run-2026"),
}


@pytest.mark.parametrize(("run_id", "name"), NAMES.values(), ids=NAMES)
def test_the_executions_name_is_one_that_aws_takes(run_id: str, name: str) -> None:
    show = {"parameters": {"execution.$": "$$.Execution", "machine.$": "$$.StateMachine.Id"}}
    [task] = chain((PassStateOperator, {"task_id": "Show", **show, "end": True}))
    shown = Run(conf={}, run_id=run_id).execute(task)
    assert shown["execution"]["Name"] == name
    assert shown["execution"]["Id"] == f"arn:aws:states:us-east-1:111111111111:execution:machine:{name}"
    assert len(shown["execution"]["Id"].split(":")) == 8


@pytest.mark.parametrize(
    "error", [KeyError("x"), RecursionError(), StatesError("States.Runtime", "w"), ValueError("y")]
)
def test_a_crash_of_the_package_fails_the_task_at_once(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(self: StateTaskRunner, **_: Any) -> None:
        raise error

    monkeypatch.setattr(StateTaskRunner, "enter", crash)
    [task] = chain((PassStateOperator, {"task_id": "First", "end": True}))
    run = Run(conf={})
    with pytest.raises(AirflowFailException, match="error of the package airflow-provider-sfn") as failure:
        run.execute(task)
    assert str(failure.value).startswith(type(error).__name__) and ".py:" in str(failure.value)
    assert failure.value.__cause__ is error
    assert run.xcoms["First", "error"]["Message"] == str(failure.value)


@pytest.mark.parametrize("error", [ConnectionError("the API server is away"), AirflowException("again, please")])
def test_what_another_try_may_mend_is_left_to_airflow(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: StateTaskRunner, **_: Any) -> None:
        raise error

    monkeypatch.setattr(StateTaskRunner, "enter", fail)
    [task] = chain((PassStateOperator, {"task_id": "First", "end": True}))
    with pytest.raises(type(error)) as failure:
        Run(conf={}).execute(task)
    assert failure.value is error


def test_arguments_that_make_no_state_are_named() -> None:
    [task] = chain((WaitStateOperator, {"task_id": "Rest", "seconds": [1], "end": True}))
    with pytest.raises(AirflowFailException, match=r"task 'Rest': seconds: expected a whole number"):
        Run(conf={}).execute(task)
