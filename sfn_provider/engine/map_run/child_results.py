"""Formats the results of child executions, as a Map returns them and as a ResultWriter exports them.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sfn_provider.asl.model import ResultWriter
from sfn_provider.asl.scope import Json
from sfn_provider.engine.limits import to_json, utf8_bytes
from sfn_provider.engine.progress.map_run_progress import ChildDescription
from sfn_provider.exceptions import StatesError

WRITER_FAILED = "States.ResultWriterFailed"

EXPORTED_KINDS = ("FAILED", "PENDING", "SUCCEEDED")
"""The kinds of files that an export has, in the order of its manifest."""

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
    """Return True if child executions that succeed must be described, False if their outputs suffice."""
    return result_format(writer) == "NONE"


def check_format(writer: ResultWriter | None) -> str:
    """Return the format of results.

    Raises:
        StatesError: ``States.ResultWriterFailed`` if there is none of that name.
    """
    form = result_format(writer)
    if form not in _FORMS:
        raise StatesError(WRITER_FAILED, f"WriterConfig.Transformation {form!r} is none of {', '.join(_FORMS)}.")
    return form


def format_results(results: Iterable[tuple[ChildDescription | None, Json]], form: str) -> list[Json]:
    """Format results.

    Args:
        results: a record and an output for each child execution. Of one that failed, the record is the result in every
            form. Of one that succeeded, the record is only needed for NONE.
        form: NONE, COMPACT or FLATTEN.
    """
    add = _FORMS[form]
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


def exported_kind(record: ChildDescription | None) -> str:
    """Return the kind of file that the result of a child execution is exported to; it has succeeded without record."""
    return _EXPORTED[record["Status"]] if record is not None else "SUCCEEDED"


def result_texts(record: ChildDescription | None, output: Json, writer: ResultWriter | None) -> str:
    """Return the result of one child execution as it stands in a file, between separators; empty where it has none."""
    form = result_format(writer)
    # Another form is refused once all have ended.
    values = format_results([(record, output)], form) if form in _FORMS else [record]
    return ("\n" if writes_lines(writer) else ",").join(map(to_json, values))


def result_size(record: ChildDescription | None, output: Json, form: str) -> int:
    """Return how many bytes a result adds to the JSON of all results, with a comma for each value."""
    values = format_results([(record, output)], form) if form in _FORMS else []
    return sum(utf8_bytes(to_json(value)) + 1 for value in values)


def writes_lines(writer: ResultWriter | None) -> bool:
    """Return True where files have one JSON value in each line."""
    config = writer.writer_config if writer else None
    return config is not None and config.output_type == "JSONL"


def manifest_text(bucket: str, run_arn: str, listed: Mapping[str, Sequence[Mapping[str, Json]]]) -> str:
    """Return the text of ``manifest.json``; ``listed`` are Key and Size of the files by their kind."""
    return to_json({"DestinationBucket": bucket, "MapRunArn": run_arn, "ResultFiles": listed})
