"""Distributed Map: runs a Map Run whose iterations are child executions.

The order of its events, and when which field is evaluated, follow recorded executions. Source of the rest:
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

from collections.abc import Iterable

from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.branches.external_branches import resume_in_join
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.dataflow.context_object import frame_context
from sfn_provider.engine.execution_step import ExecutionStep
from sfn_provider.engine.limits import CHILD_CONCURRENCY
from sfn_provider.engine.map_run.child_batches import (
    BatchOutput,
    ChildBatch,
    add_ended_child,
    apply_batch_outputs,
    begin_batch,
    continue_finishing,
    finish_batch,
    request_child_executions,
)
from sfn_provider.engine.map_run.child_executions import (
    forget_ended_children,
    input_of_child,
    start_children,
)
from sfn_provider.engine.map_run.child_inputs import count_inputs, make_child_inputs, take_inputs
from sfn_provider.engine.map_run.child_results import needs_descriptions
from sfn_provider.engine.map_run.completion import (
    add_result,
    complete_export,
    complete_run,
    describe_child_frame,
    export_pending,
    fail_over_threshold,
    fail_run,
    map_run_error_name,
)
from sfn_provider.engine.map_run.item_reader.file_formats import READER_FAILED
from sfn_provider.engine.map_run.item_reader.reader import begin_reading, evaluate_max_items
from sfn_provider.engine.map_run.item_selection import evaluate_items, map_scope, max_concurrency, select_items
from sfn_provider.engine.map_run.naming import run_arn, run_label, run_name
from sfn_provider.engine.map_run.result_writer import evaluate_destination, take_written
from sfn_provider.engine.map_run.tolerated_failures import evaluate_tolerance
from sfn_provider.engine.observations import ItemsListed
from sfn_provider.engine.progress.execution_state import Frame, Status
from sfn_provider.engine.progress.map_run_progress import MapRunProgress, Tolerance
from sfn_provider.engine.requests import Event, TaskFailed, TaskSucceeded
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
            _take_items(step, frame, state, scope, select_items(step, frame, state, dataset))
            _start(step, frame, state)
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


def _take_items(step: ExecutionStep, frame: Frame, state: CompiledState, scope: Scope, items: list[Json]) -> None:
    """Take items from the state's input."""
    progress = frame.progress_as(MapRunProgress)
    progress.inputs = make_child_inputs(step, state, scope, items)
    progress.count, progress.total_items = len(progress.inputs), len(items)
    progress.is_counted, progress.has_batches = True, state.model.item_batcher is not None
    progress.inputs.reverse()


def _start(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    """Start child executions, once their number is known."""
    progress = frame.progress_as(MapRunProgress)
    if step.observer is not None:
        step.observer(ItemsListed(state.name, step.place(frame), progress.total_items, progress.count))
    if step.execution.external_branches:
        request_child_executions(step, progress)
    elif not progress.count:
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
        if isinstance(event, TaskSucceeded):
            take = _take_written if purpose == "write" else _take_read
            take(step, frame, state, event)
    except StatesError as error:
        fail_run(step, frame, state, error)


def _take_written(step: ExecutionStep, frame: Frame, state: CompiledState, event: TaskSucceeded) -> None:
    if not take_written(step, frame, state, event.id, event.result):
        return
    if frame.progress_as(MapRunProgress).batch is not None:
        continue_finishing(step, frame, state)
    else:
        complete_export(step, frame, state)


def _take_read(step: ExecutionStep, frame: Frame, state: CompiledState, event: TaskSucceeded) -> None:
    progress = frame.progress_as(MapRunProgress)
    if not progress.is_counted:
        if count_inputs(step, frame, state, event.result):
            _start(step, frame, state)
        return
    take_inputs(step, frame, state, event.result)
    if progress.batch is not None and progress.batch.is_finishing:
        continue_finishing(step, frame, state)
    elif progress.threshold_exceeded:
        export_pending(step, frame, state)
    else:
        start_children(step, frame, state)


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
    status: Status | None = None,
) -> None:
    """Count a child execution that ended: start the next one, or end the Map Run.

    ``error`` is None where it succeeded, ``status`` is None for SUCCEEDED or FAILED.
    """
    progress = frame.progress_as(MapRunProgress)
    step.cancel(child, "execution")
    progress.ended += 1
    forget_ended_children(step, frame)
    status = status or ("SUCCEEDED" if error is None else "FAILED")
    if step.child_histories is not None:
        step.child_histories.end(child, step.execution.now, status, error, output)
    if error is not None:
        progress.failed_items += progress.item_count(input_of_child(child))
    try:
        _add_result(step, frame, state, child, status, error, output)
        _continue(step, frame, state)
    except StatesError as problem:
        if problem.error == READER_FAILED:
            fail_run(step, frame, state, problem)
        else:
            step.fail_evaluation(frame, state, problem)


def _add_result(
    step: ExecutionStep,
    frame: Frame,
    state: CompiledState,
    child: Frame,
    status: str,
    error: StatesError | None,
    output: Json,
) -> None:
    progress, record = frame.progress_as(MapRunProgress), None
    is_exported_by_join = progress.batch is not None and progress.destination is not None
    if error is not None or is_exported_by_join or needs_descriptions(state.model.result_writer):
        record = describe_child_frame(step, child, status, error, output)
    if progress.batch is not None:
        add_ended_child(step, frame, state, child, status, record, output)
    else:
        add_result(step, frame, state, child.child_index, record, output)


def _continue(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    """Start the next child execution, or end the Map Run or the batch."""
    progress = frame.progress_as(MapRunProgress)
    is_over_threshold = progress.is_over_threshold
    if progress.batch is not None and (is_over_threshold or progress.ended == progress.count):
        finish_batch(step, frame, state)
    elif is_over_threshold:
        fail_over_threshold(step, frame, state)
    elif progress.ended == progress.count:
        complete_run(step, frame, state)
    else:
        start_children(step, frame, state)


# Child executions in other tasks -------------------------------------------------------------------------------------


def start_batch(step: ExecutionStep, frame: Frame, batch: ChildBatch) -> None:
    """Run some of the child executions that a Map Run asked for by `RunChildExecutions`."""
    step.set_current_frame(frame)
    progress, state = begin_batch(step, frame, batch), step.current_state(frame)
    try:
        if progress.count and not progress.is_over_threshold:
            start_children(step, frame, state)
        else:
            finish_batch(step, frame, state)
    except StatesError as error:
        fail_run(step, frame, state, error)


def set_failed_in_other_batches(step: ExecutionStep, frame: Frame, failed: int) -> None:
    """Set how many items of all other batches have failed; end the batch where that is too much."""
    progress = frame.progress_as(MapRunProgress)
    progress.set_failed_in_other_batches(failed)
    if progress.is_over_threshold and progress.batch is not None and not progress.batch.is_finishing:
        state = step.current_state(frame)
        try:
            finish_batch(step, frame, state)
        except StatesError as error:
            fail_run(step, frame, state, error)


def join_children(step: ExecutionStep, frame: Frame, outputs: Iterable[BatchOutput]) -> None:
    """Take how all child executions ended, earliest first, and end the Map Run.

    Raises:
        UsageError: if one has not ended although the Map Run has not failed.
    """
    state = step.current_state(frame)
    step.set_current_frame(frame)
    if resume_in_join(step, frame, state):
        return
    try:
        if apply_batch_outputs(step, frame, state, outputs):
            fail_over_threshold(step, frame, state)
        else:
            complete_run(step, frame, state)
    except StatesError as error:
        step.fail_evaluation(frame, state, error)
