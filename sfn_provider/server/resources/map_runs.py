"""Stores Map Runs, and records the histories of their child executions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from sfn_provider.asl.scope import Json
from sfn_provider.engine.child_histories import END_EVENTS, ChildHistories
from sfn_provider.engine.history.events import Record
from sfn_provider.engine.limits import to_json
from sfn_provider.engine.progress.execution_state import ExecutionState, Frame, Status
from sfn_provider.engine.progress.map_run_progress import MapRunProgress
from sfn_provider.exceptions import StatesError
from sfn_provider.server.resources.execution import Execution

MapRunStatus = Literal["RUNNING", "SUCCEEDED", "FAILED", "ABORTED"]

_COUNTED: dict[str, str] = {
    "running": "RUNNING",
    "succeeded": "SUCCEEDED",
    "failed": "FAILED",
    "timedOut": "TIMED_OUT",
    "aborted": "ABORTED",
}
_ENDED: dict[str, MapRunStatus] = {
    "MapRunSucceeded": "SUCCEEDED",
    "MapRunFailed": "FAILED",
    "MapRunAborted": "ABORTED",
}


@dataclass(slots=True, eq=False)
class MapRun:
    """A Map Run.

    Args:
        arn: its ARN.
        execution: the execution that has it.
        started: when it started, seconds since the epoch.
        progress: what the engine knows of it.
        status: RUNNING until it ends.
        stopped: when it ended.
        children: its child executions by ARN, oldest first.
        redrives: how often it was redriven.
        redriven: when it was last redriven.
        places: the place of each child execution's frame, by its ARN; see `CallTask.place`.
    """

    arn: str
    execution: Execution
    started: float
    progress: MapRunProgress
    status: MapRunStatus = "RUNNING"
    stopped: float | None = None
    children: dict[str, Execution] = field(default_factory=dict)
    redrives: int = 0
    redriven: float | None = None
    places: dict[str, str] = field(default_factory=dict)

    def end(self, status: MapRunStatus, at: float) -> None:
        """Note how it has ended."""
        self.status, self.stopped = status, at

    @property
    def state_machine_arn(self) -> str:
        """The ARN of the state machine of its child executions, which ends in the label of the Map."""
        return f"{self.execution.machine_arn}/{self.progress.label}"

    def execution_counts(self) -> dict[str, int]:
        """Count its child executions by status."""
        return self._counts(self.progress.count, lambda child: 1)

    def item_counts(self) -> dict[str, int]:
        """Count its items by the status of their child executions."""
        return self._counts(self.progress.total_items, lambda child: child.items or 1)

    def _counts(self, total: int, weight: Callable[[Execution], int]) -> dict[str, int]:
        counted: Counter[str] = Counter()
        for child in self.children.values():
            counted[child.status] += weight(child)
        counts = {name: counted[status] for name, status in _COUNTED.items()}
        waiting = max(0, total - sum(counts.values()))
        is_running = self.status == "RUNNING"
        counts["aborted"] += 0 if is_running else waiting
        written = counts["succeeded"] if self.status == "SUCCEEDED" else 0
        return {"pending": waiting if is_running else 0, **counts, "total": total, "resultsWritten": written}


class MapRunRecorder(ChildHistories):
    """Records the Map Runs of one execution, with the histories of their child executions.

    Args:
        execution: the execution.
        map_runs: all Map Runs of the service by ARN, to which its own are added.
        executions: all executions of the service by ARN, to which the child executions are added.
    """

    def __init__(self, execution: Execution, map_runs: dict[str, MapRun], executions: dict[str, Execution]) -> None:
        super().__init__()
        self._execution, self._map_runs, self._executions = execution, map_runs, executions
        self._own: dict[str, MapRun] = {}
        self._by_event: dict[int, MapRun] = {}
        self._children: dict[int, Execution] = {}

    def begin(self, child: Frame, at: float, map_run: MapRunProgress) -> None:
        """Record that a child execution of a Map Run has started."""
        context: dict[str, Any] = child.execution_context or {}
        details, machine = context["Execution"], context["StateMachine"]
        run = self._run(map_run, at)
        run.places[details["Id"]] = child.place
        earlier = run.children.get(details["Id"])
        if earlier is not None and earlier.status == "SUCCEEDED":  # a redrive goes through it with known results
            return
        execution = Execution(
            arn=details["Id"],
            name=details["Name"],
            machine_arn=machine["Id"],
            machine_name=machine["Name"],
            revision=self._execution.revision,
            input=details["Input"],
            input_text=to_json(details["Input"]),
            started=at,
            map_run_arn=map_run.arn,
            items=map_run.item_count(details["Input"]),
            test_case=self._execution.test_case,
        )
        if earlier is not None:
            execution.redrives, execution.redriven = earlier.redrives + 1, at
        started = {"input": details["Input"], "roleArn": details["RoleArn"]}
        execution.records.append(Record(1, 0, "ExecutionStarted", at, started))
        run.children[execution.arn] = execution
        self._children[child.id] = self._executions[execution.arn] = execution

    def add(self, child: Frame, record: Record) -> None:
        """Record an event of a child execution."""
        if child.id in self._children:
            self._children[child.id].records.append(record)

    def end(
        self, child: Frame, at: float, status: Status, error: StatesError | None = None, output: Json = None
    ) -> None:
        """Record that a child execution has ended."""
        execution = self._children.pop(child.id, None)
        if execution is None:
            return
        details: dict[str, Any] = {"output": output} if error is None else error.details
        execution.records.append(Record(child.events + 1, child.previous, END_EVENTS[status], at, details))
        name, cause = (error.error, error.cause) if error is not None else (None, None)
        execution.end(status, at, output=output, error=name, cause=cause)

    def _run(self, progress: MapRunProgress, at: float) -> MapRun:
        run = self._own.get(progress.arn)
        if run is not None:
            return run
        run = self._map_runs.get(progress.arn)
        if run is None:
            run = self._map_runs[progress.arn] = MapRun(progress.arn, self._execution, at, progress)
        else:
            run.progress, run.status, run.stopped = progress, "RUNNING", None
            run.redrives, run.redriven = run.redrives + 1, at
        self._own[progress.arn] = run
        return run

    @property
    def has_runs(self) -> bool:
        """True once there is a Map Run."""
        return bool(self._own)

    def take(self, state: ExecutionState, records: list[Record]) -> None:
        """Take note of the state and the events after a step of the execution; those of a redrive are renamed."""
        for index, record in enumerate(records):
            if record.type == "MapRunStarted":
                self._started(state, record)
                if redrives := self._by_event[record.id].redrives:
                    details = record.details | {"redriveCount": redrives}
                    records[index] = record._replace(type="MapRunRedriven", details=details)
            elif record.type in _ENDED and record.previous in self._by_event:
                self._end(self._by_event[record.previous], _ENDED[record.type], record.at)
        if any(run.status == "RUNNING" for run in self._own.values()):
            live = {id(frame.progress) for frame in state.frames.values()}
            for run in self._own.values():
                if run.status == "RUNNING" and id(run.progress) not in live:
                    self._end(run, "ABORTED", state.now)

    def _started(self, state: ExecutionState, record: Record) -> None:
        arn = record.details["mapRunArn"]
        for frame in state.frames.values():
            if isinstance(frame.progress, MapRunProgress) and frame.progress.arn == arn:
                self._run(frame.progress, record.at)
        if arn not in self._own:  # it had no item, and has ended in the same step
            _, _, label_and_name = arn.rpartition("/")
            label, _, name = label_and_name.partition(":")
            self._run(MapRunProgress.of_no_items(name, label, arn), record.at)
        self._by_event[record.id] = self._own[arn]

    def _end(self, run: MapRun, status: MapRunStatus, at: float) -> None:
        run.end(status, at)
        for identity, child in [*self._children.items()]:
            if child.map_run_arn == run.arn:
                self._abort(identity, at)

    def _abort(self, identity: int, at: float) -> None:
        child = self._children.pop(identity)
        last = child.records[-1]
        child.records.append(Record(last.id + 1, last.id, END_EVENTS["ABORTED"], at, {}))
        child.end("ABORTED", at)

    def abort_all(self, at: float) -> None:
        """Record that the execution, and with it all that runs, was stopped."""
        for run in self._own.values():
            if run.status == "RUNNING":
                self._end(run, "ABORTED", at)
