"""Parallel: runs its branches side by side and collects their outputs in order."""

from __future__ import annotations

from sfn_provider.asl.scope import Json
from sfn_provider.engine.branches.external_branches import request_external_branches
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.execution_step import ExecutionStep, StateHandler
from sfn_provider.engine.limits import oversized_parameters
from sfn_provider.engine.progress.execution_state import Frame
from sfn_provider.engine.progress.state_progress import ParallelProgress
from sfn_provider.exceptions import StatesError


def _execute(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    input = state.data_flow.enter(step.scope(frame), step.entropy)
    oversized = oversized_parameters(state.name, input)
    if oversized is not None:
        step.fail(frame, state, oversized)
        return
    count = len(state.model.branches)
    step.emit(frame, "ParallelStateStarted")
    if step.execution.external_branches:
        request_external_branches(step, frame, state, [input] * count)
        return
    frame.progress = ParallelProgress([None] * count, count)
    for index in range(count):
        scope, branch = step.machine.branch(state, index)
        step.start_child(frame, scope, branch.start_at, input, index)


def _child_succeeded(step: ExecutionStep, frame: Frame, state: CompiledState, child: Frame, output: Json) -> None:
    progress = frame.progress_as(ParallelProgress)
    progress.results[child.child_index] = output
    progress.running -= 1
    frame.previous = max(frame.previous, child.previous)
    if progress.running == 0:
        step.succeed_children(frame, state, progress.results)


def _child_failed(step: ExecutionStep, frame: Frame, state: CompiledState, child: Frame, error: StatesError) -> None:
    frame.previous = child.previous
    step.emit_task_aborted(child)
    step.fail(frame, state, error)


HANDLER = StateHandler(_execute, child_succeeded=_child_succeeded, child_failed=_child_failed)
