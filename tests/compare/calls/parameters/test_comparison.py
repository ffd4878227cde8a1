"""Differences of parameters: the same, the same by a rule, an operator's own, of the run, or different."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from sfn_provider.compare.calls.api_calls import TOKEN, ApiCall
from sfn_provider.compare.calls.parameters.comparison import compare_parameters

TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"


@dataclass(frozen=True)
class Case:
    name: str
    call: str
    machine: dict[str, Any]
    dag: dict[str, Any]
    verdicts: dict[str, str]
    """The kind of each difference by its member."""
    run_specific: dict[str, tuple[str, str]] = field(default_factory=dict)


CASES = (
    Case("the same", "sns Publish", {"TopicArn": TOPIC, "Message": "m"}, {"TopicArn": TOPIC, "Message": "m"}, {}),
    Case("another text", "sns Publish", {"Message": "a"}, {"Message": "b"}, {"Message": "different"}),
    Case("a member that the DAG lacks", "sns Publish", {"Subject": "s"}, {}, {"Subject": "different"}),
    Case("a member that the machine lacks", "sns Publish", {}, {"Subject": "s"}, {"Subject": "different"}),
    Case("a number and its text", "sqs SendMessage", {"DelaySeconds": 1}, {"DelaySeconds": "1"},
         {"DelaySeconds": "different"}),
    Case("true and 1", "glue StartJobRun", {"JobRunQueuingEnabled": True}, {"JobRunQueuingEnabled": 1},
         {"JobRunQueuingEnabled": "different"}),
    Case("a topic as target, a message as default", "sns Publish", {"TopicArn": TOPIC, "Message": "m"},
         {"TargetArn": TOPIC, "MessageStructure": "json", "Message": '{"default": "m"}'}, {"the parameters": "equal"}),
    Case("another topic as target", "sns Publish", {"TopicArn": TOPIC}, {"TargetArn": f"{TOPIC}-2"},
         {"the parameters": "equal", "TopicArn": "different"}),
    Case("messages for several protocols", "sns Publish", {"Message": "m"},
         {"MessageStructure": "json", "Message": '{"default": "m", "sms": "s"}'},
         {"MessageStructure": "different", "Message": "different"}),
    Case("a phone as target", "sns Publish", {"TopicArn": TOPIC},
         {"TargetArn": "arn:aws:sns:us-east-1:1:endpoint/GCM/a/b"},
         {"TopicArn": "different", "TargetArn": "different"}),
    Case("a cause with the number of an event", "sns Publish",
         {"Message": "'A' (entered at the event id #5). x"}, {"Message": "'A' (entered at the event id #12). x"},
         {"Message": "run_specific"}),
    Case("another cause with that number", "sns Publish",
         {"Message": "'A' (entered at the event id #5). x"}, {"Message": "'A' (entered at the event id #5). y"},
         {"Message": "different"}),
    Case("JSON with spaces", "lambda Invoke", {"Payload": '{"a":1,"b":[2]}'}, {"Payload": '{"b": [2], "a": 1.0}'},
         {"Payload": "equal"}),
    Case("a member within JSON", "lambda Invoke", {"Payload": '{"a":{"b":1}}'}, {"Payload": '{"a": {"b": 2}}'},
         {"Payload.a.b": "different"}),
    Case("an empty list within JSON", "lambda Invoke", {"Payload": '{"a":[]}'}, {"Payload": "{}"},
         {"Payload.a": "different"}),
    Case("no payload and an empty one", "lambda Invoke", {}, {"Payload": "{}"}, {"Payload": "equal"}),
    Case("a function's ARN and its name", "lambda Invoke",
         {"FunctionName": "arn:aws:lambda:us-east-1:1:function:f:live"}, {"FunctionName": "f", "Qualifier": "live"},
         {}),
    Case("another function", "lambda Invoke", {"FunctionName": "arn:aws:lambda:us-east-1:1:function:f"},
         {"FunctionName": "g"}, {"FunctionName": "different"}),
    Case("another version", "lambda Invoke", {"FunctionName": "f:1"}, {"FunctionName": "f", "Qualifier": "2"},
         {"Qualifier": "different"}),
    Case("without waiting for the function", "lambda Invoke", {}, {"InvocationType": "Event"},
         {"InvocationType": "different"}),
    Case("the function's log", "lambda Invoke", {}, {"LogType": "Tail", "InvocationType": "RequestResponse"},
         {"LogType": "addition", "InvocationType": "equal"}),
    Case("what AthenaOperator sends", "athena StartQueryExecution", {"QueryString": "q", "ClientRequestToken": TOKEN},
         {"QueryString": "q", "QueryExecutionContext": {"Database": "default", "Catalog": "AwsDataCatalog"},
          "ResultConfiguration": {}, "ClientRequestToken": "3c5b"},
         {"QueryExecutionContext.Database": "addition", "QueryExecutionContext.Catalog": "equal",
          "ResultConfiguration": "equal", "ClientRequestToken": "run_specific"}),
    Case("another database", "athena StartQueryExecution", {}, {"QueryExecutionContext": {"Database": "sales"}},
         {"QueryExecutionContext.Database": "different"}),
    Case("Glue's own argument", "glue StartJobRun", {"Arguments": {"--a": "1"}},
         {"Arguments": {"--a": "1", "--airflow_task_uuid": "x"}}, {"Arguments.--airflow_task_uuid": "addition"}),
    Case("an argument of the DAG's", "glue StartJobRun", {"Arguments": {"--a": "1"}},
         {"Arguments": {"--a": "1", "--debug": "true"}}, {"Arguments.--debug": "different"}),
    Case("a cluster's ARN and its name", "ecs RunTask", {"cluster": "arn:aws:ecs:us-east-1:1:cluster/c"},
         {"cluster": "c"}, {"cluster": "equal"}),
    Case("what DynamoDB stores is no default", "dynamodb PutItem", {"Item": {"a": {"L": []}}}, {"Item": {}},
         {"Item.a.L": "different"}),
    Case("a name with the execution's", "sagemaker CreateTrainingJob", {"TrainingJobName": "train-simulated"},
         {"TrainingJobName": "train-20250101"}, {"TrainingJobName": "run_specific"},
         {"/TrainingJobName": ("train-", "")}),
    Case("another name with the execution's", "sagemaker CreateTrainingJob", {"TrainingJobName": "train-simulated"},
         {"TrainingJobName": "tune-20250101"}, {"TrainingJobName": "different"}, {"/TrainingJobName": ("train-", "")}),
    Case("no name for the execution's", "sagemaker CreateTrainingJob", {"TrainingJobName": "train-simulated"},
         {}, {"TrainingJobName": "different"}, {"/TrainingJobName": ("train-", "")}),
    Case("an execution's name that only the DAG has", "stepfunctions StartExecution", {"input": "{}"},
         {"input": "{}", "name": "x"}, {"name": "run_specific"}),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_difference_is_told_for_what_it_is(case: Case) -> None:
    machine, dag = (ApiCall(*case.call.split(), parameters) for parameters in (case.machine, case.dag))
    verdicts = compare_parameters(machine, dag, case.run_specific)
    assert {verdict.member: verdict.kind for verdict in verdicts} == case.verdicts
    assert all(verdict.why or verdict.kind == "different" for verdict in verdicts)
