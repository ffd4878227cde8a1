"""Makes OpenTelemetry spans of an execution's history: states, iterations, calls as events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sfn_provider.executions.arns import state_machine_of
from sfn_provider.executions.history.history_events import Event, event_details, is_state_entered
from sfn_provider.secret_masking import masked_line

_MAX_CAUSE: Final = 500
_FAILED_ENDS: Final = ("Failed", "TimedOut", "Aborted")

_MAX_NESTING: Final = 128
"""How many spans around an event are looked at: states nest no deeper, as a definition has at most 128 levels."""


@dataclass(slots=True)
class _OpenSpan:
    """A span that has not ended.

    Args:
        span: the span of OpenTelemetry.
        parent: the open span around it; None for the execution's.
        type: ``Execution``, a state's type, or ``Iteration``.
        name: the state's name, or the iteration's index.
        has_failed: an event has said that it has failed.
        has_ended: it has ended.
    """

    span: Any
    parent: _OpenSpan | None
    type: str
    name: str
    has_failed: bool = False
    has_ended: bool = False

    def enclosing(self) -> Iterator[_OpenSpan]:
        """Yield this span and those around it, innermost first, as many as a definition can nest."""
        found: _OpenSpan | None = self
        for _ in range(_MAX_NESTING):
            if found is None:
                return
            yield found
            found = found.parent


def emit_spans(
    tracer: Any, arn: str, description: Mapping[str, Any], events: Sequence[Event], is_complete: bool = True
) -> None:
    """Make the spans of an execution that has ended, under the current span.

    Args:
        tracer: a tracer of OpenTelemetry.
        arn: the execution.
        description: the response of DescribeExecution.
        events: its history, oldest first, or the beginning of it; at least one.
        is_complete: False where ``events`` are only the beginning.
    """
    machine = state_machine_of(arn)
    attributes = {
        "aws.step_functions.execution.arn": arn,
        "aws.step_functions.state_machine.arn": machine,
        "aws.step_functions.execution.status": description["status"],
        "aws.step_functions.history.complete": is_complete,
    }
    started = _nanoseconds(description["startDate"])
    stopped = _nanoseconds(description.get("stopDate") or events[-1]["timestamp"])
    name = f"execution {machine.rpartition(':')[2]}"
    root = _OpenSpan(tracer.start_span(name, start_time=started, attributes=attributes), None, "Execution", arn)
    builder = _Builder(tracer, root)
    for event in events:
        builder.add(event)
    has_failed = description["status"] != "SUCCEEDED"
    builder.end_all(stopped, has_failed=has_failed)
    if has_failed:
        _set_error(root.span, description.get("error") or description["status"], description.get("cause"))
    root.span.end(end_time=stopped)


class _Builder:
    """Follows the events: each belongs to the span of the event before it.

    Args:
        tracer: the tracer.
        root: the execution's span.
    """

    def __init__(self, tracer: Any, root: _OpenSpan) -> None:
        self._tracer = tracer
        self._root = root
        self._open: list[_OpenSpan] = []
        self._by_name: defaultdict[tuple[str, str | None], list[_OpenSpan]] = defaultdict(list)
        """The spans of a type and a name, and with None those of a type; some may have ended."""
        self._spans: dict[int, _OpenSpan] = {0: root}
        """The span that an event leads to, by the event's id."""

    def add(self, event: Event) -> None:
        """Add the next event."""
        around = self._spans.get(event["previousEventId"], self._root)
        kind, details = str(event["type"]), event_details(event)
        if is_state_entered(event):
            around = self._start(event, around, kind.removesuffix("StateEntered"), details["name"])
        elif kind == "MapIterationStarted":
            around = self._start(event, around, "Iteration", str(details["index"]))
        elif kind.endswith("StateExited"):
            around = self._end(event, around, kind.removesuffix("StateExited"), details["name"])
        elif kind.endswith("StateAborted"):
            self._abort(event, around, kind.removesuffix("StateAborted"), None)
        elif kind == "MapIterationAborted":
            self._abort(event, around, "Iteration", str(details["index"]))
        elif kind.startswith("MapIteration"):
            if kind != "MapIterationSucceeded":
                self._fail(around, "Iteration", kind)
            around = self._end(event, around, "Iteration", str(details["index"]))
        elif kind in ("MapStateFailed", "ParallelStateFailed"):
            around = self._fail(around, kind.removesuffix("StateFailed"), kind)
        elif not kind.startswith("Execution"):
            _add_event(around.span, event, kind, details)
        self._spans[event["id"]] = around

    def end_all(self, at: int, *, has_failed: bool) -> None:
        """End what is open, innermost first: what runs when an execution fails is not left."""
        for open_span in reversed(self._open):
            if not open_span.has_ended:
                if has_failed:
                    _set_error(open_span.span, "not left")
                open_span.span.end(end_time=at)

    def _start(self, event: Event, around: _OpenSpan, type_: str, name: str) -> _OpenSpan:
        from opentelemetry.trace import set_span_in_context

        span = self._tracer.start_span(
            f"{type_.lower()} {name}" if type_ == "Iteration" else name,
            context=set_span_in_context(around.span),
            start_time=_nanoseconds(event["timestamp"]),
            attributes={"aws.step_functions.state.type": type_, "aws.step_functions.event.id": event["id"]},
        )
        started = _OpenSpan(span, around, type_, name)
        self._open.append(started)
        self._by_name[type_, name].append(started)
        self._by_name[type_, None].append(started)
        return started

    def _end(self, event: Event, around: _OpenSpan, type_: str, name: str) -> _OpenSpan:
        """End the span of a state or an iteration, which is the current one or around it; return the one around."""
        found = next((span for span in around.enclosing() if (span.type, span.name) == (type_, name)), None)
        if found is None or found.parent is None:
            return around
        if not found.has_ended:
            found.has_ended = True
            found.span.end(end_time=_nanoseconds(event["timestamp"]))
        return found.parent

    def _abort(self, event: Event, around: _OpenSpan, type_: str, name: str | None) -> None:
        """End the span of what another branch has stopped: the event follows what has stopped it."""
        nearest = next((span for span in around.enclosing() if _is_open(span, type_, name)), None)
        found = nearest or self._last_open(type_, name)
        if found is not None:
            found.has_ended = True
            _set_error(found.span, str(event["type"]))
            found.span.end(end_time=_nanoseconds(event["timestamp"]))

    def _last_open(self, type_: str, name: str | None) -> _OpenSpan | None:
        """Return the span that was started last of those that have not ended."""
        spans = self._by_name[type_, name]
        while spans and spans[-1].has_ended:
            spans.pop()
        return spans[-1] if spans else None

    def _fail(self, around: _OpenSpan, type_: str, kind: str) -> _OpenSpan:
        """Mark the innermost span of a type that has not failed yet; return it."""
        found = next((span for span in around.enclosing() if span.type == type_ and not span.has_failed), None)
        if found is None:
            return around
        found.has_failed = True
        _set_error(found.span, kind)
        return found


def _is_open(span: _OpenSpan, type_: str, name: str | None) -> bool:
    return span.type == type_ and not span.has_ended and name in (None, span.name)


def _add_event(span: Any, event: Event, kind: str, details: Mapping[str, Any]) -> None:
    attributes = {name: str(details[name]) for name in ("resourceType", "resource", "error") if details.get(name)}
    if kind.endswith(_FAILED_ENDS) and details.get("cause"):
        attributes["cause"] = masked_line(str(details["cause"]))[:_MAX_CAUSE]
    span.add_event(kind, attributes=attributes, timestamp=_nanoseconds(event["timestamp"]))


def _set_error(span: Any, error: str, cause: str | None = None) -> None:
    from opentelemetry.trace import Status, StatusCode

    text = error if not cause else f"{error}: {masked_line(cause)[:_MAX_CAUSE]}"
    span.set_status(Status(StatusCode.ERROR, text))


def _nanoseconds(time: datetime) -> int:
    return int(time.timestamp() * 1_000_000) * 1000
