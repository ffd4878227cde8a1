"""What errors mean to somebody who waits."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from botocore import exceptions
from botocore.parsers import ResponseParserError

from sfn_provider._compat import AirflowFailException
from sfn_provider.executions.aws_errors import MISSING_TRIES, AwsErrorKind, Backoff, classify_error, denial_message


def answer(code: str, status: int = 400) -> exceptions.ClientError:
    """Make the error of an answer of the service."""
    response = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return exceptions.ClientError(response, "DescribeExecution")


@dataclass(frozen=True)
class Case:
    """An error, and what it means."""

    id: str
    error: Exception
    fault: AwsErrorKind


@pytest.mark.parametrize(
    "case",
    [
        Case("throttled", answer("ThrottlingException"), AwsErrorKind.TRANSIENT),
        Case("server error", answer("InternalServerError", 500), AwsErrorKind.TRANSIENT),
        Case("unknown server error", answer("502", 502), AwsErrorKind.TRANSIENT),
        Case("key service throttles", answer("KmsThrottlingException"), AwsErrorKind.TRANSIENT),
        Case("expired", answer("ExpiredTokenException"), AwsErrorKind.EXPIRED),
        Case("missing", answer("ExecutionDoesNotExist"), AwsErrorKind.MISSING),
        Case("denied", answer("AccessDeniedException"), AwsErrorKind.DENIED),
        Case("denied by the key service", answer("KmsAccessDeniedException"), AwsErrorKind.DENIED),
        Case("bad ARN", answer("InvalidArn"), AwsErrorKind.FINAL),
        Case("refused", exceptions.EndpointConnectionError(endpoint_url="http://x"), AwsErrorKind.TRANSIENT),
        Case("lost", exceptions.ConnectionClosedError(endpoint_url="http://x"), AwsErrorKind.TRANSIENT),
        Case("slow", exceptions.ReadTimeoutError(endpoint_url="http://x"), AwsErrorKind.TRANSIENT),
        Case("no TLS", exceptions.SSLError(endpoint_url="http://x", error="e"), AwsErrorKind.TRANSIENT),
        Case("a proxy's page", ResponseParserError("<html>"), AwsErrorKind.TRANSIENT),
        Case(
            "metadata service", exceptions.CredentialRetrievalError(provider="p", error_msg="e"), AwsErrorKind.TRANSIENT
        ),
        Case("socket", ConnectionResetError(), AwsErrorKind.TRANSIENT),
        Case("no credentials", exceptions.NoCredentialsError(), AwsErrorKind.FINAL),
        Case("a bug", KeyError("status"), AwsErrorKind.FINAL),
    ],
    ids=lambda case: case.id,
)
def test_each_error_means_something(case: Case) -> None:
    assert classify_error(case.error) is case.fault


def test_pauses_grow_up_to_a_minute() -> None:
    patience = Backoff(jitter=lambda: 1.0)
    pauses = [patience.next_delay(answer("ThrottlingException")) for _ in range(9)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_jitter_takes_at_most_half_of_a_pause() -> None:
    assert Backoff(jitter=lambda: 0.0).next_delay(answer("ThrottlingException")) == 0.5


def test_pauses_start_again_after_a_good_answer() -> None:
    patience = Backoff(jitter=lambda: 1.0)
    patience.next_delay(ConnectionResetError())
    patience.next_delay(ConnectionResetError())
    patience.reset()
    assert patience.next_delay(ConnectionResetError()) == 1


def test_no_number_of_passing_errors_ends_a_wait() -> None:
    patience = Backoff()
    assert max(patience.next_delay(ConnectionResetError()) for _ in range(5000)) <= 60


def test_a_missing_execution_is_believed_in_the_end() -> None:
    patience = Backoff()
    for _ in range(MISSING_TRIES):
        patience.next_delay(answer("ExecutionDoesNotExist"))
    with pytest.raises(AirflowFailException, match=r"ExecutionDoesNotExist.*AWS was asked 7 times\. Check the ARN"):
        patience.next_delay(answer("ExecutionDoesNotExist"))


def test_what_aws_does_not_know_is_logged_with_what_to_check(caplog: pytest.LogCaptureFixture) -> None:
    error = answer("StateMachineDoesNotExist")
    with pytest.raises(exceptions.ClientError) as raised:
        Backoff().next_delay(error)
    assert raised.value is error
    assert "Check the ARN's account, region, name, and version or alias" in caplog.text


@pytest.mark.parametrize(
    ("operation", "message", "action"),
    [
        ("DescribeExecution", "scripted", "states:DescribeExecution"),
        ("AssumeRole", "scripted", "sts:AssumeRole"),
        ("CreateStateMachine", "User x is not authorized to perform: iam:PassRole on resource y", "iam:PassRole"),
    ],
)
def test_a_permission_of_another_service_is_named_too(operation: str, message: str, action: str) -> None:
    error = exceptions.ClientError({"Error": {"Code": "AccessDenied", "Message": message}}, operation)
    assert denial_message(error).startswith(f"AWS refuses {action} to this task: ")


def test_credentials_that_are_none_are_to_be_checked() -> None:
    assert denial_message(answer("UnrecognizedClientException")).endswith(
        "Check the credentials of the Airflow connection."
    )


def test_a_missing_permission_is_named_as_iam_names_it() -> None:
    with pytest.raises(AirflowFailException, match="states:DescribeExecution"):
        Backoff().next_delay(answer("AccessDeniedException"))


def test_an_error_that_no_waiting_mends_is_raised_as_it_is() -> None:
    error = answer("InvalidArn")
    with pytest.raises(exceptions.ClientError) as caught:
        Backoff().next_delay(error)
    assert caught.value is error
