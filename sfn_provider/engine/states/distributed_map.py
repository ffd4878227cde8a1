"""Distributed Map: runs a Map Run whose iterations are child executions.

The order of its events, and when which field is evaluated, follow recorded executions. Source of the rest:
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

from collections.abc import Sequence

from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.dataflow.context_object import frame_context
from sfn_provider.engine.execution_state import Frame
from sfn_provider.engine.execution_step import ExecutionStep
from sfn_provider.engine.external_branches import resume_in_join
from sfn_provider.engine.limits import CHILD_CONCURRENCY
from sfn_provider.engine.map_run.child_batches import (
    ChildBatch,
    apply_child_outcomes,
    begin_batch,
    finish_batch,
    request_child_executions,
)
from sfn_provider.engine.map_run.child_executions import make_child_inputs, start_children, start_next_child
from sfn_provider.engine.map_run.child_results import needs_descriptions
from sfn_provider.engine.map_run.completion import (
    complete_export,
    complete_run,
    describe_child_frame,
    fail_over_threshold,
    fail_run,
    map_run_error_name,
)
from sfn_provider.engine.map_run.item_reader import begin_reading, evaluate_max_items, handle_read_result
from sfn_provider.engine.map_run.item_selection import evaluate_items, map_scope, max_concurrency, select_items
from sfn_provider.engine.map_run.naming import run_arn, run_label, run_name
from sfn_provider.engine.map_run.result_writer import evaluate_destination
from sfn_provider.engine.map_run.tolerated_failures import evaluate_tolerance
from sfn_provider.engine.observations import ItemsListed
from sfn_provider.engine.requests import ChildOutcome, Event, TaskFailed, TaskSucceeded
from sfn_provider.engine.state_progress import MapRunProgress, Tolerance
from sfn_provider.exceptions import StatesError


def execute(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    """Start a Map Run: read its items, or begin to.

    Raises:
        StatesError: if a field cannot be evaluated.
    """
    scope = map_scope(step, frame, state)
    limit = max_concurrency(step, state, scope) or CHILD_CONCURRENCY
    has_reader = state.model.item_reader is not None
    dataset = [] if has_reader else evaluate_items(step, state, scope)
    step.emit(frame, "MapStateStarted", {"length": len(dataset)})
    tolerance = evaluate_tolerance(state, scope, step.entropy)
    max_items = evaluate_max_items(step, state, scope) if has_reader else None
    frame.progress = progress = _new_map_run(step, frame, state, limit, tolerance)
    step.emit(frame, "MapRunStarted", {"mapRunArn": progress.arn})
    try:
        progress.destination = evaluate_destination(step, state, scope)
        if has_reader:
            begin_reading(step, frame, state, scope, max_items)
        else:
            _start(step, frame, state, scope, select_items(step, state, scope, dataset))
    except StatesError as error:
        fail_run(step, frame, state, error)


def _new_map_run(
    step: ExecutionStep, frame: Frame, state: CompiledState, limit: int, tolerance: Tolerance
) -> MapRunProgress:
    context = frame_context(step.execution, frame)
    machine = context["StateMachine"]["Id"]
    # By the seed in place of the execution's name: two runs of the same thing with mocks have the same names.
    execution = context["Execution"]["Id"].removesuffix(step.execution.context["Execution"]["Name"])
    name = run_name(execution + step.execution.seed, f"{frame.place}/{frame.steps}", sum(frame.retry_counts))
    label = run_label(machine, f"{state.scope}/{state.name}", state.model.label)
    return MapRunProgress(name, label, run_arn(machine, label, name), limit, tolerance)


def _start(step: ExecutionStep, frame: Frame, state: CompiledState, scope: Scope, items: list[Json]) -> None:
    progress = frame.progress_as(MapRunProgress)
    progress.inputs, progress.item_counts = make_child_inputs(step, state, scope, items)
    progress.total_items = len(items)
    progress.outputs = [None] * len(progress.inputs)
    if step.observer is not None:
        step.observer(ItemsListed(state.name, step.place(frame), len(items), len(progress.inputs)))
    if step.execution.external_branches:
        request_child_executions(step, progress)
    elif not progress.inputs:
        complete_run(step, frame, state)
    else:
        start_children(step, frame, state)


def handle_event(step: ExecutionStep, frame: Frame, state: CompiledState, purpose: str, event: Event) -> None:
    """Take what was read, or that a file was written.

    Raises:
        StatesError: if a field of the state cannot be evaluated on it.
    """
    try:
        if isinstance(event, TaskFailed):
            raise StatesError(map_run_error_name(event.error, purpose), event.cause)
        if not isinstance(event, TaskSucceeded):
            return
        if purpose == "write":
            complete_export(step, frame, state)
            return
        items = handle_read_result(step, frame, state, event.result)
        if items is not None:
            _start(step, frame, state, map_scope(step, frame, state), items)
    except StatesError as error:
        fail_run(step, frame, state, error)


# Child executions that end -------------------------------------------------------------------------------------------


def time_out_child(step: ExecutionStep, child: Frame) -> None:
    """End a child execution that has run for as long as an Express execution may."""
    frame = step.execution.frames[child.parent or 0]
    step.abort_children(child)
    step.cancel(child)
    del step.execution.frames[child.id]
    end_child(step, frame, step.current_state(frame), child, StatesError("States.Timeout"), status="TIMED_OUT")


def end_child(
    step: ExecutionStep,
    frame: Frame,
    state: CompiledState,
    child: Frame,
    error: StatesError | None,
    output: Json = None,
    *,
    status: str | None = None,
) -> None:
    """Count a child execution that ended: start the next one, or end the Map Run.

    ``error`` is None where it succeeded, ``status`` is None for SUCCEEDED or FAILED.
    """
    progress, index = frame.progress_as(MapRunProgress), child.child_index
    position = index - progress.first
    step.cancel(child, "execution")
    progress.ended += 1
    progress.outputs[position] = output
    if progress.batch is not None:
        progress.batch.ended_at[position] = step.execution.now
        progress.batch.ended_turns[position] = [step.execution.phase, step.execution.turn]
    if error is not None or needs_descriptions(state.model.result_writer):
        status = status or ("SUCCEEDED" if error is None else "FAILED")
        progress.descriptions[str(index)] = describe_child_frame(step, child, status, error, output)
    if error is not None:
        progress.failed_items += progress.item_count(index)
    try:
        _continue(step, frame, state)
    except StatesError as problem:
        step.fail_evaluation(frame, state, problem)


def _continue(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    """Start the next child execution, or end the Map Run or the batch."""
    progress = frame.progress_as(MapRunProgress)
    is_over_threshold, has_ended = progress.is_over_threshold, progress.ended == len(progress.inputs)
    if not is_over_threshold and progress.started < len(progress.inputs):
        start_next_child(step, frame, state)
    elif progress.batch is not None:
        if is_over_threshold or has_ended:
            finish_batch(step, frame)
    elif is_over_threshold:
        fail_over_threshold(step, frame, state)
    elif has_ended:
        complete_run(step, frame, state)


# Child executions in other tasks -------------------------------------------------------------------------------------


def start_batch(step: ExecutionStep, frame: Frame, batch: ChildBatch) -> None:
    """Run some of the child executions that a Map Run asked for by `RunChildExecutions`."""
    step.set_current_frame(frame)
    progress = begin_batch(step, frame, batch)
    if progress.inputs and not progress.is_over_threshold:
        start_children(step, frame, step.current_state(frame))
    else:
        finish_batch(step, frame)


def set_failed_in_other_batches(step: ExecutionStep, frame: Frame, failed: int) -> None:
    """Set how many items of all other batches have failed; end the batch where that is too much."""
    progress = frame.progress_as(MapRunProgress)
    progress.set_failed_in_other_batches(failed)
    if progress.is_over_threshold:
        finish_batch(step, frame)


def join_children(step: ExecutionStep, frame: Frame, outcomes: Sequence[ChildOutcome]) -> None:
    """Take how all child executions ended, earliest first, and end the Map Run.

    Raises:
        UsageError: if one has not ended although the Map Run has not failed.
    """
    state = step.current_state(frame)
    step.set_current_frame(frame)
    if resume_in_join(step, frame, state):
        return
    try:
        if apply_child_outcomes(step, frame, outcomes):
            fail_over_threshold(step, frame, state)
        else:
            complete_run(step, frame, state)
    except StatesError as error:
        step.fail_evaluation(frame, state, error)
