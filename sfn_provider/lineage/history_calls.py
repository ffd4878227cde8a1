"""Reads the calls of Task states from an execution's history, with parameters and results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sfn_provider.executions.history.history_events import Event, event_details, is_state_entered

Json = Any

_RESULTS: Final = ("TaskSubmitted", "TaskSucceeded", "LambdaFunctionSucceeded")


@dataclass(slots=True)
class HistoryCall:
    """A call of a Task state.

    Args:
        state: the state's name; empty where the history does not say.
        resource: the Resource as in a definition: ``arn:aws:states:::glue:startJobRun.sync``, or a function's ARN.
        parameters: what it was called with; None where the history left it out.
        region: the region that it was called in; empty where the history does not say.
        results: what the service has answered, at the start of a job and at its end.
    """

    state: str
    resource: str
    parameters: Json
    region: str
    results: list[Json] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class WrittenResults:
    """The results of a distributed Map in S3.

    Args:
        bucket: the bucket.
        key: the key of the manifest.
    """

    bucket: str
    key: str


def read_calls(events: Iterable[Event]) -> Iterator[HistoryCall | WrittenResults]:
    """Yield the calls of a history that have been answered, and where distributed Maps have written results.

    Args:
        events: the events as GetExecutionHistory returns them, with data, oldest first.
    """
    states: dict[int, str] = {}
    calls: dict[int, HistoryCall] = {}
    for event in events:
        kind, details, previous = str(event["type"]), event_details(event), event["previousEventId"]
        states[event["id"]] = str(details["name"]) if is_state_entered(event) else states.get(previous, "")
        if kind in ("TaskScheduled", "LambdaFunctionScheduled"):
            calls[event["id"]] = _scheduled(details, states[event["id"]])
            continue
        if kind == "MapStateExited":
            yield from _written(parse_data(details.get("output")))
        call = calls.pop(previous, None)
        if call is None:
            continue
        if kind in _RESULTS:
            call.results.append(parse_data(details.get("output")))
        if kind.endswith("Succeeded"):
            yield call
        else:
            calls[event["id"]] = call  # the events of a call follow one another


def parse_data(text: object) -> Json:
    """Return the value of JSON text in an event; None where there is none, or where AWS has cut it."""
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def _scheduled(details: Mapping[str, Any], state: str) -> HistoryCall:
    resource, kind = str(details.get("resource", "")), str(details.get("resourceType", ""))
    name = resource if resource.startswith("arn:") else f"arn:aws:states:::{kind}:{resource}"
    parameters = parse_data(details.get("parameters", details.get("input")))
    return HistoryCall(state, name, parameters, str(details.get("region", "")))


def _written(output: Json) -> Iterator[WrittenResults]:
    written = output.get("ResultWriterDetails") if isinstance(output, dict) else None
    if isinstance(written, dict) and written.get("Bucket") and written.get("Key"):
        yield WrittenResults(str(written["Bucket"]), str(written["Key"]))
