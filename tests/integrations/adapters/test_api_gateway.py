"""``apigateway:invoke`` against a server of our own, which the connection names as API Gateway's address."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Completed
from tests.fixtures.calls.task_calls import Answer

HOST = "shop1.execute-api.eu-west-1.amazonaws.com"
CALL = {"ApiEndpoint": HOST, "Method": "GET"}


@dataclass
class Api:
    """What the API answers, and what it was asked."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=lambda: [("Content-Type", "application/json")])
    body: bytes = b"{}"
    asked: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """An API that the connection leads to."""
    script = Api()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    extra = {"region_name": "eu-west-1", "service_config": {"execute-api": {"endpoint_url": url}}}
    connection = {"conn_type": "aws", "login": "AKIDEXAMPLE", "password": "secret", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    yield script
    server.shutdown()
    server.server_close()
    thread.join()


def _handler(script: Api) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            script.asked.append(
                {"method": self.command, "path": self.path, "headers": self.headers, "body": body.decode()}
            )
            self.send_response(script.status)
            for name, value in script.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(script.body)))
            self.end_headers()
            self.wfile.write(script.body)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _answer

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test's output quiet."""

    return Handler


def invoke(submit: Callable[..., Answer], **fields: Any) -> Any:
    answer = submit("apigateway:invoke", CALL | fields)
    assert isinstance(answer, Completed)
    return answer.result


def test_a_request_is_built_and_its_answer_shown(submit: Callable[..., Answer], api: Api) -> None:
    api.body, api.headers = b'{"bills": []}', [("Content-Type", "application/json"), ("Tag", "a"), ("Tag", "b")]
    result = invoke(
        submit,
        Method="POST",
        Stage="prod",
        Path="/bills/over due",
        QueryParameters={"id": ["1", "2"]},
        Headers={"custom": ["x", "y"]},
        RequestBody={"a": 1},
    )
    headers = result.pop("Headers")
    assert result == {"ResponseBody": {"bills": []}, "StatusCode": 200, "StatusText": "OK"}
    assert (headers["Tag"], headers["Content-Type"]) == (["a", "b"], ["application/json"])
    asked = api.asked[0]
    assert (asked["method"], asked["path"]) == ("POST", "/prod/bills/over%20due?id=1&id=2")
    assert asked["headers"].get_all("custom") == ["x", "y"]
    assert (asked["headers"]["Host"], asked["headers"]["Authorization"]) == (HOST, None)
    assert (asked["body"], asked["headers"]["Content-Type"]) == ('{"a":1}', "application/json")


@pytest.mark.parametrize(
    ("body", "sent"), [("text", '"text"'), ("", '""'), (None, ""), ({"a": "b"}, '{"a":"b"}'), ([1], "[1]")]
)
def test_bodies_are_sent_as_json(submit: Callable[..., Answer], api: Api, body: Any, sent: str) -> None:
    invoke(submit, Method="POST", RequestBody=body)
    assert api.asked[0]["body"] == sent


def test_a_body_that_is_no_json_stays_text(submit: Callable[..., Answer], api: Api) -> None:
    api.body, api.status = b"plain", 201
    result = invoke(submit)
    assert (result["ResponseBody"], result["StatusCode"], result["StatusText"]) == ("plain", 201, "Created")
    assert api.asked[0]["path"] == "/"


@pytest.mark.parametrize("auth", ["IAM_ROLE", "RESOURCE_POLICY"])
def test_a_call_is_signed_for_the_region_of_the_api(submit: Callable[..., Answer], api: Api, auth: str) -> None:
    invoke(submit, AuthType=auth, Path="bills", QueryParameters={"b": ["2"], "a": ["1"]})
    headers = api.asked[0]["headers"]
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-west-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date" in headers["Authorization"]
    assert api.asked[0]["path"] == "/bills?b=2&a=1"


@pytest.mark.parametrize("status", [302, 403, 500])
def test_a_status_that_is_no_success_is_an_error(submit: Callable[..., Answer], api: Api, status: int) -> None:
    api.status, api.body = status, b'{"message":"Missing Authentication Token"}'
    with pytest.raises(StatesError) as caught:
        invoke(submit)
    assert (caught.value.error, caught.value.cause) == (f"ApiGateway.{status}", api.body.decode())
    assert len(api.asked) == 1, "redirections are not followed, errors not tried again"


def test_no_answer_is_an_error(submit: Callable[..., Answer], api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"service_config": {"execute-api": {"endpoint_url": "http://127.0.0.1:1"}}}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps({"conn_type": "aws", "extra": extra}))
    with pytest.raises(StatesError, match=r"^ApiGateway\.SdkClientException: Unable to execute HTTP request: "):
        invoke(submit)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"Headers": {"a": "text"}}, "The value of the field 'Headers' has an invalid format"),
        ({"QueryParameters": {"a": [1]}}, "The value of the field 'QueryParameters' has an invalid format"),
        ({"ApiEndpoint": "https://example.org"}, "The value of the field 'ApiEndpoint' has an invalid format"),
        ({"Method": "FETCH"}, "The value for the field 'Method' must be one of GET, POST, PUT, DELETE, PATCH, HEAD, O"),
        ({"Method": None}, "The field 'Method' is required but was missing"),
        ({"Path": 5}, "The value for the field 'Path' must be a STRING"),
        ({"Colour": 5}, "The field 'Colour' is not supported by Step Functions"),
        ({"Headers": {"X-Amz-Date": ["now"]}}, "The header 'X-Amz-Date' is not supported by Step Functions"),
        ({"AuthType": "KEY"}, "The value for the field 'AuthType' must be one of NO_AUTH, IAM_ROLE, RESOURCE_POLICY"),
    ],
)
def test_parameters_that_do_not_fit(submit: Callable[..., Answer], fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(StatesError) as caught:
        invoke(submit, **fields)
    assert caught.value.error == "States.Runtime"
    assert f"could not be used to start the Task: [{problem}" in (caught.value.cause or "")
