"""Spans of histories, in OpenTelemetry's exporter in memory, and the header for X-Ray."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from sfn_provider.engine import Execution, simulate
from sfn_provider.executions.history.history_events import Event
from sfn_provider.lineage import history_spans
from sfn_provider.lineage.history_spans import emit_spans
from sfn_provider.telemetry.traces import recording_span, trace_header
from tests.fixtures.machines.definitions import END, machine

ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"
CALL = END | {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage",
    "Parameters": {"QueueUrl": "q", "MessageBody": "m"},
}
BRANCHES = machine(
    {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                machine({"Wait": {"Type": "Wait", "Seconds": 3, "End": True}}),
                machine({"Call": CALL}),
            ],
            "Catch": [{"ErrorEquals": ["Late"], "Next": "Each"}],
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "Iterator": machine({"Item": {"Type": "Pass", "End": True}}),
            "ItemsPath": "$$.Execution.Input",
            "Next": "Done",
        },
        "Done": END,
    }
)


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(exporter: InMemorySpanExporter) -> trace.Tracer:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("test")


def emitted(tracer: trace.Tracer, exporter: InMemorySpanExporter, execution: Execution) -> dict[str, ReadableSpan]:
    """The spans of an execution, by name, made under a task's."""
    events = execution.events
    description: dict[str, Any] = {
        "status": execution.status,
        "startDate": events[0]["timestamp"],
        "stopDate": events[-1]["timestamp"],
        "error": execution.error,
        "cause": execution.cause,
    }
    with tracer.start_as_current_span("worker.start"):
        emit_spans(tracer, ARN, description, events)
    return {span.name: span for span in exporter.get_finished_spans()}


def parents(spans: dict[str, ReadableSpan]) -> dict[str, str | None]:
    by_id = {span.context.span_id: name for name, span in spans.items()}
    return {name: by_id[span.parent.span_id] if span.parent else None for name, span in spans.items()}


def seconds(span: ReadableSpan) -> float:
    assert span.start_time is not None and span.end_time is not None
    return (span.end_time - span.start_time) / 1e9


def test_states_are_spans_within_what_is_around_them(tracer: trace.Tracer, exporter: InMemorySpanExporter) -> None:
    spans = emitted(tracer, exporter, simulate(BRANCHES, [1, 2], mocks={"Call": [{"Return": {}}]}))
    assert parents(spans) == {
        "worker.start": None,
        "execution Orders": "worker.start",
        "Both": "execution Orders",
        "Wait": "Both",
        "Call": "Both",
        "Each": "execution Orders",
        "iteration 0": "Each",
        "iteration 1": "Each",
        "Item": "iteration 1",
        "Done": "execution Orders",
    }
    items = [span for span in exporter.get_finished_spans() if span.name == "Item"]
    iterations = {spans[f"iteration {index}"].context.span_id for index in range(2)}
    assert {span.parent.span_id for span in items if span.parent} == iterations
    assert (seconds(spans["Wait"]), seconds(spans["Both"]), seconds(spans["Done"])) == (3.0, 3.0, 0.0)
    assert [event.name for event in spans["Call"].events] == ["TaskScheduled", "TaskStarted", "TaskSucceeded"]
    root = spans["execution Orders"]
    assert root.status.is_unset and root.attributes is not None
    assert root.attributes["aws.step_functions.execution.status"] == "SUCCEEDED"
    assert root.attributes["aws.step_functions.state_machine.arn"] == MACHINE


def test_failures_are_errors_and_what_is_caught_goes_on(tracer: trace.Tracer, exporter: InMemorySpanExporter) -> None:
    caught = emitted(tracer, exporter, simulate(BRANCHES, [1], mocks={"Call": [{"Throw": {"Error": "Late"}}]}))
    assert parents(caught)["Each"] == "execution Orders" and caught["execution Orders"].status.is_unset
    assert not caught["Both"].status.is_ok and caught["Both"].status.description == "ParallelStateFailed"
    failed = caught["Call"].events[-1]
    assert failed.name == "TaskFailed" and failed.attributes is not None and failed.attributes["error"] == "Late"
    assert {name: caught[name].status.description for name in ("Call", "Wait")} == {
        "Call": "TaskStateAborted",
        "Wait": "WaitStateAborted",
    }
    exporter.clear()
    ended = emitted(
        tracer, exporter, simulate(BRANCHES, [1], mocks={"Call": [{"Throw": {"Error": "Bad", "Cause": "x" * 900}}]})
    )
    assert "Each" not in ended and len(ended["execution Orders"].status.description or "") < 600
    assert (ended["execution Orders"].status.description or "").startswith("Bad: xxx")


