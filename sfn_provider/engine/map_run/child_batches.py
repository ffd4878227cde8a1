"""Runs the child executions of a Map Run in other tasks, a batch in each, and joins their outcomes.

Where `ExecutionState.external_branches` is set, a distributed Map counts its items, and asks for its child executions
by one `RunChildExecutions`: with their inputs, or, where these are many, with places from which batches read them. Each
batch goes on from a copy of the state that asked; its output is a `BatchOutput`. The join takes all of them, and what
follows is as if the children had run in the same execution.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sfn_provider.asl.scope import Json
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.execution_step import ExecutionStep
from sfn_provider.engine.history.timestamps import format_time
from sfn_provider.engine.limits import MAX_PAYLOAD_BYTES
from sfn_provider.engine.map_run.child_executions import input_of_child
from sfn_provider.engine.map_run.child_inputs import needs_inputs, request_inputs
from sfn_provider.engine.map_run.child_results import describe_pending, result_format, result_size
from sfn_provider.engine.map_run.completion import add_result, describe_child_frame
from sfn_provider.engine.map_run.result_writer import add_written_files, close_export, export_result, written_files
from sfn_provider.engine.progress.execution_state import Frame, Moment
from sfn_provider.engine.progress.map_run_progress import (
    ChildBatchProgress,
    ChildDescription,
    ItemReaderProgress,
    MapRunProgress,
)
from sfn_provider.engine.requests import Checkpoint, ChildOutcome, RunChildExecutions
from sfn_provider.exceptions import StatesError, UsageError

ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT")
"""Statuses of child executions that have ended by themselves."""

_SIZE_OF_OUTCOME = 100
"""Bytes that an outcome counts as at least, beside its result."""


@dataclass(frozen=True, slots=True)
class ChildBatch:
    """Consecutive child executions of a Map Run that one task runs.

    Args:
        first: index of the first one.
        count: how many there are.
        limit: how many may run at once.
        inputs: the input of each; None where the batch reads them itself.
        reader: what it reads them with, fields of an `ItemReaderProgress`; None where ``inputs`` has them.
        failed_in_other_batches: how many items of other batches are known to have failed.
    """

    first: int
    count: int
    limit: int
    inputs: Sequence[Json] | None = None
    reader: dict[str, Json] | None = None
    failed_in_other_batches: int = 0


@dataclass(frozen=True, slots=True)
class BatchOutput:
    """The output of a batch.

    Args:
        first: index of its first child execution.
        count: how many child executions it has.
        outcomes: how those ended, or were stopped or not started, whose results are for the join, in no order.
        statuses: how many of all have which status. Those that are in none were not started.
        failures: of all that failed when that was (time, phase, turn), the index, and how many items they have.
        last: when the last one ended, and its index; empty where none has.
        files: ``Key`` and ``Size`` of the files of results that the batch has written, by kind.
        is_oversized: True where the results are larger than the state's output may be: they were dropped.
    """

    first: int
    count: int
    outcomes: Sequence[ChildOutcome] = ()
    statuses: dict[str, int] = field(default_factory=dict)
    failures: Sequence[Sequence[Any]] = ()
    last: Sequence[Any] = ()
    files: dict[str, list[dict[str, Json]]] = field(default_factory=dict)
    is_oversized: bool = False

    @property
    def has_ended(self) -> bool:
        """True where all child executions have succeeded or failed."""
        return sum(self.statuses.get(status, 0) for status in ENDED) == self.count

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> BatchOutput:
        """Read the output of an execution that has run a batch."""
        return cls(**{**data, "outcomes": [ChildOutcome(**outcome) for outcome in data["outcomes"]]})


def split_into_batches(request: RunChildExecutions, size: int, max_batches: int) -> list[ChildBatch]:
    """Split child executions into batches that may all run at once without breaking the limit of the Map Run.

    Args:
        request: the child executions.
        size: how many a batch should have; more where there would be too many batches.
        max_batches: how many batches there may be.
    """
    number = min(-(-request.count // size), max_batches, request.limit)
    if request.checkpoints:
        return _split_at_checkpoints(request, number)
    limits, batches, first = _shares(request.limit, number), [], 0
    for count, limit in zip(_shares(request.count, number), limits, strict=True):
        batches.append(ChildBatch(first, count, limit, inputs=request.inputs[first : first + count]))
        first += count
    return batches


def _shares(total: int, number: int) -> list[int]:
    return [total // number + (index < total % number) for index in range(number)]


def _split_at_checkpoints(request: RunChildExecutions, number: int) -> list[ChildBatch]:
    indexes = [checkpoint.index for checkpoint in request.checkpoints]
    ideal = (request.count * index // number for index in range(number))
    chosen = sorted({bisect_right(indexes, index, hi=len(indexes) - 1) - 1 for index in ideal})
    ends = [*chosen[1:], len(indexes) - 1]
    limits = _shares(request.limit, len(chosen))
    return [
        _batch_between(request.checkpoints[begin], request.checkpoints[end], limit)
        for begin, end, limit in zip(chosen, ends, limits, strict=True)
    ]


def _batch_between(begin: Checkpoint, end: Checkpoint, limit: int) -> ChildBatch:
    reader = begin.reader
    if reader["stage"] == "list":
        reader = {**reader, "until": (end.reader["position"] or {}).get("after")}
    return ChildBatch(begin.index, end.index - begin.index, limit, reader=reader)


def request_child_executions(step: ExecutionStep, progress: MapRunProgress) -> None:
    """Ask for the child executions, in place of starting them."""
    limit, count = progress.max_concurrency, progress.count
    if progress.rest is None:
        step.requests.append(RunChildExecutions(tuple(reversed(progress.inputs)), limit, count))
    else:
        checkpoints = tuple(Checkpoint(index, reader) for index, reader, _ in progress.checkpoints)
        step.requests.append(RunChildExecutions((), limit, count, checkpoints))
    progress.inputs, progress.checkpoints, progress.rest = [], [], None
    step.execution.awaits_branches = True


def begin_batch(step: ExecutionStep, frame: Frame, batch: ChildBatch) -> MapRunProgress:
    """Turn the execution that asked for the child executions into one that runs a batch of them."""
    step.execution.external_branches = step.execution.awaits_branches = False
    step.execution.is_branch = True
    progress = frame.progress_as(MapRunProgress)
    progress.first, progress.count, progress.started = batch.first, batch.count, 0
    progress.inputs = list(reversed(batch.inputs or ()))
    progress.rest = ItemReaderProgress(**batch.reader) if batch.reader is not None else None
    progress.max_concurrency, progress.failed_items = batch.limit, batch.failed_in_other_batches
    progress.batch = ChildBatchProgress(failed_in_other_batches=batch.failed_in_other_batches)
    return progress


# Outcomes of a batch -------------------------------------------------------------------------------------------------


def add_outcome(step: ExecutionStep, frame: Frame, state: CompiledState, outcome: ChildOutcome) -> None:
    """Add how a child execution of a batch ended.

    Results that are more than fit into a state's output are written, or dropped where the state has no ResultWriter.
    """
    progress = frame.progress_as(MapRunProgress)
    batch, is_exported = _batch_of(progress), progress.destination is not None
    batch.statuses[outcome.status] = batch.statuses.get(outcome.status, 0) + 1
    if outcome.ended is not None:
        place = [outcome.ended, outcome.phase, outcome.turn, outcome.index]
        batch.last = max(batch.last, place)
        if outcome.status != "SUCCEEDED":
            batch.failures.append([*place, outcome.items])
    elif not is_exported:
        return
    size = result_size(outcome.record, outcome.output, result_format(state.model.result_writer))
    if progress.export is not None:
        export_result(step, frame, state, outcome.index, outcome.record, outcome.output)
    elif not progress.results.is_oversized and (size or is_exported):
        batch.outcomes.append(asdict(outcome))
        batch.size += size + (_SIZE_OF_OUTCOME if is_exported else 0)
        if batch.size + 1 > MAX_PAYLOAD_BYTES:
            _give_up_results(step, frame, state, batch)


def _give_up_results(step: ExecutionStep, frame: Frame, state: CompiledState, batch: ChildBatchProgress) -> None:
    progress = frame.progress_as(MapRunProgress)
    outcomes, batch.outcomes = batch.outcomes, []
    if progress.destination is None:
        progress.results.is_oversized = True
        return
    for outcome in outcomes:
        export_result(step, frame, state, outcome["index"], outcome["record"], outcome["output"])


def _batch_of(progress: MapRunProgress) -> ChildBatchProgress:
    if progress.batch is None:
        raise TypeError(f"Map Run {progress.name} runs all of its child executions")
    return progress.batch


def add_ended_child(
    step: ExecutionStep,
    frame: Frame,
    state: CompiledState,
    child: Frame,
    status: str,
    record: ChildDescription | None,
    output: Json,
) -> None:
    """Add a child execution of a batch that has ended now, or is stopped: ABORTED."""
    progress, index, execution = frame.progress_as(MapRunProgress), child.child_index, step.execution
    started = _batch_of(progress).started_at.pop(str(index))
    items = progress.item_count(input_of_child(child))
    ended = (execution.now, execution.phase, execution.turn) if status != "ABORTED" else (None, 0, 0)
    at, phase, turn = ended
    outcome = ChildOutcome(index, status, started, at, items, output, record, phase, turn)
    add_outcome(step, frame, state, outcome)


def finish_batch(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    """End a batch, whose child executions have ended, or are stopped and not started any more.

    Raises:
        StatesError: if the items of those that were not started cannot be read for an export.
    """
    progress = frame.progress_as(MapRunProgress)
    batch, is_exported = _batch_of(progress), progress.destination is not None
    batch.is_finishing = True
    for child in step.children(frame):
        record = describe_child_frame(step, child, "ABORTED", StatesError(None)) if is_exported else None
        add_ended_child(step, frame, state, child, "ABORTED", record, None)
    step.abort_children(frame)
    continue_finishing(step, frame, state)


def continue_finishing(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    """End a batch where nothing is left to be read or written.

    Raises:
        StatesError: if the items of child executions that were not started cannot be read for an export.
    """
    progress = frame.progress_as(MapRunProgress)
    if progress.destination is not None:
        while progress.inputs:
            input, index = progress.inputs.pop(), progress.first + progress.started
            progress.started += 1
            record, items = describe_pending(input), progress.item_count(input)
            add_outcome(step, frame, state, ChildOutcome(index, "PENDING", items=items, record=record))
        if needs_inputs(progress):
            request_inputs(step, frame, state)
        if progress.is_reading or (progress.export is not None and not close_export(step, frame, state)):
            return
    batch = _batch_of(progress)
    step.finish(
        frame,
        {
            "first": progress.first,
            "count": progress.count,
            **{name: getattr(batch, name) for name in ("outcomes", "statuses", "failures", "last")},
            "files": written_files(progress),
            "is_oversized": progress.results.is_oversized,
        },
    )


# Join ----------------------------------------------------------------------------------------------------------------

_Place = tuple[float, int, int, int]
"""When a child execution ended, and its index: those that ended at the same moment are taken by their index."""


def apply_batch_outputs(
    step: ExecutionStep, frame: Frame, state: CompiledState, outputs: Iterable[BatchOutput]
) -> bool:
    """Take how the child executions ended, as far as the Map Run would have gone.

    Args:
        step: the step under way.
        frame: the frame that is in the Map.
        state: the Map.
        outputs: the outputs of all batches. They are iterated more than once where too many items have failed, or where
            results are exported: no more than one of them need be in memory.

    Returns:
        True if too many items have failed.

    Raises:
        UsageError: if a child execution has not ended although the Map Run has not failed.
    """
    progress = frame.progress_as(MapRunProgress)
    last, failed, unended = _add_batch_outputs(step, frame, state, outputs)
    is_over = progress.tolerance.is_exceeded(failed, progress.total_items)
    if not is_over and unended is not None:
        indexes = f"{unended.first} to {unended.first + unended.count - 1}"
        raise UsageError(f"of child executions {indexes} not all have ended, though too few failed to stop them")
    end = _end_by_threshold(progress, outputs) if is_over else None
    now, phase, turn, _ = end or last
    step.execution.moment = Moment(max(step.execution.now, now), phase, turn)
    progress.started = progress.ended = progress.count
    if end is None:
        progress.failed_items = failed
    if progress.destination is not None:
        _export_outcomes(step, frame, state, outputs, end)
    return is_over


def _add_batch_outputs(
    step: ExecutionStep, frame: Frame, state: CompiledState, outputs: Iterable[BatchOutput]
) -> tuple[_Place, int, BatchOutput | None]:
    """Return when the last child execution ended, how many items failed, and a batch in which some have not ended."""
    progress, execution = frame.progress_as(MapRunProgress), step.execution
    last: _Place = (execution.now, execution.phase, execution.turn, -1)
    failed, unended = 0, None
    for output in outputs:
        if output.last:
            last = max(last, _as_place(output.last))
        failed += sum(items for *_, items in output.failures)
        if unended is None and not output.has_ended:
            unended = output
        if progress.destination is None:
            progress.results.is_oversized = progress.results.is_oversized or output.is_oversized
            for outcome in output.outcomes:
                add_result(step, frame, state, outcome.index, outcome.record, outcome.output)
    return last, failed, unended


def _as_place(data: Sequence[Any]) -> _Place:
    now, phase, turn, index = data
    return now, phase, turn, index


def _end_by_threshold(progress: MapRunProgress, outputs: Iterable[BatchOutput]) -> _Place:
    """Count the failed items, earliest first; return the place of the failure that was too much."""
    failures = sorted((_as_place(place), items) for output in outputs for *place, items in output.failures)
    for place, items in failures:
        progress.failed_items += items
        if progress.is_over_threshold:
            return place
    raise AssertionError("all failures together are too many")


def _export_outcomes(
    step: ExecutionStep, frame: Frame, state: CompiledState, outputs: Iterable[BatchOutput], end: _Place | None
) -> None:
    """Export what batches have not written; what was after the Map Run failed has not ended."""
    progress, now = frame.progress_as(MapRunProgress), step.execution.now
    for output in outputs:
        add_written_files(progress, output.files)
        for outcome in output.outcomes:
            place = (outcome.ended or 0.0, outcome.phase, outcome.turn, outcome.index)
            has_ended = outcome.ended is not None and (end is None or place <= end)
            record = outcome.record if has_ended else _describe_unfinished(now, outcome)
            export_result(step, frame, state, outcome.index, record, outcome.output)


def _describe_unfinished(now: float, outcome: ChildOutcome) -> ChildDescription:
    """Describe a child execution that had not ended when the Map Run failed."""
    before = outcome.record or {}
    if outcome.started is None or outcome.started > now:
        return {name: before[name] for name in ("Input", "InputDetails")} | {"Status": "PENDING"}
    aborted = {"RedriveStatus": "REDRIVABLE_BY_MAP_RUN", "Status": "ABORTED", "StopDate": format_time(now)}
    fields = {name: value for name, value in before.items() if name not in _FIELDS_OF_THE_END}
    return dict(sorted({**fields, **aborted}.items()))


_FIELDS_OF_THE_END = ("Cause", "Error", "Output", "RedriveStatusReason")
"""Fields of a description that a child execution has only once it has succeeded or failed."""
