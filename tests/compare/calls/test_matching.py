"""Which call of a DAG is which of its machine, without an Airflow."""

from __future__ import annotations

from typing import Any

from sfn_provider.asl import parse
from sfn_provider.compare.calls.call_findings import DagSide, find_differences_of_calls
from sfn_provider.compare.calls.interception.client_calls import CaughtCall
from sfn_provider.compare.calls.machine_calls import MachineRun, run_machine
from sfn_provider.compare.calls.matching import match_calls
from sfn_provider.engine import Mocks

RESOURCE = "arn:aws:states:::aws-sdk:athena:"


def chain(suffix: str) -> dict[str, Any]:
    """A branch that starts a query and asks for it: the same calls in every branch."""
    start, get = f"Start {suffix}", f"Get {suffix}"
    started = {"Resource": f"{RESOURCE}startQueryExecution", "Parameters": {"QueryString": "SELECT 1"}}
    asked = {"Resource": f"{RESOURCE}getNamedQuery", "Parameters": {"NamedQueryId": "q"}}
    return {
        "StartAt": start,
        "States": {
            start: {"Type": "Task", **started, "Next": get},
            get: {"Type": "Task", **asked, "End": True},
        },
    }


def run() -> MachineRun:
    branches = [chain("one"), chain("two")]
    machine = parse({"StartAt": "Both", "States": {"Both": {"Type": "Parallel", "Branches": branches, "End": True}}})
    answers = {name: [{"Return": {}}] for branch in branches for name in branch["States"]}
    return run_machine(machine, {}, Mocks(answers), "M")


def caught(machine: MachineRun, order: list[str]) -> list[CaughtCall]:
    """The DAG's calls in an order of the states whose tasks make them."""
    calls = {call.state: call.call for call in machine.calls}
    return [CaughtCall(state.replace(" ", "_"), -1, 1, calls[state]) for state in order]  # type: ignore[arg-type]


def test_equal_calls_of_branches_belong_to_the_tasks_of_their_names() -> None:
    machine = run()
    made = caught(machine, ["Start two", "Start one", "Get one", "Get two"])
    pairs = match_calls(machine.calls, made, {call.state for call in machine.calls})
    named = {pair.expected.state: pair.actual.task_id for pair in pairs if pair.expected and pair.actual}
    assert named == {state: state.replace(" ", "_") for state in ("Start one", "Start two", "Get one", "Get two")}
    upstream = {"Get_one": ["Start_one"], "Get_two": ["Start_two"]}
    assert find_differences_of_calls(machine, DagSide("success", (), tuple(made), upstream), pairs) == []


def test_equal_calls_of_tasks_with_other_names_belong_together_in_their_order() -> None:
    machine = run()
    made = [CaughtCall("all", -1, 1, call.call) for call in machine.calls if call.call is not None]
    pairs = match_calls(machine.calls, made, {call.state for call in machine.calls})
    assert [pair.actual for pair in pairs] == made
