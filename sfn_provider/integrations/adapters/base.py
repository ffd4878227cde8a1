"""The base of adapters: a task's call of a service that boto3 cannot make."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.integrations.api_operation import TaskCall, unanswered_call_error
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.value_shapes import Values


@dataclass(frozen=True, slots=True)
class Adapter(ABC):
    """Makes a task's call.

    Args:
        task: the task.
        clients: gives credentials and clients of AWS services.
    """

    task: TaskCall
    clients: Clients

    @staticmethod
    @abstractmethod
    def check(operation: str, parameters: Json) -> Iterator[str]:
        """Return the problems of an operation's parameters, one sentence each."""

    @abstractmethod
    def perform(self, parameters: Values, token: str) -> Values:
        """Call the service.

        Args:
            parameters: the task's parameters, which were checked.
            token: the idempotency token: the same text for the same attempt of the same task.

        Raises:
            StatesError: the call failed.
            botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: there was no response, or credentials
                or clients are not available.
        """

    def call(self, operation: str, parameters: Values) -> Values:
        """Call another operation, to poll or stop a job; NotImplementedError where there are no jobs."""
        raise NotImplementedError(operation)

    def convert_error(self, error: Exception) -> StatesError | UsageError:
        """Convert an error of botocore."""
        return unanswered_call_error(error, self.task)
