"""Tasks that really run: Lambda functions, and services at endpoints, with the errors that Step Functions names."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.server.tasks.lambda_client import function_name, parse_functions
from sfn_provider.server.tasks.service_tasks import EVERY_SERVICE, ServiceTasks, check_endpoints
from tests.aws.server import Answer, ErrorResponse, Request, Response
from tests.aws.server import serve as serve_aws
from tests.fixtures.local_service import Service, serve
from tests.fixtures.machines.definitions import END, machine

Json = Any
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:"


class TooFewError(Exception):
    """An error of a function's own."""


def _count(event: Json, context: Any) -> Json:
    if len(event["items"]) < 2:
        raise TooFewError(f"{len(event['items'])} items")
    return {"count": len(event["items"])}


@dataclass
class Services:
    """Answers DynamoDB, Glue, SQS and the endpoint of a function; keeps what it was asked."""

    requests: list[tuple[str, Json]] = field(default_factory=list)
    polls: int = 0
    job_state: str = "SUCCEEDED"
    stopped: threading.Event = field(default_factory=threading.Event)
    may_start: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.may_start.set()

    def __call__(self, request: Request) -> Answer:
        self.requests.append((request.action or request.path, request.body))
        return self._answers(request)

    def _answers(self, request: Request) -> Answer:
        if request.action == "PutItem":
            if request.body["TableName"] == "missing":
                return ErrorResponse("com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "no table")
            return {}
        if request.action == "StartJobRun":
            assert self.may_start.wait(30)
            return {"JobRunId": "jr_1"}
        if request.action == "GetJobRun":
            self.polls += 1
            state = "RUNNING" if self.polls == 1 else self.job_state
            return {"JobRun": {"Id": "jr_1", "JobName": "j", "JobRunState": state}}
        if request.action == "BatchStopJobRun":
            self.stopped.set()
            return {"SuccessfulSubmissions": [], "Errors": []}
        if request.action == "SendMessage":
            return {"MessageId": "m-1"}
        if request.path == "/2015-03-31/functions/remote/invocations":
            return {"echo": request.body}
        if request.path == "/emulator":
            return {"errorType": "RemoteError", "errorMessage": "no", "stackTrace": []}
        return Response("nothing here", 502)


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    """The services, for all tests of the file."""
    yield Services()


@pytest.fixture(scope="module")
def url(services: Services) -> Iterator[str]:
    """Their address."""
    with serve_aws(services) as address:
        yield address


@pytest.fixture(scope="module")
def real(url: str) -> Iterator[Service]:
    """A server whose tasks call the functions and services."""
    functions = parse_functions({"remote": url, "emulated": f"{url}/emulator", "broken": f"{url}/broken"})
    tasks = ServiceTasks({"count": _count, **functions}, {"dynamodb": url, "glue": url, "sqs": url}, poll_seconds=0.01)
    with serve(tasks=tasks, time=20.0) as service:
        yield service


def _invoke(function: str, **parameters: Json) -> Json:
    parameters = {"FunctionName": function, "Payload.$": "$"} | parameters
    return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": parameters, "End": True}


def _run(real: Service, state: Json, input: Json = None) -> tuple[str, Json]:
    """Run a state alone: its output, or its error and cause."""
    found = real.run(machine({"Work": state}), input)
    if found["status"] == "SUCCEEDED":
        return "SUCCEEDED", json.loads(found["output"])
    return found["error"], found.get("cause")


def test_a_function_by_its_arn_gets_the_input_and_gives_the_output(real: Service) -> None:
    state = {"Type": "Task", "Resource": f"{FUNCTION}count", "End": True}
    assert _run(real, state, {"items": [1, 2, 3]}) == ("SUCCEEDED", {"count": 3})
    error, cause = _run(real, state, {"items": []})
    details = json.loads(cause)
    assert (error, details["errorType"], details["errorMessage"]) == ("TooFewError", "TooFewError", "0 items")


@pytest.mark.parametrize(
    "name", ["count", f"{FUNCTION}count", f"{FUNCTION}count:$LATEST", "123456789012:function:count"]
)
def test_lambda_invoke_wraps_the_payload(real: Service, name: str) -> None:
    status, output = _run(real, _invoke(name), {"items": [1, 2]})
    assert (status, output["Payload"], output["StatusCode"]) == ("SUCCEEDED", {"count": 2}, 200)
    assert output["ExecutedVersion"] == "$LATEST" and output["SdkHttpMetadata"]["HttpStatusCode"] == 200


def test_retry_and_catch_match_the_error_of_a_function(real: Service) -> None:
    state = _invoke("count") | {
        "Retry": [{"ErrorEquals": ["TooFewError"], "IntervalSeconds": 1, "MaxAttempts": 1, "BackoffRate": 1}],
        "Catch": [{"ErrorEquals": ["TooFewError"], "ResultPath": "$.failure", "Next": "Caught"}],
    }
    found = real.run(machine({"Work": state, "Caught": END}), {"items": [1]})
    assert json.loads(found["output"])["failure"]["Error"] == "TooFewError"
    assert real.types(found["executionArn"]).count("TaskFailed") == 2


def test_an_event_is_not_waited_for(real: Service) -> None:
    status, output = _run(real, _invoke("count", InvocationType="Event"), {"items": []})
    assert (status, output["StatusCode"], output["Payload"]) == ("SUCCEEDED", 202, "")


def test_functions_behind_endpoints(real: Service) -> None:
    status, output = _run(real, _invoke("remote"), {"n": 1})
    assert (status, output["Payload"]) == ("SUCCEEDED", {"echo": {"n": 1}})
    error, cause = _run(real, _invoke("emulated"), {"n": 1})
    assert (error, json.loads(cause)["errorMessage"]) == ("RemoteError", "no")
    error, cause = _run(real, _invoke("broken"), {"n": 1})
    assert error == "States.Runtime" and "the Lambda function 'broken' at " in cause and "status 502" in cause


def _put(table: str, resource: str) -> Json:
    parameters = {"TableName": table, "Item": {"id": {"S.$": "$.id"}}}
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, "End": True}


