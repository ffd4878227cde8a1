"""Calls that are done at once, against moto's server."""

from __future__ import annotations

import json
import os
import socket
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from sfn_provider.engine.requests import CallTask
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.integrations import Caller, Completed, Submitted
from tests.aws.local_step_functions import SharedStepFunctions
from tests.aws.moto import ACCOUNT, REGION, ROLE_ARN
from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse
from tests.fixtures.calls.task_calls import EXECUTION_ARN, MACHINE_ARN, Answer, submit_by, without_metadata

STOCK = {"TableName": "stock"}
ITEM = {"sku": {"S": "bolt"}, "count": {"N": "7"}}


@pytest.fixture
def table(aws: str) -> Any:
    client = boto3.client("dynamodb", endpoint_url=aws, region_name=REGION)
    client.create_table(
        TableName="stock",
        KeySchema=[{"AttributeName": "sku", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "sku", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


@pytest.fixture
def bucket(aws: str) -> Any:
    client = boto3.client("s3", endpoint_url=aws, region_name=REGION)
    client.create_bucket(Bucket="shop-data")
    return client


@pytest.fixture
def queue_url(aws: str) -> str:
    return str(boto3.client("sqs", endpoint_url=aws, region_name=REGION).create_queue(QueueName="orders")["QueueUrl"])


def messages(aws: str, queue_url: str) -> list[str]:
    client = boto3.client("sqs", endpoint_url=aws, region_name=REGION)
    received = client.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", [])
    return [message["Body"] for message in received]


@pytest.mark.parametrize("prefix", ["", "aws-sdk:"], ids=["optimized", "sdk"])
def test_items_of_dynamodb(result: Callable[..., Any], table: Any, prefix: str) -> None:
    key = {"Key": {"sku": {"S": "bolt"}}}
    change = {"UpdateExpression": "SET price = :p", "ExpressionAttributeValues": {":p": {"N": "2"}}}
    assert result(f"{prefix}dynamodb:putItem", STOCK | {"Item": ITEM}) == {}
    updated = result(f"{prefix}dynamodb:updateItem", STOCK | key | change | {"ReturnValues": "UPDATED_NEW"})
    assert updated["Attributes"] == {"price": {"N": "2"}}
    assert result(f"{prefix}dynamodb:getItem", STOCK | key) == {"Item": ITEM | {"price": {"N": "2"}}}
    assert result(f"{prefix}dynamodb:deleteItem", STOCK | key) == {}
    assert result(f"{prefix}dynamodb:getItem", STOCK | key) == {}


def test_only_optimized_results_show_the_http_response(submit: Callable[..., Answer], table: Any) -> None:
    optimized = submit("dynamodb:putItem", STOCK | {"Item": ITEM})
    sdk = submit("aws-sdk:dynamodb:putItem", STOCK | {"Item": ITEM})
    assert isinstance(optimized, Completed)
    assert sorted(optimized.result) == ["SdkHttpMetadata", "SdkResponseMetadata"]
    assert optimized.result["SdkHttpMetadata"]["HttpStatusCode"] == 200
    assert sdk == Completed({})


def test_a_value_that_is_missing_is_the_services_to_refuse(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws
) -> None:
    scripted_aws.script("PutItem", ErrorResponse("ValidationException", "Value null at 'item'"))
    with pytest.raises(StatesError, match=r"DynamoDB\.AmazonDynamoDBException: Value null at 'item' \(Service: Amazon"):
        submit("dynamodb:putItem", STOCK | {"Item": None})
    assert scripted_aws.bodies("PutItem") == [STOCK]


@pytest.mark.parametrize(
    ("body", "stored"), [("text", b'"text"'), ({"a": [1]}, b'{"a":[1]}'), (False, b"false"), (["x"], b'["x"]')]
)
def test_bodies_in_s3_are_json(result: Callable[..., Any], bucket: Any, body: Any, stored: bytes) -> None:
    place = {"Bucket": "shop-data", "Key": "k"}
    assert "ETag" in result("aws-sdk:s3:putObject", place | {"Body": body})
    assert bucket.get_object(**place)["Body"].read() == stored
    got = result("aws-sdk:s3:getObject", place)
    assert (got["Body"], got["ContentLength"]) == (stored.decode(), len(stored))
    assert got["LastModified"].endswith("Z")


def test_a_distributed_maps_reader_and_writer(result: Callable[..., Any], bucket: Any) -> None:
    for name in ("a.csv", "b.csv"):
        result("s3:putObject", {"Bucket": "shop-data", "Key": f"in/{name}", "Body": "sku,count\nbolt,7\n"})
    assert result("s3:getObject", {"Bucket": "shop-data", "Key": "in/a.csv"}) == "sku,count\nbolt,7\n"
    objects = result("s3:listObjectsV2", {"Bucket": "shop-data", "Prefix": "in/", "MaxKeys": 1})
    assert [entry["Key"] for entry in objects] == ["in/a.csv", "in/b.csv"], "every page"
    assert sorted(objects[0]) == ["Etag", "Key", "LastModified", "Size", "StorageClass"]
    assert objects[0]["Size"] == 17
    assert objects[0]["LastModified"] < 10_000_000_000, "seconds"
    assert result("s3:listObjectsV2", {"Bucket": "shop-data", "Prefix": "none/"}) == []


def test_a_missing_object(submit: Callable[..., Answer], bucket: Any) -> None:
    with pytest.raises(StatesError) as caught:
        submit("aws-sdk:s3:getObject", {"Bucket": "shop-data", "Key": "none"})
    assert caught.value.error == "S3.NoSuchKeyException"
    assert (caught.value.cause or "").startswith(
        "The specified key does not exist. (Service: S3, Status Code: 404, Req"
    )


def test_an_object_becomes_the_text_of_a_message(result: Callable[..., Any], aws: str, queue_url: str) -> None:
    sent = result("sqs:sendMessage", {"QueueUrl": queue_url, "MessageBody": {"order": 5}})
    assert sorted(sent) == ["MD5OfMessageBody", "MessageId"]
    assert messages(aws, queue_url) == ['{"order":5}']


def test_the_same_message_by_the_sdk(result: Callable[..., Any], aws: str, queue_url: str) -> None:
    sent = result("aws-sdk:sqs:sendMessage", {"QueueUrl": queue_url, "MessageBody": "plain"})
    assert sorted(sent) == ["Md5OfMessageBody", "MessageId"]
    assert messages(aws, queue_url) == ["plain"]


def test_a_notification(result: Callable[..., Any], submit: Callable[..., Answer], aws: str, queue_url: str) -> None:
    sns = boto3.client("sns", endpoint_url=aws, region_name=REGION)
    topic = sns.create_topic(Name="news")["TopicArn"]
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    assert list(result("sns:publish", {"TopicArn": topic, "Message": {"a": 1}})) == ["MessageId"]
    assert messages(aws, queue_url) == ['{"a":1}']
    with pytest.raises(StatesError, match=r"^SNS\.NotFoundException: .*Service: AmazonSNS; .*Error Code: NotFound;"):
        submit("sns:publish", {"TopicArn": topic + "x", "Message": "m"})


def test_events_carry_the_execution(result: Callable[..., Any], scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("PutEvents", {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]})
    entries = [{"Source": "shop", "DetailType": "sold", "Detail": {"sku": "bolt"}}, {"Resources": ["arn:mine"]}]
    got = result("events:putEvents", {"Entries": entries})
    assert got == {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]}
    first, second = scripted_aws.bodies("PutEvents")[0]["Entries"]
    assert first["Detail"] == '{"sku":"bolt"}'
    assert first["Resources"] == [EXECUTION_ARN, MACHINE_ARN]
    assert second["Resources"] == ["arn:mine", EXECUTION_ARN, MACHINE_ARN]


def test_an_event_that_fails_fails_the_task(submit: Callable[..., Answer], aws: str) -> None:
    good = {"Source": "shop", "DetailType": "sold", "Detail": {}}
    with pytest.raises(StatesError) as caught:
        submit("events:putEvents", {"Entries": [good, good | {"Detail": "no json"}]})
    assert caught.value.error == "EventBridge.FailedEntry"
    cause = json.loads(caught.value.cause or "")
    assert (cause["FailedEntryCount"], cause["Entries"][1]["ErrorCode"]) == (1, "MalformedDetail")


def test_an_execution_is_started_and_followed(
    submit: Callable[..., Answer], caller: Caller, stepfunctions: SharedStepFunctions, pending_machine: str
) -> None:
    answer = submit("states:startExecution.sync:2", {"StateMachineArn": pending_machine, "Input": {"a": 1}})
    again = submit("states:startExecution.sync:2", {"StateMachineArn": pending_machine, "Input": {"a": 1}})
    assert isinstance(answer, Submitted)
    assert isinstance(again, Submitted)
    assert without_metadata(answer.output) == without_metadata(again.output), "the same name: one execution"
    assert isinstance(caller.poll(answer.job), Submitted)
    arn = answer.output["ExecutionArn"]
    assert stepfunctions.find_execution(arn, wait=False).description["input"] == '{"a":1}'
    stepfunctions.end_execution(arn, "SUCCEEDED", output='{"b": 2}')
    done = caller.poll(answer.job)
    assert isinstance(done, Completed)
    assert (done.result["Output"], done.result["Input"]) == ({"b": 2}, {"a": 1})


def test_a_job_run_of_glue(submit: Callable[..., Answer], caller: Caller, aws: str) -> None:
    boto3.client("glue", endpoint_url=aws, region_name=REGION).create_job(
        Name="load", Role=ROLE_ARN, Command={"Name": "glueetl"}
    )
    transition = {"model_name": "glue::job_run", "transition": {"progression": "manual", "times": 1}}
    urllib.request.urlopen(f"{aws}/moto-api/state-manager/set-transition", json.dumps(transition).encode()).close()
    answer = submit("glue:startJobRun.sync", {"JobName": "load", "Arguments": {"--day": "5"}})
    for _ in range(5):
        if isinstance(answer, Completed):
            break
        answer = caller.poll(answer.job)
    assert isinstance(answer, Completed)
    assert (answer.result["JobRunState"], answer.result["Arguments"]) == ("SUCCEEDED", {"--day": "5"})
    assert isinstance(answer.result["StartedOn"], int)


def test_a_query_of_athena_and_its_rows(result: Callable[..., Any], submit: Callable[..., Answer], aws: str) -> None:
    answer = submit("athena:startQueryExecution.sync", {"QueryString": "SELECT 1"})
    assert isinstance(answer, Submitted)
    done = Caller().poll(answer.job)
    assert isinstance(done, Completed)
    query = done.result["QueryExecution"]
    assert (query["Query"], query["Status"]["State"]) == ("SELECT 1", "SUCCEEDED")
    again = result("athena:getQueryExecution", {"QueryExecutionId": query["QueryExecutionId"]})
    assert again == done.result
    rows = result("athena:getQueryResults", {"QueryExecutionId": query["QueryExecutionId"]})
    assert rows["ResultSet"]["Rows"] == []


def test_any_service_by_the_sdk(result: Callable[..., Any], aws: str) -> None:
    key = result("aws-sdk:kms:createKey", {})["KeyMetadata"]["KeyId"]
    box = result("aws-sdk:kms:encrypt", {"KeyId": key, "Plaintext": "c2VjcmV0"})["CiphertextBlob"]
    assert result("aws-sdk:kms:decrypt", {"CiphertextBlob": box})["Plaintext"] == "c2VjcmV0"
    database = {"DbInstanceIdentifier": "d", "DbInstanceClass": "db.m5.large", "Engine": "postgres"}
    made = result("aws-sdk:rds:createDBInstance", database | {"MasterUsername": "u", "MasterUserPassword": "p" * 8})
    assert made["DbInstance"]["DbInstanceIdentifier"] == "d"
    described = result("aws-sdk:rds:describeDBInstances", {"Filters": [{"Name": "engine", "Values": ["postgres"]}]})
    assert [entry["DbInstanceIdentifier"] for entry in described["DbInstances"]] == ["d"]


def test_a_role_is_assumed(result: Callable[..., Any], aws: str) -> None:
    role_arn = "arn:aws:iam::999999999999:role/reader"
    identity = result("aws-sdk:sts:getCallerIdentity", {}, credentials={"RoleArn": role_arn})
    assert identity["Account"] == "999999999999"
    assert identity["Arn"] == "arn:aws:sts::999999999999:assumed-role/reader/first"
    assert result("aws-sdk:sts:getCallerIdentity", {})["Account"] == ACCOUNT


@pytest.fixture(scope="module")
def nothing_sent() -> Caller:
    """A caller that keeps its clients: they are asked for models only."""
    return Caller()


@pytest.mark.parametrize("credentials", [{}, {"RoleArn": 5}, {"RoleArn": "reader"}, "arn:aws:iam::1:role/r"])
def test_credentials_must_have_a_role(submit: Callable[..., Answer], credentials: Any) -> None:
    with pytest.raises(StatesError, match=r"States\.Runtime: The Credentials must be an object"):
        submit("aws-sdk:sts:getCallerIdentity", {}, credentials=credentials)


@pytest.mark.parametrize(
    ("resource", "arguments", "cause"),
    [
        ("sqs:sendMessage", {"MessageBody": "m"}, "[The field 'QueueUrl' is required but was missing]"),
        ("sqs:sendMessage", [], "The Parameters '[]' could not be used to start the Task: [The Parameters must be an"),
        ("sns:publish", {"Message": "m", "Colour": 1}, "[The field 'Colour' is not supported by Step Functions]"),
        ("ecs:runTask", {"TaskDefinition": "t", "Count": 2}, "[The field 'Count' is not supported by Step Functions]"),
        ("elasticmapreduce:addStep", {"JobFlowId": "j"}, "[The field 'JobFlowId' is not supported by Step Functions, "),
        ("elasticmapreduce:addStep", {"ClusterId": "j"}, "[The field 'Step' is required but was missing]"),
        ("batch:submitJob.sync", {"JobName": "j", "JobQueue": "q", "JobDefinition": "d", "ContainerOverrides": 5},
         "[The value for the field 'ContainerOverrides' must be an OBJECT]"),
        ("events:putEvents", {"Entries": [5]}, "[The value for the field 'Entries' must be an OBJECT]"),
        ("aws-sdk:dynamodb:getItem", {"TableName": 5, "Key": {}}, "[The value for the field 'TableName' must be a STR"),
        ("aws-sdk:s3:getObject", {"Bucket": "not a name", "Key": "k"}, "start the Task: [Parameter validation failed:"),
        ("aws-sdk:dynamo:getItem", {}, "Did you mean the service 'dynamodb'?"),
        ("aws-sdk:stepfunctions:listActivities", {}, "Did you mean the service 'sfn'?"),
        ("aws-sdk:dynamodb:getItems", {}, "Did you mean the action 'getItem'?"),
        ("aws-sdk:dynamodb:xyzzy", {}, "not available in this region. There is no such action."),
        ("aws-sdk:dynamodb:getItem.sync", {}, "it cannot be called with the pattern sync, only with: request_respons"),
        ("aws-sdk:lambda:invokeWithResponseStream", {"FunctionName": "f"}, "it streams events"),
        ("sqs:sendMessage.sync", {}, "it cannot be called with the pattern sync, only with: request_response, "),
        ("dynamodb:putItem.waitForTaskToken", {}, "cannot be called with the pattern waitForTaskToken, only with: re"),
        ("glue:startJobRun.sync:2", {}, "only with: request_response, sync."),
        ("glue:getTables", {}, "that this package calls are glue:startJobRun; aws-sdk integrations call every action"),
        ("appflow:startFlow", {}, "that this package calls are apigateway:invoke, athena:"),
        ("dynamodb:getItem.waitForTaskToken", {}, "the pattern waitForTaskToken, only with: request_response."),
        ("http:invoke", {}, "The field 'ApiEndpoint' is required but was missing"),
        (f"arn:aws:states:{REGION}:{ACCOUNT}:activity:pack", {}, "an activity is not called"),
        ("arn:aws:s3:::bucket", {}, "it is no ARN of a function, an activity or an integration"),
        ("${Notify.Arn}", {}, "a name in it has no value"),
    ],
)  # fmt: skip
def test_what_cannot_be_called_is_refused_by_name(
    nothing_sent: Caller, resource: str, arguments: Any, cause: str
) -> None:
    with pytest.raises(StatesError) as caught:
        submit_by(nothing_sent, resource, arguments)
    assert caught.value.error == "States.Runtime"
    assert (caught.value.cause or "").startswith("The ")
    assert cause in (caught.value.cause or "")


def test_a_lost_connection_has_the_services_name(
    submit: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    message = {"QueueUrl": "https://queue", "MessageBody": "m"}
    for resource, error in (("sqs:sendMessage", "SQS"), ("aws-sdk:sqs:sendMessage", "Sqs")):
        with pytest.raises(
            StatesError, match=rf"^{error}\.SdkClientException: Unable to execute HTTP request: .*:{port}"
        ):
            submit(resource, message)


def test_throttling_is_tried_again(result: Callable[..., Any], scripted_aws: ScriptedAws, monkeypatch: Any) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "3")
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    scripted_aws.script(
        "SendMessage", ErrorResponse("ThrottlingException"), ErrorResponse("ThrottlingException"), {"MessageId": "m"}
    )
    assert result("sqs:sendMessage", {"QueueUrl": "https://queue", "MessageBody": "b"}) == {"MessageId": "m"}
    assert len(scripted_aws.calls) == 3


def test_a_connection_without_credentials_or_region_is_no_error_of_the_state(
    submit: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    message = {"QueueUrl": "https://queue", "MessageBody": "m"}
    with pytest.raises(
        UsageError, match=r"'Work' cannot call arn:aws:states:::sqs:sendMessage: You must specify a region"
    ):
        submit("sqs:sendMessage", message)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with pytest.raises(UsageError, match=r"Unable to locate credentials.* of the Airflow connection"):
        submit("sqs:sendMessage", message)


def test_the_connections_region_and_endpoint_are_used(
    scripted_aws: ScriptedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    extra = {"region_name": "eu-west-1", "endpoint_url": scripted_aws.url}
    connection = {"conn_type": "aws", "login": "k", "password": "s", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps(connection))
    scripted_aws.script("SendMessage", {"MessageId": "m"})
    message = {"QueueUrl": "https://queue", "MessageBody": "m"}
    answer = submit_by(Caller(aws_conn_id="shop"), "sqs:sendMessage", message)
    assert isinstance(answer, Completed)
    assert scripted_aws.actions() == ["SendMessage"]
    other = Caller(aws_conn_id="shop", region_name="ap-south-1")
    assert other._clients.get("sqs").meta.region_name == "ap-south-1"
    assert other._clients.get("sqs", "us-west-2").meta.region_name == "us-west-2"
    assert Caller(aws_conn_id="shop")._clients.get("sqs").meta.region_name == "eu-west-1"


def test_a_calls_region_is_that_of_its_client(scripted_aws: ScriptedAws) -> None:
    call = CallTask("1", "Call", "arn:aws:states:::batch:submitJob.sync", {})
    assert Caller(aws_conn_id=None, region_name="cn-north-1").find_region(call) == ("aws-cn", "cn-north-1")
    elsewhere = CallTask("1", "Call", "arn:aws:lambda:eu-west-1:123456789012:function:work", {})
    assert Caller(aws_conn_id=None, region_name="us-east-1").find_region(elsewhere) == ("aws", "eu-west-1")


def test_there_is_no_region_where_the_connection_gives_no_client(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    call = CallTask("1", "Call", "arn:aws:states:::batch:submitJob.sync", {})
    assert Caller(aws_conn_id=None).find_region(call) is None
