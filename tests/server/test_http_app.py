"""AWS's JSON 1.0 protocol: whatever a client sends has an answer in AWS's shape."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_provider.exceptions import RequestRefused, UsageError
from sfn_provider.server.http_app import MAX_BODY_BYTES, create_app
from sfn_provider.server.local_server import LocalServer
from sfn_provider.server.requests.request_validation import service_model
from tests.fixtures.local_service import PREFIX, CheckedService, Service
from tests.fixtures.session.hypothesis_examples import examples


def target(operation: str) -> dict[str, str]:
    """The header that names an operation."""
    return {"X-Amz-Target": operation}


TARGET = target("AWSStepFunctions.ListStateMachines")


@dataclass(frozen=True)
class Case:
    """A request, and the status and error of its answer."""

    body: bytes
    status: int
    error: str
    method: str = "POST"
    path: str = "/"
    headers: dict[str, str] = field(default_factory=lambda: TARGET)


CASES = {
    "no json": Case(b"{", 400, "SerializationException"),
    "no object": Case(b"[]", 400, "SerializationException"),
    "no utf-8": Case(b'{"a": "\xff"}', 400, "SerializationException"),
    "no number": Case(b'{"maxResults": NaN}', 400, "SerializationException"),
    "a wrong type": Case(b'{"maxResults": "1"}', 400, "ValidationException"),
    "a Boolean for a number": Case(b'{"maxResults": true}', 400, "ValidationException"),
    "an unknown member": Case(b'{"maxResult": 1}', 400, "ValidationException"),
    "a number out of range": Case(b'{"maxResults": 1e400}', 400, "SerializationException"),
    "half a character": Case(b'{"nextToken": "\\ud800"}', 400, "InvalidToken"),
    "deep": Case(b'{"a":' * 100_000, 400, "SerializationException"),
    "rather deep": Case(b'{"a":' * 900 + b"1" + b"}" * 900, 400, "SerializationException"),
    "too large": Case(b" " * (MAX_BODY_BYTES + 1), 413, "RequestEntityTooLargeException"),
    "an unknown operation": Case(b"{}", 400, "UnknownOperationException", headers=target("AWSStepFunctions.Fly")),
    "another service": Case(b"{}", 400, "UnknownOperationException", headers=target("DynamoDB.ListTables")),
    "no operation": Case(b"{}", 400, "UnknownOperationException", headers={}),
    "another path": Case(b"{}", 404, "UnknownOperationException", path="/other"),
    "another method": Case(b"", 404, "UnknownOperationException", method="GET"),
}


@pytest.fixture(scope="module")
def send(service: Service) -> Iterator[Callable[..., http.client.HTTPResponse]]:
    """Send a request over one connection, which all answers leave open."""
    connection = http.client.HTTPConnection(urlsplit(service.server.endpoint_url).netloc, timeout=20)

    def request(method: str, path: str, body: bytes, headers: dict[str, str]) -> http.client.HTTPResponse:
        connection.request(method, path, body, headers)
        return connection.getresponse()

    yield request
    connection.close()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_errors_have_the_shape_of_aws(send: Callable[..., http.client.HTTPResponse], case: Case) -> None:
    response = send(case.method, case.path, case.body, case.headers)
    answer = json.loads(response.read())
    assert (response.status, answer["__type"]) == (case.status, case.error)
    assert response.headers["x-amzn-ErrorType"] == case.error
    assert response.headers["Content-Type"] == "application/x-amz-json-1.0"
    assert answer["message"]
    assert "Traceback" not in answer["message"]


def test_an_answer_has_the_headers_of_aws(send: Callable[..., http.client.HTTPResponse]) -> None:
    response = send("POST", "/", b"", TARGET)
    assert json.loads(response.read()) == {"stateMachines": []}
    assert response.headers["Content-Type"] == "application/x-amz-json-1.0"
    assert response.headers["x-amzn-RequestId"]


def test_an_answer_on_an_open_connection_comes_without_delay(send: Callable[..., http.client.HTTPResponse]) -> None:
    def seconds() -> float:
        began = time.perf_counter()
        send("POST", "/", b"{}", TARGET).read()
        return time.perf_counter() - began

    # Acknowledgements are quick on the first requests of a connection, and delayed by 40 ms on later ones.
    assert min([seconds() for _ in range(30)][20:]) < 0.03


def test_null_members_count_as_missing(send: Callable[..., http.client.HTTPResponse]) -> None:
    response = send("POST", "/", b'{"maxResults": null}', TARGET)
    assert response.status == 200
    response.read()
    response = send("POST", "/", b'{"name": null}', {"X-Amz-Target": "AWSStepFunctions.CreateActivity"})
    message = json.loads(response.read())["message"]
    assert message == (
        "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"
    )


def test_a_port_in_use_is_a_clear_error(service: Service) -> None:
    port = urlsplit(service.server.endpoint_url).port or 0
    with pytest.raises(UsageError, match=f"cannot listen at 127.0.0.1, port {port}: Address already in use"):
        LocalServer(CheckedService(), port=port).start()


def test_it_listens_at_loopback_alone(service: Service) -> None:
    assert service.server.endpoint_url.startswith("http://127.0.0.1:")


def test_a_server_that_does_not_run_has_no_address() -> None:
    with pytest.raises(RuntimeError, match="does not run"):
        _ = LocalServer().endpoint_url


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ARNS = st.sampled_from(
    [
        *(f"{PREFIX}{kind}:x" for kind in ("stateMachine", "execution", "activity", "mapRun", "express")),
        *("arn:aws:states:::", "arn:", f"{PREFIX}stateMachine:x:1", f"{PREFIX}execution:x:y", "arn:aws:s3:::b"),
        f"{PREFIX}stateMachine:x#case",
    ]
)
PASS = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
DEFINITIONS = st.sampled_from([PASS, "{}", "[]", "1", '"'])


def member(shape: Any) -> st.SearchStrategy[Any]:
    """Values for a member: junk, or what its shape takes."""
    fitting = {
        "string": ARNS | DEFINITIONS | st.text(max_size=90) | st.sampled_from(shape.metadata.get("enum") or ["x"]),
        "integer": st.integers(-2, 2_000),
        "long": st.integers(-2, 2_000),
        "float": st.floats(-1, 101),
        "boolean": st.booleans(),
    }
    if shape.type_name == "structure":
        inner = st.fixed_dictionaries({}, optional={name: member(each) for name, each in shape.members.items()})
        return inner | JUNK
    if shape.type_name == "list":
        return st.lists(member(shape.member), max_size=3) | JUNK
    return fitting.get(shape.type_name, JUNK) | JUNK


def requests() -> st.SearchStrategy[tuple[str, Any]]:
    """Names of operations, and parameters for them."""
    model = service_model()
    each = []
    for name in model.operation_names:
        if name != "GetActivityTask":  # waits for a task
            shape = model.operation_model(name).input_shape
            members = {key: member(inner) for key, inner in shape.members.items()}
            parameters = st.fixed_dictionaries({}, optional=members) | JUNK
            each.append(st.tuples(st.just(name), parameters))
    return st.one_of(each)


def test_a_server_that_ends_lets_no_worker_wait() -> None:
    ending: list[bool] = []
    app = create_app(CheckedService(), is_closing=lambda: bool(ending))

    async def request(operation: str, **parameters: str) -> tuple[int, Any]:
        sent: list[Any] = []
        body = json.dumps(parameters).encode()
        target = [(b"x-amz-target", f"AWSStepFunctions.{operation}".encode())]
        scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": target}

        async def receive() -> Any:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            sent.append(message)

        await asyncio.wait_for(app(scope, receive, send), 5)
        return sent[0]["status"], json.loads(sent[1]["body"])

    async def poll() -> None:
        _, made = await request("CreateActivity", name="paint")
        ending.append(True)
        status, answer = await request("GetActivityTask", activityArn=made["activityArn"])
        assert (status, answer["__type"], answer["message"]) == (503, "ServiceUnavailable", "The server ends")

    asyncio.run(poll())


def test_a_server_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    async def startup(self: object, sockets: object = None) -> None:
        raise OSError("no more of them")

    monkeypatch.setattr("uvicorn.Server.startup", startup)
    server = LocalServer(CheckedService())
    with pytest.raises(OSError, match="no more of them"):
        server.start()
    monkeypatch.undo()
    with server:
        assert server.call("ListActivities", {}) == {"activities": []}


@settings(max_examples=examples(32))
@given(st.lists(requests(), min_size=1, max_size=6))
def test_whatever_is_sent_is_answered_or_refused(sent: list[tuple[str, Any]]) -> None:
    async def send_all() -> None:
        service = CheckedService()
        for operation, parameters in sent:
            try:
                await service.call(operation, parameters)
            except RequestRefused as refusal:
                assert refusal.message
        await service.close()

    asyncio.run(send_all())
