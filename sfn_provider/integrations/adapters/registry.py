"""What calls go through that boto3 cannot make."""

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
    """A task that boto3 has no operation for."""

    def perform(self, given: Values, token: str) -> Values:
        """Do what the task is for.

        Args:
            given: the task's parameters, which were checked.
            token: the same text for the same attempt of the same task.

        Raises:
            StatesError: the call failed.
            botocore.exceptions.BotoCoreError: there was no answer.
        """


@dataclass(frozen=True, slots=True)
class AdapterFactory:
    """How a wire is opened, and its parameters checked.

    Args:
        open: makes it for a task.
        check: tells everything that is wrong with an operation's parameters, one sentence each.
    """

    open: Callable[[TaskCall, Clients], Adapter]
    check: Callable[[str, Json], Iterator[str]]


ADAPTERS: Final[dict[str, AdapterFactory]] = {
    "api gateway": AdapterFactory(api_gateway.ApiGateway, api_gateway.check_parameters),
    "http": AdapterFactory(http_task.HttpTask, http_task.check_parameters),
    "kubernetes": AdapterFactory(kubernetes.Kubernetes, kubernetes.check_parameters),
}
"""Openers by the ``wire`` of an Integration."""
