from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from sfn_provider.botocore_models.naming import capitalize, uncapitalize
from sfn_provider.integrations import supported_resources
from sfn_provider.integrations.integration import Integration
from sfn_provider.integrations.json_templates import CallTemplate, get_path
from sfn_provider.integrations.optimized.table import OPTIMIZED_INTEGRATIONS
from sfn_provider.integrations.sync_job import SyncJob
from tests.fixtures.session.versions import needs_operation

SESSION = botocore.session.get_session()
AWS = [row for row in OPTIMIZED_INTEGRATIONS.values() if row.adapter == "aws"]
SYNCS = [(row, pattern, sync) for row in AWS for pattern, sync in row.syncs.items()]
sync_cases = pytest.mark.parametrize(
    ("row", "sync"), [(row, sync) for row, _, sync in SYNCS], ids=[f"{r.name}.{p}" for r, p, _ in SYNCS]
)
row_cases = pytest.mark.parametrize("row", AWS, ids=lambda row: row.name)


def operation(row: Integration, name: str) -> Any:
    needs_operation(row.client, name)
    return SESSION.get_service_model(row.client).operation_model(name)


def members(shape: Any) -> dict[str, Any]:
    return {capitalize(name): member for name, member in shape.members.items()}


@row_cases
def test_fields_in_the_table_are_fields_of_the_operation(row: Integration) -> None:
    names = members(operation(row, row.operation).input_shape)
    if row.idempotency is not None:
        assert row.idempotency.field in names
    if row.required is None:
        assert row.unsupported <= set(names)
    assert row.pages is None or row.pages[0] in names


@row_cases
def test_the_action_is_the_operations_name_but_for_emr(row: Integration) -> None:
    assert row.service == "elasticmapreduce" or uncapitalize(row.operation) == row.action


@sync_cases
def test_calls_of_a_job_exist_and_take_their_parameters(row: Integration, sync: SyncJob) -> None:
    for call in filter(None, (sync.describe, sync.stop)):
        shape = operation(row, call.operation).input_shape
        assert set(call.template) <= set(members(shape))
        assert {capitalize(name) for name in shape.required_members} <= set(call.template)


@sync_cases
def test_the_status_is_in_the_description_and_has_these_values(row: Integration, sync: SyncJob) -> None:
    shape = operation(row, sync.describe.operation).output_shape
    for step in sync.status.split("."):
        shape = shape.member if step.isdigit() else members(shape)[step]
    known = set(shape.enum)
    if known:  # ECS has no list of its statuses
        assert sync.succeeded | sync.failed <= known
    assert not sync.succeeded & sync.failed


@sync_cases
def test_templates_take_values_that_the_submission_has(row: Integration, sync: SyncJob) -> None:
    output = operation(row, row.operation).output_shape
    for text in texts(sync.describe.template, sync.stop.template if sync.stop else None):
        source, _, path = text.partition(".")
        if source == "$response" and row.service != "elasticmapreduce":
            shape = output
            for step in path.split("."):
                shape = shape.member if step.isdigit() else members(shape)[step]
        elif source == "$parameters" and row.service != "elasticmapreduce":
            assert path in members(operation(row, row.operation).input_shape)


def texts(*values: Any) -> Iterator[str]:
    for value in values:
        if isinstance(value, dict):
            yield from texts(*value.values())
        elif isinstance(value, list):
            yield from texts(*value)
        elif isinstance(value, str) and value.startswith("$"):
            yield value


def test_a_template_is_filled() -> None:
    call = CallTemplate(
        "Op", {"A": "$parameters.X", "B": ["$response.Jobs.0.Id"], "C": {"D": "plain"}, "E": "$response.No.1.No"}
    )
    filled = call.fill({"X": 5}, {"Jobs": [{"Id": "i"}]})
    assert filled == {"A": 5, "B": ["i"], "C": {"D": "plain"}, "E": None}


@pytest.mark.parametrize(
    ("path", "found"), [("", {"a": [{"b": 1}]}), ("a.0.b", 1), ("a.1.b", None), ("a.0.c", None), ("x.y", None)]
)
def test_paths(path: str, found: Any) -> None:
    assert get_path({"a": [{"b": 1}]}, path) == found


def test_looks_get_rarer() -> None:
    pace = OPTIMIZED_INTEGRATIONS["athena:startQueryExecution"].syncs["sync"].interval
    seconds = [pace.after(looks) for looks in (0, 1, 2, 8, 10_000)]
    assert seconds == [1, 1.5, 2.25, 10, 10]


def test_what_is_supported() -> None:
    by_resource = {entry.resource: entry for entry in supported_resources()}
    assert len(by_resource) == len(OPTIMIZED_INTEGRATIONS) + 2
    start = by_resource["arn:aws:states:::states:startExecution"]
    assert start.patterns == ("request_response", "sync", "sync:2", "waitForTaskToken")
    assert start.error_prefix == "StepFunctions"
    assert by_resource["arn:aws:states:::sqs:sendMessage"].patterns == ("request_response", "waitForTaskToken")
    assert by_resource["arn:aws:states:::glue:startJobRun"].patterns == ("request_response", "sync")
    assert by_resource["arn:aws:states:::aws-sdk:<service>:<action>"].error_prefix == "<Service>"
