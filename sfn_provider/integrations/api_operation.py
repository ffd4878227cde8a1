"""Calls one operation of a service by boto3: JSON in, JSON out, errors under Step Functions' names."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

from sfn_provider.asl.resources import Resource
from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.integrations.clients import ORIGINAL_HEADERS, Clients
from sfn_provider.integrations.errors import connection_error, role_error, runtime_error, service_error
from sfn_provider.integrations.integration import Integration
from sfn_provider.integrations.value_shapes import ParameterReader, Values, json_text, read_response

if TYPE_CHECKING:
    from botocore.model import OperationModel


def idempotency_token(idempotency_key: str) -> str:
    """Make the idempotency token of a call: always the same UUID for the same key."""
    return str(uuid.UUID(bytes=sha256(idempotency_key.encode()).digest()[:16], version=4))


def botocore_errors() -> tuple[type[Exception], ...]:
    """Return the base classes of botocore's errors."""
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError


@dataclass(frozen=True, slots=True)
class TaskCall:
    """The call of a Task state, before there is a client.

    Args:
        state: the state's name.
        resource: its resource.
        role_arn: the role in its Credentials; None without.
        integration: the integration that the resource means.
    """

    state: str
    resource: Resource
    role_arn: str | None
    integration: Integration


def call_arguments(
    task: TaskCall, model: OperationModel, task_parameters: Json, parameters: Json, token: str
) -> dict[str, Any]:
    """Make the arguments of a task's call.

    Args:
        task: the task.
        model: the model of its operation.
        task_parameters: of the task.
        parameters: the operation's parameters, made of them.
        token: fills the fields that the model marks as idempotency tokens.

    Raises:
        StatesError: ``States.Runtime`` with all problems.
    """
    integration = task.integration
    reader = ParameterReader(integration.style)
    if isinstance(task_parameters, dict):
        unsupported = {name.casefold() for name in integration.unsupported}
        reader.reject([name for name in task_parameters if name.casefold() in unsupported])
        reader.require(integration.required or (), task_parameters)
    arguments = reader.arguments(model.input_shape, parameters, integration.required is None)
    if reader.problems:
        raise invalid_parameters(task_parameters, reader.problems)
    return {name: token for name in model.idempotent_members} | arguments


def invalid_parameters(parameters: Json, problems: Iterable[str]) -> StatesError:
    """Make the error of parameters with which a task cannot start (recorded for API Gateway)."""
    details = ", ".join(dict.fromkeys(problems))
    return runtime_error(f"The Parameters '{json_text(parameters)}' could not be used to start the Task: [{details}]")


@dataclass(frozen=True, slots=True)
class ApiOperation:
    """A task's operation, called by a boto3 client.

    Args:
        task: the task.
        client: the client of its service.
        operation: the operation: ``PutItem``.
        clients: makes the clients of other services.
    """

    task: TaskCall
    client: Any
    operation: str
    clients: Clients

    @classmethod
    def open(cls, task: TaskCall, clients: Clients) -> ApiOperation:
        """Open the operation of a task; raises what botocore raises."""
        integration = task.integration
        client = clients.get(integration.client, task.resource.region, task.role_arn)
        return cls(task, client, integration.operation, clients)

    @property
    def model(self) -> OperationModel:
        """The operation's model."""
        model: OperationModel = self.client.meta.service_model.operation_model(self.operation)
        return model

    def send(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call the operation; raises what botocore raises."""
        from botocore import xform_name

        response: dict[str, Any] = getattr(self.client, xform_name(self.operation))(**arguments)
        return response

    def to_json(self, response: dict[str, Any]) -> Values:
        """Return the response as JSON, fields in PascalCase."""
        return read_response(self.model.output_shape, response, self.task.integration.style)

    def pages(self, arguments: dict[str, Any], request_token: str, response_token: str) -> Iterator[dict[str, Any]]:
        """Call the operation until there are no more pages; raises what botocore raises.

        Args:
            arguments: of the first call.
            request_token: the request's field for a page's token.
            response_token: the response's field with the next page's token.
        """
        while True:
            response = self.send(arguments)
            yield response
            if not response.get(response_token):
                return
            arguments = arguments | {request_token: response[response_token]}

    def call(self, operation: str, parameters: Values) -> Values:
        """Call another operation of the service, with parameters of this package; raises what botocore raises."""
        other = replace(self, operation=operation)
        reader = ParameterReader(self.task.integration.style)
        return other.to_json(other.send(reader.arguments(other.model.input_shape, parameters)))

    def for_service(self, service: str) -> ApiOperation:
        """Return the caller of another service, with the same credentials; raises what botocore raises."""
        client = self.clients.get(service, self.task.resource.region, self.task.role_arn)
        return replace(self, client=client)

    def convert_error(self, error: Exception) -> StatesError | UsageError:
        """Convert an error of a call."""
        from botocore.exceptions import ClientError, ParamValidationError

        names = self.task.integration.errors
        if isinstance(error, ParamValidationError):
            return runtime_error(f"The Parameters could not be used to start the Task: [{error}]")
        if not isinstance(error, ClientError):
            return unanswered_call_error(error, self.task)
        if error.operation_name == "AssumeRole" and self.task.role_arn is not None:
            return role_error(error, self.task.role_arn)
        return service_error(error, self.client.meta.service_model, names)


class ServiceAdapter(Protocol):
    """Makes a task's calls: an `ApiOperation`, or an adapter."""

    def call(self, operation: str, parameters: Values) -> Values:
        """Call an operation, with parameters of this package; raises what botocore raises."""

    def convert_error(self, error: Exception) -> StatesError | UsageError:
        """Convert an error of a call."""


@contextmanager
def convert_call_errors(operation: ServiceAdapter) -> Iterator[None]:
    """Raise StatesError or UsageError for what botocore raises inside."""
    try:
        yield
    except botocore_errors() as error:
        raise operation.convert_error(error) from error


@contextmanager
def convert_client_errors(task: TaskCall) -> Iterator[None]:
    """Raise StatesError or UsageError for what botocore raises while a client is made."""
    try:
        yield
    except botocore_errors() as error:
        raise unanswered_call_error(error, task) from error


def unanswered_call_error(error: Exception, task: TaskCall) -> StatesError | UsageError:
    """Convert an error of a call that the task's service did not answer."""
    from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError, PartialCredentialsError

    if isinstance(error, (ClientError, NoCredentialsError, NoRegionError, PartialCredentialsError)):
        return UsageError(
            f"state {task.state!r} cannot call {task.resource.text}: {error} "
            "Look at the region and the credentials of the Airflow connection."
        )
    return connection_error(error, task.integration.errors)


def http_metadata(response: dict[str, Any]) -> Values:
    """Return the metadata of the HTTP response in results of optimized integrations (recorded)."""
    metadata = response.get("ResponseMetadata", {})
    headers = metadata.get(ORIGINAL_HEADERS) or metadata.get("HTTPHeaders", {})
    http = {
        "AllHttpHeaders": {name: [value] for name, value in headers.items()},
        "HttpHeaders": dict(headers),
        "HttpStatusCode": metadata.get("HTTPStatusCode"),
    }
    return {"SdkHttpMetadata": http, "SdkResponseMetadata": {"RequestId": metadata.get("RequestId")}}
