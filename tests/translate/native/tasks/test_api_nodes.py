"""Calls of API Gateway in native DAGs: requests, signed where AuthType asks for it."""

from __future__ import annotations

import ast
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from sfn_provider.aws_signatures import ReceivedRequest
from sfn_provider.translate import Translation
from tests.translate.native.native_states import call, native

ENDPOINT = "abc123.execute-api.eu-west-1.amazonaws.com"
LAMBDA = call("f", End=True)


def calling(**parameters: Any) -> dict[str, Any]:
    known = {"ApiEndpoint": ENDPOINT, "Method": "POST", "Stage": "prod", **parameters}
    return {"Type": "Task", "Resource": "arn:aws:states:::apigateway:invoke", "Parameters": known}


def alone(airflow: str = "3.3.1", **parameters: Any) -> Translation:
    return native({"A": calling(**parameters) | {"End": True}}, airflow)


@pytest.mark.parametrize("airflow", ["3.3.2", "3.0.6", "2.11.2", "2.10.3"])
def test_a_signed_call_is_a_function_that_sends_a_request(airflow: str) -> None:
    path = {"Path.$": "States.Format('/@connections/{}', $.id)"}
    made = alone(airflow, AuthType="IAM_ROLE", RequestBody={"text": "hello"}, **path)
    assert f'API = "https://{ENDPOINT}/prod"\n' in made.source
    assert "response = requests.post(" in made.source
    assert "url=API + f\"/@connections/{params['id']}\"" in made.source
    assert 'json={"text": "hello"},' in made.source
    assert "auth=sign," in made.source
    assert "response.raise_for_status()\n" in made.source
    assert "sfn_provider" not in made.source
    assert [found.state for found in made.findings if found.code == "API_REQUEST"] == ["A"]
    ast.parse(made.source)


def test_a_call_without_credentials_is_not_signed() -> None:
    parameters = {"Path": "/a b/c", "QueryParameters": {"q": ["1", "x y"]}, "Headers": {"X-Kind": ["k"]}}
    made = alone(Method="GET", AuthType="NO_AUTH", **parameters)
    assert 'requests.get(url=API + "/a%20b/c?q=1&q=x%20y", headers={"X-Kind": "k"}, timeout=60)' in made.source
    assert "sign" not in made.source
    assert "json" not in made.source


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("$.a.ResponseBody.id", "return response.json()"),
        ("$.a.StatusCode", "return api_result(response)"),
        ("$.a", "return api_result(response)"),
    ],
)
def test_what_later_states_read_is_returned(path: str, line: str) -> None:
    reading = {**LAMBDA, "Parameters": {"read.$": path}}
    made = native({"A": calling() | {"ResultPath": "$.a", "Next": "B"}, "B": reading})
    assert line in made.source
    assert {entry.how for entry in made.tasks} == {"taskflow", "operator"}


NOT_PLAIN: dict[str, dict[str, Any]] = {
    "a path that is known only in a run": {"Path.$": "$.path"},
    "a header of several values": {"Headers": {"X-Kind": ["a", "b"]}},
    "a query that is known only in a run": {"QueryParameters.$": "$.query"},
    "a parameter that removes nulls": {"AllowNullValues": True},
}


@pytest.mark.parametrize("case", NOT_PLAIN)
def test_what_is_not_plain_stays_exact(case: str) -> None:
    made = native({"A": calling(**NOT_PLAIN[case]) | {"Next": "B"}, "B": LAMBDA})
    assert {entry.state: entry.how for entry in made.tasks}["A"] == "exact"


def test_a_catch_that_names_a_status_stays_exact() -> None:
    catch = [{"ErrorEquals": ["ApiGateway.404"], "Next": "C"}]
    made = native({"A": calling() | {"Catch": catch, "Next": "B"}, "B": LAMBDA, "C": LAMBDA})
    assert {entry.state: entry.how for entry in made.tasks}["A"] == "exact"


class Hook:
    def get_credentials(self) -> ReadOnlyCredentials:
        return ReadOnlyCredentials("AKID", "secret", "token")


def functions_of(source: str) -> dict[str, Any]:
    found = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    scope: dict[str, Any] = {
        "AwsBaseHook": Hook,
        "AWSRequest": AWSRequest,
        "SigV4Auth": SigV4Auth,
        "urlsplit": urlsplit,
    }
    exec(compile(ast.Module(list(found), []), "dag.py", "exec"), scope)
    return scope


@pytest.mark.parametrize("path", ["/@connections/L0SM9cOF=", "/a b", "/é?x=1&y=a+b"])
def test_the_signature_is_that_of_the_request_as_it_is_sent(path: str) -> None:
    sign = functions_of(alone(AuthType="IAM_ROLE").source)["sign"]
    url = f"https://{ENDPOINT}/prod{path}"
    sent = requests.Request("POST", url, json={"text": "grüße"}, auth=sign).prepare()
    authorization = sent.headers["Authorization"]
    assert "/eu-west-1/execute-api/aws4_request" in authorization
    assert sent.headers["X-Amz-Security-Token"] == "token"
    headers = {name.lower(): value for name, value in {"Host": ENDPOINT, **sent.headers}.items()}
    signed = authorization.split("SignedHeaders=")[1].split(",")[0].split(";")
    received = ReceivedRequest("POST", sent.path_url, headers, sent.body)
    expected = received.signature(signed, "AKID", "secret", "eu-west-1", "execute-api")
    assert expected == authorization.rpartition("Signature=")[2]


def test_the_result_is_that_of_the_task() -> None:
    reading = {**LAMBDA, "Parameters": {"read.$": "$"}}
    made = native({"A": calling() | {"Next": "B"}, "B": reading})
    api_result = functions_of(made.source)["api_result"]
    response = requests.Response()
    response.status_code, response.reason, response._content = 200, "OK", json.dumps([1]).encode()
    response.headers["X-A"] = "b"
    expected = {"ResponseBody": [1], "Headers": {"X-A": ["b"]}, "StatusCode": 200, "StatusText": "OK"}
    assert api_result(response) == expected
    response._content = b""
    assert api_result(response)["ResponseBody"] == ""
