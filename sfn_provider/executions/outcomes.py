"""How an execution stands or ended: read from DescribeExecution and, for a failure, the end of its history."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sfn_provider._compat import AirflowException

HISTORY_PAGE: Final = 100
"""Events that are read from the end of the history to find the state that failed."""

_EXCERPT: Final = 300
_ENDINGS: Final = frozenset({"ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"})

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FailedItem:
    """An item of a Map that failed.

    Args:
        place: ``item 3`` of an inline Map, counted from 0; the child execution's ARN of a distributed one.
        error: the error's name; None where AWS reports none.
        cause: the text beside it; None where there is none.
        input: the first 300 characters of what the failed state, or the child execution, was given.
    """

    place: str
    error: str | None = None
    cause: str | None = None
    input: str | None = None

    def __str__(self) -> str:
        reason = ": ".join(part for part in (self.error, self.cause) if part)
        given = f"input: {self.input}" if self.input else ""
        return f"  {self.place}: {'; '.join(part for part in (reason, given) if part)}"


@dataclass(frozen=True, slots=True)
class ExecutionFailure:
    """Why an execution did not succeed.

    Args:
        execution_arn: the execution.
        status: FAILED, TIMED_OUT or ABORTED.
        error: the error's name; None where AWS reports none.
        cause: the text beside it; None where there is none.
        state: the state that failed, or that was running when the execution ended; None where the end of the history
            does not show it.
        resource: what that state called, for example ``glue:startJobRun.sync`` or a Lambda function's ARN; None for a
            state that called nothing.
        input: the first 300 characters of that state's input, as JSON text.
        note: why state, resource, input or items are not known, where that is a problem of its own.
        items: where a Map failed, some of its failed items.
    """

    execution_arn: str
    status: str
    error: str | None = None
    cause: str | None = None
    state: str | None = None
    resource: str | None = None
    input: str | None = None
    note: str | None = None
    items: tuple[FailedItem, ...] = ()

    def __str__(self) -> str:
        place = f" in state {self.state!r}" if self.state else ""
        call = f" ({self.resource})" if self.resource else ""
        reason = ": ".join(part for part in (self.error, self.cause) if part)
        lines = [
            f"Execution {self.execution_arn} ended as {self.status}{place}{call}" + (f": {reason}" if reason else ""),
            f"The state's input: {self.input}" if self.input else "",
            "Failed items:" if self.items else "",
            *map(str, self.items),
            self.note or "",
        ]
        return "\n".join(line for line in lines if line)


class StepFunctionExecutionFailed(AirflowException):
    """An execution ended as FAILED, TIMED_OUT or ABORTED. The task may be retried.

    Args:
        failure: what is known of it; kept as ``failure``, and as text in the message.
        opening: the message's first line.
    """

    def __init__(self, failure: ExecutionFailure, opening: str = "") -> None:
        self.failure = failure
        self.opening = opening
        super().__init__("\n".join(line for line in (opening, str(failure)) if line))

    def __reduce__(self) -> tuple[type[StepFunctionExecutionFailed], tuple[ExecutionFailure, str]]:
        return type(self), (self.failure, self.opening)


class StepFunctionStateMissed(AirflowException):
    """An execution has ended without the state that was waited for."""


def build_failure(
    description: Mapping[str, Any],
    events: Iterable[Event],
    note: str | None = None,
    items: tuple[FailedItem, ...] = (),
) -> ExecutionFailure:
    """Put together why an execution did not succeed.

    Args:
        description: the answer of DescribeExecution, with all data.
        events: the last events of GetExecutionHistory, in any order; none is fine.
        note: why there are no events, if so.
        items: failed items of a Map.
    """
    by_id = {event["id"]: event for event in events}
    chain = tuple(causes(by_id))
    entered = next((event for event in chain if event["type"].endswith("StateEntered")), None) or _last_entered(by_id)
    details = entered["stateEnteredEventDetails"] if entered else {}
    ending = details_of(by_id[max(by_id)]) if by_id else {}
    return ExecutionFailure(
        execution_arn=description["executionArn"],
        status=description["status"],
        error=description.get("error") or ending.get("error"),
        cause=description.get("cause") or ending.get("cause"),
        state=details.get("name"),
        resource=_resource(chain),
        input=excerpt(details.get("input")),
        note=note,
        items=items,
    )


def parse_output(description: Mapping[str, Any]) -> Any:
    """Read the output out of a description as JSON value; None where there is none."""
    return parse_json_or_text(description.get("output"))


def parse_json_or_text(text: str | None) -> Any:
    """Read JSON text; give a text that is none as it is. AWS's outputs are JSON; moto gives a string without quotes."""
    try:
        return json.loads(text) if text else text
    except ValueError:
        return text


def still_running_message(execution_arn: str, status: str, attempts: int) -> str:
    """Say that the number of looks is used up."""
    return f"Execution {execution_arn} is {status} after {attempts} looks at it (waiter_max_attempts); it goes on."


def causes(by_id: Mapping[int, Event]) -> Iterator[Event]:
    """Walk from the event that ended the execution to the state that failed, each event by its cause."""
    last = by_id[max(by_id)] if by_id else None
    if last is not None and last["type"] in _ENDINGS:
        yield from up_to_state(before(by_id, last))


def before(by_id: Mapping[int, Event], event: Event) -> Iterator[Event]:
    """Walk back from an event, each time to the one that it names as what went before."""
    while (previous := by_id.get(event["previousEventId"])) is not None:
        yield previous
        event = previous


def up_to_state(events: Iterable[Event]) -> Iterator[Event]:
    """Take events up to the first state that was entered."""
    for event in events:
        yield event
        if event["type"].endswith("StateEntered"):
            return


def _last_entered(by_id: Mapping[int, Event]) -> Event | None:
    """Find the state entered last. The first state's events name event 0, which is none, as what went before."""
    return next((by_id[i] for i in sorted(by_id, reverse=True) if by_id[i]["type"].endswith("StateEntered")), None)


def _resource(chain: Iterable[Event]) -> str | None:
    for event in chain:
        details = details_of(event)
        if event["type"] == "TaskScheduled":
            return f"{details['resourceType']}:{details['resource']}"
        if event["type"] in ("LambdaFunctionScheduled", "ActivityScheduled"):
            return str(details["resource"])
    return None


def details_of(event: Event) -> Mapping[str, Any]:
    """Read an event's own part, whose key ends in ``EventDetails``; a few types of event have none."""
    return next((value for key, value in event.items() if key.endswith("EventDetails")), {})


def excerpt(text: str | None) -> str | None:
    """Cut a text to 300 characters."""
    return text if text is None or len(text) <= _EXCERPT else f"{text[:_EXCERPT]}..."
