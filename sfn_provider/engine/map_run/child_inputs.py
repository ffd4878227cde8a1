"""Makes the inputs of child executions as items are read: counted first, then handed out.

Items that fit into one chunk are read once. Of more, the first pass makes all inputs, so that an error of any is found
before the first child execution starts, and forgets most of them again; the second one reads on where the first inputs
end.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from sfn_provider.asl.scope import MISSING, Json, Scope
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.dataflow.data_flow import compile_evaluator
from sfn_provider.engine.dataflow.typed_fields import evaluate_integer
from sfn_provider.engine.limits import oversized_output
from sfn_provider.engine.map_run.item_batcher import ItemBatches
from sfn_provider.engine.map_run.item_reader.file_formats import READER_FAILED, Dataset
from sfn_provider.engine.map_run.item_reader.reader import (
    checkpoint_within,
    copy_reader,
    has_more,
    read_items,
    request_chunk,
    source_of_items,
)
from sfn_provider.engine.map_run.item_reader.text_chunks import CHUNK_SIZE
from sfn_provider.engine.map_run.item_selection import map_scope, select_items
from sfn_provider.engine.progress.execution_state import Frame
from sfn_provider.engine.progress.map_run_progress import ItemReaderProgress, MapRunProgress
from sfn_provider.engine.requests import Chunk
from sfn_provider.engine.step_context import StepContext
from sfn_provider.exceptions import StatesError

CHECKPOINT_STRIDE = 40
"""Child executions from one checkpoint to the next, until there are too many checkpoints."""

_MAX_CHECKPOINTS = 4_096
_MAX_CHECKPOINTS_SIZE = 8 * 1024 * 1024

_ENTRY_SIZE = 200
"""Characters that an entry of a list, or a row, counts as."""


def make_child_inputs(step: StepContext, state: CompiledState, scope: Scope, items: Sequence[Json]) -> list[Json]:
    """Make the inputs of the child executions from all items, to which ItemSelector has been applied.

    Raises:
        StatesError: if a field cannot be evaluated, or an input is too large.
    """
    inputs = list(items)
    if state.model.item_batcher is not None:
        batches = _item_batches(step, state, scope)
        found = [batches.add(item) for item in items]
        inputs = [batch for batch in (*found, batches.rest()) if batch is not None]
    _check_sizes(state, inputs)
    return inputs


def _check_sizes(state: CompiledState, inputs: Sequence[Json]) -> None:
    error = next(filter(None, (oversized_output(state.name, value) for value in inputs)), None)
    if error is not None:
        raise error


def _item_batches(step: StepContext, state: CompiledState, scope: Scope, pending: Sequence[Json] = ()) -> ItemBatches:
    batcher = state.model.item_batcher
    max_items, max_bytes = (
        evaluate_integer(batcher, state.language, field, scope, step.entropy) or 0
        for field in ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
    )
    batch_input: Json = MISSING
    if "batch_input" in batcher.model_fields_set:
        evaluate = compile_evaluator(batcher.batch_input, state.language, "ItemBatcher/BatchInput")
        batch_input = evaluate(scope, step.entropy)
    return ItemBatches(max_items=max_items, max_bytes=max_bytes, batch_input=batch_input, pending=pending)


class _ReadInputs(NamedTuple):
    """The inputs that one chunk makes.

    Args:
        before: the reader before the chunk.
        dataset: the items of the chunk.
        inputs: the inputs.
        begins: for each input how many items of the chunk are before it; -1 where it begins in a chunk before. One more
            where the last batch of items is not full yet.
        after: how many items of the chunk are before what follows all inputs.
    """

    before: ItemReaderProgress
    dataset: Dataset
    inputs: list[Json]
    begins: Sequence[int]
    after: int


def _read_inputs(
    step: StepContext, frame: Frame, state: CompiledState, progress: MapRunProgress, result: Json
) -> _ReadInputs:
    """Make the inputs of what was read; ends the reading where nothing follows."""
    reader = progress.reader
    if reader is None:
        raise TypeError(f"state {state.name!r} does not read items")
    before, source = _where_to_begin_again(reader), source_of_items(reader)
    dataset = read_items(state, reader, result)
    skip = min(reader.skip, len(dataset))
    items = select_items(
        step,
        frame,
        state,
        dataset,
        source=source,
        first=reader.count,
        skip=skip,
        max_items=reader.max_items - reader.count,
    )
    reader.skip -= skip
    reader.count += len(items)
    is_over = not has_more(reader)
    if state.model.item_batcher is None:
        inputs: list[Json] = items
        begins: Sequence[int] = range(len(items))
    else:
        batches = _item_batches(step, state, map_scope(step, frame, state), reader.pending)
        inputs, begins = _group(batches, reader, items, is_over)
    if is_over:
        progress.reader = None
    return _ReadInputs(before, dataset, inputs, begins, len(items))


def _where_to_begin_again(reader: ItemReaderProgress) -> ItemReaderProgress:
    """Return the reader before a chunk; for an object that is parsed when it is complete, before the object."""
    before = copy_reader(reader)
    return replace(before, position=None, parser={}) if before.parser.get("is_whole") else before


def _group(
    batches: ItemBatches, reader: ItemReaderProgress, items: Sequence[Json], is_over: bool
) -> tuple[list[Json], Sequence[int]]:
    inputs: list[Json] = []
    begins = [-1] if batches.pending else []
    for position, item in enumerate(items):
        full = batches.add(item)
        if full is not None:
            inputs.append(full)
        if len(batches.pending) == 1:
            begins.append(position)
    if is_over and (last := batches.rest()) is not None:
        inputs.append(last)
    reader.pending = batches.pending
    return inputs, begins


# First pass ----------------------------------------------------------------------------------------------------------


def count_inputs(step: StepContext, frame: Frame, state: CompiledState, result: Json) -> bool:
    """Take a result of the first pass; return True once all items are counted, else asks for the next chunk.

    Raises:
        StatesError: if the result holds no items, or inputs cannot be made of them.
    """
    progress = frame.progress_as(MapRunProgress)
    progress.is_reading, progress.has_batches = False, state.model.item_batcher is not None
    reader, read = progress.reader, _read_inputs(step, frame, state, progress, result)
    _check_sizes(state, read.inputs)
    if step.execution.external_branches:
        _add_checkpoints(progress, read, reader or read.before)
    if progress.rest is None and _can_be_read_again(progress, read, result):
        progress.rest = read.before
    if progress.rest is None:
        progress.inputs += read.inputs
        progress.size += _size(result)
    progress.count += len(read.inputs)
    progress.total_items = (reader or read.before).count
    if progress.reader is not None:
        request_chunk(step, frame, state, progress)
        return False
    if progress.rest is not None:
        _set_end(progress, read, reader or read.before)
    progress.is_counted = True
    progress.inputs.reverse()
    return True


def _set_end(progress: MapRunProgress, read: _ReadInputs, reader: ItemReaderProgress) -> None:
    """Set where the items end: what a list gets meanwhile is not read."""
    end = checkpoint_within(read.before, reader, read.dataset, read.after)
    progress.checkpoints.append([progress.count, end, 0])
    if progress.rest is not None and read.before.stage == "list":
        progress.rest.until = (end["position"] or {}).get("after")


def _can_be_read_again(progress: MapRunProgress, read: _ReadInputs, result: Json) -> bool:
    """Return True where the inputs of a chunk need not be kept: there are many, and the chunk can be read again."""
    return isinstance(result, Chunk) and bool(read.inputs) and progress.size + _size(result) > CHUNK_SIZE


def _size(result: Json) -> int:
    content = result.content if isinstance(result, Chunk) else None
    return len(content) if isinstance(content, str) else len(content or ()) * _ENTRY_SIZE


def _add_checkpoints(progress: MapRunProgress, read: _ReadInputs, reader: ItemReaderProgress) -> None:
    known = progress.checkpoints
    progress.stride = max(progress.stride, CHECKPOINT_STRIDE)
    for number, begin in enumerate(read.begins):
        index = progress.count + number
        if begin >= 0 and (not known or index - known[-1][0] >= progress.stride):
            place = checkpoint_within(read.before, reader, read.dataset, begin)
            known.append([index, place, len(json.dumps(place))])
    while len(known) > _MAX_CHECKPOINTS or (
        len(known) > 1 and sum(entry[2] for entry in known) > _MAX_CHECKPOINTS_SIZE
    ):
        progress.checkpoints = known = known[::2]
        progress.stride *= 2


# Second pass ---------------------------------------------------------------------------------------------------------


def needs_inputs(progress: MapRunProgress) -> bool:
    """Return True where the next inputs are to be read."""
    return not progress.inputs and not progress.is_reading and progress.started < progress.count


def request_inputs(step: StepContext, frame: Frame, state: CompiledState) -> None:
    """Ask for the next inputs.

    Raises:
        StatesError: ``States.ItemReaderFailed`` if fewer items are there than were counted.
    """
    progress = frame.progress_as(MapRunProgress)
    if progress.rest is not None:
        progress.reader, progress.rest = progress.rest, None
    if progress.reader is None:
        raise _changed(f"{progress.count - progress.started} of {progress.count} are missing")
    request_chunk(step, frame, state, progress)


def take_inputs(step: StepContext, frame: Frame, state: CompiledState, result: Json) -> None:
    """Take a result of the second pass.

    Raises:
        StatesError: if the result holds no items.
    """
    progress = frame.progress_as(MapRunProgress)
    progress.is_reading = False
    reader, inputs = progress.reader, _read_inputs(step, frame, state, progress, result).inputs
    missing = progress.count - progress.started
    if reader is not None and reader.until is not None and len(inputs) > missing:
        raise _changed(f"there are more than {progress.count}")
    if len(inputs) >= missing:
        progress.reader = None
    progress.inputs = inputs[:missing][::-1]


def _changed(how: str) -> StatesError:
    return StatesError(READER_FAILED, f"The items have changed since they were counted: {how}.")
