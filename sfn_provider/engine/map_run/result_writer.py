"""Exports the results of a distributed Map to S3, as its ResultWriter says."""

from __future__ import annotations

from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.dataflow.data_flow import compile_evaluator
from sfn_provider.engine.execution_state import Frame
from sfn_provider.engine.limits import to_json
from sfn_provider.engine.map_run.child_results import WRITER_FAILED, export_files
from sfn_provider.engine.requests import CallTask
from sfn_provider.engine.state_progress import MapRunProgress
from sfn_provider.engine.step_context import StepContext
from sfn_provider.exceptions import StatesError


def evaluate_destination(step: StepContext, state: CompiledState, scope: Scope) -> dict[str, str] | None:
    """Evaluate where a ResultWriter writes.

    Returns:
        ``Bucket`` and ``Prefix``; None where nothing is exported.

    Raises:
        StatesError: if a field cannot be evaluated or names no bucket.
    """
    writer = state.model.result_writer
    if writer is None or writer.resource is None:
        return None
    name, value = ("Arguments", writer.arguments) if state.language == "JSONata" else ("Parameters", writer.parameters)
    field = f"ResultWriter/{name}"
    arguments = compile_evaluator(value, state.language, field)(scope, step.entropy)
    bucket = arguments.get("Bucket") if isinstance(arguments, dict) else None
    if not isinstance(bucket, str) or not bucket:
        raise StatesError(WRITER_FAILED, f"{field} must be an object that names a Bucket.")
    prefix = arguments.get("Prefix")
    if not isinstance(prefix, str | None):
        raise StatesError(WRITER_FAILED, f"{field}/Prefix must be text, but was {to_json(prefix)[:200]}")
    return {"Bucket": bucket, "Prefix": prefix or ""}


def begin_export(step: StepContext, frame: Frame, state: CompiledState) -> None:
    """Ask to write all files of the export.

    Raises:
        StatesError: ``States.ResultWriterFailed`` if the WriterConfig cannot be followed.
    """
    progress, writer = frame.progress_as(MapRunProgress), state.model.result_writer
    bucket, folder = _location(progress)
    results = [(progress.descriptions[str(index)] or {}, output) for index, output in enumerate(progress.outputs)]
    files = export_files(results, writer, bucket, folder, progress.arn)
    progress.unwritten_files = len(files)
    for key, text in files.items():
        arguments = {"Bucket": bucket, "Key": key, "Body": text}
        identity = step.new_request(frame, "write")
        call = CallTask(identity, state.name, writer.resource, arguments, index=frame.index, purpose="write")
        step.requests.append(call)


def export_details(progress: MapRunProgress) -> dict[str, Json]:
    """Return the result of a Map that exports: the Map Run, and where its manifest is."""
    bucket, folder = _location(progress)
    manifest = {"Bucket": bucket, "Key": f"{folder}/manifest.json"}
    return {"MapRunArn": progress.arn, "ResultWriterDetails": manifest}


def _location(progress: MapRunProgress) -> tuple[str, str]:
    """Return the bucket of an export, and what the keys of its files begin with."""
    destination = progress.destination or {}
    prefix = destination["Prefix"].rstrip("/")
    return destination["Bucket"], f"{prefix}/{progress.name}" if prefix else progress.name
