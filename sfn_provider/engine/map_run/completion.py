"""Ends a Map Run: with its results, with an export of them, or with an error."""

from __future__ import annotations

from sfn_provider.asl.scope import Json
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.execution_state import Frame
from sfn_provider.engine.execution_step import ExecutionStep
from sfn_provider.engine.limits import to_json
from sfn_provider.engine.map_run.child_results import (
    describe_child,
    describe_pending,
    format_results,
    result_format,
)
from sfn_provider.engine.map_run.result_writer import begin_export, export_details
from sfn_provider.engine.map_run.tolerated_failures import THRESHOLD_EXCEEDED
from sfn_provider.engine.state_progress import ChildDescription, MapRunProgress
from sfn_provider.engine.timestamps import format_time
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


def complete_run(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    """Export the results of the child executions, which have all ended, or return them.

    Raises:
        StatesError: if the results cannot be formatted.
    """
    progress = frame.progress_as(MapRunProgress)
    step.set_current_frame(frame)
    if progress.destination is not None:
        begin_export(step, frame, state)
        return
    results = ((progress.descriptions.get(str(index)), output) for index, output in enumerate(progress.outputs))
    _succeed(step, frame, state, format_results(results, result_format(state.model.result_writer)))


def _succeed(step: ExecutionStep, frame: Frame, state: CompiledState, result: Json) -> None:
    started = frame.previous
    step.emit(frame, "MapRunSucceeded")
    step.emit(frame, "MapStateSucceeded")
    frame.previous = started
    frame.progress_as(MapRunProgress).succeeded = True
    step.succeed(frame, state, result, step.scope(frame))


def fail_over_threshold(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    """Fail the Map Run because too many items have failed, after an export where there is a ResultWriter."""
    progress = frame.progress_as(MapRunProgress)
    if progress.destination is None:
        fail_run(step, frame, state, THRESHOLD_EXCEEDED)
        return
    progress.threshold_exceeded = True
    for child in step.children(frame):
        described = describe_child_frame(step, child, "ABORTED", StatesError(None))
        progress.descriptions[str(child.child_index)] = described
    step.abort_children(frame)
    for index in range(progress.started, len(progress.inputs)):
        progress.descriptions[str(index)] = describe_pending(progress.inputs[index])
    begin_export(step, frame, state)


def complete_export(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    """Count a file that is written; after the last one end the Map Run.

    Raises:
        StatesError: if the Map Run has failed.
    """
    progress = frame.progress_as(MapRunProgress)
    progress.unwritten_files -= 1
    if progress.unwritten_files:
        return
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
