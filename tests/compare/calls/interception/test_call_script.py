"""Answers to a DAG's calls: mocks in the API's shape, jobs, errors, and service models."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.compare.calls.api_calls import ApiCall
from sfn_provider.compare.calls.interception.call_script import CallScript, NoAnswer, ServiceError
from sfn_provider.compare.calls.machine_calls import run_machine, script_from_json, script_to_json
from sfn_provider.engine import Mocks

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:f"
GLUE = "arn:aws:states:::glue:startJobRun.sync"
Answer = dict[str, Any]


def task(resource: str, **parameters: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}


def script(state: dict[str, Any], *answers: Answer) -> CallScript:
    """The script of an execution of one state, as it reaches another process."""
    machine = parse({"StartAt": "S", "States": {"S": state}})
    run = run_machine(machine, {}, Mocks.from_mapping({"S": list(answers)}), "M")
    return CallScript(*script_from_json(script_to_json(run.calls, run.states)))


def answer(made: CallScript, call: str, **parameters: Any) -> dict[str, Any]:
    response, _ = made.answer(ApiCall(*call.split(), parameters), parameters)
    return response


def thrown(error: str, cause: str = "why") -> Answer:
    return {"Throw": {"Error": error, "Cause": cause}}


def test_a_functions_result_is_its_payload() -> None:
    made = script(task(LAMBDA), {"Return": {"a": 1}})
    assert answer(made, "lambda Invoke", FunctionName="f", Payload="{}")["Payload"] == b'{"a":1}'


def test_a_functions_error_is_in_its_payload() -> None:
    made = script(task(LAMBDA), thrown("FileNotFoundError", '{"errorMessage": "no"}'))
    response = answer(made, "lambda Invoke", FunctionName="f", Payload="{}")
    assert response["FunctionError"] == "Unhandled"
    assert response["Payload"] == b'{"errorMessage": "no", "errorType": "FileNotFoundError"}'


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("Glue.ConcurrentRunsExceededException", "ConcurrentRunsExceededException"),
        ("Glue.AWSGlueException", "InternalFailure"),
        ("States.Permissions", "AccessDeniedException"),
    ],
)
def test_an_error_of_the_service_has_its_code(error: str, code: str) -> None:
    made = script(task(GLUE, JobName="j"), thrown(error))
    with pytest.raises(ServiceError) as raised:
        answer(made, "glue StartJobRun", JobName="j")
    assert (raised.value.code, raised.value.message, raised.value.state) == (code, "why", "S")


def test_a_function_that_takes_too_long_is_not_answered() -> None:
    made = script(task(LAMBDA), thrown("States.Timeout"))
    with pytest.raises(NoAnswer):
        answer(made, "lambda Invoke", FunctionName="f")


def statuses(made: CallScript, run: str) -> list[str]:
    runs = [answer(made, "glue GetJobRun", JobName="j", RunId=run)["JobRun"] for _ in range(3)]
    return [found["JobRunState"] for found in runs]


def test_a_job_runs_once_and_has_then_ended_with_what_the_mock_says() -> None:
    made = script(task(GLUE, JobName="j"), {"Return": {"Id": "jr_7", "JobRunState": "SUCCEEDED", "ExecutionTime": 3}})
    assert answer(made, "glue StartJobRun", JobName="j")["JobRunId"] == "jr_7"
    assert statuses(made, "jr_7") == ["RUNNING", "SUCCEEDED", "SUCCEEDED"]
    ended = answer(made, "glue GetJobRun", JobName="j", RunId="jr_7")["JobRun"]
    assert ended == {"Id": "jr_7", "JobRunState": "SUCCEEDED", "ExecutionTime": 3}


@pytest.mark.parametrize(("error", "status"), [("States.TaskFailed", "FAILED"), ("States.Timeout", "TIMEOUT")])
def test_a_job_that_fails_was_started(error: str, status: str) -> None:
    made = script(task(GLUE, JobName="j"), thrown(error, '{"ErrorMessage": "memory"}'))
    run = answer(made, "glue StartJobRun", JobName="j")["JobRunId"]
    assert statuses(made, run) == ["RUNNING", status, status]
    assert answer(made, "glue GetJobRun", JobName="j", RunId=run)["JobRun"]["ErrorMessage"] == "memory"


def test_jobs_of_the_same_kind_are_told_apart() -> None:
    made = script(task(GLUE, JobName="j"), {"Return": {}})
    first, second = (answer(made, "glue StartJobRun", JobName="j")["JobRunId"] for _ in range(2))
    assert first != second
    assert statuses(made, first)[0] == "RUNNING"
    assert statuses(made, second)[0] == "RUNNING"


def test_the_mock_of_each_attempt_answers_one_call_and_the_last_one_repeats() -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]
    made = script(task(GLUE, JobName="j") | {"Retry": retry}, thrown("Glue.AWSGlueException"), {"Return": {"Id": "r"}})
    with pytest.raises(ServiceError):
        answer(made, "glue StartJobRun", JobName="j")
    assert answer(made, "glue StartJobRun", JobName="j")["JobRunId"] == "r"
    assert answer(made, "glue StartJobRun", JobName="j")["JobRunId"] == "r"


def test_what_no_state_calls_is_answered_by_the_model() -> None:
    made = script(task(LAMBDA), {"Return": 1})
    assert answer(made, "glue GetJob", JobName="j")["Job"]["Name"] == "Name-1"
    assert "Contents" not in answer(made, "s3 ListObjectsV2", Bucket="b")  # as S3 says of an empty bucket
    assert "NextToken" not in answer(made, "glue GetTables", DatabaseName="d")


def test_a_job_that_is_named_by_its_caller_is_not_there_before_it_starts() -> None:
    made = script(task(LAMBDA), {"Return": 1})
    with pytest.raises(ServiceError, match="ValidationException"):
        answer(made, "sagemaker DescribeTransformJob", TransformJobName="t")
    answer(made, "sagemaker CreateTransformJob", TransformJobName="t")
    found = answer(made, "sagemaker DescribeTransformJob", TransformJobName="t")
    assert found["TransformJobStatus"] == "InProgress"


def test_values_of_the_execution_are_marked() -> None:
    machine = parse(
        {
            "StartAt": "S",
            "States": {
                "S": {
                    "Type": "Task",
                    "Resource": LAMBDA,
                    "Parameters": {"id.$": "States.Format('run {} ends', $$.Execution.Name)", "b": 1},
                    "End": True,
                }
            },
        }
    )
    run = run_machine(machine, {}, Mocks.from_mapping({"S": [{"Return": 1}]}), "M")
    assert run.calls[0].run_specific == {"/Payload/id": ("run ", " ends")}


def test_xml_cannot_hold_an_empty_list() -> None:
    delete = task("arn:aws:states:::aws-sdk:s3:deleteObjects", Bucket="b", Delete={"Objects": [{"Key": "k"}]})
    for result in ({}, {"Errors": []}):
        found = answer(script(delete, {"Return": result}), "s3 DeleteObjects", Bucket="b", Delete=delete["Parameters"])
        assert "Errors" not in found
    failed = {"Errors": [{"Key": "k", "Code": "AccessDenied"}]}
    found = answer(script(delete, {"Return": failed}), "s3 DeleteObjects", Bucket="b", Delete=delete["Parameters"])
    assert found["Errors"][0]["Code"] == "AccessDenied"


def test_a_models_answer_is_its_body() -> None:
    ask = task("arn:aws:states:::bedrock:invokeModel", ModelId="m", Body={"prompt": "?"})
    for body in ({"text": "42"}, "done", [1], None):
        found = answer(script(ask, {"Return": {"Body": body}}), "bedrock-runtime InvokeModel", modelId="m")
        assert json.loads(found["body"]) == body
    assert answer(script(ask, {"Return": {}}), "bedrock-runtime InvokeModel", modelId="m")["body"] == b"{}"


@pytest.mark.parametrize("name", ["${Function}", "arn:${AWS::Partition}:lambda:${AWS::Region}:1:function:f"])
def test_a_resource_that_a_deployment_tool_fills_in_is_a_function(name: str) -> None:
    made = script({"Type": "Task", "Resource": name, "End": True}, {"Return": {"a": 1}})
    payload = answer(made, "lambda Invoke", FunctionName=name, Payload="{}")["Payload"]
    assert json.loads(payload) == {"a": 1}


@pytest.mark.parametrize("task_ids", [("Ask_b", "Ask_a"), ("Ask_a", "Ask_b")], ids=["b first", "a first"])
def test_equal_calls_of_branches_get_the_answers_of_the_states_that_their_tasks_are_named_after(
    task_ids: tuple[str, str],
) -> None:
    state = task("arn:aws:states:::aws-sdk:athena:getQueryExecution", QueryExecutionId="q")
    branches = [{"StartAt": name, "States": {name: state}} for name in ("Ask a", "Ask b")]
    machine = parse({"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": branches, "End": True}}})
    mocks = {f"Ask {name}": [{"Return": {"QueryExecution": {"Query": name}}}] for name in "ab"}
    run = run_machine(machine, {}, Mocks.from_mapping(mocks), "M")
    made = CallScript(run.calls, run.states)
    asked = {"QueryExecutionId": "q"}
    for _ in range(2):  # the second time no call of the machine is left: the states answer
        for task_id in task_ids:
            response, named = made.answer(ApiCall("athena", "GetQueryExecution", asked), asked, task_id)
            assert (response["QueryExecution"]["Query"], named) == (task_id[-1], f"Ask {task_id[-1]}")