def test_an_iteration_that_another_one_stops_is_aborted(tracer: trace.Tracer, exporter: InMemorySpanExporter) -> None:
    is_slow = {"Variable": "$", "NumericEquals": 1, "Next": "Slow"}
    items = {
        "Which": {"Type": "Choice", "Choices": [is_slow], "Default": "Bad"},
        "Slow": {"Type": "Wait", "Seconds": 10, "End": True},
        "Bad": {"Type": "Fail", "Error": "Bad"},
    }
    catch = [{"ErrorEquals": ["Bad"], "Next": "After"}]
    each = {"Type": "Map", "Iterator": machine(items), "Catch": catch, "End": True}
    after = {"Type": "Wait", "Seconds": 5, "End": True}
    spans = emitted(tracer, exporter, simulate(machine({"Each": each, "After": after}), [1, 2]))
    names = ("Each", "iteration 0", "iteration 1", "After")
    assert {name: spans[name].status.description for name in names} == {
        "Each": "MapStateFailed",
        "iteration 0": "MapIterationAborted",
        "iteration 1": "MapIterationFailed",
        "After": None,
    }
    assert [seconds(spans[name]) for name in names] == [0.0, 0.0, 0.0, 5.0]


def nested(count: int) -> list[tuple[str, dict[str, Any], int]]:
    """States within one another as in no definition, and ends of others: types, details, and what each follows."""
    entered = [("PassStateEntered", {"stateEnteredEventDetails": {"name": f"in {n}"}}, n) for n in range(count)]
    return entered + [
        ("PassStateExited", {"stateExitedEventDetails": {"name": f"out {n}"}}, count) for n in range(count)
    ]


def failing(count: int) -> list[tuple[str, dict[str, Any], int]]:
    entered = [("PassStateEntered", {"stateEnteredEventDetails": {"name": f"in {n}"}}, n) for n in range(count)]
    return entered + [("MapStateFailed", {}, count) for _ in range(count)]


def aborted(count: int) -> list[tuple[str, dict[str, Any], int]]:
    """Iterations side by side, and others that are aborted."""
    return [
        (f"MapIteration{kind}", {f"mapIteration{kind}EventDetails": {"name": "Each", "index": sign * n}}, 0)
        for kind, sign in (("Started", 1), ("Aborted", -1))
        for n in range(1, count)
    ]


@pytest.mark.parametrize("make", [nested, failing, aborted])
def test_the_work_grows_with_the_events_and_not_faster(
    make: Callable[[int], list[tuple[str, dict[str, Any], int]]], tracer: trace.Tracer
) -> None:
    few, many = (lines_run(tracer, make(count)) for count in (200, 400))
    assert 1.5 * few < many < 2.5 * few


def lines_run(tracer: trace.Tracer, made: list[tuple[str, dict[str, Any], int]]) -> int:
    """How many lines of the module run for a history."""
    at = datetime(2025, 1, 1, tzinfo=UTC)
    events: list[Event] = [
        {"id": number, "type": kind, "timestamp": at, "previousEventId": previous, **details}
        for number, (kind, details, previous) in enumerate(made, 1)
    ]
    count = 0

    def trace_line(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace_line if frame.f_code.co_filename == history_spans.__file__ else None

    before = sys.gettrace()
    sys.settrace(trace_line)
    try:
        emit_spans(tracer, ARN, {"status": "ABORTED", "startDate": at, "stopDate": at}, events)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("sampled", [True, False])
def test_the_header_names_a_span_that_is_sampled(sampled: bool) -> None:
    provider = TracerProvider() if sampled else TracerProvider(sampler=ALWAYS_OFF)
    assert (recording_span(), trace_header()) == (None, None)
    with provider.get_tracer("test").start_as_current_span("worker.start") as span:
        context = span.get_span_context()
        found = trace_header()
    if not sampled:
        assert found is None
        return
    pattern = r"Root=1-([0-9a-f]{8})-([0-9a-f]{24});Parent=([0-9a-f]{16});Sampled=1"
    parts = re.fullmatch(pattern, found or "")
    assert parts is not None
    assert (int(parts[1] + parts[2], 16), int(parts[3], 16)) == (context.trace_id, context.span_id)
