"""Map: runs the same states for each item of a list; distributed Maps are in `distributed_map`."""

from __future__ import annotations

from sfn_provider.asl.scope import Json
from sfn_provider.engine.branches.external_branches import request_external_branches
from sfn_provider.engine.branches.iteration_batches import end_iteration, fail_iteration
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.execution_step import ExecutionStep, StateHandler
from sfn_provider.engine.limits import INLINE_CONCURRENCY, oversized_parameters
from sfn_provider.engine.map_run.item_selection import evaluate_items, map_scope, max_concurrency, select_items
from sfn_provider.engine.observations import ItemsListed
from sfn_provider.engine.progress.execution_state import Frame
from sfn_provider.engine.progress.state_progress import IterationBatchProgress, MapProgress
from sfn_provider.engine.states import distributed_map
from sfn_provider.exceptions import StatesError


def _execute(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    if state.distributed:
        distributed_map.execute(step, frame, state)
        return
    scope = map_scope(step, frame, state)
    limit = max_concurrency(step, state, scope) or INLINE_CONCURRENCY
    items = list(evaluate_items(step, state, scope))
    step.emit(frame, "MapStateStarted", {"length": len(items)})
    if step.observer is not None:
        step.observer(ItemsListed(state.name, step.place(frame), len(items)))
    inputs = select_items(step, frame, state, items)
    oversized = next(filter(None, (oversized_parameters(state.name, value) for value in inputs)), None)
    if oversized is not None:
        step.fail(frame, state, oversized)
        return
    if step.execution.external_branches:
        request_external_branches(step, frame, state, inputs, items)
        return
    count = len(items)
    frame.progress = MapProgress([None] * count, count, items=items, inputs=inputs)
    if not items:
        step.succeed_children(frame, state, [])
    for _ in range(min(limit, count)):  # each that ends starts the next one
        _start_next(step, frame, state)


def _start_next(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    progress = frame.progress_as(MapProgress)
    index = progress.started
    progress.started = index + 1
    scope, branch = state.branches[0]
    child = step.start_child(frame, scope, branch.start_at, progress.inputs[index], index)
    child.map_item = {"Index": index, "Value": progress.items[index]}
    step.emit(child, "MapIterationStarted", {"name": state.name, "index": index})


def _child_succeeded(step: ExecutionStep, frame: Frame, state: CompiledState, child: Frame, output: Json) -> None:
    if state.distributed:
        distributed_map.end_child(step, frame, state, child, None, output)
        return
    if isinstance(frame.progress, IterationBatchProgress):
        end_iteration(step, frame, state, child, output)
        return
    progress, index = frame.progress_as(MapProgress), child.child_index
    step.emit(child, "MapIterationSucceeded", {"name": state.name, "index": index}, chain=False)
    progress.results[index] = output
    progress.running -= 1
    frame.previous = child.previous
    if progress.started < len(progress.inputs):
        _start_next(step, frame, state)
    elif progress.running == 0:
        step.succeed_children(frame, state, progress.results)


def _child_failed(step: ExecutionStep, frame: Frame, state: CompiledState, child: Frame, error: StatesError) -> None:
    if state.distributed:
        distributed_map.end_child(step, frame, state, child, error)
        return
    if isinstance(frame.progress, IterationBatchProgress):
        fail_iteration(step, frame, child, error)
        return
    step.emit(child, "MapIterationFailed", {"name": state.name, "index": child.index}, chain=False)
    step.emit_task_aborted(child)
    frame.previous = child.previous
    step.fail(frame, state, error)


HANDLER = StateHandler(_execute, distributed_map.handle_event, _child_succeeded, _child_failed)
