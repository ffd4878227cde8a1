"""What Step Functions refuses before it starts a task, on the interpreter."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.asl import StateMachine, parse
from sfn_provider.engine.dataflow.context_object import execution_context
from sfn_provider.engine.interpreter import Interpreter
from sfn_provider.integrations import Caller

CATCH = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]}


def machine(resource: str, arguments: dict[str, Any]) -> dict[str, Any]:
    work = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": arguments, "End": True}
    return {"StartAt": "Work", "States": {"Work": work | CATCH, "Caught": {"Type": "Succeed"}}}


@pytest.mark.parametrize(
    ("resource", "arguments", "told"),
    [
        (
            "sns:publish",
            {"Message": "m", "MessageAttributes": 5},
            'The Parameters \'{"Message":"m","MessageAttributes":5}\' could not be used to start the Task: '
            "[The value for the field 'MessageAttributes' must be an OBJECT]",
        ),
        (
            "eks:call",
            {"Path": 5},
            "The Parameters '{\"Path\":5}' could not be used to start the Task: "
            "[The field 'ClusterName' is required but was missing, "
            "The field 'CertificateAuthority' is required but was missing, "
            "The field 'Endpoint' is required but was missing, The field 'Method' is required but was missing, "
            "The value for the field 'Path' must be a STRING]",
        ),
        (
            "aws-sdk:dynamodb:getItems",
            {},
            "The resource provided arn:aws:states:::aws-sdk:dynamodb:getItems is not recognized. The value is not a "
            "valid resource ARN, or the resource is not available in this region. Did you mean the action 'getItem'?",
        ),
    ],
    ids=["wrong type", "own fields", "unknown action"],
)
def test_a_call_that_cannot_be_made_ends_the_execution_before_the_task_starts(
    resource: str, arguments: dict[str, Any], told: str
) -> None:
    # Not by `parse`: written as they are here, lint refuses some of them at creation, but not where they are computed.
    interpreter = Interpreter(StateMachine.model_validate(machine(resource, arguments)))
    interpreter.check_calls(Caller().check)
    step = interpreter.start({}, at=0.0, context=execution_context({}, 0.0, machine="M", name="first"))
    assert [record.type for record in step.records] == ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]
    assert step.requests == []
    assert (step.state.status, step.state.error) == ("FAILED", "States.Runtime")
    opening = "An error occurred while executing the state 'Work' (entered at the event id #2). "
    assert step.state.cause == opening + told


def test_a_call_that_can_be_made_is_asked_for() -> None:
    interpreter = Interpreter(parse(machine("sns:publish", {"TopicArn": "t", "Message": "m"})))
    interpreter.check_calls(Caller().check)
    step = interpreter.start({}, at=0.0, context=execution_context({}, 0.0, machine="M", name="first"))
    assert [record.type for record in step.records][-2:] == ["TaskScheduled", "TaskStarted"]
    assert len(step.requests) == 1
