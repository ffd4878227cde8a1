"""Who may use the server: loopback alone, or with a secret those who sign with it."""

from __future__ import annotations

import base64
import http.client
from collections.abc import Iterator
from typing import Any

import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.server.authorization import check_address, names_this_machine
from sfn_provider.server.local_server import LocalServer
from tests.fixtures.local_service import CheckedService

SECRET = "a-secret-of-some-length"


@pytest.fixture(scope="module")
def secured() -> Iterator[LocalServer]:
    """A server with a secret."""
    with LocalServer(CheckedService(), secret=SECRET) as server:
        yield server


def _client(server: LocalServer, secret: str) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.session.Session().client(
        "stepfunctions",
        endpoint_url=server.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


def _request(
    server: LocalServer, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> tuple[int, str]:
    connection = http.client.HTTPConnection(server.endpoint_url.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_clients_that_sign_with_the_secret_are_admitted(secured: LocalServer) -> None:
    client = _client(secured, SECRET)
    assert client.list_state_machines()["stateMachines"] == []
    assert client.create_activity(name="größe".replace("ö", "o").replace("ß", "s"))["activityArn"]


def test_another_secret_is_refused(secured: LocalServer) -> None:
    client = _client(secured, SECRET + "!")
    with pytest.raises(client.exceptions.ClientError, match="must be the server's secret"):
        client.list_state_machines()


def _signed_headers(server: LocalServer, body: bytes, timestamp: str | None = None) -> dict[str, str]:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "AWSStepFunctions.ListStateMachines",
        "Host": server.endpoint_url.removeprefix("http://"),
    }
    request = AWSRequest("POST", f"{server.endpoint_url}/", data=body, headers=headers)
    auth = SigV4Auth(Credentials("any", SECRET), "states", "us-east-1")
    if timestamp is None:
        auth.add_auth(request)
    else:
        request.context["timestamp"] = timestamp
        request.headers["X-Amz-Date"] = timestamp
        signature = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
        auth._inject_signature_to_request(request, signature)
    return dict(request.headers.items())


def test_a_signature_holds_for_its_body_its_operation_and_its_time_alone(secured: LocalServer) -> None:
    headers = _signed_headers(secured, b"{}")
    assert _request(secured, "POST", "/", headers, b"{}") == (200, '{"stateMachines": []}')
    changed = {
        "body": (headers, b'{"maxResults": 1}'),
        "operation": (headers | {"X-Amz-Target": "AWSStepFunctions.ListActivities"}, b"{}"),
        "date": (headers | {"X-Amz-Date": "20200101T000000Z"}, b"{}"),
        "old": (_signed_headers(secured, b"{}", "20200101T000000Z"), b"{}"),
        "unsigned": (headers | {"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"}, b"{}"),
        "garbage": (headers | {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}, b"{}"),
        "missing": ({name: value for name, value in headers.items() if name != "Authorization"}, b"{}"),
    }
    for name, (sent, body) in changed.items():
        status, text = _request(secured, "POST", "/", sent, body)
        assert (status, "__type" in text) == (403, True), name


@pytest.mark.parametrize(
    ("password", "method", "status"),
    [(SECRET, "GET", 404), (SECRET, "POST", 401), ("another", "GET", 401), ("", "GET", 401), ("ü", "GET", 401)],
)
def test_a_browser_gives_the_secret_as_the_password(
    secured: LocalServer, password: str, method: str, status: int
) -> None:
    credentials = base64.b64encode(f"me:{password}".encode()).decode()
    assert _request(secured, method, "/none", {"Authorization": f"Basic {credentials}"})[0] == status


def test_a_browser_without_the_secret_is_asked_for_it(secured: LocalServer) -> None:
    assert _request(secured, "GET", "/", {})[0] == 401
    assert _request(secured, "GET", "/", {"Authorization": "Basic %%%"})[0] == 401
    assert _request(secured, "GET", "/", {"Authorization": "Basic \xe9"})[0] == 401


HOSTS = {
    "127.0.0.1:8083": True,
    "[::1]:8083": True,
    "localhost": True,
    "sfn:8083": True,
    "host.docker.internal:8083": True,
    "sfn.localhost": True,
    "example.com": False,
    "127.0.0.1.example.com:8083": False,
    "internal.example": False,
    "": False,
}


@pytest.mark.parametrize("host", HOSTS)
def test_names_of_this_machine(host: str) -> None:
    assert names_this_machine(host) is HOSTS[host]


def test_a_page_of_somebody_else_cannot_lead_its_own_domain_here() -> None:
    with LocalServer(CheckedService()) as server:
        headers = {"X-Amz-Target": "AWSStepFunctions.ListStateMachines"}
        assert _request(server, "POST", "/", headers, b"{}")[0] == 200
        status, text = _request(server, "POST", "/", headers | {"Host": "evil.example:80"}, b"{}")
        assert status == 403 and "does not answer as 'evil.example:80'" in text


ADDRESSES = {
    ("0.0.0.0", None): "Others can reach the server at 0.0.0.0: give it a secret",
    ("::", None): "Others can reach the server at ::",
    ("sfn.example.com", None): "Others can reach",
    ("127.0.0.1", "short"): "The secret has 5 characters: it must have at least 16",
}


@pytest.mark.parametrize(("host", "secret"), ADDRESSES)
def test_addresses_that_are_refused(host: str, secret: str | None) -> None:
    with pytest.raises(UsageError, match=ADDRESSES[host, secret]):
        LocalServer(host=host, secret=secret)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_needs_no_secret(host: str) -> None:
    check_address(host, None)
    check_address("0.0.0.0", SECRET)
