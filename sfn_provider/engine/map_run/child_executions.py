"""Starts the child executions of a Map Run: one for each item, or for each batch of an ItemBatcher."""

from __future__ import annotations

from sfn_provider.asl.scope import MISSING, Json, Scope
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.dataflow.context_object import frame_context
from sfn_provider.engine.dataflow.data_flow import compile_evaluator
from sfn_provider.engine.dataflow.typed_fields import evaluate_integer
from sfn_provider.engine.execution_state import Frame
from sfn_provider.engine.execution_step import ExecutionStep
from sfn_provider.engine.limits import EXPRESS_SECONDS, oversized_output
from sfn_provider.engine.map_run.item_batcher import make_batches
from sfn_provider.engine.map_run.naming import child_context, child_name
from sfn_provider.engine.state_progress import MapRunProgress
from sfn_provider.engine.step_context import StepContext


def make_child_inputs(
    step: StepContext, state: CompiledState, scope: Scope, items: list[Json]
) -> tuple[list[Json], list[int] | None]:
    """Make the inputs of the child executions from the items, to which ItemSelector has been applied.

    Returns:
        The inputs, and how many items each has: None without an ItemBatcher.

    Raises:
        StatesError: if a field cannot be evaluated, or an input is too large.
    """
    inputs, counts = items, None
    if state.model.item_batcher is not None:
        inputs = _make_batches(step, state, scope, items)
        counts = [len(batch["Items"]) for batch in inputs]
    error = next(filter(None, (oversized_output(state.name, value) for value in inputs)), None)
    if error is not None:
        raise error
    return inputs, counts


def _make_batches(step: StepContext, state: CompiledState, scope: Scope, items: list[Json]) -> list[Json]:
    batcher = state.model.item_batcher
    limits = (
        evaluate_integer(batcher, state.language, field, scope, step.entropy) or 0
        for field in ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
    )
    max_items, max_bytes = limits
    batch_input: Json = MISSING
    if "batch_input" in batcher.model_fields_set:
        evaluate = compile_evaluator(batcher.batch_input, state.language, "ItemBatcher/BatchInput")
        batch_input = evaluate(scope, step.entropy)
    return list(make_batches(items, max_items=max_items, max_bytes=max_bytes, batch_input=batch_input))


def start_children(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    """Start as many child executions as may run at once."""
    progress = frame.progress_as(MapRunProgress)
    for _ in range(min(progress.max_concurrency, len(progress.inputs))):
        start_next_child(step, frame, state)


def start_next_child(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    """Start the first child execution that has not started yet."""
    progress = frame.progress_as(MapRunProgress)
    position, now = progress.started, step.execution.now
    index = progress.first + position
    progress.started += 1
    input, progress.inputs[position] = progress.inputs[position], None
    if progress.batch is not None:
        progress.batch.started_at[position] = now
    scope, branch = step.machine.branch(state)
    child = step.start_child(frame, scope, branch.start_at, input, index)
    context, name = frame_context(step.execution, frame), child_name(progress.name, index)
    child.execution_context = child_context(context, progress.label, name, input, now)
    child.child_execution = child.id
    child.events = 1  # its ExecutionStarted
    # A child execution sees neither the variables of its parent nor where the parent is in a Map.
    child.variables, child.map_item, child.previous = {}, None, 0
    if branch.processor_config is not None and branch.processor_config.execution_type == "EXPRESS":
        step.wake(child, "execution", now + EXPRESS_SECONDS)
