"""Classifies errors of AWS calls (transient, expired, missing, denied, final), and retries calls.

botocore is imported only when there is an error to classify.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final, TypeVar

from sfn_provider._compat import AirflowFailException
from sfn_provider.secret_masking import masked_line

INITIAL_DELAY: float = 1.0
"""Maximum seconds before the second try; doubled with each further error."""

MAX_DELAY: float = 60.0
"""Maximum seconds between two tries."""

CALL_TRIES: Final = 8
"""Tries of a call outside a wait, over about two minutes, before the task fails with its error."""

MISSING_TRIES: Final = 6
"""Tries before ExecutionDoesNotExist is final: DescribeExecution is eventually consistent, so that a new execution can
be unknown for some seconds. Source: API_DescribeExecution."""

T = TypeVar("T")

log = logging.getLogger(__name__)


class AwsErrorKind(Enum):
    """What an error means for further tries."""

    TRANSIENT = "transient"
    """A later try can succeed."""
    EXPIRED = "expired"
    """A try with fresh credentials can succeed."""
    MISSING = "missing"
    """The execution does not exist, or not yet."""
    DENIED = "denied"
    """A permission is missing."""
    FINAL = "final"
    """No later try can succeed."""


# AWS does not know the key, or the signature is wrong.
_INVALID_CREDENTIALS: Final = (
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
)

_KIND_BY_CODE: Final[dict[str, AwsErrorKind]] = {
    **dict.fromkeys(
        (
            "BandwidthLimitExceeded",
            "InternalFailure",
            "InternalServerError",
            "KmsThrottlingException",
            "PriorRequestNotComplete",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "RequestTimeout",
            "RequestTimeoutException",
            "ServiceUnavailable",
            "SlowDown",
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "TooManyRequestsException",
            "TransactionInProgressException",
        ),
        AwsErrorKind.TRANSIENT,
    ),
    **dict.fromkeys(
        ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"), AwsErrorKind.EXPIRED
    ),
    "ExecutionDoesNotExist": AwsErrorKind.MISSING,
    **dict.fromkeys(
        (
            "AccessDenied",
            "AccessDeniedException",
            "KmsAccessDeniedException",
            "NotAuthorized",
            "OptInRequired",
            "UnauthorizedOperation",
            *_INVALID_CREDENTIALS,
        ),
        AwsErrorKind.DENIED,
    ),
}


_UNKNOWN_RESOURCES: Final = ("StateMachineDoesNotExist", "ActivityDoesNotExist", "ResourceNotFound")
_UNKNOWN_RESOURCE_ADVICE: Final = (
    "Check the ARN's account, region, name, and version or alias; "
    "the region and the account of the Airflow connection, and its endpoint"
)

THROTTLING_CODES: Final = frozenset(
    code for code in _KIND_BY_CODE if "Throttl" in code or code in ("RequestLimitExceeded", "TooManyRequestsException")
)
"""The codes by which AWS refuses a call because there were too many."""


_NOT_AUTHORIZED: Final = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)")
# Calls that the client makes itself, to assume the role of a connection.
_SERVICE_BY_OPERATION: Final = dict.fromkeys(("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"), "sts")


def response_time(response: Mapping[str, Any]) -> datetime | None:
    """Return the time at AWS when it responded, in seconds; None if the response has no ``Date`` header."""
    from email.utils import parsedate_to_datetime

    header = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(header) if header else None


def is_throttling(error: BaseException) -> bool:
    """Return whether AWS has refused a call because there were too many."""
    return error_code(error) in THROTTLING_CODES


def error_code(error: BaseException) -> str | None:
    """Return AWS's code of an error (``ExecutionAlreadyExists``); None if it is not a response of a service."""
    response = getattr(error, "response", None)
    return response.get("Error", {}).get("Code") if isinstance(response, dict) else None


def classify_error(error: BaseException) -> AwsErrorKind:
    """Classify an error of an AWS call.

    TRANSIENT are responses with an HTTP status of 500 or above, connections refused, lost or timed out, names that do
    not resolve, truncated responses, and temporary failures of the source of credentials.
    """
    code = error_code(error)
    if code is not None:
        response: dict[str, Any] = getattr(error, "response", {})
        server_side = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
        return _KIND_BY_CODE.get(code, AwsErrorKind.TRANSIENT if server_side else AwsErrorKind.FINAL)
    return AwsErrorKind.TRANSIENT if isinstance(error, _connection_errors()) else AwsErrorKind.FINAL


def was_rejected(error: BaseException) -> bool:
    """Return whether AWS has rejected the call: nothing has started, and it is safe to repeat the call."""
    response = getattr(error, "response", None)
    return isinstance(response, dict) and response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) < 500


