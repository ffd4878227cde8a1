"""Runs some iterations of an inline Map in a task of their own; the join takes their outcomes.

A Map whose branches run in other tasks (`sfn_provider.engine.branches.external_branches`) asks for them by one
`RunBranches`. A batch goes on from a copy of the state that asked, runs some of the iterations as the Map itself would,
and ends without an event of the Map: its output is an `IterationOutcomes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sfn_provider.asl.scope import Json
from sfn_provider.engine.branches.external_branches import first_event
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.execution_step import ExecutionStep
from sfn_provider.engine.progress.execution_state import Frame
from sfn_provider.engine.progress.state_progress import IterationBatchProgress, MapProgress
from sfn_provider.engine.requests import BranchOutcome
from sfn_provider.exceptions import StatesError


@dataclass(frozen=True, slots=True)
class IterationBatch:
    """Consecutive iterations of an inline Map that one task runs.

    Args:
        first: index of the first one.
        limit: how many may run at once.
        inputs: the input of each.
        values: the items as ``$$.Map.Item.Value`` shows them; None where these are the inputs.
    """

    first: int
    limit: int
    inputs: Sequence[Json]
    values: Sequence[Json] | None = None


@dataclass(frozen=True, slots=True)
class IterationOutcomes:
    """How the iterations of a batch ended.

    Args:
        succeeded: the outcomes of those that succeeded, by index.
        failed: index of the one by which the batch failed; None where it did not.
        events: how many history events all of them had.
    """

    succeeded: dict[int, BranchOutcome]
    failed: int | None
    events: int

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> IterationOutcomes:
        """Read the output of an execution that has run a batch."""
        succeeded = {int(index): BranchOutcome(**outcome) for index, outcome in data["succeeded"].items()}
        return cls(succeeded, data["failed"], data["events"])


def start_batch(step: ExecutionStep, frame: Frame, batch: IterationBatch) -> None:
    """Start the iterations of a batch, as many as may run at once; each that ends starts the next one."""
    execution, count = step.execution, len(batch.inputs)
    previous = frame.progress_as(MapProgress).previous_events[batch.first : batch.first + count]
    values = batch.values if batch.values is not None else batch.inputs
    execution.external_branches = execution.awaits_branches = False
    execution.is_branch, execution.first_event = True, first_event(frame.entered, batch.first)
    items, inputs, events = [*values], [*batch.inputs], execution.event_ids
    frame.progress = IterationBatchProgress(
        [], count, previous, items=items, inputs=inputs, first=batch.first, events_before=events
    )
    for _ in range(min(batch.limit, count)):
        _start_next(step, frame, step.current_state(frame))


def _start_next(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    progress = frame.progress_as(IterationBatchProgress)
    place = progress.started
    progress.started = place + 1
    scope, branch = state.branches[0]
    child = step.start_child(frame, scope, branch.start_at, progress.inputs[place], progress.first + place)
    child.map_item = {"Index": child.index, "Value": progress.items[place]}
    child.previous = progress.previous_events[place]


def end_iteration(step: ExecutionStep, frame: Frame, state: CompiledState, child: Frame, output: Json) -> None:
    """Take the output of an iteration; the last one ends the batch."""
    progress, execution = frame.progress_as(IterationBatchProgress), step.execution
    outcome = BranchOutcome("SUCCEEDED", execution.now, child.previous, 0, execution.phase, execution.turn, output)
    progress.outcomes[str(child.child_index)] = asdict(outcome)
    progress.running -= 1
    if progress.started < len(progress.inputs):
        _start_next(step, frame, state)
    elif progress.running == 0:
        step.finish(frame, progress.output(execution.event_ids))


def fail_iteration(step: ExecutionStep, frame: Frame, child: Frame, error: StatesError) -> None:
    """End the batch by the error of an iteration, which ends the whole Map."""
    frame.progress_as(IterationBatchProgress).failed = child.child_index
    step.emit_task_aborted(child)
    frame.previous = child.previous
    step.end_execution(frame, "FAILED", error)
