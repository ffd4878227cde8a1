"""Reads a state machine's ended executions, each once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sfn_provider.waiting.aws_client import AwsClient
from sfn_provider.waiting.status_queue.status_messages import StatusChange
from sfn_provider.waiting.token_bucket import AdaptiveTokenBucket

OVERLAP_SECONDS: Final = 120.0
"""Seconds that are read again each time: ListExecutions lags behind, and not equally for all executions."""

PAGE_SIZE: Final = 1000


@dataclass(frozen=True, slots=True)
class EndedExecution:
    """An execution that has ended. One that is redriven ends again.

    Args:
        execution_arn: the execution.
        state_machine_arn: its state machine.
        name: its name.
        status: SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        started: when it started, in seconds since the epoch.
        stopped: when it ended.
    """

    execution_arn: str
    state_machine_arn: str
    name: str
    status: str
    started: float
    stopped: float

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> EndedExecution:
        """Parse a row of ListExecutions."""
        times = row["startDate"].timestamp(), row["stopDate"].timestamp()
        return cls(row["executionArn"], row["stateMachineArn"], row["name"], row["status"], *times)

    @classmethod
    def from_change(cls, change: StatusChange) -> EndedExecution | None:
        """Make one of a status change; None where that has no valid dates."""
        if change.started is None or change.stopped is None:
            return None
        times = change.started / 1000, change.stopped / 1000
        return cls(change.execution_arn, change.state_machine_arn, change.name, change.status, *times)

    @property
    def key(self) -> str:
        """Identifies this end among all executions, and among several ends of one."""
        return f"{self.execution_arn} {round(self.stopped * 1000)}"

    def payload(self) -> dict[str, str]:
        """Return the event's payload, with dates as ISO 8601 text."""
        return {
            "execution_arn": self.execution_arn,
            "state_machine_arn": self.state_machine_arn,
            "name": self.name,
            "status": self.status,
            "start_date": datetime.fromtimestamp(self.started, UTC).isoformat(),
            "stop_date": datetime.fromtimestamp(self.stopped, UTC).isoformat(),
        }


class SeenExecutions:
    """The ended executions that have been reported already.

    Args:
        stopped: when each ended, by its key.
    """

    def __init__(self, stopped: dict[str, float] | None = None) -> None:
        self._stopped = dict(stopped or {})

    def add(self, ended: EndedExecution) -> bool:
        """Add an execution; False where it is there already."""
        new = ended.key not in self._stopped
        self._stopped[ended.key] = ended.stopped
        return new

    def forget_before(self, time: float) -> dict[str, float]:
        """Remove all that ended before a time. Gives the others: when each ended, by its key."""
        self._stopped = {key: stopped for key, stopped in self._stopped.items() if stopped >= time}
        return self._stopped


class EndedExecutionReader:
    """Reads the lists of a state machine's ended executions, each time from where it left off.

    Args:
        state_machine_arn: the state machine, without version or alias.
        statuses: the end statuses to read.
        since: executions that ended before this time, in seconds since the epoch, are left out.
        seen: those that were read already.
    """

    def __init__(self, state_machine_arn: str, statuses: Iterable[str], since: float, seen: SeenExecutions) -> None:
        self._machine, self._statuses = state_machine_arn, tuple(statuses)
        self._begin, self._reached = since, since
        self._seen = seen

    @classmethod
    def from_position(
        cls, state_machine_arn: str, statuses: Iterable[str], position: dict[str, Any]
    ) -> EndedExecutionReader:
        """Continue at a position that ``position`` gave."""
        reader = cls(state_machine_arn, statuses, position["begin"], SeenExecutions(position["seen"]))
        reader._reached = position["reached"]
        return reader

    def position(self) -> dict[str, Any]:
        """Return the position as a JSON value."""
        seen = self._seen.forget_before(self._read_from)
        return {"begin": self._begin, "reached": self._reached, "seen": dict(seen)}

    async def read(self, client: AwsClient, bucket: AdaptiveTokenBucket) -> list[EndedExecution]:
        """Return the executions that have ended since the last time, in the order of their ends.

        Raises:
            botocore.exceptions.ClientError: listing is not permitted, or the state machine does not exist.
        """
        since = self._read_from
        ended = [each for status in self._statuses for each in await self._read_list(client, bucket, status, since)]
        ended.sort(key=lambda each: (each.stopped, each.key))
        self._reached = max([self._reached, *(each.stopped for each in ended)])
        return [each for each in ended if self._seen.add(each)]

    @property
    def _read_from(self) -> float:
        return max(self._begin, self._reached - OVERLAP_SECONDS)

    async def _read_list(
        self, client: AwsClient, bucket: AdaptiveTokenBucket, status: str, since: float
    ) -> list[EndedExecution]:
        ended: list[EndedExecution] = []
        arguments: dict[str, Any] = {"stateMachineArn": self._machine, "statusFilter": status, "maxResults": PAGE_SIZE}
        while True:
            answer = await client.call("list_executions", bucket, **arguments)
            page = [EndedExecution.from_row(row) for row in answer["executions"]]
            ended += [each for each in page if each.stopped >= since]
            # Newest first. Source: API_ListExecutions.
            if "nextToken" not in answer or (page and page[-1].stopped < since):
                return ended
            arguments["nextToken"] = answer["nextToken"]