def require_complete_response(parsed: dict[str, Any], model: Any, **_: Any) -> None:
    """Refuse a response that has none of the operation's required members: handler of botocore's ``after-call`` event.

    botocore parses a truncated response, or a proxy's page with status 200, as an empty response.

    Args:
        parsed: the response.
        model: the operation's model.

    Raises:
        ConnectionError: the response is truncated; TRANSIENT, as a lost connection.
    """
    required: list[str] = model.output_shape.required_members if model.output_shape else []
    if required and "Error" not in parsed and not any(name in parsed for name in required):
        raise ConnectionError(
            f"the answer of {model.name} was cut off, or came from a proxy: it has no {required[0]!r}"
        )


def aws_errors() -> tuple[type[Exception], ...]:
    """Return the base classes of all errors that boto3 and aiobotocore raise for a call."""
    from botocore.exceptions import BotoCoreError, ClientError

    return (BotoCoreError, ClientError, *_connection_errors())


def _connection_errors() -> tuple[type[Exception], ...]:
    from botocore import exceptions, parsers

    return (
        exceptions.HTTPClientError,
        exceptions.ConnectionError,
        exceptions.CredentialRetrievalError,
        exceptions.MetadataRetrievalError,
        parsers.ResponseParserError,  # a proxy's HTML page in place of JSON
        ConnectionError,
        TimeoutError,
    )


@dataclass(slots=True)
class Backoff:
    """Exponential backoff with jitter after errors that a later try can resolve.

    Args:
        jitter: returns a number from 0 to 1, so that many waits do not retry at the same moment.
        errors: errors since the last successful call.
        max_delay: maximum seconds between two tries.
    """

    jitter: Callable[[], float] = random.random
    errors: int = 0
    max_delay: float = MAX_DELAY

    def reset(self) -> None:
        """Start again with the initial delay, after a successful call."""
        self.errors = 0

    def next_delay(self, error: Exception) -> float:
        """Return the seconds to wait after an error before the next try.

        Raises:
            AirflowFailException: a permission is missing; the message names the action. Or an execution does not exist.
            Exception: ``error`` itself, if no later try can succeed.
        """
        kind = classify_error(error)
        if kind is AwsErrorKind.DENIED:
            raise AirflowFailException(denial_message(error)) from error
        if kind is AwsErrorKind.MISSING and self.errors >= MISSING_TRIES:
            raise AirflowFailException(missing_message(error)) from error
        if kind is AwsErrorKind.FINAL:
            if error_code(error) in _UNKNOWN_RESOURCES:
                log.error("%s. %s", masked_line(error), _UNKNOWN_RESOURCE_ADVICE)
            raise error
        ceiling = min(self.max_delay, INITIAL_DELAY * 2.0 ** min(self.errors, 30))
        self.errors += 1
        return ceiling * (0.5 + self.jitter() / 2)


def retry_aws_call(
    call: Callable[[], T],
    *,
    renew: Callable[[], None],
    tries: int | None = None,
    sleep: Callable[[float], None] | None = None,
    is_repeatable: Callable[[Exception], bool] = lambda error: True,
) -> T:
    """Call AWS, and retry after transient errors with backoff, after expired credentials with fresh ones.

    Args:
        call: calls AWS once.
        renew: makes the next call use fresh credentials.
        tries: maximum number of calls; None for no limit but the task's own timeout.
        sleep: called with the seconds to wait; ``time.sleep`` for None.
        is_repeatable: returns whether it is safe to repeat the call after a transient error.

    Raises:
        AirflowFailException: a permission is missing.
        botocore.exceptions.ClientError: an error that no later try can resolve, or the last of ``tries``.
    """
    backoff = Backoff()
    while True:
        try:
            return call()
        except Exception as error:  # next_delay raises final errors again
            delay = backoff.next_delay(error)
            if not is_repeatable(error) or (tries is not None and backoff.errors >= tries):
                raise
            log.warning("Step Functions, next try in %.1f s: %s", delay, masked_line(error))
            if classify_error(error) is AwsErrorKind.EXPIRED:
                renew()
        (sleep or time.sleep)(delay)


def missing_message(error: BaseException) -> str:
    """Return a message about an execution that AWS does not know, also some time after it may have started."""
    return (
        f"{masked_line(error)}. AWS was asked {MISSING_TRIES + 1} times. Check the ARN's account and region, and the "
        f"endpoint of the Airflow connection; AWS deletes executions 90 days after their end."
    )


def denial_message(error: BaseException) -> str:
    """Return a message that names the missing permission as IAM does: ``states:DescribeExecution``.

    AWS's message may name another action than the call's own: ``iam:PassRole``, ``kms:Decrypt``.
    """
    named = _NOT_AUTHORIZED.search(str(error))
    operation = getattr(error, "operation_name", None)
    action = (
        named[1]
        if named
        else f"{_SERVICE_BY_OPERATION.get(operation, 'states')}:{operation}"
        if operation
        else "the call"
    )
    advice = "Check the credentials" if error_code(error) in _INVALID_CREDENTIALS else "Grant it to the credentials"
    return f"AWS refuses {action} to this task: {masked_line(error)}. {advice} of the Airflow connection."
