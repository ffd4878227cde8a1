"""An operator that runs in a task's span: what AWS is sent, and the spans under it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from sfn_provider.operators.step_function import StepFunctionStartExecutionOperator
from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse
from tests.fixtures.airflow.task_contexts import context_of

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"
ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"
ENDED = {
    "executionArn": ARN,
    "stateMachineArn": MACHINE,
    "status": "SUCCEEDED",
    "startDate": 1.0,
    "stopDate": 9.0,
    "output": "1",
}
EVENTS = [
    {"id": 1, "previousEventId": 0, "type": "ExecutionStarted", "timestamp": 1.0},
    {
        "id": 2,
        "previousEventId": 0,
        "type": "PassStateEntered",
        "timestamp": 2.0,
        "stateEnteredEventDetails": {"name": "Price"},
    },
    {
        "id": 3,
        "previousEventId": 2,
        "type": "PassStateExited",
        "timestamp": 4.0,
        "stateExitedEventDetails": {"name": "Price"},
    },
    {"id": 4, "previousEventId": 3, "type": "ExecutionSucceeded", "timestamp": 9.0},
]


@pytest.fixture
def provider() -> Iterator[TracerProvider]:
    made = TracerProvider()
    yield made
    made.shutdown()


@pytest.fixture
def exporter(provider: TracerProvider, monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """What is exported, of Airflow's tracer provider."""
    made = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(made))
    monkeypatch.setattr("opentelemetry.trace.get_tracer", provider.get_tracer)
    return made


@pytest.fixture
def operator(scripted_aws: ScriptedAws) -> StepFunctionStartExecutionOperator:
    scripted_aws.script("StartExecution", {"executionArn": ARN, "startDate": 1.0})
    scripted_aws.script("DescribeExecution", ENDED)
    scripted_aws.script("GetExecutionHistory", {"events": EVENTS})
    return StepFunctionStartExecutionOperator(task_id="start", state_machine_arn=MACHINE)


def test_within_a_span_x_ray_gets_it_and_the_history_is_below_it(
    operator: StepFunctionStartExecutionOperator,
    provider: TracerProvider,
    exporter: InMemorySpanExporter,
    scripted_aws: ScriptedAws,
) -> None:
    with provider.get_tracer("airflow").start_as_current_span("worker.start") as span:
        assert operator.execute(context_of(operator)) == ARN
    context = span.get_span_context()
    [body] = scripted_aws.bodies("StartExecution")
    trace_id = f"{context.trace_id:032x}"
    assert body["traceHeader"] == f"Root=1-{trace_id[:8]}-{trace_id[8:]};Parent={context.span_id:016x};Sampled=1"
    state, execution, task = exporter.get_finished_spans()
    assert [found.name for found in (state, execution, task)] == ["Price", "execution Orders", "worker.start"]
    assert execution.parent is not None and execution.parent.span_id == context.span_id
    assert state.parent is not None and state.parent.span_id == execution.context.span_id
    assert (state.start_time, state.end_time) == (2 * 10**9, 4 * 10**9)
    assert [request["includeExecutionData"] for request in scripted_aws.bodies("GetExecutionHistory")] == [False]


def test_a_history_that_cannot_be_read_fails_no_task(
    operator: StepFunctionStartExecutionOperator,
    provider: TracerProvider,
    exporter: InMemorySpanExporter,
    scripted_aws: ScriptedAws,
    caplog: pytest.LogCaptureFixture,
) -> None:
    scripted_aws.script("GetExecutionHistory", ErrorResponse("AccessDeniedException"))
    with provider.get_tracer("airflow").start_as_current_span("worker.start"):
        assert operator.execute(context_of(operator)) == ARN
    assert [found.name for found in exporter.get_finished_spans()] == ["worker.start"]
    assert f"The spans of {ARN} could not be made" in caplog.text


def test_without_a_span_nothing_is_sent_and_nothing_read(
    operator: StepFunctionStartExecutionOperator, scripted_aws: ScriptedAws
) -> None:
    assert operator.execute(context_of(operator)) == ARN
    assert "traceHeader" not in scripted_aws.bodies("StartExecution")[0]
    assert scripted_aws.bodies("GetExecutionHistory") == []
