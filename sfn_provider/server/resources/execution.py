"""Defines an execution as the service stores it: input, status, history, and where a redrive goes on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.scope import Json
from sfn_provider.engine.history.events import Record
from sfn_provider.engine.history.timestamps import format_time
from sfn_provider.engine.limits import to_json
from sfn_provider.engine.progress.execution_state import ExecutionState, Frame, Status

if TYPE_CHECKING:
    from sfn_provider.server.resources.revisions import Revision


@dataclass(frozen=True, slots=True)
class RedrivePoint:
    """Where a redrive goes on.

    Args:
        state: the engine's state, as the execution has ended.
        frames: the frames that were live when it failed.
        results: the results of tasks in child executions of Map Runs, by the place of the call.
    """

    state: ExecutionState
    frames: dict[int, Frame]
    results: dict[str, Json]


@dataclass(slots=True, eq=False)
class Execution:
    """An execution, standard or Express, or a child execution of a Map Run.

    Args:
        arn: its ARN.
        name: its name.
        machine_arn: the ARN of its state machine, without version or alias; of a child execution that with the label
            of its Map.
        machine_name: the name in that.
        revision: what it runs.
        input: its input.
        input_text: its input as it was sent.
        started: when it started, seconds since the epoch.
        version_arn: the version that it was started with, or that an alias led to; None without.
        alias_arn: the alias that it was started with; None without.
        map_run_arn: the Map Run that started it; None without.
        items: how many items of the Map Run it has.
        test_case: what stood behind ``#`` in the ARN that it was started with.
        trace_header: the trace header of the request.
        status: RUNNING until it ends.
        stopped: when it ended.
        output: its output as text, once it has SUCCEEDED.
        error: its error, where it has one.
        cause: its cause, where it has one.
        records: its history.
        redrives: how often it was redriven.
        redriven: when it was last redriven.
        ended: set while it does not run.
        redrive_point: where a redrive goes on; None where none can.
        redrive_tokens: the dates of redrives by the client tokens of their requests.
        memory: what the task runner stores for it.
    """

    arn: str
    name: str
    machine_arn: str
    machine_name: str
    revision: Revision
    input: Json
    input_text: str
    started: float
    version_arn: str | None = None
    alias_arn: str | None = None
    map_run_arn: str | None = None
    items: int | None = None
    test_case: str | None = None
    trace_header: str | None = None
    status: Status = "RUNNING"
    stopped: float | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    records: list[Record] = field(default_factory=list)
    redrives: int = 0
    redriven: float | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    redrive_point: RedrivePoint | None = None
    redrive_tokens: dict[str, float] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)

    def end(
        self, status: Status, at: float, *, output: Json = None, error: str | None = None, cause: str | None = None
    ) -> None:
        """Note how it has ended; ``output`` counts where it has SUCCEEDED."""
        self.status, self.stopped, self.error, self.cause = status, at, error, cause
        self.output = to_json(output) if status == "SUCCEEDED" else None
        self.ended.set()

    def begin_again(self) -> None:
        """Note that it runs again."""
        self.status, self.stopped, self.error, self.cause = "RUNNING", None, None, None
        self.ended.clear()

    def context(self) -> dict[str, Any]:
        """Make the ``Execution`` and ``StateMachine`` parts of its context object."""
        execution = {
            "Id": self.arn,
            "Input": self.input,
            "StartTime": format_time(self.started),
            "Name": self.name,
            "RoleArn": self.revision.role_arn,
        }
        if self.revision.execution_type == "STANDARD":
            execution["RedriveCount"] = self.redrives
        return {"Execution": execution, "StateMachine": {"Id": self.machine_arn, "Name": self.machine_name}}


def list_item(execution: Execution) -> dict[str, Json]:
    """Return an execution as ListExecutions lists it."""
    item = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started,
        "stopDate": execution.stopped,
        "mapRunArn": execution.map_run_arn,
        "itemCount": execution.items,
        "stateMachineVersionArn": execution.version_arn,
        "stateMachineAliasArn": execution.alias_arn,
        "redriveCount": execution.redrives,
        "redriveDate": execution.redriven,
    }
    return {name: value for name, value in item.items() if value is not None}
