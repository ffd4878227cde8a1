"""Findings of one case, without an Airflow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.asl.state_walk import walk_states
from sfn_provider.compare.calls.call_findings import DagSide, TaskRun, find_differences_of_calls
from sfn_provider.compare.calls.interception.client_calls import CaughtCall
from sfn_provider.compare.calls.machine_calls import MachineRun, run_machine
from sfn_provider.compare.calls.matching import CallPair
from sfn_provider.engine import Mocks

CATCH = {"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Alarm"}]}
ALARM = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:Alarm", "End": True}


def function(name: str) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:lambda:us-east-1:123456789012:function:{name}", "End": True}


def branch(name: str, state: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"StartAt": name, "States": {name: state or function(name)}}


@dataclass(frozen=True)
class Case:
    """A machine whose execution fails in one state.

    Args:
        name: where that state is.
        around: the first state.
        failing: the tasks that fail.
        state: the state in which the execution ends.
    """

    name: str
    around: dict[str, Any]
    failing: tuple[str, ...]
    state: str


CASES = [
    Case(
        "behind a Map",
        {"Type": "Map", "Iterator": branch("Item"), **CATCH, "Next": "Alarm"},
        ("Item", "Alarm"),
        "Alarm",
    ),
    Case(
        "behind a Parallel that stops a branch",
        {
            "Type": "Parallel",
            "Branches": [branch("Works"), branch("Stops", {"Type": "Fail"})],
            **CATCH,
            "Next": "Alarm",
        },
        ("Alarm",),
        "Alarm",
    ),
    Case(
        "in a Parallel, beside a branch that goes on",
        {
            "Type": "Parallel",
            "Branches": [branch("Works", {"Type": "Wait", "Seconds": 9, "End": True}), branch("Bad")],
            "End": True,
        },
        ("Bad",),
        "Bad",
    ),
]


def run(case: Case) -> MachineRun:
    states = {"Around": case.around} | ({"Alarm": ALARM} if "Catch" in case.around else {})
    definition = {"StartAt": "Around", "States": states}
    machine = parse(definition)
    tasks = [names[-1] for _, names, state in walk_states(machine) if state.type == "Task"]
    answers = {
        name: [{"Throw": {"Error": f"{name}Error", "Cause": ""}} if name in case.failing else {"Return": {}}]
        for name in tasks
    }
    return run_machine(machine, [1], Mocks(answers), "M")


def find(machine: MachineRun, state: str, *failed: str) -> dict[str, str]:
    """The texts of the findings by kind, where a task for each state makes its call.

    Args:
        machine: the execution.
        state: how the DAG run ends.
        failed: the tasks that fail.
    """
    pairs = [
        CallPair(call, CaughtCall(call.state, -1, 1, call.call)) for call in machine.calls if call.call is not None
    ]
    dag = DagSide(
        state, tuple(TaskRun(task_id, -1, "failed", "no") for task_id in failed), (), {"Alarm": ["Item", "Works"]}
    )
    return {found.kind: found.text for found in find_differences_of_calls(machine, dag, pairs)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_task_of_the_state_that_ends_the_execution_fails(case: Case) -> None:
    assert find(run(case), "failed", case.state) == {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_state_that_ends_the_execution_is_named(case: Case) -> None:
    text = f"The execution ends as FAILED by {case.state}Error in state {case.state}, the DAG run as success."
    assert find(run(case), "success") == {"different outcome": text}


def test_a_task_that_runs_a_whole_parallel_fails_as_the_state_in_it() -> None:
    unreadable = {"Type": "Pass", "InputPath": "$.missing", "End": True}
    works = {name: value for name, value in function("Works").items() if name != "End"} | {"Next": "Bad"}
    states = {"StartAt": "Works", "States": {"Works": works, "Bad": unreadable}}
    around = {"Type": "Parallel", "Branches": [states], "End": True}
    machine = run(Case("", around, (), "Bad"))
    pairs = [CallPair(call, CaughtCall("Around", -1, 1, call.call)) for call in machine.calls if call.call is not None]
    assert [pair.expected.state for pair in pairs if pair.expected is not None] == ["Works"]
    dag = DagSide("failed", (TaskRun("Around", -1, "failed", "no"),), (), {})
    assert find_differences_of_calls(machine, dag, pairs) == []
    other = DagSide("failed", (TaskRun("Works", -1, "failed", "no"),), (), {})
    in_tasks = [CallPair(pair.expected, CaughtCall("Works", -1, 1, pair.actual.call)) for pair in pairs if pair.actual]
    assert [found.kind for found in find_differences_of_calls(machine, other, in_tasks)] == ["different failure"]


@pytest.mark.parametrize(("name", "kinds"), [("Work", []), ("Other", ["wrong order"])], ids=["equal", "different"])
def test_equal_calls_of_a_task_have_no_order(name: str, kinds: list[str]) -> None:
    again = function("Work") | {"Retry": [{"ErrorEquals": ["Busy"]}]}
    answers = [{"Throw": {"Error": "Busy", "Cause": ""}}, {"Return": {}}]
    machine = run_machine(parse(branch("Work", again)), {}, Mocks({"Work": answers}), "M")
    calls = []
    for number, call in enumerate(machine.calls, 1):
        assert call.call is not None
        named = {"FunctionName": name} if number == 2 else {"FunctionName": "Work"}
        calls.append(CaughtCall("Work", -1, number, replace(call.call, parameters=named)))
    pairs = [CallPair(call, caught) for call, caught in zip(machine.calls, reversed(calls), strict=True)]
    found = find_differences_of_calls(machine, DagSide("success", (), tuple(calls), {}), pairs)
    assert [finding.kind for finding in found] == kinds
