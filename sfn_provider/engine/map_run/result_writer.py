"""Exports the results of a distributed Map to S3 as they come, as its ResultWriter says.

A kind of results is one file of as many parts as it takes, until the file has the size that S3 stores at once.
"""

from __future__ import annotations

from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.dataflow.data_flow import compile_evaluator
from sfn_provider.engine.limits import to_json, utf8_bytes
from sfn_provider.engine.map_run.child_results import (
    EXPORTED_KINDS,
    WRITER_FAILED,
    exported_kind,
    manifest_text,
    result_texts,
    writes_lines,
)
from sfn_provider.engine.progress.execution_state import Frame
from sfn_provider.engine.progress.map_run_progress import ChildDescription, ExportedFile, ExportProgress, MapRunProgress
from sfn_provider.engine.requests import CallTask
from sfn_provider.engine.step_context import StepContext
from sfn_provider.exceptions import StatesError

PART_SIZE = 8 * 1024 * 1024
"""Characters of a part of a file. S3 wants 5 MiB at least of all parts but the last, and takes 10,000 of them."""

MAX_FILE_SIZE = 5 * 1000**3
"""Bytes of a file. Source: the documentation of ResultWriter has 5 GB."""


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


def export_result(
    step: StepContext, frame: Frame, state: CompiledState, index: int, record: ChildDescription | None, output: Json
) -> None:
    """Add the result of a child execution to its file; writes a part where there is enough for one.

    Args:
        step: the step under way.
        frame: the frame that is in the Map.
        state: the Map.
        index: the child execution's index.
        record: its description; None where it has succeeded and the output is enough.
        output: its output.
    """
    export = open_export(frame.progress_as(MapRunProgress))
    kind = exported_kind(record)
    file = export.files.get(kind)
    if file is None:
        file = export.files[kind] = ExportedFile(number=export.first)
    text = result_texts(record, output, state.model.result_writer)
    file.results.append([index, text])
    file.length += len(text)
    if file.length >= PART_SIZE and file.request is None:
        _write_part(step, frame, state, kind, file, is_last=file.size + file.length * 4 > MAX_FILE_SIZE)


def open_export(progress: MapRunProgress) -> ExportProgress:
    """Return what is exported, which begins now where nothing was before."""
    if progress.export is None:
        progress.export = ExportProgress(first=progress.first)
    return progress.export


def _write_part(
    step: StepContext, frame: Frame, state: CompiledState, kind: str, file: ExportedFile, *, is_last: bool
) -> None:
    as_lines = writes_lines(state.model.result_writer)
    file.results.sort(key=lambda result: result[0])
    texts = [text for _, text in file.results if text]
    body = ("\n" if as_lines else ",").join(texts)
    if as_lines:
        body += "\n" if texts else ""
    else:
        before = "[" if not file.part else "," if texts and file.has_results else ""
        body = before + body + ("]" if is_last else "")
    file.has_results = file.has_results or bool(texts)
    position = {"part": file.part + 1, "upload": file.upload, "last": is_last} if file.part or not is_last else None
    file.results, file.length = [], 0
    file.part += 1
    file.size += utf8_bytes(body)
    file.is_last = is_last
    file.request = _write(step, frame, state, f"{kind}_{file.number}.json", body, position)


def _write(step: StepContext, frame: Frame, state: CompiledState, name: str, body: str, position: Json) -> str:
    bucket, folder = _location(frame.progress_as(MapRunProgress))
    identity = step.new_request(frame, "write")
    arguments = {"Bucket": bucket, "Key": f"{folder}/{name}", "Body": body}
    resource = state.model.result_writer.resource
    call = CallTask(identity, state.name, resource, arguments, index=frame.index, purpose="write", position=position)
    step.requests.append(call)
    return identity


def take_written(step: StepContext, frame: Frame, state: CompiledState, identity: str, result: Json) -> bool:
    """Take that a part or the manifest was written, and write what is next; return True once all of it is written."""
    progress = frame.progress_as(MapRunProgress)
    export = open_export(progress)
    for kind, file in export.files.items():
        if file.request == identity:
            _take_part(step, frame, state, kind, file, result)
    return export.is_closing and close_export(step, frame, state)


def _take_part(
    step: StepContext, frame: Frame, state: CompiledState, kind: str, file: ExportedFile, result: Json
) -> None:
    file.request, file.upload = None, result
    if file.is_last:
        _, folder = _location(frame.progress_as(MapRunProgress))
        file.listed.append({"Key": f"{folder}/{kind}_{file.number}.json", "Size": file.size})
        file.number += 1
        file.size, file.part, file.upload, file.is_last, file.has_results = 0, 0, None, False, False
    if file.length >= PART_SIZE:
        _write_part(step, frame, state, kind, file, is_last=False)


def close_export(step: StepContext, frame: Frame, state: CompiledState) -> bool:
    """Write what is left of all files, then the manifest, but in a batch; return True once all is written."""
    progress = frame.progress_as(MapRunProgress)
    export = open_export(progress)
    export.is_closing = True
    for kind, file in export.files.items():
        if file.request is None and (file.results or file.part):
            _write_part(step, frame, state, kind, file, is_last=True)
    if any(file.request is not None for file in export.files.values()):
        return False
    if progress.batch is not None or export.has_manifest:
        return True
    export.has_manifest = True
    bucket, _ = _location(progress)
    listed = {kind: export.files[kind].listed if kind in export.files else [] for kind in EXPORTED_KINDS}
    _write(step, frame, state, "manifest.json", manifest_text(bucket, progress.arn, listed), None)
    return False


def add_written_files(progress: MapRunProgress, files: dict[str, list[dict[str, Json]]]) -> None:
    """Add the files that a batch has written to those of the manifest; the numbers of later ones are greater."""
    export = open_export(progress)
    for kind, listed in files.items():
        file = export.files.setdefault(kind, ExportedFile())
        file.listed += listed
        numbers = [int(entry["Key"].rpartition("_")[2].removesuffix(".json")) for entry in listed]
        file.number = max([file.number, *(number + 1 for number in numbers)])


def written_files(progress: MapRunProgress) -> dict[str, list[dict[str, Json]]]:
    """Return ``Key`` and ``Size`` of the files that were written, by kind."""
    files = progress.export.files if progress.export is not None else {}
    return {kind: file.listed for kind, file in files.items()}


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
