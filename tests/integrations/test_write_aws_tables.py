from __future__ import annotations

import gzip
import re
from pathlib import Path

import botocore
import pytest

from sfn_provider.asl.aws_actions.api_operations import OPERATIONS_FILE
from sfn_provider.asl.aws_actions.botocore_actions import installed_actions
from sfn_provider.asl.aws_actions.service_actions import (
    TABLE_FILES,
    Family,
    ServiceActions,
    service_actions,
    service_names,
    table_source,
)
from sfn_provider.integrations import write_aws_tables
from sfn_provider.integrations.optimized.table import OPTIMIZED_INTEGRATIONS

FAMILIES: tuple[Family, ...] = ("optimized", "aws-sdk")


def test_the_tables_are_small() -> None:
    assert sum(path.stat().st_size for path in TABLE_FILES.values()) < 400_000


def test_the_documentation_names_the_version_that_the_tables_are_made_from() -> None:
    page = (Path(__file__).parents[2] / "docs" / "definitions.md").read_text()
    assert {table_source(family) for family in FAMILIES} == set(re.findall(r"botocore [0-9.]+[0-9]", page))


def version_of(actions: ServiceActions) -> list[int]:
    return [int(number) for number in actions.source.split()[1].split(".")]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("service", ["sqs", "eks", "dynamodb"])
def test_the_shipped_table_agrees_with_the_installed_models(family: Family, service: str) -> None:
    """Models only grow: every action and field of the older of the two is in the newer; no required field is new."""
    shipped, installed = service_actions(family, service), installed_actions(family, service)
    assert shipped is not None and installed is not None
    older, newer = sorted((shipped, installed), key=version_of)
    assert set(older.names) <= set(newer.names)
    for action in older.names:
        assert older.structure(action).values.keys() <= newer.structure(action).values.keys(), action


@pytest.mark.skipif(
    table_source("optimized") != f"botocore {botocore.__version__}", reason="made from another version of botocore"
)
def test_the_table_of_optimized_actions_is_what_the_models_give() -> None:
    assert gzip.decompress(TABLE_FILES["optimized"].read_bytes()).decode() == write_aws_tables.make_table("optimized")


def test_the_table_of_optimized_operations_is_what_this_package_calls() -> None:
    assert OPERATIONS_FILE.read_text() == write_aws_tables.make_operations()


@pytest.mark.parametrize("name", OPTIMIZED_INTEGRATIONS)
def test_every_optimized_integration_has_its_fields(name: str) -> None:
    service, _, action = name.partition(":")
    actions = service_actions("optimized", service)
    assert actions is not None
    fields = actions.structure(action)
    row = OPTIMIZED_INTEGRATIONS[name]
    assert set(row.required or ()) <= set(fields.required) <= fields.values.keys()
    assert not row.unsupported & fields.values.keys()
    for value in fields.values.values():
        kind = value.lstrip("lm")
        assert kind in ("", *"tinbdoa") or actions.structure(kind).values


def test_services_of_the_aws_sdk() -> None:
    names = set(service_names("aws-sdk"))
    assert {"sfn", "cloudwatchlogs", "costexplorer", "databasemigration", "pinpointsmsvoice", "emrserverless"} <= names
    assert not {"stepfunctions", "logs", "ce", "dms", "emr-serverless"} & names
    assert installed_actions("aws-sdk", "nosuch") is None
    assert installed_actions("optimized", "nosuch") is None


def test_two_services_of_one_name_are_joined() -> None:
    """``sms-voice`` and ``pinpoint-sms-voice`` have one name in resource ARNs."""
    installed = installed_actions("aws-sdk", "pinpointsmsvoice")
    for actions in (service_actions("aws-sdk", "pinpointsmsvoice"), installed):
        assert actions is not None
        assert "sendVoiceMessage" in actions.names
