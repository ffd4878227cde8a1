"""Runs the child executions of a Map Run in other tasks, a batch in each, and joins their outcomes.

Where `ExecutionState.external_branches` is set, a distributed Map reads its items, makes the inputs of its child
executions and asks for these by one `RunChildExecutions`. Each batch of them goes on from a copy of the state that
asked, and its output is the `ChildOutcome` of each child. The join takes all outcomes, and what follows is as if the
children had run in the same execution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sfn_provider.asl.scope import Json
from sfn_provider.engine.execution_state import Frame, Moment
from sfn_provider.engine.execution_step import ExecutionStep
from sfn_provider.engine.map_run.child_results import describe_pending
from sfn_provider.engine.map_run.completion import describe_child_frame
from sfn_provider.engine.requests import ChildOutcome, RunChildExecutions
from sfn_provider.engine.state_progress import ChildBatchProgress, ChildDescription, MapRunProgress
from sfn_provider.engine.timestamps import format_time
from sfn_provider.exceptions import StatesError, UsageError


@dataclass(frozen=True, slots=True)
class ChildBatch:
    """Consecutive child executions of a Map Run that one task runs.

    Args:
        first: index of the first one.
        inputs: the input of each.
        limit: how many may run at once.
        failed_in_other_batches: how many items of other batches are known to have failed.
    """

    first: int
    inputs: Sequence[Json]
    limit: int
    failed_in_other_batches: int = 0


def split_into_batches(request: RunChildExecutions, size: int, max_batches: int) -> list[ChildBatch]:
    """Split child executions into batches that may all run at once without breaking the limit of the Map Run.

    Args:
        request: the child executions.
        size: how many a batch should have; more where there would be too many batches.
        max_batches: how many batches there may be.
    """
    count = len(request.inputs)
    number = min(-(-count // size), max_batches, request.limit)
    batches, first = [], 0
    for index in range(number):
        after = first + count // number + (index < count % number)
        limit = request.limit // number + (index < request.limit % number)
        batches.append(ChildBatch(first, request.inputs[first:after], limit))
        first = after
    return batches


def request_child_executions(step: ExecutionStep, progress: MapRunProgress) -> None:
    """Ask for the child executions, in place of starting them."""
    step.requests.append(RunChildExecutions(tuple(progress.inputs), progress.max_concurrency))
    progress.inputs, progress.outputs = [], []
    step.execution.awaits_branches = True


def begin_batch(step: ExecutionStep, frame: Frame, batch: ChildBatch) -> MapRunProgress:
    """Turn the execution that asked for the child executions into one that runs a batch of them."""
    step.execution.external_branches = step.execution.awaits_branches = False
    step.execution.is_branch = True
    progress, count = frame.progress_as(MapRunProgress), len(batch.inputs)
    progress.inputs, progress.outputs, progress.first = list(batch.inputs), [None] * count, batch.first
    progress.max_concurrency, progress.failed_items = batch.limit, batch.failed_in_other_batches
    progress.batch = ChildBatchProgress(
        [None] * count, [None] * count, [[0, 0] for _ in range(count)], batch.failed_in_other_batches
    )
    return progress


def finish_batch(step: ExecutionStep, frame: Frame) -> None:
    """End a batch: its output is the `ChildOutcome` of each child execution as it is now."""
    running = {child.child_index: child for child in step.children(frame)}
    progress = frame.progress_as(MapRunProgress)
    indexes = range(progress.first, progress.first + len(progress.outputs))
    outcomes = [asdict(_outcome(step, progress, index, running.get(index))) for index in indexes]
    step.abort_children(frame)
    step.finish(frame, outcomes)


def _outcome(step: ExecutionStep, progress: MapRunProgress, index: int, child: Frame | None) -> ChildOutcome:
    position, is_exported = index - progress.first, progress.destination is not None
    started, ended, phase, turn = None, None, 0, 0
    if progress.batch is not None:
        started, ended = progress.batch.started_at[position], progress.batch.ended_at[position]
        phase, turn = progress.batch.ended_turns[position]
    record = progress.descriptions.get(str(index))
    items = progress.item_count(index)
    if started is None:
        record = describe_pending(progress.inputs[position]) if is_exported else None
        return ChildOutcome(index, "PENDING", items=items, record=record)
    if child is not None:
        record = describe_child_frame(step, child, "ABORTED", StatesError(None)) if is_exported else None
        return ChildOutcome(index, "ABORTED", started, items=items, record=record)
    status = record["Status"] if record is not None else "SUCCEEDED"
    return ChildOutcome(index, status, started, ended, items, progress.outputs[position], record, phase, turn)


def apply_child_outcomes(step: ExecutionStep, frame: Frame, outcomes: Sequence[ChildOutcome]) -> bool:
    """Take how the child executions ended, earliest first, as far as the Map Run would have gone.

    Returns:
        True if too many items have failed.

    Raises:
        UsageError: if one has not ended although the Map Run has not failed.
    """
    progress, count = frame.progress_as(MapRunProgress), len(outcomes)
    progress.inputs, progress.outputs, progress.started = [None] * count, [None] * count, count
    ordered = sorted(outcomes, key=_moment_of_end)
    for position, outcome in enumerate(ordered, start=1):
        if outcome.ended is None:
            raise UsageError(f"child execution {outcome.index} has not ended, though too few failed to stop it")
        step.execution.moment = Moment(max(step.execution.now, outcome.ended), outcome.phase, outcome.turn)
        _apply_outcome(progress, outcome)
        if progress.is_over_threshold:
            for unfinished in ordered[position:]:
                progress.descriptions[str(unfinished.index)] = _describe_unfinished(step.execution.now, unfinished)
            return True
    return False


def _moment_of_end(outcome: ChildOutcome) -> tuple[bool, float, int, int, int]:
    return outcome.ended is None, outcome.ended or 0.0, outcome.phase, outcome.turn, outcome.index


def _apply_outcome(progress: MapRunProgress, outcome: ChildOutcome) -> None:
    progress.ended += 1
    progress.outputs[outcome.index] = outcome.output
    if outcome.record is not None:
        progress.descriptions[str(outcome.index)] = outcome.record
    if outcome.status != "SUCCEEDED":
        progress.failed_items += outcome.items


def _describe_unfinished(now: float, outcome: ChildOutcome) -> ChildDescription | None:
    """Describe a child execution that had not ended when the Map Run failed; None where nothing is exported."""
    if outcome.record is None:
        return None
    if outcome.started is None or outcome.started > now:
        return {name: outcome.record[name] for name in ("Input", "InputDetails")} | {"Status": "PENDING"}
    aborted = {"RedriveStatus": "REDRIVABLE_BY_MAP_RUN", "Status": "ABORTED", "StopDate": format_time(now)}
    before = {name: value for name, value in outcome.record.items() if name not in _FIELDS_OF_THE_END}
    return dict(sorted({**before, **aborted}.items()))


_FIELDS_OF_THE_END = ("Cause", "Error", "Output", "RedriveStatusReason")
"""Fields of a description that a child execution has only once it has succeeded or failed."""
