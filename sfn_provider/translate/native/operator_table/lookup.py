"""Finds the operator that stands for an integration."""

from __future__ import annotations

from typing import Final

from sfn_provider.asl.resources import parse_resource
from sfn_provider.translate.native.operator_table.row import OperatorRow, Version, for_provider
from sfn_provider.translate.native.operator_table.services import (
    containers,
    data,
    emr,
    instances,
    machine_learning,
    messages,
    sdk_actions,
    storage,
)
from sfn_provider.translate.native.operator_table.unused import UNUSED

OLDEST_AIRFLOW: Final[Version] = (2, 10)
"""The oldest Airflow that the rows are checked with."""

_SERVICES: Final = (messages, data, containers, emr, machine_learning, storage, instances, sdk_actions)

OPERATORS: Final[dict[str, OperatorRow]] = {row.resource: row for service in _SERVICES for row in service.ROWS}
"""The rows by resource: ``glue:startJobRun.sync``; ``lambda`` is a function whose ARN is the resource."""


def find_operator(resource: str, airflow: Version, amazon: Version) -> OperatorRow | None:
    """Find the operator that stands for an integration, as a provider has it.

    A function whose ARN is the resource has the parameters FunctionName, which is that ARN, and Payload.

    Args:
        resource: the integration and its pattern, ``glue:startJobRun.sync``, or the ARN in a Task.
        airflow: Airflow's version.
        amazon: the version of the amazon provider.

    Returns:
        The row; None where no operator does what the integration does.
    """
    row = OPERATORS.get(_name(resource))
    if row is None or tuple(airflow) < OLDEST_AIRFLOW or tuple(amazon) < row.since:
        return None
    return for_provider(row, tuple(amazon))


def find_unused(resource: str) -> str | None:
    """Return why the operator of an integration is not used; None where there is no such operator.

    Args:
        resource: as for `find_operator`.
    """
    return UNUSED.get(_name(resource))


def _name(resource: str) -> str:
    parsed = parse_resource(resource)
    if parsed.kind == "lambda":
        return "lambda"
    return f"{parsed.resource_type}:{parsed.resource}" if parsed.action is not None else resource
