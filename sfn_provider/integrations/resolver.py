"""Finds the integration of a Task's resource ARN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfn_provider.asl.aws_actions.api_operations import find_operation
from sfn_provider.asl.resources import Resource
from sfn_provider.integrations.errors import sdk_error_names
from sfn_provider.integrations.integration import Integration
from sfn_provider.integrations.optimized.table import LAMBDA_FUNCTION, OPTIMIZED_INTEGRATIONS
from sfn_provider.integrations.value_shapes import SDK_STYLE

if TYPE_CHECKING:
    from sfn_provider.botocore_models.models import BotocoreModels


def find_integration(resource: Resource, models: BotocoreModels) -> Integration:
    """Return the integration that a resource means.

    Args:
        resource: the parsed Resource.
        models: those of botocore, which say what services there are.

    Raises:
        StatesError: ``States.Runtime``: there is no such service or action, or this package does not call it.
    """
    found = find_operation(resource, models)
    if resource.kind == "lambda":
        return LAMBDA_FUNCTION
    if resource.kind != "aws-sdk":
        return OPTIMIZED_INTEGRATIONS[f"{resource.service}:{resource.action}"]
    return Integration(
        f"aws-sdk:{resource.service}",
        str(resource.action),
        found.client,
        found.operation,
        sdk_error_names(str(models.model(found.client).service_id)),
        http_metadata=False,
        style=SDK_STYLE,
        callback=True,
    )
