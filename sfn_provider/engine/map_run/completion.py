"""Ends a Map Run: with its results, with an export of them, or with an error."""

from __future__ import annotations

from sfn_provider.asl.scope import Json
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.execution_step import ExecutionStep
from sfn_provider.engine.history.timestamps import format_time
from sfn_provider.engine.limits import MAX_PAYLOAD_BYTES, oversize_error, to_json
from sfn_provider.engine.map_run.child_inputs import needs_inputs, request_inputs
from sfn_provider.engine.map_run.child_results import (
    check_format,
    describe_child,
    describe_pending,
    format_results,
    result_format,
    result_size,
)
from sfn_provider.engine.map_run.result_writer import close_export, export_details, export_result
from sfn_provider.engine.map_run.tolerated_failures import THRESHOLD_EXCEEDED
from sfn_provider.engine.progress.execution_state import Frame
from sfn_provider.engine.progress.map_run_progress import ChildDescription, MapRunProgress
from sfn_provider.exceptions import StatesError

_PREFIXED_ERRORS = ("States.Runtime", "States.QueryEvaluationError")
"""Errors to whose cause AWS prefixes the state's name; the causes of others stand alone (recorded executions)."""


def describe_child_frame(
    step: ExecutionStep, child: Frame, status: str, error: StatesError | None, output: Json = None
) -> ChildDescription:
    """Describe a child execution as it is now, with its error or its output."""
    outcome = {"Output": to_json(output)}
    if error is not None:
        outcome = {name.capitalize(): text for name, text in error.details.items()}
    return describe_child(child.execution_context or {}, format_time(step.execution.now), status, outcome)


def add_result(
    step: ExecutionStep, frame: Frame, state: CompiledState, index: int, record: ChildDescription | None, output: Json
) -> None:
    """Add the result of a child execution: to a file where results are exported, else to the state's output.

    Of an output that is too large nothing is kept.
    """
    progress = frame.progress_as(MapRunProgress)
    if progress.destination is not None:
        export_result(step, frame, state, index, record, output)
        return
    results = progress.results
    if results.is_oversized:
        return
    size = result_size(record, output, result_format(state.model.result_writer))
    if not size:
        return
    results.size += size
    results.by_index[str(index)] = [record, output]
    if results.size + 1 > MAX_PAYLOAD_BYTES:
        results.is_oversized, results.by_index = True, {}


def complete_run(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    """Export the results of the child executions, which have all ended, or return them.

    Raises:
        StatesError: if the results cannot be formatted.
    """
    progress = frame.progress_as(MapRunProgress)
    step.set_current_frame(frame)
    form = check_format(state.model.result_writer)
    if progress.destination is not None:
        close_export(step, frame, state)
        return
    results = progress.results
    if results.is_oversized:
        _emit_success(step, frame)
        step.fail(frame, state, oversize_error(state.name))
        return
    ordered = (results.by_index[index] for index in sorted(results.by_index, key=int))
    _succeed(step, frame, state, format_results(((record, output) for record, output in ordered), form))


def _emit_success(step: ExecutionStep, frame: Frame) -> None:
    started = frame.previous
    step.emit(frame, "MapRunSucceeded")
    step.emit(frame, "MapStateSucceeded")
    frame.previous = started
    frame.progress_as(MapRunProgress).succeeded = True


def _succeed(step: ExecutionStep, frame: Frame, state: CompiledState, result: Json) -> None:
    _emit_success(step, frame)
    step.succeed(frame, state, result, step.scope(frame))


def fail_over_threshold(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    """Fail the Map Run because too many items have failed, after an export where there is a ResultWriter.

    Raises:
        StatesError: if the items that were not started cannot be read for the export.
    """
    progress = frame.progress_as(MapRunProgress)
    if progress.destination is None:
        fail_run(step, frame, state, THRESHOLD_EXCEEDED)
        return
    progress.threshold_exceeded = True
    for child in step.children(frame):
        described = describe_child_frame(step, child, "ABORTED", StatesError(None))
        export_result(step, frame, state, child.child_index, described, None)
    step.abort_children(frame)
    export_pending(step, frame, state)


def export_pending(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    """Export the items whose child executions are not started any more; closes the export after the last one.

    Raises:
        StatesError: if they cannot be read.
    """
    progress = frame.progress_as(MapRunProgress)
    while progress.inputs:
        index = progress.first + progress.started
        progress.started += 1
        export_result(step, frame, state, index, describe_pending(progress.inputs.pop()), None)
    if needs_inputs(progress):
        request_inputs(step, frame, state)
    elif not progress.is_reading:
        close_export(step, frame, state)


def complete_export(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    """End the Map Run, all files of which are written.

    Raises:
        StatesError: if the Map Run has failed.
    """
    progress = frame.progress_as(MapRunProgress)
    if progress.threshold_exceeded:
        raise StatesError(*THRESHOLD_EXCEEDED.args)
    _succeed(step, frame, state, export_details(progress))


def map_run_error_name(error: str | None, purpose: str) -> str:
    """Return the error of a failed read or write: States.ItemReaderFailed or the like unless it is AWS's already."""
    if error is not None and error.startswith("States."):
        return error
    return "States.ResultWriterFailed" if purpose == "write" else "States.ItemReaderFailed"


def fail_run(step: ExecutionStep, frame: Frame, state: CompiledState, error: StatesError) -> None:
    """Record that the Map Run failed, then fail the state. After MapRunSucceeded only the state fails.

    Raises:
        StatesError: the error, where AWS prefixes its cause as `ExecutionStep.fail_evaluation` does.
    """
    if isinstance(frame.progress, MapRunProgress) and frame.progress.succeeded:
        raise error
    step.emit(frame, "MapRunFailed", error.details)
    if error.error in _PREFIXED_ERRORS:
        raise error
    step.fail(frame, state, error)
