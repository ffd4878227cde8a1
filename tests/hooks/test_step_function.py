"""The hook, over HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from sfn_provider._compat import AirflowException, AirflowFailException
from sfn_provider.exceptions import UsageError
from sfn_provider.hooks.step_function import StepFunctionHook
from sfn_provider.waiting.aws_client import create_client
from tests.aws.local_step_functions import PASS_THROUGH, SharedStepFunctions
from tests.aws.scripted import ScriptedAws
from tests.aws.server import NO_RESPONSE, PARTIAL_RESPONSE, ErrorResponse

ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"
RUNNING = {"executionArn": ARN, "status": "RUNNING", "startDate": 1.0}
SUCCEEDED = {"executionArn": ARN, "status": "SUCCEEDED", "startDate": 1.0, "stopDate": 2.0, "output": '{"n": 1}'}


def test_start_and_describe(pending_machine: str) -> None:
    hook = StepFunctionHook()
    arn = hook.start_execution(pending_machine, "one", {"n": 1})
    description = hook.describe_execution(arn)
    assert arn.endswith(":execution:Machine:one")
    assert (description["status"], json.loads(description["input"])) == ("RUNNING", {"n": 1})


def test_a_start_without_name_and_input_leaves_both_to_aws(pending_machine: str) -> None:
    hook = StepFunctionHook()
    description = hook.describe_execution(hook.start_execution(pending_machine))
    assert (len(description["name"]), description["input"]) == (36, "{}")


def test_an_input_that_cannot_be_sent_is_refused_before_the_call(scripted_aws: ScriptedAws) -> None:
    with pytest.raises(UsageError, match="at most 262,144"):
        StepFunctionHook().start_execution("arn:aws:states:us-east-1:1:stateMachine:M", "one", ["x" * 300_000])
    assert scripted_aws.calls == []


@pytest.mark.parametrize("qualifier", ["", ":3", ":live"])
def test_a_redrive_names_the_execution(scripted_aws: ScriptedAws, qualifier: str) -> None:
    scripted_aws.script("RedriveExecution", {"redriveDate": 1.0})
    machine = f"arn:aws:states:us-east-1:123456789012:stateMachine:Orders{qualifier}"
    assert StepFunctionHook().start_execution(machine, "one", is_redrive_execution=True) == ARN
    assert [body["executionArn"] for body in scripted_aws.bodies("RedriveExecution")] == [ARN]


def test_a_redrive_needs_a_name() -> None:
    with pytest.raises(AirflowFailException, match="which execution"):
        StepFunctionHook().start_execution("arn:aws:states:us-east-1:1:stateMachine:M", is_redrive_execution=True)


def test_stop(stepfunctions: SharedStepFunctions, pending_machine: str) -> None:
    hook = StepFunctionHook()
    arn = hook.start_execution(pending_machine)
    hook.stop_execution(arn, error="Gone", cause="away")
    stepfunctions.assert_execution(arn, status="ABORTED", error="Gone", cause="away")


def test_an_execution_is_stopped_whatever_the_length_of_the_cause(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("StopExecution", {"stopDate": 1.0})
    StepFunctionHook().stop_execution(ARN, error="E" * 300, cause="c" * 40_000)
    [body] = scripted_aws.bodies("StopExecution")
    assert (len(body["error"]), len(body["cause"]), body["cause"][-4:]) == (256, 32_768, "c...")


def test_a_wait_polls_without_data_and_ends_with_it(scripted_aws: ScriptedAws) -> None:
    pauses: list[float] = []
    pending = RUNNING | {"status": "PENDING_REDRIVE"}
    scripted_aws.script("DescribeExecution", RUNNING, pending, RUNNING, SUCCEEDED)
    description = StepFunctionHook().wait_for_execution(ARN, waiter_delay=7, sleep=pauses.append)
    assert description["output"] == '{"n": 1}'
    assert pauses == [7, 7, 7]
    polls = scripted_aws.bodies("DescribeExecution")
    assert [poll.get("includedData") for poll in polls] == ["METADATA_ONLY"] * 4 + [None]  # AWS's default: all data


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_wait_ends_with_every_end(stepfunctions: SharedStepFunctions, pending_machine: str, status: str) -> None:
    hook = StepFunctionHook()
    arn = hook.start_execution(pending_machine)
    description = hook.wait_for_execution(arn, sleep=lambda _: stepfunctions.end_execution(arn, status))
    assert description["status"] == status


def test_a_wait_has_as_many_looks_as_asked_for(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", RUNNING)
    with pytest.raises(AirflowException, match="RUNNING after 3 looks"):
        StepFunctionHook().wait_for_execution(ARN, waiter_max_attempts=3, sleep=lambda _: None)
    assert len(scripted_aws.calls) == 3


@pytest.mark.parametrize(
    "error",
    [
        ErrorResponse("ThrottlingException"),
        ErrorResponse("InternalServerError", status=500),
        ErrorResponse("Html", status=503),
        ErrorResponse("ExpiredTokenException"),
        ErrorResponse("ExecutionDoesNotExist"),
        NO_RESPONSE,
        PARTIAL_RESPONSE,
    ],
    ids=["throttled", "500", "503", "expired", "not there yet", "dropped", "cut off"],
)
def test_a_wait_outlasts_an_error(scripted_aws: ScriptedAws, error: Any) -> None:
    scripted_aws.script("DescribeExecution", RUNNING, error, error, error, RUNNING, error, SUCCEEDED)
    assert StepFunctionHook().wait_for_execution(ARN, 0, sleep=lambda _: None)["status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("describe_execution", {"executionArn": ARN}),
        ("describe_map_run", {"mapRunArn": ARN}),
        ("get_execution_history", {"executionArn": ARN}),
        ("list_executions", {"stateMachineArn": ARN}),
        ("list_map_runs", {"executionArn": ARN}),
        ("redrive_execution", {"executionArn": ARN}),
        ("start_execution", {"stateMachineArn": ARN}),
    ],
)
def test_an_answer_that_is_cut_off_is_a_lost_connection(
    scripted_aws: ScriptedAws, operation: str, arguments: dict[str, str]
) -> None:
    scripted_aws.script(operation.title().replace("_", ""), PARTIAL_RESPONSE)
    # Some older versions of botocore with their urllib3 tell it themselves.
    with pytest.raises((ConnectionError, ConnectionClosedError), match=r"was cut off|was closed"):
        getattr(StepFunctionHook().conn, operation)(**arguments)


def test_an_empty_answer_is_a_lost_connection_for_a_client_in_the_triggerer(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", {})

    async def look() -> None:
        async with await create_client(StepFunctionHook) as client:
            await client.describe_execution(executionArn=ARN)

    with pytest.raises(ConnectionError, match="DescribeExecution was cut off"):
        asyncio.run(look())


def test_an_answer_that_is_empty_by_nature_is_one(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("SendTaskSuccess", {})
    StepFunctionHook().send_task_success("token")


def test_expired_credentials_are_read_anew(scripted_aws: ScriptedAws, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted_aws.script("DescribeExecution", ErrorResponse("ExpiredTokenException"), SUCCEEDED)
    hook = StepFunctionHook()
    clients = [hook.conn]
    hook.describe_with_retries(ARN, sleep=lambda _: clients.append(hook.conn))
    assert clients[0] is not clients[1]


def test_a_missing_permission_ends_a_wait_at_once(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script(
        "DescribeExecution", ErrorResponse("AccessDeniedException", "no identity-based policy allows it")
    )
    with pytest.raises(AirflowFailException, match=r"states:DescribeExecution.*no identity-based policy"):
        StepFunctionHook().wait_for_execution(ARN)
    assert len(scripted_aws.calls) == 1


def test_an_execution_that_never_was_ends_a_wait(stepfunctions: SharedStepFunctions) -> None:
    stepfunctions.create_state_machine(PASS_THROUGH, name="Orders")
    with pytest.raises(AirflowFailException, match=r"ExecutionDoesNotExist.*AWS deletes executions 90 days after"):
        StepFunctionHook().wait_for_execution(ARN, sleep=lambda _: None)


def test_a_failure_reads_one_page_from_the_end(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script(
        "GetExecutionHistory",
        {
            "events": [
                {"id": 3, "previousEventId": 2, "timestamp": 1.0, "type": "ExecutionFailed"},
                {
                    "id": 2,
                    "previousEventId": 0,
                    "timestamp": 1.0,
                    "type": "FailStateEntered",
                    "stateEnteredEventDetails": {"name": "Refuse", "input": "{}"},
                },
            ]
        },
    )
    error = StepFunctionHook().failure({"executionArn": ARN, "status": "FAILED", "error": "E"})
    assert (error.failure.state, error.failure.error) == ("Refuse", "E")
    assert scripted_aws.bodies("GetExecutionHistory") == [
        {"executionArn": ARN, "reverseOrder": True, "maxResults": 100, "includeExecutionData": True}
    ]


@pytest.mark.parametrize(
    "answer",
    [ErrorResponse("AccessDeniedException"), ErrorResponse("ThrottlingException"), NO_RESPONSE, PARTIAL_RESPONSE],
    ids=repr,
)
def test_a_history_out_of_reach_hides_no_failure(scripted_aws: ScriptedAws, answer: Any) -> None:
    scripted_aws.script("GetExecutionHistory", answer)
    error = StepFunctionHook().failure({"executionArn": ARN, "status": "FAILED", "error": "E", "cause": "c"})
    assert "ended as FAILED: E: c" in str(error)
    assert "history could not be read" in str(error)


RUN = "arn:aws:states:us-east-1:123456789012:mapRun:Orders/Each:1"
CHILD = "arn:aws:states:us-east-1:123456789012:execution:Orders/Each:"
MAP_RUN_FAILED = [
    {"id": 4, "previousEventId": 3, "timestamp": 1.0, "type": "ExecutionFailed"},
    {"id": 3, "previousEventId": 2, "timestamp": 1.0, "type": "MapRunFailed"},
    {
        "id": 2,
        "previousEventId": 1,
        "timestamp": 1.0,
        "type": "MapRunStarted",
        "mapRunStartedEventDetails": {"mapRunArn": RUN},
    },
]
TOLERANCE = {"executionArn": ARN, "status": "FAILED", "error": "States.ExceedToleratedFailureThreshold"}


def test_a_failed_map_run_shows_its_failed_items(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("GetExecutionHistory", {"events": MAP_RUN_FAILED})
    children = [
        {"executionArn": f"{CHILD}{name}", "stateMachineArn": "m", "name": name, "status": "FAILED", "startDate": 1.0}
        for name in ("a", "b")
    ]
    scripted_aws.script("ListExecutions", {"executions": children})
    scripted_aws.script(
        "DescribeExecution",
        children[0] | {"error": "Orders.Bad", "cause": "no stock", "input": '{"id": 7}'},
        children[1] | {"error": "Orders.Late", "input": "{}"},
    )
    error = StepFunctionHook().failure(TOLERANCE)
    assert str(error) == (
        f"Execution {ARN} ended as FAILED: States.ExceedToleratedFailureThreshold\n"
        "Failed items:\n"
        f'  {CHILD}a: Orders.Bad: no stock; input: {{"id": 7}}\n'
        f"  {CHILD}b: Orders.Late; input: {{}}"
    )
    assert scripted_aws.bodies("ListExecutions") == [{"mapRunArn": RUN, "statusFilter": "FAILED", "maxResults": 5}]


def test_failed_items_out_of_reach_hide_no_failure(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("GetExecutionHistory", {"events": MAP_RUN_FAILED})
    scripted_aws.script("ListExecutions", ErrorResponse("AccessDeniedException"))
    message = str(StepFunctionHook().failure(TOLERANCE))
    assert "States.ExceedToleratedFailureThreshold" in message
    assert "Its failed items could not be read: AWS refuses states:ListExecutions" in message


def test_a_history_is_read_page_by_page(scripted_aws: ScriptedAws) -> None:
    first = {"events": [{"id": 1, "timestamp": 1.0, "type": "ExecutionStarted"}], "nextToken": "t"}
    second = {"events": [{"id": 2, "timestamp": 1.0, "type": "ExecutionSucceeded"}]}
    scripted_aws.script("GetExecutionHistory", first, ErrorResponse("ThrottlingException"), second)
    pages = list(StepFunctionHook().history_pages(ARN, include_execution_data=False, max_results=1))
    assert [event["id"] for page in pages for event in page["events"]] == [1, 2]
    bodies = scripted_aws.bodies("GetExecutionHistory")
    assert [body.get("nextToken") for body in bodies] == [None, "t", "t"]
    assert all((body["includeExecutionData"], body["maxResults"]) == (False, 1) for body in bodies)


def test_a_history_ends_after_as_many_pages_as_asked_for(scripted_aws: ScriptedAws) -> None:
    page = {"events": [{"id": 1, "timestamp": 1.0, "type": "ExecutionStarted"}], "nextToken": "t"}
    scripted_aws.script("GetExecutionHistory", page)
    assert len(list(StepFunctionHook().history_pages(ARN, max_pages=3))) == 3


CHINA = "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:Orders"


@pytest.mark.parametrize(
    ("arguments", "extra", "region"),
    [
        ({"arn": CHINA}, "", "cn-north-1"),
        ({"arn": CHINA}, "?region_name=eu-west-1", "cn-north-1"),
        ({"arn": CHINA, "region_name": "cn-northwest-1"}, "", "cn-northwest-1"),
        ({"arn": "{{ var.value.machine }}"}, "?region_name=eu-west-1", "eu-west-1"),
        ({}, "?region_name=eu-west-1", "eu-west-1"),
        ({}, "", "us-east-1"),
    ],
    ids=["the ARN's", "before the connection's", "given", "a template has none", "the connection's", "boto3's"],
)
def test_the_region(monkeypatch: pytest.MonkeyPatch, arguments: Any, extra: str, region: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", f"aws://{extra}")
    assert StepFunctionHook(**arguments).conn_region_name == region


def test_the_arns_region_holds_without_a_connection() -> None:
    hook = StepFunctionHook(aws_conn_id=None, arn=CHINA)
    assert (hook.conn_region_name, hook.conn_partition) == ("cn-north-1", "aws-cn")


def test_a_connection_may_name_an_endpoint_of_its_own(
    scripted_aws: ScriptedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    extra = {"service_config": {"stepfunctions": {"endpoint_url": scripted_aws.url}}}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps({"conn_type": "aws", "extra": extra}))
    scripted_aws.script("DescribeExecution", SUCCEEDED)
    assert StepFunctionHook().describe_execution(ARN)["status"] == "SUCCEEDED"
