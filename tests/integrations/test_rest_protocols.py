"""Lambda, Batch and STS, which speak REST or XML, against a scripted server: moto needs Docker for the first two."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest

from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Caller, Completed, Submitted
from tests.aws.moto import ACCOUNT, REGION
from tests.aws.scripted import ScriptedAws
from tests.aws.server import Response
from tests.fixtures.calls.task_calls import MACHINE_ARN, Answer, without_metadata

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:price"
INVOKE = "/2015-03-31/functions/price/invocations"
INVOKE_ARN = f"/2015-03-31/functions/{FUNCTION.replace(':', '%3A')}/invocations"
VERSION = {"X-Amz-Executed-Version": "$LATEST"}
FAILED = VERSION | {"X-Amz-Function-Error": "Unhandled"}


@pytest.mark.parametrize("payload", [{"a": [1, None]}, "text", 5, [], True])
def test_a_functions_payload_is_parsed(result: Callable[..., Any], scripted_aws: ScriptedAws, payload: Any) -> None:
    scripted_aws.script(INVOKE, Response(payload, headers=VERSION))
    got = result("lambda:invoke", {"FunctionName": "price", "Payload": payload})
    assert got == {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": payload}
    assert scripted_aws.calls == [(INVOKE, payload)]


def test_the_http_response_is_shown_with_its_own_spelling(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws
) -> None:
    scripted_aws.script(INVOKE, Response(1, headers=VERSION | {"x-amzn-RequestId": "r-1"}))
    answer = submit("lambda:invoke", {"FunctionName": "price"})
    assert isinstance(answer, Completed)
    http = answer.result["SdkHttpMetadata"]
    assert http["HttpStatusCode"] == 200
    assert http["HttpHeaders"]["X-Amz-Executed-Version"] == "$LATEST"
    assert http["AllHttpHeaders"]["X-Amz-Executed-Version"] == ["$LATEST"]
    assert answer.result["SdkResponseMetadata"] == {"RequestId": "r-1"}
    json.dumps(answer.result)


def test_a_function_as_the_resource_gives_its_payload(result: Callable[..., Any], scripted_aws: ScriptedAws) -> None:
    scripted_aws.script(INVOKE_ARN, Response({"total": 3}))
    assert result(FUNCTION, {"items": [1, 2]}) == {"total": 3}
    assert scripted_aws.calls == [(INVOKE_ARN, {"items": [1, 2]})]


def test_a_version_of_a_function_as_the_resource(result: Callable[..., Any], scripted_aws: ScriptedAws) -> None:
    scripted_aws.script(INVOKE_ARN.replace("/invocations", "%3A3/invocations"), Response({"total": 3}))
    assert result(f"{FUNCTION}:3", {}) == {"total": 3}


def test_the_log_of_a_function(result: Callable[..., Any], scripted_aws: ScriptedAws) -> None:
    scripted_aws.script(INVOKE, Response(1, headers=VERSION | {"X-Amz-Log-Result": "U1RBUlQ="}))
    arguments = {"FunctionName": "price", "Qualifier": "live", "LogType": "Tail", "ClientContext": "e30="}
    got = result("lambda:invoke", arguments)
    assert got == {"StatusCode": 200, "ExecutedVersion": "$LATEST", "LogResult": "U1RBUlQ=", "Payload": 1}
    headers, query = scripted_aws.requests[0].headers, scripted_aws.requests[0].query
    assert (headers["X-Amz-Log-Type"], headers["X-Amz-Client-Context"], query) == ("Tail", "e30=", "Qualifier=live")


def test_a_payload_that_is_no_json_stays_text(result: Callable[..., Any], scripted_aws: ScriptedAws) -> None:
    scripted_aws.script(INVOKE_ARN, Response(b"plain text"))
    assert result(FUNCTION, {}) == "plain text"


def test_an_asynchronous_call_has_no_payload(result: Callable[..., Any], scripted_aws: ScriptedAws) -> None:
    scripted_aws.script(INVOKE, Response(b"", status=202))
    got = result("lambda:invoke", {"FunctionName": "price", "InvocationType": "Event"})
    assert got == {"StatusCode": 202, "Payload": ""}


@pytest.mark.parametrize("resource", ["lambda:invoke", FUNCTION], ids=["invoke", "arn"])
def test_a_functions_error_has_its_own_name(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, resource: str
) -> None:
    payload = b'{"errorMessage": "no stock",  "errorType": "OutOfStock"}'
    scripted_aws.script(INVOKE, Response(payload, headers=FAILED))
    scripted_aws.script(INVOKE_ARN, Response(payload, headers=FAILED))
    with pytest.raises(StatesError) as caught:
        submit(resource, {"FunctionName": "price"})
    assert (caught.value.error, caught.value.cause) == ("OutOfStock", payload.decode())


@pytest.mark.parametrize("payload", ['{"errorMessage":"Task timed out"}', "null", '{"errorType":5}', "broken{"])
def test_a_functions_error_without_a_name(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, payload: str
) -> None:
    scripted_aws.script(INVOKE, Response(payload.encode(), headers=FAILED))
    with pytest.raises(StatesError) as caught:
        submit("lambda:invoke", {"FunctionName": "price"})
    assert caught.value.error == "Lambda.Unknown"
    assert (caught.value.cause or "").endswith(f"did not return an error type. Returned payload: {payload}")


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("ResourceNotFoundException", 404, "Lambda.ResourceNotFoundException"),
        ("TooManyRequestsException", 429, "Lambda.TooManyRequestsException"),
        ("ServiceException", 500, "Lambda.ServiceException"),
        ("AccessDeniedException", 403, "Lambda.AWSLambdaException"),
    ],
)
def test_an_error_of_lambda_is_told_at_once(
    submit: Callable[..., Answer],
    scripted_aws: ScriptedAws,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    status: int,
    error: str,
) -> None:
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")
    refusal = Response({"Message": "no"}, status, {"x-amzn-ErrorType": code, "x-amzn-RequestId": "r-1"})
    scripted_aws.script(INVOKE_ARN, refusal)
    with pytest.raises(StatesError) as caught:
        submit(FUNCTION, {})
    assert caught.value.error == error
    details = f"Service: AWSLambda; Status Code: {status}; Error Code: {code}; Request ID: r-1; Proxy: null"
    assert caught.value.cause == f"no ({details})"
    assert len(scripted_aws.calls) == 1, "a function may have run: no second call without a Retry of the definition"


JOB = {"JobName": "j", "JobQueue": "q", "JobDefinition": "d"}
SUBMIT = "/v1/submitjob"
DESCRIBE = "/v1/describejobs"
MARK = {"name": "MANAGED_BY_AWS", "value": "STARTED_BY_STEP_FUNCTIONS"}


def test_a_batch_job_is_followed(submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller) -> None:
    scripted_aws.script(SUBMIT, Response({"jobId": "1", "jobName": "j"}))
    scripted_aws.script(
        DESCRIBE,
        Response({"jobs": []}),
        Response({"jobs": [{"jobId": "1", "status": "RUNNABLE"}]}),
        Response({"jobs": [{"jobId": "1", "status": "SUCCEEDED", "createdAt": 5, "container": {"exitCode": 0}}]}),
    )
    answer = submit(
        "batch:submitJob.sync", JOB | {"ContainerOverrides": {"Environment": [{"Name": "A", "Value": "1"}]}}
    )
    environment = scripted_aws.calls[0][1]["containerOverrides"]["environment"]
    assert environment == [{"name": "A", "value": "1"}, MARK]
    for _ in range(2):
        assert isinstance(answer, Submitted)
        answer = caller.poll(answer.job)
    assert isinstance(answer, Submitted)
    done = caller.poll(answer.job)
    assert done == Completed({"JobId": "1", "Status": "SUCCEEDED", "CreatedAt": 5, "Container": {"ExitCode": 0}})
    assert scripted_aws.calls[-1] == (DESCRIBE, {"jobs": ["1"]})


def test_a_failed_batch_job(submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller) -> None:
    scripted_aws.script(SUBMIT, Response({"jobId": "1"}))
    scripted_aws.script(DESCRIBE, Response({"jobs": [{"status": "FAILED", "statusReason": "Host gone"}]}))
    answer = submit("batch:submitJob.sync", JOB)
    assert isinstance(answer, Submitted)
    with pytest.raises(StatesError) as caught:
        caller.poll(answer.job)
    assert (caught.value.error, caught.value.cause) == (
        "States.TaskFailed",
        '{"Status":"FAILED","StatusReason":"Host gone"}',
    )


@pytest.mark.parametrize(
    ("resource", "extra"),
    [("batch:submitJob", {}), ("batch:submitJob.sync", {"NodeOverrides": {"NumNodes": 2}})],
    ids=["not waited for", "several nodes"],
)
def test_other_batch_jobs_are_not_marked(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, resource: str, extra: dict[str, Any]
) -> None:
    scripted_aws.script(SUBMIT, Response({"jobId": "1"}))
    answer = submit(resource, JOB | extra)
    assert "containerOverrides" not in scripted_aws.calls[0][1]
    if isinstance(answer, Completed):
        assert without_metadata(answer.result) == {"JobId": "1"}


def test_a_stopped_execution_stops_its_batch_job(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller
) -> None:
    scripted_aws.script(SUBMIT, Response({"jobId": "1"}))
    scripted_aws.script("/v1/terminatejob", Response({}))
    answer = submit("batch:submitJob.sync", JOB)
    assert isinstance(answer, Submitted)
    caller.cancel(answer.job)
    assert scripted_aws.calls[-1][1]["jobId"] == "1"


REFUSAL = b"""<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>"""
XML = {"Content-Type": "text/xml"}


def test_a_role_that_may_not_be_assumed(submit: Callable[..., Answer], scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("/", Response(REFUSAL, 403, XML))
    role_arn = "arn:aws:iam::999999999999:role/other"
    with pytest.raises(StatesError) as caught:
        submit(FUNCTION, {}, credentials={"RoleArn": role_arn})
    assert caught.value.error == "States.Permissions"
    assert role_arn in (caught.value.cause or "")
    assert "not you" in (caught.value.cause or "")
    asked = parse_qs(scripted_aws.calls[0][1])
    assert asked["ExternalId"] == [MACHINE_ARN]
    assert (asked["RoleArn"], asked["RoleSessionName"]) == ([role_arn], ["first"])
    assert [path for path, _ in scripted_aws.calls] == ["/"], "the function is not called"
