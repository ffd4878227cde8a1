"""The type of an integration: one operation as a Task calls it, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from sfn_provider.asl.resources import Pattern
from sfn_provider.asl.scope import Json
from sfn_provider.integrations.errors import ErrorNames
from sfn_provider.integrations.sync_job import CallOperation, SyncJob, unchanged_response
from sfn_provider.integrations.value_shapes import OPTIMIZED_STYLE, Values, ValueStyle

_REQUEST_RESPONSE: Final[Pattern] = "request_response"
_CALLBACK: Final[Pattern] = "waitForTaskToken"


@dataclass(frozen=True, slots=True)
class CallContext:
    """The context of a call, for what an integration adds to its parameters.

    Args:
        pattern: how the task waits.
        execution_arn: the execution, ``""`` where unknown.
        machine_arn: the state machine, ``""`` where unknown.
    """

    pattern: Pattern
    execution_arn: str = ""
    machine_arn: str = ""


class ServiceCaller(Protocol):
    """Calls operations with the task's credentials; raises what botocore raises."""

    def call(self, operation: str, parameters: Values) -> Values:
        """Call another operation of the task's service."""

    def for_service(self, service: str) -> ServiceCaller:
        """Return the caller of another service, by boto3's name of it."""


@dataclass(frozen=True, slots=True)
class Idempotency:
    """What makes a repeated call have no further effect.

    Args:
        field: the field that takes the idempotency token; a value in the task's parameters is used instead.
        duplicate_error: the error code of a repeated call; None where the service responds as to the first one.
        find_existing: gives the response to the first call, of the parameters; raises what botocore raises.
    """

    field: str
    duplicate_error: str | None = None
    find_existing: Callable[[Values, CallOperation], Values] | None = None


AdapterName = Literal["aws", "api gateway", "http", "kubernetes"]
"""What makes the calls: boto3, or an adapter where no boto3 service has the operation."""


def unchanged_parameters(parameters: Values, context: CallContext) -> Values:
    """Return the task's parameters as the operation's."""
    return parameters


@dataclass(frozen=True, slots=True)
class Integration:
    """An operation as a Task calls it.

    Args:
        service: the service in the resource ARN: ``glue``, ``aws-sdk:dynamodb``.
        action: the action in the resource ARN.
        client: boto3's name of the service.
        operation: the operation: ``StartJobRun``.
        errors: how it names errors.
        prepare: makes the operation's parameters of the task's.
        result: makes the task's result of the response; raises StatesError where the response contains a failure.
        required: fields that the task's parameters must have, where they differ from the operation's.
        unsupported: fields of the operation that the integration does not accept.
        idempotency: what makes a repeated call have no effect, where the model marks no field for that.
        syncs: how its jobs are followed, by pattern.
        callback: it can pass on a task token (``.waitForTaskToken``).
        http_metadata: the result shows ``SdkHttpMetadata`` and ``SdkResponseMetadata``.
        style: how fields, times and bodies are written.
        pages: the fields of a paginated operation: the token of the request, the token of the response, the items.
        resolve: completes the operation's parameters by other calls; gets the task's and the operation's parameters.
        finish: makes the final result by other calls; gets the task's parameters and the result.
        adapter: what makes the calls.
    """

    service: str
    action: str
    client: str
    operation: str
    errors: ErrorNames
    prepare: Callable[[Values, CallContext], Values] = unchanged_parameters
    result: Callable[[Values], Json] = unchanged_response
    required: tuple[str, ...] | None = None
    unsupported: frozenset[str] = frozenset()
    idempotency: Idempotency | None = None
    syncs: dict[Pattern, SyncJob] = field(default_factory=dict)
    callback: bool = False
    http_metadata: bool = True
    style: ValueStyle = OPTIMIZED_STYLE
    pages: tuple[str, str, str] | None = None
    resolve: Callable[[Values, Values, ServiceCaller], Values] | None = None
    finish: Callable[[Values, Json, ServiceCaller], Json] | None = None
    adapter: AdapterName = "aws"

    @property
    def name(self) -> str:
        """Its key in the table: ``glue:startJobRun``."""
        return f"{self.service}:{self.action}"

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """The patterns it can be called with."""
        return (_REQUEST_RESPONSE, *self.syncs, *((_CALLBACK,) if self.callback else ()))
