"""Requests to API Gateway in comparisons: the same call on both sides, answered by a mock."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sfn_provider.asl import parse
from sfn_provider.compare.calls.api_requests import is_api_request, read_request
from sfn_provider.compare.calls.interception.call_script import CallScript
from sfn_provider.compare.calls.interception.client_calls import CallRecorder, intercept_calls
from sfn_provider.compare.calls.machine_calls import run_machine, script_from_json, script_to_json
from sfn_provider.compare.calls.parameters.comparison import compare_parameters
from sfn_provider.engine import Mocks

ENDPOINT = "abc123.execute-api.us-east-1.amazonaws.com"
URL = f"https://{ENDPOINT}/prod/orders/7"
PARAMETERS = {
    "ApiEndpoint": ENDPOINT,
    "Method": "POST",
    "Stage": "prod",
    "Path.$": "States.Format('orders/{}', $.id)",
    "Headers": {"X-Kind": ["k"]},
    "RequestBody": {"a": [1, "é"]},
    "AuthType": "IAM_ROLE",
}


def script(answer: dict[str, Any]) -> CallScript:
    state = {"Type": "Task", "Resource": "arn:aws:states:::apigateway:invoke", "Parameters": PARAMETERS, "End": True}
    machine = parse({"StartAt": "S", "States": {"S": state}})
    run = run_machine(machine, {"id": 7}, Mocks.from_mapping({"S": [answer]}), "M")
    return CallScript(*script_from_json(script_to_json(run.calls, run.states)))


def sent(**changes: Any) -> Any:
    def sign(request: Any) -> Any:
        request.headers.update({"Authorization": "AWS4-HMAC-SHA256", "X-Amz-Date": "20270101T000000Z"})
        return request

    request = {"method": "POST", "url": URL, "json": {"a": [1, "é"]}, "headers": {"X-Kind": "k"}, "auth": sign}
    return requests.Request(**request | changes).prepare()


def test_the_request_of_a_state_and_that_of_a_dag_are_the_same_call() -> None:
    made = script({"Return": {}})
    verdicts = compare_parameters(made._open[0].call, read_request(sent()), {})  # type: ignore[arg-type]
    assert {verdict.kind for verdict in verdicts} <= {"equal"}


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"url": URL.replace("7", "8")}, "/Url"),
        ({"json": {"a": []}}, "/Body/a/0"),
        ({"headers": {}}, "/Headers"),
        ({"auth": None}, "/Signed"),
    ],
)
def test_what_differs_is_found(changes: dict[str, Any], member: str) -> None:
    made = script({"Return": {}})
    verdicts = compare_parameters(made._open[0].call, read_request(sent(**changes)), {})  # type: ignore[arg-type]
    assert any(verdict.kind == "different" and verdict.location.startswith(member) for verdict in verdicts), verdicts


def send(answer: dict[str, Any]) -> tuple[requests.Response, CallRecorder]:
    recorder = CallRecorder(script(answer))
    with intercept_calls(recorder, "us-east-1"), requests.Session() as session:
        return session.send(sent()), recorder


def test_the_mock_answers() -> None:
    result = {"ResponseBody": {"ok": True}, "StatusCode": 201, "Headers": {"X-A": ["b"]}, "StatusText": "Created"}
    response, recorder = send({"Return": result})
    assert (response.status_code, response.json(), response.headers["x-a"]) == (201, {"ok": True}, "b")
    assert [(call.state, call.error, str(call.call)) for call in recorder.calls] == [("S", None, "execute-api POST")]


def test_an_error_has_its_status() -> None:
    response, recorder = send({"Throw": {"Error": "ApiGateway.404", "Cause": "no such order"}})
    with pytest.raises(requests.HTTPError):
        response.raise_for_status()
    assert (response.status_code, response.text, recorder.calls[0].error) == (404, "no such order", "404")


def test_an_error_of_another_kind_is_one_of_the_server() -> None:
    assert send({"Throw": {"Error": "States.TaskFailed", "Cause": ""}})[0].status_code == 500


def test_a_timeout_is_no_answer() -> None:
    with pytest.raises(requests.exceptions.ReadTimeout):
        send({"Throw": {"Error": "States.Timeout", "Cause": ""}})


def test_other_hosts_are_not_answered() -> None:
    assert is_api_request(sent())
    assert not is_api_request(sent(url="https://example.com/"))
