"""Recorded executions: reads them from histories, and the answers of their tasks for a replay."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sfn_provider.asl.model import Parallel, StateMachine
from sfn_provider.asl.scope import Json
from sfn_provider.asl.state_walk import walk_states
from sfn_provider.compare.diff.history_flow import VisitPlace
from sfn_provider.compare.diff.state_visits import Attempt, StateVisit, read_state_visits
from sfn_provider.engine import Execution
from sfn_provider.engine.dataflow.context_object import execution_context
from sfn_provider.engine.history.events import Record, details_key
from sfn_provider.engine.progress.execution_state import Status
from sfn_provider.engine.simulation.recorded_results import RecordedResult, RecordedResults
from sfn_provider.exceptions import UsageError
from sfn_provider.text_files import json_problem

_ENDS: Mapping[str, Status] = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}

_JSON_DETAILS = ("input", "output", "parameters")

_NO_ARN = "arn:aws:states:us-east-1:111111111111:execution:StateMachine:recorded"


@dataclass(frozen=True)
class Recording:
    """One execution that has ended, read from its history.

    Args:
        name: its name, or the file that it was read from.
        input: its input.
        execution: its outcome and history.
        start: when it started.
        end: when it ended.
        execution_arn: its ARN, where it is known.
        role_arn: the role that it ran as.
    """

    name: str
    input: Json
    execution: Execution
    start: datetime
    end: datetime
    execution_arn: str | None = None
    role_arn: str = ""

    @property
    def seconds(self) -> float:
        """Seconds from its start to its end."""
        return (self.end - self.start).total_seconds()

    @classmethod
    def from_events(cls, events: Sequence[Mapping[str, Any]], name: str, execution_arn: str | None = None) -> Recording:
        """Read a whole history.

        Args:
            events: as GetExecutionHistory returns them, all pages, in any order; timestamps as datetimes, as ISO 8601
                text or as seconds since the epoch.
            name: what to call the execution in messages.
            execution_arn: the execution.

        Raises:
            UsageError: where the history is not whole, has no data, or is of an execution that cannot be replayed.
        """
        records = sorted(_record(event, name) for event in events)
        if not records or records[0].type != "ExecutionStarted":
            raise UsageError(f"{name}: the history does not begin with ExecutionStarted; fetch all of its pages")
        first, last = records[0], records[-1]
        if any(record.type == "ExecutionRedriven" for record in records):
            raise UsageError(f"{name}: the execution was redriven; only executions that ran in one go can be replayed")
        if last.type not in _ENDS:
            raise UsageError(f"{name}: the history ends with {last.type}: the execution runs, or pages are missing")
        if last.type == "ExecutionAborted":
            raise UsageError(f"{name}: the execution was stopped from outside, which a replay cannot repeat")
        if "input" not in first.details:
            raise UsageError(f"{name}: the history has no data; fetch it with includeExecutionData")
        ends = last.details
        status = _ENDS[last.type]
        found = Execution(status, ends.get("output"), ends.get("error"), ends.get("cause"), records, 0, name)
        execution = with_counted_transitions(found)
        return cls(
            name=name,
            input=first.details["input"],
            execution=execution,
            start=datetime.fromtimestamp(first.at, UTC),
            end=datetime.fromtimestamp(last.at, UTC),
            execution_arn=execution_arn,
            role_arn=first.details.get("roleArn", ""),
        )

    @classmethod
    def from_dag_run(cls, execution: Execution, dag_id: str) -> Recording:
        """Read a DAG's run that recorded its history.

        Args:
            execution: the run as an execution; its name is the run's id.
            dag_id: the DAG.
        """
        times = [record.at for record in execution.records]
        started = next(record for record in execution.records if record.type == "ExecutionStarted")
        context = execution_context(None, 0.0, machine=dag_id, name=execution.name)
        return cls(
            name=execution.name,
            input=started.details["input"],
            execution=execution,
            start=datetime.fromtimestamp(min(times), UTC),
            end=datetime.fromtimestamp(max(times), UTC),
            execution_arn=context["Execution"]["Id"],
            role_arn=context["Execution"]["RoleArn"],
        )

    def read_state_visits(self, machine: StateMachine) -> list[StateVisit]:
        """Return the visits of its states."""
        return read_state_visits(self.execution.events, branch_indexes(machine))

    def answers(self, machine: StateMachine) -> RecordedResults:
        """Return the answers of its tasks, for the same states at the same places."""
        found = {
            f"{visit.key}.{number}": _answer(attempt)
            for visit in self.read_state_visits(machine)
            for number, attempt in enumerate(visit.attempts)
            if attempt.outcome != "unanswered"
        }
        return RecordedResults(found, self.start.timestamp(), self.end.timestamp(), self._context())

    def _context(self) -> dict[str, Any]:
        """The context object, as far as the history and the ARN hold it."""
        _, partition, _, region, account, _, machine, name = (self.execution_arn or _NO_ARN).split(":", 7)
        made = execution_context(None, self.start.timestamp(), machine=machine, name=name, role=self.role_arn)
        machine_arn = f"arn:{partition}:states:{region}:{account}:stateMachine:{machine}"
        return {
            "Execution": {**made["Execution"], "Id": self.execution_arn or _NO_ARN},
            "StateMachine": {"Id": machine_arn, "Name": machine},
        }


def count_transitions(visits: Sequence[StateVisit]) -> int:
    """Count state transitions as AWS does for a standard execution: states entered, and each retry once more.

    Source: https://aws.amazon.com/step-functions/pricing/
    """
    retried: dict[VisitPlace, int] = {}
    for visit in visits:
        for container in visit.containers:
            retried[container] = max(retried.get(container, 0), visit.place[len(container)])
    return len(visits) + sum(max(0, visit.calls - 1) for visit in visits) + sum(retried.values())


def with_counted_transitions(execution: Execution) -> Execution:
    """Return an execution with its transitions counted from its history, which lacks those of child executions."""
    return replace(execution, transitions=count_transitions(read_state_visits(execution.events)))


def branch_indexes(machine: StateMachine) -> dict[str, int]:
    """Return the index of each branch of each Parallel, by the name of its first state."""
    return {
        branch.start_at: index
        for _, _, state in walk_states(machine)
        if isinstance(state, Parallel)
        for index, branch in enumerate(state.branches)
    }


def _answer(attempt: Attempt) -> RecordedResult:
    failed = attempt.outcome == "failed"
    return RecordedResult(attempt.seconds or 0.0, attempt.result, attempt.error, attempt.cause, failed)


def _record(event: Mapping[str, Any], name: str) -> Record:
    try:
        details = dict(event.get(details_key(event["type"])) or {})
        for key in _JSON_DETAILS:
            if isinstance(details.get(key), str):
                details[key] = json.loads(details[key])
        if details.get("assignedVariables"):
            details["assignedVariables"] = {key: json.loads(text) for key, text in details["assignedVariables"].items()}
        return Record(
            event["id"], event.get("previousEventId", 0), event["type"], _seconds(event["timestamp"]), details
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        shown = event.get("id", "?") if isinstance(event, Mapping) else "?"
        problem = json_problem(error) if isinstance(error, ValueError) else str(error)
        raise UsageError(
            f"{name}: event {shown} is not as GetExecutionHistory gives it: {type(error).__name__}: {problem}"
        ) from error


def _seconds(timestamp: Any) -> float:
    if isinstance(timestamp, str):
        timestamp = datetime.fromisoformat(timestamp)
    if isinstance(timestamp, datetime):
        return (timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)).timestamp()
    return float(timestamp)
