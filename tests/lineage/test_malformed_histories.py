"""Lineage and spans of malformed histories: no fault of theirs reaches a task, and the execution is named still."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from sfn_provider.lineage import execution_trace
from sfn_provider.lineage.execution_trace import trace_execution
from tests.fixtures.mutated_json import mutate_json
from tests.golden import DAGS

ARN = "arn:aws:states:us-east-1:123456789012:execution:Sales:one"
NOW = datetime(2026, 11, 30, tzinfo=UTC)
MUTATIONS = 600

Lineage = Callable[..., Any]


@pytest.fixture(scope="module", autouse=True)
def driven_lineage() -> Lineage:
    """The function, imported where a test runs: it imports Airflow, which collecting the tests does not."""
    pytest.importorskip("airflow.providers.openlineage", reason="the extra openlineage is not installed")
    from sfn_provider.lineage.operator_lineage import driven_lineage

    return driven_lineage


def _hook(events: Any) -> Any:
    return SimpleNamespace(history_pages=lambda *_, **__: [{"events": events}])


@pytest.fixture(scope="module")
def histories() -> list[Any]:
    """Mutated histories, the same ones each time."""
    events = json.loads((DAGS / "sales_pipeline.history.json").read_text())["events"]
    events = [event | {"timestamp": NOW} for event in events]
    draw = random.Random(19)
    return [made for _ in range(MUTATIONS) if (made := mutate_json(draw, events))]


def test_the_execution_is_named_whatever_its_history_is(
    driven_lineage: Lineage, histories: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    for events in histories:
        facet = driven_lineage(_hook(events), ARN, has_ended=True).run_facets["stepFunctions_execution"]
        assert facet.executionArn == ARN


def test_data_too_deep_to_be_read_count_as_left_out(driven_lineage: Lineage) -> None:
    details = {"resourceType": "glue", "resource": "startJobRun", "parameters": "[" * 200_000}
    scheduled = {"id": 1, "previousEventId": 0, "type": "TaskScheduled", "taskScheduledEventDetails": details}
    output = {"id": 2, "previousEventId": 1, "type": "TaskSucceeded", "taskSucceededEventDetails": {"output": "{" * 9}}
    lineage = driven_lineage(_hook([scheduled, output]), ARN, has_ended=True)
    assert lineage.run_facets["stepFunctions_execution"].complete is True


def test_spans_fail_no_task(
    histories: list[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    provider = TracerProvider()
    monkeypatch.setattr("opentelemetry.trace.get_tracer", provider.get_tracer)
    monkeypatch.setattr(execution_trace, "recording_span", lambda: True)
    caplog.set_level(logging.WARNING)
    for events in histories:
        trace_execution(_hook(events), ARN, {"status": "FAILED", "startDate": NOW, "stopDate": NOW, "error": "E"})
    assert 0 < sum("could not be made" in record.message for record in caplog.records) < len(histories)
    provider.shutdown()
