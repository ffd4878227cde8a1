"""The table of hooks, by the hooks themselves."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from sfn_provider.translate.native.operator_table.hooks import HOOKS, Hook, find_hook
from tests.translate.native.operator_table.test_rows import AMAZON


def made(hook: Hook) -> Any:
    module, _, name = hook.path.rpartition(".")
    return getattr(import_module(module), name)(aws_conn_id=None, region_name="us-east-1", **hook.arguments)


@pytest.mark.parametrize("client", [name for name, hook in HOOKS.items() if hook.since <= AMAZON])
def test_the_client_of_a_hook_is_that_of_the_service(client: str) -> None:
    hook = made(find_hook(client, AMAZON))
    assert (hook.client_type, hook.resource_type) == (client, None)  # then its conn is a client


@pytest.mark.parametrize("client", ["dynamodb", "rekognition"])
def test_other_services_have_the_hook_for_all(client: str) -> None:
    hook = find_hook(client, AMAZON)
    assert hook == Hook("airflow.providers.amazon.aws.hooks.base_aws.AwsBaseHook", {"client_type": client})
    assert made(hook).conn.meta.service_model.service_name == client


def test_an_older_provider_has_the_hook_for_all() -> None:
    assert find_hook("kinesis", (9, 12)).arguments == {"client_type": "kinesis"}
    assert find_hook("kinesis", (9, 22)).arguments == {}
