"""What is read out of a failed execution."""

from __future__ import annotations

import pickle
import random
from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.executions.outcomes import (
    ExecutionFailure,
    StepFunctionExecutionFailed,
    build_failure,
    parse_output,
)

ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"


def event(number: int, previous: int, kind: str, **details: Any) -> dict[str, Any]:
    """Make an event; ``details`` is its own part, by its key."""
    return {"id": number, "previousEventId": previous, "type": kind, **details}


def entered(number: int, previous: int, kind: str, name: str, text: str = "{}") -> dict[str, Any]:
    """Make the event of a state being entered."""
    return event(number, previous, f"{kind}StateEntered", stateEnteredEventDetails={"name": name, "input": text})


ENDED = {"error": "Orders.Bad", "cause": "no stock"}
TASK = (
    entered(2, 0, "Task", "Charge", '{"order": 7}'),
    event(3, 2, "TaskScheduled", taskScheduledEventDetails={"resourceType": "glue", "resource": "startJobRun.sync"}),
    event(4, 3, "TaskStarted", taskStartedEventDetails={"resourceType": "glue", "resource": "startJobRun.sync"}),
    event(5, 4, "TaskFailed", taskFailedEventDetails=ENDED),
    event(6, 5, "ExecutionFailed", executionFailedEventDetails=ENDED),
)
LAMBDA = (
    entered(2, 0, "Task", "Charge"),
    event(3, 2, "LambdaFunctionScheduled", lambdaFunctionScheduledEventDetails={"resource": "arn:charge"}),
    event(4, 3, "LambdaFunctionStarted"),
    event(5, 4, "LambdaFunctionFailed", lambdaFunctionFailedEventDetails=ENDED),
    event(6, 5, "ExecutionFailed", executionFailedEventDetails=ENDED),
)
# Two branches run at once: the one that goes on has the later events.
PARALLEL = (
    entered(2, 0, "Parallel", "Both"),
    event(3, 2, "ParallelStateStarted"),
    entered(4, 3, "Task", "Charge"),
    event(5, 4, "TaskScheduled", taskScheduledEventDetails={"resourceType": "sqs", "resource": "sendMessage"}),
    entered(6, 3, "Task", "Pack"),
    event(7, 5, "TaskFailed", taskFailedEventDetails=ENDED),
    event(8, 6, "TaskStateAborted"),
    event(9, 7, "ParallelStateFailed"),
    event(10, 9, "ExecutionFailed", executionFailedEventDetails=ENDED),
)
# The first state's events name event 0 as what went before.
EVALUATION = (
    entered(2, 0, "Pass", "Sum"),
    event(3, 0, "EvaluationFailed", evaluationFailedEventDetails={**ENDED, "state": "Sum"}),
    event(4, 3, "ExecutionFailed", executionFailedEventDetails=ENDED),
)
TIMED_OUT = (
    entered(2, 0, "Wait", "Night"),
    event(3, 2, "ExecutionTimedOut", executionTimedOutEventDetails={"error": "States.Timeout"}),
)
OUT_OF_REACH = (
    event(901, 900, "TaskFailed", taskFailedEventDetails=ENDED),
    event(902, 901, "ExecutionFailed", executionFailedEventDetails=ENDED),
)


@dataclass(frozen=True)
class Case:
    """The end of a history, and the state, resource and error read from it."""

    id: str
    events: tuple[dict[str, Any], ...]
    state: str | None
    resource: str | None
    error: str | None = "Orders.Bad"


@pytest.mark.parametrize(
    "case",
    [
        Case("task", TASK, "Charge", "glue:startJobRun.sync"),
        Case("lambda", LAMBDA, "Charge", "arn:charge"),
        Case("branch of a parallel", PARALLEL, "Charge", "sqs:sendMessage"),
        Case("evaluation", EVALUATION, "Sum", None),
        Case("timed out", TIMED_OUT, "Night", None, "States.Timeout"),
        Case("entered before the page", OUT_OF_REACH, None, None),
        Case("no history", (), None, None, None),
    ],
    ids=lambda case: case.id,
)
def test_the_state_that_failed_is_found(case: Case) -> None:
    events = list(case.events)
    random.Random(1).shuffle(events)
    failure = build_failure({"executionArn": ARN, "status": "FAILED"}, events)
    assert (failure.state, failure.resource, failure.error) == (case.state, case.resource, case.error)


def test_what_the_description_says_comes_first() -> None:
    description = {"executionArn": ARN, "status": "ABORTED", "error": "Stopped", "cause": "by hand"}
    failure = build_failure(description, TASK)
    assert (failure.error, failure.cause) == ("Stopped", "by hand")


def test_a_long_input_is_cut() -> None:
    failure = build_failure({"executionArn": ARN, "status": "FAILED"}, [entered(2, 0, "Task", "Charge", "x" * 1000)])
    assert failure.input == "x" * 297 + "..."


def test_the_message_says_where_what_and_why() -> None:
    failure = build_failure({"executionArn": ARN, "status": "FAILED"}, TASK)
    assert str(failure) == (
        f"Execution {ARN} ended as FAILED in state 'Charge' (glue:startJobRun.sync): Orders.Bad: no stock\n"
        'The state\'s input: {"order": 7}'
    )


def test_the_message_of_a_failure_of_which_nothing_is_known() -> None:
    failure = ExecutionFailure(ARN, "TIMED_OUT", note="Its history could not be read: gone")
    assert str(failure) == f"Execution {ARN} ended as TIMED_OUT\nIts history could not be read: gone"


def test_the_exception_survives_pickling() -> None:
    error = StepFunctionExecutionFailed(build_failure({"executionArn": ARN, "status": "FAILED"}, TASK))
    copy = pickle.loads(pickle.dumps(error))
    assert copy.failure == error.failure
    assert str(copy) == str(error)


@pytest.mark.parametrize(
    ("description", "output"),
    [({"output": "[1]"}, [1]), ({"output": "null"}, None), ({"output": "2025-03-15"}, "2025-03-15"), ({}, None)],
)
def test_output_is_read_as_json(description: dict[str, Any], output: Any) -> None:
    assert parse_output(description) == output
