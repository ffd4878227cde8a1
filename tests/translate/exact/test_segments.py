from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.translate import Translation, translate
from sfn_provider.translate.plan.granularity import Granularity, TasksName
from sfn_provider.translate.plan.model import GroupPlan, Node
from tests.fixtures.machines.definitions import END, call, choose, go, machine

AGAIN = [{"ErrorEquals": ["States.ALL"]}]
"""With it, a Parallel or Map is one task."""

JOB = "arn:aws:states:::glue:startJobRun.sync"
TOKEN = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:paint"
NESTED = "arn:aws:states:::states:startExecution.sync:2"
WAITING = {"Resource": JOB, "Parameters": {"JobName": "j"}}
OTHER = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
MESSAGE = {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"}
WAIT = {"Type": "Wait", "Seconds": 1}
FAIL = {"Type": "Fail"}
ONE = machine({"X": END})
TWO = machine({"In": go("Out"), "Out": END})


@dataclass(frozen=True)
class Case:
    """A machine and the states of its tasks.

    Args:
        id: name of the case.
        states: the machine's states, the first one first.
        tasks: the states of each task; of a task group its name, and those of the tasks in it.
        granularity: the arguments of `translate`.
    """

    id: str
    states: dict[str, Any]
    tasks: list[Any]
    granularity: dict[str, Any] = field(default_factory=lambda: {"tasks": "segment"})


def parallel(*branches: Any, **fields: Any) -> dict[str, Any]:
    return {"Type": "Parallel", "Branches": list(branches), **fields}


def each(body: Any, **fields: Any) -> dict[str, Any]:
    return {"Type": "Map", "ItemProcessor": body, **fields}


CASES = [
    Case("a chain of short calls is one", {"A": call("B"), "B": go("C"), "C": call()}, [["A", "B", "C"]]),
    Case("one state stays what it is", {"A": call()}, [["A"]]),
    *(
        Case(f"{id} begins a segment", {"A": call("B"), "B": state, "C": call()}, [["A"], ["B", "C"]])
        for id, state in (
            ("a wait", WAIT | {"Next": "C"}),
            ("a job", call("C") | WAITING),
            ("a nested execution", call("C", Parameters={"StateMachineArn": OTHER}) | {"Resource": NESTED}),
            ("a task token", call("C", Parameters=MESSAGE) | {"Resource": TOKEN}),
            ("an activity", call("C") | {"Resource": ACTIVITY}),
            ("a Parallel in one task", parallel(TWO, Retry=AGAIN, Next="C")),
            ("a Map in one task", each(TWO, Retry=AGAIN, Next="C")),
        )
    ),
    Case(
        "the ways of a Choice that meet again are inside",
        {"A": choose("$.x", {"y": "B"}, "C"), "B": call("D"), "C": go("D"), "D": call()},
        [["A", "B", "C", "D"]],
    ),
    Case(
        "a way with a wait is outside, and so is where both meet",
        {"A": choose("$.x", {"y": "B"}, "C"), "B": WAIT | {"Next": "D"}, "C": go("D"), "D": call("E"), "E": END},
        [["A", "C"], ["B"], ["D", "E"]],
    ),
    Case(
        "a handler of several segments is one of its own",
        {
            "A": call("B", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Tell"}]),
            "B": call("C", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Tell"}]) | WAITING,
            "C": END,
            "Tell": call("Failed"),
            "Failed": FAIL,
        },
        [["A"], ["B", "C"], ["Tell", "Failed"]],
    ),
    Case(
        "a handler of one segment is inside",
        {
            "A": call("B", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Failed"}]),
            "B": call("C", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Failed"}]),
            "C": END,
            "Failed": FAIL,
        },
        [["A", "B", "C", "Failed"]],
    ),
    Case(
        "a loop stays a loop",
        {"A": go("B"), "B": call("C"), "C": choose("$.x", {"y": "B"}, "D"), "D": go("E"), "E": END},
        [["A"], ["B", "C"], ["D", "E"]],
    ),
    Case(
        "a task group stays one, and its branches have segments",
        {"A": go("B"), "B": call("P"), "P": parallel(TWO, machine({"Other": END}), Next="C"), "C": go("D"), "D": END},
        [["A", "B"], ["P", [["In", "Out"]], [["Other"]]], ["C", "D"]],
    ),
    Case(
        "the body of a Map is one task, whatever it does",
        {"M": each(machine({"In": WAIT | {"Next": "P"}, "P": parallel(ONE, End=True)}), End=True)},
        [["M", [["In", "P"]]]],
    ),
    Case(
        "the body of a Map with a loop is one task",
        {"M": each(machine({"In": call("If"), "If": choose("$.x", {"y": "In"}, "Out"), "Out": END}), End=True)},
        [["M", [["In", "If", "Out"]]]],
    ),
    Case(
        "a machine is one task, with all there is in it",
        {"A": WAIT | {"Next": "M"}, "M": each(TWO, Next="B"), "B": choose("$.x", {"y": "A"}, "C"), "C": END},
        [["A", "M", "B", "C"]],
        {"tasks": "machine"},
    ),
    Case("a machine of one Map is that task", {"M": each(TWO, End=True)}, [["M"]], {"tasks": "machine"}),
]  # fmt: skip


def _states(node: Node) -> list[Any]:
    if isinstance(node, GroupPlan):
        return [*node.states, *([_states(task) for task in branch.tasks] for branch in node.branches)]
    return [*node.states]


def _translate(case: Case) -> Translation:
    return translate(machine(case.states), dag_id="x", **case.granularity)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_states_of_each_task(case: Case) -> None:
    assert [_states(node) for node in _translate(case).plan.tasks] == case.tasks


@pytest.mark.parametrize("tasks", ["segment", "machine"])
def test_each_state_has_an_entry_and_those_that_share_a_task_say_so(tasks: TasksName) -> None:
    states = {"A": call("B"), "B": go("W"), "W": WAIT | {"End": True}}
    found = translate(machine(states), dag_id="x", tasks=tasks).tasks
    alone = tasks == "segment"
    assert [(entry.state, entry.task_id, entry.operator, entry.how) for entry in found] == [
        ("A", "A", "SegmentOperator", "segment"),
        ("B", "A", "SegmentOperator", "segment"),
        ("W", "W", "WaitStateOperator", "exact") if alone else ("W", "A", "SegmentOperator", "segment"),
    ]


def test_a_task_is_named_by_its_first_state_and_shows_all_that_there_is_room_for() -> None:
    names = [f"State number {number}" for number in range(20)]
    states = {name: go(next) for name, next in pairwise(names)} | {names[-1]: END}
    [task] = translate(machine(states), dag_id="x", tasks="segment").plan.tasks
    source = translate(machine(states), dag_id="x", tasks="segment").source
    assert 'task_id="State_number_0"' in source
    assert task.title == f"{', '.join(names[:12])} and 8 more"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tasks": "segments"}, "there is no granularity 'segments': choose one of state, segment, machine"),
        ({"map_batch": 0}, "a batch of 0 items of a Map: give a number from 1 to 10000"),
        ({"map_batch": True}, "a batch of True items of a Map"),
        ({"map_batch": "20"}, "a batch of '20' items of a Map"),
        ({"tasks": "machine", "map_batch": 2}, "a batch of 2 items of a Map has no task of its own"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_granularity_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Granularity(**arguments)