def test_a_service_is_called_at_its_endpoint(real: Service, services: Services) -> None:
    status, output = _run(real, _put("orders", "dynamodb:putItem"), {"id": "7"})
    assert status == "SUCCEEDED" and output["SdkHttpMetadata"]["HttpStatusCode"] == 200
    assert ("PutItem", {"TableName": "orders", "Item": {"id": {"S": "7"}}}) in services.requests


@pytest.mark.parametrize(
    ("resource", "error"),
    [
        ("dynamodb:putItem", "DynamoDB.ResourceNotFoundException"),
        ("aws-sdk:dynamodb:putItem", "DynamoDb.ResourceNotFoundException"),
    ],
)
def test_errors_have_the_names_of_step_functions(real: Service, resource: str, error: str) -> None:
    found, cause = _run(real, _put("missing", resource), {"id": "7"})
    assert found == error and cause.startswith("no table (Service: ")


def _job(**fields: Json) -> Json:
    resource = "arn:aws:states:::glue:startJobRun.sync"
    return {"Type": "Task", "Resource": resource, "Parameters": {"JobName": "j"}, "End": True} | fields


def test_a_job_is_followed_to_its_end(real: Service, services: Services) -> None:
    services.polls, services.job_state = 0, "SUCCEEDED"
    status, output = _run(real, _job())
    assert (status, output["JobRunState"], services.polls) == ("SUCCEEDED", "SUCCEEDED", 2)
    services.polls, services.job_state = 0, "FAILED"
    error, cause = _run(real, _job())
    assert (error, json.loads(cause)["JobRunState"]) == ("States.TaskFailed", "FAILED")


@pytest.mark.parametrize("is_answered", [True, False], ids=["while it runs", "before its start is answered"])
def test_a_job_whose_state_times_out_is_stopped(real: Service, services: Services, is_answered: bool) -> None:
    services.polls, services.job_state = 0, "RUNNING"
    services.stopped.clear()
    if not is_answered:
        services.may_start.clear()
    assert _run(real, _job(TimeoutSeconds=20 if is_answered else 1))[0] == "States.Timeout"
    services.may_start.set()
    assert services.stopped.wait(30)


def test_a_message_with_a_task_token_is_sent_and_its_answer_awaited(real: Service, services: Services) -> None:
    parameters = {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q", "MessageBody.$": "$$.Task.Token"}
    resource = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
    state = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    execution = real.start(real.create(machine({"Work": state})))
    real.wait_for_event(execution, "TaskSubmitted")
    [token] = [body["MessageBody"] for action, body in services.requests if action == "SendMessage"]
    real.client.send_task_success(taskToken=token, output="5")
    assert json.loads(real.wait(execution)["output"]) == 5


@pytest.mark.parametrize("resource", ["sns:publish", "aws-sdk:sns:publish", "lambda:invoke"])
def test_what_has_no_endpoint_is_never_called_at_aws(real: Service, resource: str) -> None:
    parameters = {"FunctionName": "unknown"} if resource.startswith("lambda") else {"TopicArn": "t", "Message": "m"}
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, "End": True}
    error, cause = _run(real, state)
    assert error == "States.Runtime" and "give the server a mock for state 'Work', a function or an endpoint" in cause


def test_an_endpoint_for_all_services(url: str, services: Services) -> None:
    with serve(tasks=ServiceTasks({}, {EVERY_SERVICE: url})) as service:
        assert _run(service, _put("orders", "dynamodb:putItem"), {"id": "8"})[0] == "SUCCEEDED"


NAMES = {
    "count": "count",
    "count:7": "count",
    f"{FUNCTION}count:live": "count",
    "function:count": "count",
    "no name": None,
    "": None,
}


@pytest.mark.parametrize("text", NAMES)
def test_names_of_functions(text: str) -> None:
    assert function_name(text) == NAMES[text]


REFUSED_FUNCTIONS = {
    "a b": "json:dumps",
    "f": "ftp://localhost/f",
    "g": "http:///nowhere",
}


@pytest.mark.parametrize("name", REFUSED_FUNCTIONS)
def test_functions_that_cannot_be(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name!r} is (no name of a Lambda function|at .*, which is no http)"):
        parse_functions({name: REFUSED_FUNCTIONS[name]})


REFUSED_ENDPOINTS = {
    "dynamo": ("http://localhost:1", "there is no service 'dynamo' .*; did you mean 'dynamodb'"),
    "sqs": ("localhost:1", "'localhost:1' is no http:// or https:// URL"),
}


@pytest.mark.parametrize("service", REFUSED_ENDPOINTS)
def test_endpoints_that_cannot_be(service: str) -> None:
    url, message = REFUSED_ENDPOINTS[service]
    with pytest.raises(UsageError, match=message):
        check_endpoints({service: url}, ["dynamodb", "sqs", "sns"])
