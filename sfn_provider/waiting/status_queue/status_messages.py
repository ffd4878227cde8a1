"""Parses and checks EventBridge's "Step Functions Execution Status Change" messages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sfn_provider.exceptions import UsageError
from sfn_provider.executions.arns import ExecutionArn, parse_execution_arn
from sfn_provider.executions.statuses import FAILURE_STATUSES

DETAIL_TYPE: Final = "Step Functions Execution Status Change"

MAX_DESCRIPTION_BYTES: Final = 32 * 1024
"""Maximum size of output, error and cause that a trigger's event has: Airflow stores the event with the task instance,
and an output may have 256 KiB."""

_MAX_MILLISECONDS: Final = 253_402_300_799_999
"""The end of the year 9999, the last that ``datetime`` knows."""


class ExecutionDescription(dict[str, str]):
    """The fields of DescribeExecution that an event has.

    ``executionArn``, ``status``, ``startDate`` and ``stopDate`` (ISO 8601), and, where AWS gives them, ``output``,
    ``error`` and ``cause``. A dictionary, so that Airflow can store it; but its ``repr`` shows no data, since Airflow
    logs a trigger's event.
    """

    def __repr__(self) -> str:
        return f"<{', '.join(self)}>"


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A status change of an execution. Account, region, machine and execution of its event are consistent.

    Args:
        execution_arn: the execution.
        state_machine_arn: its state machine, without version or alias.
        name: the execution's name.
        status: RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED or PENDING_REDRIVE; "" where the event has no text there.
        started: when it started, in milliseconds since the epoch; None where the event has no valid time.
        stopped: when it ended; None as above, and where it has not ended.
        redrive_count: how often it was redriven before this change; None where the event has no valid number.
        result: ``output``, or ``error`` and ``cause`` as far as AWS gives them; None where the event left them out.
    """

    execution_arn: str
    state_machine_arn: str
    name: str
    status: str
    started: int | None
    stopped: int | None
    redrive_count: int | None
    result: dict[str, str] | None

    def description(self) -> ExecutionDescription | None:
        """Return what DescribeExecution would; None where the event left data out, or where it is too much to store."""
        if self.result is None or self.started is None or self.stopped is None or not _is_storable(self.result):
            return None
        return ExecutionDescription(
            executionArn=self.execution_arn,
            status=self.status,
            startDate=_to_iso(self.started),
            stopDate=_to_iso(self.stopped),
            **self.result,
        )


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """A message of the queue.

    Args:
        id: its id.
        receipt: its receipt handle.
        receives: how often it was received, this time included.
        change: the status change that it reports; None where it reports none, or an inconsistent one.
        problem: what is wrong with a message that has no ``change``; "" otherwise.
        is_status_change: it says that it is a status change, consistent or not. Others belong to somebody else.
    """

    id: str
    receipt: str
    receives: int
    change: StatusChange | None
    problem: str = ""
    is_status_change: bool = True


def parse_message(message: dict[str, Any]) -> StatusMessage:
    """Parse a message of ReceiveMessage.

    Source of the event's shape: Step Functions Developer Guide, "Automating Step Functions event delivery with
    EventBridge". Dates are milliseconds, input and output JSON text; where a message would exceed 248 KiB, first the
    input is left out, then the output, and ``outputDetails.included`` is false.
    """
    receives = int(message.get("Attributes", {}).get("ApproximateReceiveCount", 1))
    head = message["MessageId"], message["ReceiptHandle"], receives
    try:
        event = json.loads(message["Body"])
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict) or event.get("detail-type") != DETAIL_TYPE:
        return StatusMessage(*head, None, f"it is no {DETAIL_TYPE!r}", is_status_change=False)
    try:
        return StatusMessage(*head, _parse_event(event))
    except ValueError as error:
        return StatusMessage(*head, None, str(error))


def _parse_event(event: dict[str, Any]) -> StatusChange:
    """Parse an event.

    Raises:
        ValueError: it is about no execution, or its parts contradict each other.
    """
    detail = event.get("detail")
    arn = detail.get("executionArn") if isinstance(detail, dict) else None
    if not isinstance(arn, str) or not isinstance(detail, dict):
        raise ValueError("detail.executionArn is missing")
    try:
        parts = parse_execution_arn(arn)
    except UsageError:
        raise ValueError(f"detail.executionArn {arn!r:.200} is not the ARN of a Standard execution") from None
    if wrong := _inconsistent_fields(event, detail, arn, parts):
        raise ValueError(f"{', '.join(wrong)} and detail.executionArn {arn!r} contradict each other")
    status = detail.get("status")
    status = status if isinstance(status, str) else ""
    return StatusChange(
        execution_arn=arn,
        state_machine_arn=_without_qualifier(detail["stateMachineArn"]),
        name=detail["name"],
        status=status,
        started=_milliseconds(detail.get("startDate")),
        stopped=_milliseconds(detail.get("stopDate")),
        redrive_count=_count(detail.get("redriveCount", 0)),
        result=_result(status, detail),
    )


def _inconsistent_fields(event: dict[str, Any], detail: dict[str, Any], arn: str, parts: ExecutionArn) -> list[str]:
    resources, machine = event.get("resources", [arn]), detail.get("stateMachineArn")
    # That of a child of a Map Run has the Map's label: stateMachine:Orders/EachOrder.
    label = arn.split(":")[6].removeprefix(parts.machine)
    consistent = {
        "source": event.get("source") == "aws.states",
        "account": event.get("account") == parts.account,
        "region": event.get("region") == parts.region,
        "resources": isinstance(resources, list) and arn in resources,
        "detail.stateMachineArn": isinstance(machine, str)
        and _without_qualifier(machine) in (parts.state_machine_arn, parts.state_machine_arn + label),
        "detail.name": detail.get("name") == arn.rpartition(":")[2],
    }
    return [field for field, is_consistent in consistent.items() if not is_consistent]


def _without_qualifier(state_machine_arn: str) -> str:
    """Remove a version or an alias."""
    return ":".join(state_machine_arn.split(":")[:7])


def _result(status: str, detail: dict[str, Any]) -> dict[str, str] | None:
    if status == "SUCCEEDED":
        output = detail.get("output")
        return {"output": output} if isinstance(output, str) and _is_included(detail.get("outputDetails")) else None
    if status in FAILURE_STATUSES and "error" in detail and "cause" in detail:
        texts = {field: detail[field] for field in ("error", "cause") if detail[field] is not None}
        return texts if all(isinstance(text, str) for text in texts.values()) else None
    return None


def _is_included(details: Any) -> bool:
    return details is None or (isinstance(details, dict) and details.get("included", True) is True)


def _is_storable(texts: dict[str, str]) -> bool:
    """Tell whether Airflow's database can store the texts: not too long, and only characters that PostgreSQL takes."""
    try:
        size = sum(len(text.encode()) for text in texts.values())
    except UnicodeEncodeError:
        return False
    return size <= MAX_DESCRIPTION_BYTES and not any("\0" in text for text in texts.values())


def _milliseconds(value: Any) -> int | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(value) if is_number and 0 <= value <= _MAX_MILLISECONDS else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _to_iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()
