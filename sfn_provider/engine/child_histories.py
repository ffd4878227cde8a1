"""Records the histories of child executions, which are apart from the execution's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sfn_provider.asl.scope import Json
from sfn_provider.engine.execution import Execution
from sfn_provider.engine.history.events import Record
from sfn_provider.engine.progress.execution_state import Frame, Status
from sfn_provider.engine.progress.map_run_progress import MapRunProgress
from sfn_provider.exceptions import StatesError

END_EVENTS = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
    "ABORTED": "ExecutionAborted",
}
"""The types of the events that end an execution, by its status."""


@dataclass(slots=True)
class _Running:
    child: Frame
    records: list[Record]
    transitions: int = 0


@dataclass(slots=True)
class ChildHistories:
    """The histories of the child executions of one execution.

    Args:
        failed_only: True to keep only those that did not succeed.
        ended: those that have ended, in that order.
    """

    failed_only: bool = False
    ended: list[Execution] = field(default_factory=list)
    _running: dict[int, _Running] = field(default_factory=dict)

    def begin(self, child: Frame, at: float, map_run: MapRunProgress) -> None:
        """Record that a child execution of a Map Run has started."""
        context = (child.execution_context or {})["Execution"]
        details = {"input": context["Input"], "roleArn": context["RoleArn"]}
        self._running[child.id] = _Running(child, [Record(1, 0, "ExecutionStarted", at, details)])

    def add(self, child: Frame, record: Record) -> None:
        """Record an event of a child execution."""
        running = self._running.get(child.id)
        if running is not None:
            running.records.append(record)
            running.transitions += record.type.endswith("StateEntered")

    def end(
        self, child: Frame, at: float, status: Status, error: StatesError | None = None, output: Json = None
    ) -> None:
        """Record that a child execution has ended."""
        running = self._running.pop(child.id, None)
        if running is None or (self.failed_only and status == "SUCCEEDED"):
            return
        details: dict[str, Any] = {"output": output} if error is None else error.details
        last = Record(child.events + 1, child.previous, END_EVENTS[status], at, details)
        name, records = (child.execution_context or {})["Execution"]["Name"], [*running.records, last]
        error_name, cause = (error.error, error.cause) if error is not None else (None, None)
        self.ended.append(Execution(status, output, error_name, cause, records, running.transitions, name))

    def abort_rest(self) -> None:
        """Record that the child executions which have not ended were stopped, after the last event that each has."""
        for running in [*self._running.values()]:
            self.end(running.child, running.records[-1].at, "ABORTED", StatesError(None))
