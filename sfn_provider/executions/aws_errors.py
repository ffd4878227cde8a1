"""What an error of an AWS call means to somebody who waits: try again, or give up.

botocore is imported when there is an error to look at, never before.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeVar

from sfn_provider._compat import AirflowFailException

INITIAL_DELAY: float = 1.0
"""Seconds until the second try, at most; doubled with each further error."""

MAX_DELAY: float = 60.0
"""Seconds between two tries, at most."""

CALL_TRIES: Final = 8
"""How often a call is made that no wait depends on, about two minutes long, before its error is the task's."""

MISSING_TRIES: Final = 6
"""How often an execution may be missing before that is believed: DescribeExecution is eventually consistent, so a
fresh execution can be unknown for some seconds. Source: API_DescribeExecution."""

T = TypeVar("T")

log = logging.getLogger(__name__)


class AwsErrorKind(Enum):
    """What an error means."""

    TRANSIENT = "transient"
    EXPIRED = "expired"
    MISSING = "missing"
    DENIED = "denied"
    FINAL = "final"


# AWS knows no such key, or what was signed with it is wrong.
_NO_CREDENTIALS: Final = (
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
)

_FAULT_OF_CODE: Final[dict[str, AwsErrorKind]] = {
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
            *_NO_CREDENTIALS,
        ),
        AwsErrorKind.DENIED,
    ),
}


_THROTTLING: Final = frozenset(
    code for code in _FAULT_OF_CODE if "Throttl" in code or code in ("RequestLimitExceeded", "TooManyRequestsException")
)


_NOT_AUTHORIZED: Final = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)")
# Calls that the client makes by itself, for the credentials of a connection with a role.
_SERVICES: Final = dict.fromkeys(("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"), "sts")


def is_throttling(error: BaseException) -> bool:
    """Tell whether AWS has refused a call because there were too many."""
    return error_code(error) in _THROTTLING


def error_code(error: BaseException) -> str | None:
    """Give AWS's code of an error (``ExecutionAlreadyExists``); None for an error that no service answered with."""
    response = getattr(error, "response", None)
    return response.get("Error", {}).get("Code") if isinstance(response, dict) else None


def classify_error(error: BaseException) -> AwsErrorKind:
    """Tell what an error of an AWS call means.

    Any answer with an HTTP status of 500 or above is TRANSIENT, and so are connections refused, lost or timed out,
    names that do not resolve, answers that are cut off, and credentials that their source could not give just now.
    """
    code = error_code(error)
    if code is not None:
        response: dict[str, Any] = getattr(error, "response", {})
        server_side = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
        return _FAULT_OF_CODE.get(code, AwsErrorKind.TRANSIENT if server_side else AwsErrorKind.FINAL)
    return AwsErrorKind.TRANSIENT if isinstance(error, _connection_errors()) else AwsErrorKind.FINAL


def was_rejected(error: BaseException) -> bool:
    """Has AWS answered that it did not do what was asked? Nothing has begun then, and the call may be made again."""
    response = getattr(error, "response", None)
    return isinstance(response, dict) and response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) < 500


def require_complete_response(parsed: dict[str, Any], model: Any, **_: Any) -> None:
    """Refuse an answer that has nothing of what AWS always gives: a handler of botocore's event ``after-call``.

    botocore reads an answer that was cut off on its way, or a proxy's page with status 200, as an empty answer.

    Args:
        parsed: the answer.
        model: the operation's model.

    Raises:
        ConnectionError: as a lost connection it is TRANSIENT.
    """
    retry_always: list[str] = model.output_shape.required_members if model.output_shape else []
    if retry_always and "Error" not in parsed and not any(name in parsed for name in retry_always):
        raise ConnectionError(f"the answer of {model.name} was cut off, or came from a proxy: it has no {retry_always[0]!r}")


def aws_errors() -> tuple[type[Exception], ...]:
    """Give the base classes of every error that boto3 and aiobotocore raise for a call."""
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
    """How a wait bears with errors: it pauses longer after each one, and gives up on those that no waiting mends.

    Args:
        jitter: gives a number from 0 to 1, so that many waits do not come back at the same moment.
        errors: errors since the last good answer.
        longest: seconds between two tries, at most.
    """

    jitter: Callable[[], float] = random.random
    errors: int = 0
    longest: float = MAX_DELAY

    def calm(self) -> None:
        """Forget the errors so far: AWS has answered."""
        self.errors = 0

    def pause_after(self, error: Exception) -> float:
        """Give the seconds to pause before the next try.

        Raises:
            AirflowFailException: a permission is missing; the message names the action. No retry mends that.
            Exception: ``error`` itself, where another try is of no use.
        """
        fault = classify_error(error)
        if fault is AwsErrorKind.DENIED:
            raise AirflowFailException(denial_message(error)) from error
        if fault is AwsErrorKind.FINAL or (fault is AwsErrorKind.MISSING and self.errors >= MISSING_TRIES):
            raise error
        ceiling = min(self.longest, INITIAL_DELAY * 2.0 ** min(self.errors, 30))
        self.errors += 1
        return ceiling * (0.5 + self.jitter() / 2)


def retry_always(error: Exception) -> bool:
    """Say that the call may be made again, whatever the error."""
    return True


def retry_aws_call(
    call: Callable[[], T],
    *,
    renew: Callable[[], None],
    tries: int | None = None,
    sleep: Callable[[float], None] | None = None,
    repeat: Callable[[Exception], bool] = retry_always,
) -> T:
    """Make a call, however often it takes: errors that pass are waited out, expired credentials read again.

    Args:
        call: calls AWS once.
        renew: makes the next call take fresh credentials.
        tries: calls at most; None for no end but the task's own timeout.
        sleep: called with the seconds to pause; ``time.sleep`` for None.
        repeat: tells whether the call may be made again after an error that passes.

    Raises:
        AirflowFailException: a permission is missing.
        botocore.exceptions.ClientError: an error that no waiting mends, or that has come ``tries`` times.
    """
    patience = Backoff()
    while True:
        try:
            return call()
        except Exception as error:  # what cannot pass is raised again by pause_after
            pause = patience.pause_after(error)
            if not repeat(error) or (tries is not None and patience.errors >= tries):
                raise
            log.warning("Step Functions, next try in %.1f s: %s", pause, error)
            if classify_error(error) is AwsErrorKind.EXPIRED:
                renew()
        (sleep or time.sleep)(pause)


def denial_message(error: BaseException) -> str:
    """Say which permission is missing, as IAM names it: ``states:DescribeExecution``.

    AWS's message says it where it knows it, which need not be the call's own: ``iam:PassRole``, ``kms:Decrypt``.
    """
    named = _NOT_AUTHORIZED.search(str(error))
    operation = getattr(error, "operation_name", None)
    action = named[1] if named else f"{_SERVICES.get(operation, 'states')}:{operation}" if operation else "the call"
    advice = "Check the credentials" if error_code(error) in _NO_CREDENTIALS else "Grant it to the credentials"
    return f"AWS refuses {action} to this task: {error}. {advice} of the Airflow connection."
