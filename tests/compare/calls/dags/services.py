"""Each service by its operator, once waiting and once deferring."""

from datetime import datetime

from airflow import DAG
from airflow.decorators import task
from airflow.models.baseoperator import chain
from airflow.providers.amazon.aws.hooks.dynamodb import DynamoDBHook
from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.operators.batch import BatchOperator
from airflow.providers.amazon.aws.operators.bedrock import BedrockInvokeModelOperator
from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
from airflow.providers.amazon.aws.operators.emr import EmrAddStepsOperator, EmrServerlessStartJobOperator
from airflow.providers.amazon.aws.operators.eventbridge import EventBridgePutEventsOperator
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.providers.amazon.aws.operators.glue_crawler import GlueCrawlerOperator
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator
from airflow.providers.amazon.aws.operators.s3 import S3CreateObjectOperator
from airflow.providers.amazon.aws.operators.sagemaker import SageMakerTransformOperator
from airflow.providers.amazon.aws.operators.sns import SnsPublishOperator
from airflow.providers.amazon.aws.operators.sqs import SqsPublishOperator
from airflow.providers.amazon.aws.operators.step_function import StepFunctionStartExecutionOperator
from airflow.providers.amazon.aws.sensors.emr import EmrStepSensor

FIRST = [
    (
        LambdaInvokeFunctionOperator,
        "Invoke",
        {"function_name": "f", "qualifier": "prod", "payload": '{"a": "{{ params.a }}"}'},
    ),
    (GlueJobOperator, "Glue", {"job_name": "job", "script_args": {"--x": "1"}}),
    (
        AthenaOperator,
        "Athena",
        {"query": "select 1", "database": "default", "workgroup": "wg", "output_location": "s3://b/k/"},
    ),
    (
        EcsRunTaskOperator,
        "Ecs",
        {
            "cluster": "c",
            "task_definition": "td",
            "launch_type": "FARGATE",
            "overrides": {"containerOverrides": [{"name": "main", "command": ["a"]}]},
        },
    ),
    (
        BatchOperator,
        "Batch",
        {"job_name": "n", "job_queue": "q", "job_definition": "d", "container_overrides": {"command": ["x"]}},
    ),
    (
        EmrAddStepsOperator,
        "Emr",
        {
            "job_flow_id": "j-1",
            "steps": [
                {
                    "Name": "s",
                    "ActionOnFailure": "CONTINUE",
                    "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["spark-submit"]},
                }
            ],
        },
    ),
    (EmrStepSensor, "EmrWait", {"job_flow_id": "j-1", "step_id": "{{ ti.xcom_pull(task_ids='Emr')[0] }}"}),
    (
        EmrServerlessStartJobOperator,
        "EmrServerless",
        {
            "application_id": "app1",
            "execution_role_arn": "arn:aws:iam::1:role/r",
            "job_driver": {"sparkSubmit": {"entryPoint": "s3://b/x.py"}},
            "configuration_overrides": None,
        },
    ),
    (
        SageMakerTransformOperator,
        "SageMaker",
        {
            "config": {
                "TransformJobName": "tj",
                "ModelName": "m",
                "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/i"}}},
                "TransformOutput": {"S3OutputPath": "s3://b/o"},
                "TransformResources": {"InstanceCount": 1, "InstanceType": "ml.m4.xlarge"},
            }
        },
    ),
    (
        SnsPublishOperator,
        "Sns",
        {"target_arn": "arn:aws:sns:us-east-1:123456789012:t", "message": '{"a": 1}', "subject": "s"},
    ),
    (
        SqsPublishOperator,
        "Sqs",
        {"sqs_queue": "https://sqs.us-east-1.amazonaws.com/1/q", "message_content": '{"id": "{{ params.a }}"}'},
    ),
]
"""Operators with the ids of their tasks and their arguments."""

DETAIL = '{"x": 1, "item": "{{ ti.xcom_pull(task_ids="Read") }}"}'
LAST = [
    (EventBridgePutEventsOperator, "Events", {"entries": [{"Source": "me", "DetailType": "d", "Detail": DETAIL}]}),
    (
        StepFunctionStartExecutionOperator,
        "Nested",
        {
            "state_machine_arn": "arn:aws:states:us-east-1:123456789012:stateMachine:child",
            "state_machine_input": {"a": "{{ params.a }}"},
            "waiter_delay": 1,
        },
    ),
    (S3CreateObjectOperator, "S3", {"s3_bucket": "b", "s3_key": "k", "data": '"hello"'}),
    (BedrockInvokeModelOperator, "Bedrock", {"model_id": "model", "input_data": {"prompt": "hi"}}),
    (GlueCrawlerOperator, "Crawler", {"config": {"Name": "crawl"}}),
    (
        RedshiftDataOperator,
        "Redshift",
        {"sql": "select 1", "database": "d", "workgroup_name": "wkg", "wait_for_completion": True},
    ),
]

MAY_DEFER = {"Glue", "Athena", "Ecs", "Batch", "Emr", "EmrWait", "EmrServerless", "SageMaker", "Nested"}


@task(task_id="Put")
def put(params=None):
    DynamoDBHook(resource_type="dynamodb").get_conn().Table("t").put_item(Item={"id": params["a"], "n": 3})


@task(task_id="Read")
def read(params=None):
    item = DynamoDBHook(resource_type="dynamodb").get_conn().Table("t").get_item(Key={"id": params["a"]})["Item"]
    return str(item["n"])


def make_tasks(table, deferrable):
    for operator, task_id, arguments in table:
        mode = {"deferrable": deferrable} if task_id in MAY_DEFER else {}
        if task_id == "Emr":
            mode["wait_for_completion"] = not deferrable
        yield operator(task_id=task_id, **arguments, **mode)


def make_dag(dag_id, deferrable):
    with DAG(dag_id, start_date=datetime(2025, 1, 1), schedule=None, params={"a": "1"}):
        first = [*make_tasks(FIRST, deferrable)]
        chain(*first, put(), read(), *make_tasks(LAST, deferrable))


make_dag("services", False)
make_dag("services_deferred", True)
