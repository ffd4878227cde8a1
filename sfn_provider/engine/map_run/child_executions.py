"""Starts the child executions of a Map Run: one for each item, or for each batch of an ItemBatcher."""

from __future__ import annotations

from sfn_provider.asl.scope import Json
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.dataflow.context_object import frame_context
from sfn_provider.engine.execution_step import ExecutionStep
from sfn_provider.engine.limits import EXPRESS_SECONDS
from sfn_provider.engine.map_run.child_inputs import needs_inputs, request_inputs
from sfn_provider.engine.map_run.naming import child_context, child_name
from sfn_provider.engine.progress.execution_state import Frame
from sfn_provider.engine.progress.map_run_progress import MapRunProgress

_FORGOTTEN_AT_ONCE = 100


def start_children(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    """Start as many child executions as may run at once; asks for the inputs of the next ones where there are none.

    Raises:
        StatesError: if there are fewer items than before.
    """
    progress = frame.progress_as(MapRunProgress)
    room = progress.max_concurrency - (progress.started - progress.ended)
    for _ in range(min(room, len(progress.inputs))):
        _start_child(step, frame, state, progress)
    if needs_inputs(progress):
        request_inputs(step, frame, state)


def _start_child(step: ExecutionStep, frame: Frame, state: CompiledState, progress: MapRunProgress) -> None:
    index, now, input = progress.first + progress.started, step.execution.now, progress.inputs.pop()
    progress.started += 1
    if progress.batch is not None:
        progress.batch.started_at[str(index)] = now
    scope, branch = step.machine.branch(state)
    child = step.start_child(frame, scope, branch.start_at, input, index)
    context, name = frame_context(step.execution, frame), child_name(progress.name, index)
    child.execution_context = child_context(context, progress.label, name, input, now)
    child.child_execution = child.id
    child.events = 1  # its ExecutionStarted
    # A child execution sees neither the variables of its parent nor where the parent is in a Map.
    child.variables, child.map_item, child.previous = {}, None, 0
    if step.child_histories is not None:
        step.child_histories.begin(child, now, progress)
    if branch.processor_config is not None and branch.processor_config.execution_type == "EXPRESS":
        step.wake(child, "execution", now + EXPRESS_SECONDS)


def forget_ended_children(step: ExecutionStep, frame: Frame) -> None:
    """Drop the ids of child executions that have ended, where these are most."""
    progress = frame.progress_as(MapRunProgress)
    if len(frame.children) > 2 * (progress.started - progress.ended) + _FORGOTTEN_AT_ONCE:
        frame.children = [identity for identity in frame.children if identity in step.execution.frames]


def input_of_child(child: Frame) -> Json:
    """Return the input of a child execution, also once its frame has left states."""
    return (child.execution_context or {})["Execution"]["Input"]
