"""Metrics, as a backend of Airflow's Stats receives them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sfn_provider import _compat
from sfn_provider.telemetry import metrics
from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse

ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"


class Backend:
    """Keeps what it receives; `error` is raised instead."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.received: list[tuple[Any, ...]] = []

    def _receive(self, name: str, *values: Any, tags: dict[str, str]) -> None:
        if self.error is not None:
            raise self.error
        self.received.append((name, *values, tags))

    incr = gauge = timing = _receive


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Backend:
    made = Backend()
    monkeypatch.setattr(_compat, "Stats", made, raising=False)
    return made


def test_calls_of_the_hook_are_counted_once_each(backend: Backend, scripted_aws: ScriptedAws) -> None:
    from sfn_provider.hooks.step_function import (
        StepFunctionHook,
    )  # imports Airflow, which collecting the tests does not

    ended = {"executionArn": ARN, "status": "SUCCEEDED", "startDate": 1.0, "stopDate": 2.0}
    scripted_aws.script(
        "DescribeExecution", ErrorResponse("ThrottlingException"), ErrorResponse("AccessDeniedException"), ended
    )
    hook = StepFunctionHook(config={"retries": {"total_max_attempts": 1}})
    for _ in range(2):
        with pytest.raises(Exception, match="An error occurred"):
            hook.describe_execution(ARN)
    hook.describe_execution(ARN)
    tags = {"service": "stepfunctions", "operation": "DescribeExecution"}
    assert backend.received == [
        (metrics.CALLS, tags),
        (metrics.FAILED_CALLS, tags | {"error": "ThrottlingException"}),
        (metrics.THROTTLED_CALLS, tags),
        (metrics.CALLS, tags),
        (metrics.FAILED_CALLS, tags | {"error": "AccessDeniedException"}),
        (metrics.CALLS, tags),
    ]


def test_waits_and_delays(backend: Backend) -> None:
    metrics.change_waits(+1)
    metrics.change_waits(-1)
    (_, more, _), (name, less, _) = backend.received
    assert (name, more - less) == (metrics.WAITS, 1)
    metrics.observe_end(datetime.now(UTC) - timedelta(seconds=5))
    metrics.observe_end(datetime.now(UTC) + timedelta(hours=1))
    (_, late, _), (_, never_negative, _) = backend.received[2:]
    metrics.observe_end(None)
    assert len(backend.received) == 4
    assert timedelta(seconds=5) <= late < timedelta(minutes=1) and never_negative == timedelta(0)


def test_a_backend_that_fails_fails_no_call(monkeypatch: pytest.MonkeyPatch, scripted_aws: ScriptedAws) -> None:
    from sfn_provider.hooks.step_function import StepFunctionHook

    monkeypatch.setattr(_compat, "Stats", Backend(OSError("no route to host")), raising=False)
    scripted_aws.script("DescribeExecution", {"executionArn": ARN, "status": "RUNNING", "startDate": 1.0})
    assert StepFunctionHook().describe_execution(ARN)["status"] == "RUNNING"


def test_airflows_own_stats_take_them() -> None:
    """Without a backend they go nowhere; the names and tags are none that Airflow refuses."""
    from sfn_provider._compat import Stats

    Stats.incr(metrics.CALLS, tags={"service": "s"})
    Stats.gauge(metrics.WAITS, 1, tags={})
    Stats.timing(metrics.DETECTION_DELAY, timedelta(seconds=1), tags={})
