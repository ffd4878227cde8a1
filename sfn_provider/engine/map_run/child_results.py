"""Formats the results of child executions, as a Map returns them and as a ResultWriter exports them.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sfn_provider.asl.model import ResultWriter
from sfn_provider.asl.scope import Json
from sfn_provider.engine.limits import to_json, utf8_bytes
from sfn_provider.engine.state_progress import ChildDescription
from sfn_provider.exceptions import StatesError

WRITER_FAILED = "States.ResultWriterFailed"

_EXPORTED = {
    "SUCCEEDED": "SUCCEEDED",
    "FAILED": "FAILED",
    "ABORTED": "FAILED",
    "TIMED_OUT": "FAILED",
    "PENDING": "PENDING",
}
"""The kind of file that a status is exported to."""


def describe_child(
    context: Mapping[str, Any], ended: str, status: str, outcome: Mapping[str, Json]
) -> ChildDescription:
    """Describe a child execution as DescribeExecution does, with data as JSON text.

    Args:
        context: its ``Execution`` and ``StateMachine`` parts of the context object.
        ended: when it ended.
        status: SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        outcome: ``{"Output": text}``, or ``{"Error": text, "Cause": text}`` as far as there is one.
    """
    execution = context["Execution"]
    record = {
        "ExecutionArn": execution["Id"],
        "Input": to_json(execution["Input"]),
        "InputDetails": {"Included": True},
        "Name": execution["Name"],
        "OutputDetails": {"Included": True},
        "RedriveCount": 0,
        "RedriveStatus": "REDRIVABLE_BY_MAP_RUN",
        "StartDate": execution["StartTime"],
        "StateMachineArn": context["StateMachine"]["Id"],
        "Status": status,
        "StopDate": ended,
        **outcome,
    }
    if status == "SUCCEEDED":
        reason = "Execution is SUCCEEDED and cannot be redriven"
        record |= {"RedriveStatus": "NOT_REDRIVABLE", "RedriveStatusReason": reason}
    return dict(sorted(record.items()))


def describe_pending(input: Json) -> ChildDescription:
    """Describe an item or batch whose child execution was never started."""
    return {"Input": to_json(input), "InputDetails": {"Included": True}, "Status": "PENDING"}


def result_format(writer: ResultWriter | None) -> str:
    """Return how results are formatted: NONE, COMPACT or FLATTEN.

    Without WriterConfig an export is NONE and a state's output COMPACT.
    """
    config = writer.writer_config if writer else None
    if config is not None and config.transformation is not None:
        return config.transformation
    return "NONE" if writer is not None and writer.resource is not None else "COMPACT"


def needs_descriptions(writer: ResultWriter | None) -> bool:
    """Return True if child executions must be described, False if their outputs suffice."""
    return result_format(writer) == "NONE" or (writer is not None and writer.resource is not None)


def format_results(results: Iterable[tuple[ChildDescription | None, Json]], form: str) -> list[Json]:
    """Format results.

    Args:
        results: a record and an output for each child execution. Of one that failed, the record is the result in every
            form. Of one that succeeded, the record is only needed for NONE.
        form: NONE, COMPACT or FLATTEN.

    Raises:
        StatesError: ``States.ResultWriterFailed`` for another form.
    """
    add = _FORMS.get(form)
    if add is None:
        raise StatesError(WRITER_FAILED, f"WriterConfig.Transformation {form!r} is none of {', '.join(_FORMS)}.")
    formatted: list[Json] = []
    for record, output in results:
        if record is not None and record["Status"] != "SUCCEEDED":
            formatted.append(record)
        else:
            add(formatted, record, output)
    return formatted


def _add_flattened(formatted: list[Json], _record: ChildDescription | None, output: Json) -> None:
    if isinstance(output, list):
        formatted.extend(output)
    else:
        formatted.append(output)


_FORMS: dict[str, Callable[[list[Json], ChildDescription | None, Json], None]] = {
    "NONE": lambda formatted, record, _output: formatted.append(record),
    "COMPACT": lambda formatted, _record, output: formatted.append(output),
    "FLATTEN": _add_flattened,
}
"""How the result of a child execution that succeeded is added, by the value of Transformation."""


def export_files(
    results: Sequence[tuple[ChildDescription, Json]], writer: ResultWriter, bucket: str, folder: str, run_arn: str
) -> dict[str, str]:
    """Make the files that a ResultWriter writes.

    Args:
        results: a record and an output for each child execution.
        writer: the state's ResultWriter.
        bucket: where they go.
        folder: what their keys begin with: the prefix and the name of the Map Run.
        run_arn: the Map Run.

    Returns:
        Text by key: a file for each status that occurs, and last ``manifest.json``.
    """
    listed: dict[str, list[dict[str, Json]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    files: dict[str, str] = {}
    for kind, entries in listed.items():
        chosen = [result for result in results if _EXPORTED[result[0]["Status"]] == kind]
        if chosen:
            key = f"{folder}/{kind}_0.json"
            files[key] = _write(format_results(chosen, result_format(writer)), writer)
            entries.append({"Key": key, "Size": utf8_bytes(files[key])})
    manifest = {"DestinationBucket": bucket, "MapRunArn": run_arn, "ResultFiles": listed}
    return {**files, f"{folder}/manifest.json": to_json(manifest)}


def _write(values: list[Json], writer: ResultWriter) -> str:
    config = writer.writer_config
    if config is not None and config.output_type == "JSONL":
        return "".join(f"{to_json(value)}\n" for value in values)
    return to_json(values)
