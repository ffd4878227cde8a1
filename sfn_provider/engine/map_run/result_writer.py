"""Exports the results of a distributed Map to S3, as its ResultWriter says.

What is under way stands in the frame's memo: ``writer`` (where to write) and ``writing`` (files not written yet).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.compiled import Compiled
from sfn_provider.engine.dataflow.flow import template
from sfn_provider.engine.map_run.child_results import WRITER_FAILED, Record, export_files
from sfn_provider.engine.requests import CallTask
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.engine.execution_state import Frame
    from sfn_provider.engine.step import Run


def prepare_writing(run: Run, state: Compiled, scope: Scope) -> dict[str, str] | None:
    """Evaluate where a ResultWriter writes.

    Returns:
        ``Bucket`` and ``Prefix``; None where nothing is exported.

    Raises:
        StatesError: where a field cannot be evaluated or names no bucket.
    """
    writer = state.model.result_writer
    if writer is None or writer.resource is None:
        return None
    jsonata = state.language == "JSONata"
    field = f"ResultWriter/{'Arguments' if jsonata else 'Parameters'}"
    place = template(writer.arguments if jsonata else writer.parameters, state.language, field)(scope, run.entropy)
    bucket = place.get("Bucket") if isinstance(place, dict) else None
    if not isinstance(bucket, str) or not bucket:
        raise StatesError(WRITER_FAILED, f"{field} must be an object that names a Bucket.")
    return {"Bucket": bucket, "Prefix": str(place.get("Prefix") or "")}


def begin_writing(run: Run, frame: Frame, state: Compiled, results: Sequence[tuple[Record, Json]]) -> None:
    """Ask to write all files of the export.

    Raises:
        StatesError: ``States.ResultWriterFailed`` where the WriterConfig cannot be followed.
    """
    writer = frame.memo["writer"]
    files = export_files(results, state.model.result_writer, writer["Bucket"], _folder(frame), frame.memo["run"]["arn"])
    frame.memo["writing"] = len(files)
    for key, text in files.items():
        arguments = {"Bucket": writer["Bucket"], "Key": key, "Body": text}
        identity = run.new_request(frame, "write")
        resource = state.model.result_writer.resource
        run.requests.append(CallTask(identity, state.name, resource, arguments, index=frame.index, purpose="write"))


def file_written(frame: Frame) -> bool:
    """Take note of a file that was written; True once it was the last one."""
    frame.memo["writing"] -= 1
    return bool(frame.memo["writing"] == 0)


def export_details(frame: Frame) -> dict[str, Json]:
    """The result of a Map that exports: the Map Run, and where its manifest is."""
    key = f"{_folder(frame)}/manifest.json"
    details = {"Bucket": frame.memo["writer"]["Bucket"], "Key": key}
    return {"MapRunArn": frame.memo["run"]["arn"], "ResultWriterDetails": details}


def _folder(frame: Frame) -> str:
    prefix = frame.memo["writer"]["Prefix"].rstrip("/")
    name: str = frame.memo["run"]["name"]
    return f"{prefix}/{name}" if prefix else name
