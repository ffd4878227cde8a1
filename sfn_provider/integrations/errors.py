"""Converts errors of AWS calls to Step Functions' error names and causes.

Sources: recorded executions (Lambda, SNS, SQS, DynamoDB, Step Functions, Secrets Manager);
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html and supported-services-awssdk.html.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.botocore_models.naming import capitalize, exception_name, exception_name_v1, service_name
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from botocore.model import ServiceModel

RUNTIME: Final = "States.Runtime"
TASK_FAILED: Final = "States.TaskFailed"
PERMISSIONS: Final = "States.Permissions"


@dataclass(frozen=True, slots=True)
class ErrorNames:
    """How an integration names errors.

    Args:
        prefix: the part before the dot: ``DynamoDB``.
        base: the error of every code that the service's model does not name: ``AmazonDynamoDBException``.
        service: the service as causes name it: ``AmazonDynamoDBv2``.
        modelled: spells an error that the model names.
        cause: writes the cause of message, service, code and metadata.
    """

    prefix: str
    base: str
    service: str
    modelled: Callable[[str], str]
    cause: Callable[[str, str, str, dict[str, Any]], str]


def optimized_error_names(prefix: str, client: str, service: str | None = None) -> ErrorNames:
    """Return the names of an optimized integration's errors.

    Args:
        prefix: the part before the dot: ``DynamoDB``.
        client: the client of the AWS SDK for Java 1: ``AmazonDynamoDB``.
        service: the service in causes, where it differs from the client.
    """
    return ErrorNames(prefix, f"{client}Exception", service or client, exception_name_v1, _cause_v1)


def sdk_error_names(service_id: str) -> ErrorNames:
    """Return the names of an AWS SDK integration's errors.

    Args:
        service_id: the service's id in its model: ``DynamoDB``.
    """
    name = service_name(service_id)
    return ErrorNames(name, f"{name}Exception", name, exception_name, _cause_v2)


def _cause_v1(message: str, service: str, code: str, metadata: dict[str, Any]) -> str:
    status, request = metadata.get("HTTPStatusCode"), metadata.get("RequestId")
    details = f"Service: {service}; Status Code: {status}; Error Code: {code}; Request ID: {request}; Proxy: null"
    return f"{message} ({details})"


def _cause_v2(message: str, service: str, code: str, metadata: dict[str, Any]) -> str:
    details = (
        f"Service: {service}, Status Code: {metadata.get('HTTPStatusCode')}, Request ID: {metadata.get('RequestId')}"
    )
    extended = f", Extended Request ID: {metadata['HostId']}" if metadata.get("HostId") else ""
    return f"{message} ({details}{extended})"


def service_error(error: ClientError, model: ServiceModel, names: ErrorNames) -> StatesError:
    """Convert an error that a service answered with.

    Args:
        error: botocore's error.
        model: the service's model, which names errors.
        names: the integration's names.
    """
    details = error.response.get("Error", {})
    code = str(details.get("Code", "Unknown"))
    # The second is the older code of a service that changed its protocol, the third that of an error within a stream.
    codes = (code, str(details.get("QueryErrorCode")), capitalize(code))
    shape = next(filter(None, map(model.shape_for_error_code, codes)), None)
    name = names.modelled(shape.name) if shape is not None else names.base
    metadata = error.response.get("ResponseMetadata", {})
    return StatesError(f"{names.prefix}.{name}", names.cause(details.get("Message", ""), names.service, code, metadata))


def connection_error(error: Exception, names: ErrorNames) -> StatesError:
    """Convert an error of a call without an answer (recorded for SQS)."""
    return StatesError(f"{names.prefix}.SdkClientException", f"Unable to execute HTTP request: {error}")


def role_error(error: ClientError, role_arn: str) -> StatesError:
    """Make the error of a state that cannot assume the role in its Credentials."""
    return StatesError(PERMISSIONS, f"The role {role_arn} of the field Credentials could not be assumed: {error}")


def runtime_error(cause: str) -> StatesError:
    """Make the error of a task that cannot be started.

    Args:
        cause: what is wrong, as AWS words it after the opening that names the state. The interpreter adds that.
    """
    return StatesError(RUNTIME, cause)
