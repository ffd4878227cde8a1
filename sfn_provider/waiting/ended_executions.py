"""Executions that have ended, as somebody sees them who waits for none of them in particular."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sfn_provider.waiting.aws_client import AwsClient
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
        """Read a row of ListExecutions."""
        arn, machine = row["executionArn"], row["stateMachineArn"]
        return cls(arn, machine, row["name"], row["status"], row["startDate"].timestamp(), row["stopDate"].timestamp())

    @classmethod
    def from_detail(cls, detail: dict[str, Any]) -> EndedExecution:
        """Read the detail of a "Step Functions Execution Status Change": its dates are milliseconds."""
        arn, machine = detail["executionArn"], detail["stateMachineArn"]
        return cls(
            arn, machine, detail["name"], detail["status"], detail["startDate"] / 1000, detail["stopDate"] / 1000
        )

    @property
    def key(self) -> str:
        """What tells it apart from others, and from an earlier end of the same execution."""
        return f"{self.execution_arn} {round(self.stopped * 1000)}"

    def payload(self) -> dict[str, str]:
        """Give the event's payload, with dates as ISO 8601 text."""
        return {
            "execution_arn": self.execution_arn,
            "state_machine_arn": self.state_machine_arn,
            "name": self.name,
            "status": self.status,
            "start_date": datetime.fromtimestamp(self.started, UTC).isoformat(),
            "stop_date": datetime.fromtimestamp(self.stopped, UTC).isoformat(),
        }


class SeenExecutions:
    """The endings that were given already: when each was, by its key.

    Args:
        stopped: those of earlier ones.
    """

    def __init__(self, stopped: dict[str, float] | None = None) -> None:
        self._stopped = dict(stopped or {})

    def is_new(self, ending: EndedExecution) -> bool:
        """Tell whether an ending was not given yet, and remember it."""
        new = ending.key not in self._stopped
        self._stopped[ending.key] = ending.stopped
        return new

    def since(self, time: float) -> dict[str, float]:
        """Forget all that ended before a time. Gives the others."""
        self._stopped = {key: stopped for key, stopped in self._stopped.items() if stopped >= time}
        return self._stopped


class EndedExecutionReader:
    """Reads the lists of a state machine's ended executions, from where it left off.

    Args:
        state_machine_arn: the state machine, without version or alias.
        statuses: ends that are of interest.
        since: executions that ended before this time, in seconds since the epoch, are none of the caller's.
        given: those given already.
    """

    def __init__(self, state_machine_arn: str, statuses: Iterable[str], since: float, given: SeenExecutions) -> None:
        self._machine, self._statuses = state_machine_arn, tuple(statuses)
        self._begin, self._reached = since, since
        self._given = given

    @classmethod
    def at(cls, state_machine_arn: str, statuses: Iterable[str], position: dict[str, Any]) -> EndedExecutionReader:
        """Go on from a position that ``position`` gave."""
        endings = cls(state_machine_arn, statuses, position["begin"], SeenExecutions(position["given"]))
        endings._reached = position["reached"]
        return endings

    def position(self) -> dict[str, Any]:
        """Give what it takes to go on from here, as JSON value."""
        return {"begin": self._begin, "reached": self._reached, "given": dict(self._given.since(self._read_again_from))}

    async def read(self, client: AwsClient, pace: AdaptiveTokenBucket) -> list[EndedExecution]:
        """Give the executions that have ended since the last time, in the order of their ends.

        Raises:
            botocore.exceptions.ClientError: listing is not permitted, or the state machine does not exist.
        """
        since = self._read_again_from
        found = [ending for status in self._statuses for ending in await self._read_list(client, pace, status, since)]
        found.sort(key=lambda ending: (ending.stopped, ending.key))
        self._reached = max([self._reached, *(ending.stopped for ending in found)])
        return [ending for ending in found if self._given.is_new(ending)]

    @property
    def _read_again_from(self) -> float:
        return max(self._begin, self._reached - OVERLAP_SECONDS)

    async def _read_list(
        self, client: AwsClient, pace: AdaptiveTokenBucket, status: str, since: float
    ) -> list[EndedExecution]:
        found: list[EndedExecution] = []
        token: dict[str, str] = {}
        while True:
            answer = await client.call(
                "list_executions",
                pace,
                stateMachineArn=self._machine,
                statusFilter=status,
                maxResults=PAGE_SIZE,
                **token,
            )
            page = [EndedExecution.from_row(row) for row in answer["executions"]]
            found += [ending for ending in page if ending.stopped >= since]
            # Newest first. Source: API_ListExecutions.
            if "nextToken" not in answer or (page and page[-1].stopped < since):
                return found
            token = {"nextToken": answer["nextToken"]}
