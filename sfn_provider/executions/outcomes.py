"""Reads an execution's output, or why it failed, from DescribeExecution and the end of its history."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sfn_provider._compat import AirflowException
from sfn_provider.executions.history.history_events import (
    Event,
    event_details,
    failure_chain,
    index_by_id,
    is_state_entered,
    last_state_entered,
)
from sfn_provider.formatting import format_seconds
from sfn_provider.secret_masking import excerpt, mask_secrets, one_line

HISTORY_PAGE: Final = 100
"""Events to read from the end of the history to find the state that failed."""

_MAX_INPUT: Final = 300
"""Characters of an input that a failure shows."""


@dataclass(frozen=True, slots=True)
class FailedItem:
    """A failed item of a Map. Its texts have passed Airflow's secrets masker.

    Args:
        place: ``item 3`` of an inline Map, counted from 0; the child execution's ARN for a distributed Map.
        error: the error's name; None if AWS reports none.
        cause: the error's cause; None if AWS reports none.
        input: the first 300 characters of the input of the failed state, or of the child execution.
    """

    place: str
    error: str | None = None
    cause: str | None = None
    input: str | None = None

    def __str__(self) -> str:
        input_text = f"input: {self.input}" if self.input else ""
        return one_line(f"  {self.place}: {_join('; ', _join(': ', self.error, self.cause), input_text)}")


@dataclass(frozen=True, slots=True)
class ExecutionFailure:
    """Why an execution did not succeed. Its texts have passed Airflow's secrets masker.

    Args:
        execution_arn: the execution.
        status: FAILED, TIMED_OUT or ABORTED.
        error: the error's name; None if AWS reports none.
        cause: the error's cause; None if AWS reports none.
        state: the state that failed, or that was running when the execution ended; None if the end of the history
            does not show it.
        resource: what that state called, for example ``glue:startJobRun.sync`` or a Lambda function's ARN; None if it
            called nothing.
        input: the first 300 characters of that state's input, as JSON text.
        note: why state, resource, input or items could not be read; None if they could.
        items: some of the failed items, if a Map failed.
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
        ending = f"Execution {self.execution_arn} ended as {self.status}{place}{call}"
        return _join(
            "\n",
            one_line(_join(": ", ending, self.error, self.cause)),
            f"The state's input: {self.input}" if self.input else "",
            "Failed items:" if self.items else "",
            *map(str, self.items),
            one_line(self.note or ""),
        )


class StepFunctionExecutionFailed(AirflowException):
    """An execution ended as FAILED, TIMED_OUT or ABORTED. The task may be retried.

    Args:
        failure: what is known about the failure; also the text of the message.
        opening: a line before it, masked.
    """

    def __init__(self, failure: ExecutionFailure, opening: str = "") -> None:
        self.failure = failure
        self.opening = opening
        super().__init__(_join("\n", one_line(opening), str(failure)))

    def __reduce__(self) -> tuple[type[StepFunctionExecutionFailed], tuple[ExecutionFailure, str]]:
        return type(self), (self.failure, self.opening)


class StepFunctionStateMissed(AirflowException):
    """An execution has ended without entering or leaving the state that a sensor waits for."""


def build_failure(
    description: Mapping[str, Any],
    events: Iterable[Event],
    note: str | None = None,
    items: tuple[FailedItem, ...] = (),
) -> ExecutionFailure:
    """Build the explanation of why an execution did not succeed.

    Args:
        description: the response of DescribeExecution, with all data.
        events: the last events of GetExecutionHistory, in any order; may be empty.
        note: why the events or items could not be read, if so.
        items: failed items of a Map.
    """
    by_id = index_by_id(events)
    chain = tuple(failure_chain(by_id))
    entered = next(filter(is_state_entered, chain), None) or last_state_entered(by_id)
    details = entered["stateEnteredEventDetails"] if entered else {}
    ending = event_details(by_id[max(by_id)]) if by_id else {}
    return ExecutionFailure(
        execution_arn=description["executionArn"],
        status=description["status"],
        error=_masked(description.get("error") or ending.get("error")),
        cause=_masked(description.get("cause") or ending.get("cause")),
        state=details.get("name"),
        resource=_called_resource(chain),
        input=input_excerpt(details),
        note=note,
        items=items,
    )


def build_failed_item(place: str, details: Mapping[str, Any]) -> FailedItem:
    """Build a failed item from its error, cause and input, each a text or absent."""
    return FailedItem(place, _masked(details.get("error")), _masked(details.get("cause")), input_excerpt(details))


def build_sync_failure(response: Mapping[str, Any], note: str) -> ExecutionFailure:
    """Build the explanation of why an Express execution did not succeed.

    Args:
        response: of StartSyncExecution.
        note: why state and resource are unknown.
    """
    return ExecutionFailure(
        execution_arn=response["executionArn"],
        status=response["status"],
        error=_masked(response.get("error")),
        cause=_masked(response.get("cause")),
        input=input_excerpt(response),
        note=note,
    )


def input_excerpt(details: Mapping[str, Any]) -> str | None:
    """Return the first 300 characters of the ``input`` in a response or an event's details, masked.

    None if there is none.
    """
    text = details.get("input")
    return None if text is None else excerpt(text, _MAX_INPUT)


def parse_output(description: Mapping[str, Any]) -> Any:
    """Return the output in a response of DescribeExecution as JSON value; None if it has none."""
    return parse_json_or_text(description.get("output"))


def parse_json_or_text(text: str | None) -> Any:
    """Parse JSON text; return other text unchanged. AWS's outputs are JSON; moto returns strings without quotes."""
    try:
        return json.loads(text) if text else text
    except ValueError:
        return text


def still_running_message(execution_arn: str, status: str, attempts: int) -> str:
    """Return the message of a wait that has polled ``waiter_max_attempts`` times."""
    return f"Execution {execution_arn} is {status} after {attempts} looks at it (waiter_max_attempts); it goes on."


def ended_message(execution_arn: str, description: Mapping[str, Any]) -> str:
    """Return the line for the log about an execution's end: status and duration.

    Args:
        execution_arn: the execution.
        description: the response of DescribeExecution.
    """
    start, stop = description.get("startDate"), description.get("stopDate")
    after = ""
    if isinstance(start, datetime) and isinstance(stop, datetime):
        after = f" after {format_seconds((stop - start).total_seconds())}"
    return f"{execution_arn} ended as {description['status']}{after}"


def _masked(text: str | None) -> str | None:
    return text and mask_secrets(text)


def _called_resource(chain: Iterable[Event]) -> str | None:
    for event in chain:
        details = event_details(event)
        if event["type"] == "TaskScheduled":
            return f"{details['resourceType']}:{details['resource']}"
        if event["type"] in ("LambdaFunctionScheduled", "ActivityScheduled"):
            return str(details["resource"])
    return None


def _join(separator: str, *parts: str | None) -> str:
    return separator.join(part for part in parts if part)
