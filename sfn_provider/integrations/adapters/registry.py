"""The adapters by name, with the types that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from sfn_provider.asl.scope import Json
from sfn_provider.integrations.adapters import api_gateway, http_task, kubernetes
from sfn_provider.integrations.api_operation import ServiceAdapter, TaskCall
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.value_shapes import Values


class Adapter(ServiceAdapter, Protocol):
    """Makes the call of a task for which boto3 has no operation."""

    def perform(self, parameters: Values, token: str) -> Values:
        """Call the service.

        Args:
            parameters: the task's parameters, which were checked.
            token: the idempotency token: the same text for the same attempt of the same task.

        Raises:
            StatesError: the call failed.
            botocore.exceptions.BotoCoreError: there was no answer.
        """


@dataclass(frozen=True, slots=True)
class AdapterFactory:
    """How an adapter is opened, and its parameters are checked.

    Args:
        open: opens it for a task.
        check: gives the problems of an operation's parameters, one sentence each.
    """

    open: Callable[[TaskCall, Clients], Adapter]
    check: Callable[[str, Json], Iterator[str]]


ADAPTERS: Final[dict[str, AdapterFactory]] = {
    "api gateway": AdapterFactory(api_gateway.ApiGateway, api_gateway.check_parameters),
    "http": AdapterFactory(http_task.HttpTask, http_task.check_parameters),
    "kubernetes": AdapterFactory(kubernetes.Kubernetes, kubernetes.check_parameters),
}
"""By the ``adapter`` of an Integration."""
