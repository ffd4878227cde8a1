from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.asl import lint
from tests.fixtures.machines.engine import group, inline_map, one, parallel, task

CODE = "CONTEXT_WITHOUT_FIELD"
SEND = "arn:aws:states:::sqs:sendMessage"
START = "arn:aws:states:::states:startExecution"
TOKEN = {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}}


def reads(path: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Pass", "Parameters": {"a.$": path}, **fields}


def writes(expression: str) -> dict[str, Any]:
    return {"Type": "Pass", "QueryLanguage": "JSONata", "Output": f"{{% {expression} %}}"}


def distributed(states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    return {"Type": "Map", "ItemProcessor": {**group(states), "ProcessorConfig": config}, **fields}


@dataclass(frozen=True)
class Case:
    """``state``: the first state; ``found``: a part of each message, in order; none where the paths are right."""

    id: str
    state: dict[str, Any]
    found: tuple[str, ...] = ()


ITEM = "$$.Map.Item.Value"

CASES = (
    Case("every field", reads("States.Array($$.Execution.Id, $$.State.EnteredTime, $$.StateMachine.Name)")),
    Case("all of it", reads("$$")),
    Case("within the input", reads("$$.Execution.Input.order.id")),
    Case("of a redrive", reads("$$.Execution.RedriveTime")),
    Case("unknown part", reads("$$.Executoin.Id"), ("did you mean 'Execution'?",)),
    Case("unknown field", reads("$$.Execution.Foo"), ("no Foo in Execution here; it has Id, Input",)),
    Case("in brackets", reads("$$['Execution']['Nam']"), ("did you mean 'Name'?",)),
    Case("in a call", reads("States.Format('{}', $$.StateMachine.Arn)"), ("no Arn in StateMachine",)),
    Case("retries of a Pass", reads("$$.State.RetryCount"), ("only a Task, a Parallel and a Map have one",)),
    Case("retries of a Task", task(Parameters={"a.$": "$$.State.RetryCount"})),
    Case("token in a Pass", reads("$$.Task.Token"), ("only a Task with .waitForTaskToken, or with .sync, has one",)),
    Case("token in a call", task(Resource=SEND, Parameters=TOKEN), ("only a Task with .waitForTaskToken",)),
    Case("token where it is", task(Resource=f"{SEND}.waitForTaskToken", Parameters=TOKEN)),
    Case("token of a job", task(Resource=f"{START}.sync", Parameters={"StateMachineArn.$": "$$.Task.Token"})),
    Case("item outside of a Map", reads(ITEM), ("the states of an inline Map's iterations",)),
    Case("item in an iteration", inline_map({"In": reads(ITEM)})),
    Case("item in a branch of one", inline_map({"P": parallel({"In": reads(ITEM)})})),
    Case("unknown field of the item", inline_map({"In": reads("$$.Map.Item.Foo")}), ("Index, Value, Key and Source",)),
    Case("item in ItemSelector", inline_map({"In": {"Type": "Pass"}}, ItemSelector={"a.$": ITEM})),
    Case("item in ItemsPath", inline_map({"In": {"Type": "Pass"}}, ItemsPath=ITEM), ("no Map here",)),
    Case("item in a child execution", distributed({"In": reads(ITEM)}), ("no Map here",)),
    Case("JSONata", writes("$states.context.Task.Token"), ("$states.context.Task.Token finds nothing",)),
    Case("JSONata in a path", writes("$states.context.Foo.bar[0]"), ("no Foo here",)),
    Case("JSONata in a lambda", writes("$map([1], function($v) { $states.context.Foo })"), ("no Foo here",)),
    Case("JSONata that asks", writes("$exists($states.context.Task.Token) and $exists($states.context.Foo)")),
    Case("JSONata of all", writes("$string($states.context)")),
    Case("placeholder", reads("$$.${Part}.Id")),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_paths_into_the_context_object(case: Case) -> None:
    found = [entry for entry in lint(one(case.state)) if entry.code == CODE]
    assert len(found) == len(case.found), found
    for entry, part in zip(found, case.found, strict=True):
        assert part in entry.message
        assert entry.level == "warning"


def test_a_rule_that_asks_for_presence_is_right() -> None:
    rules = [
        {"Variable": "$$.Execution.Foo", "IsPresent": True, "Next": "End"},
        {"And": [{"Variable": "$$.Execution.Foo", "IsNull": True}], "Next": "End"},
    ]
    machine = group({"C": {"Type": "Choice", "Choices": rules, "Default": "End"}, "End": {"Type": "Succeed"}})
    assert [entry.location for entry in lint(machine) if entry.code == CODE] == ["/States/C/Choices/1/And/0/Variable"]
