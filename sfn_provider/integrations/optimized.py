"""The optimized integrations, as data.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html and the page of each service;
recorded executions for Lambda, SNS, SQS, DynamoDB, EventBridge, Step Functions and ECS. The names of errors follow the
clients of version 1 of the AWS SDK for Java.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sfn_provider.asl.scope import Json
from sfn_provider.integrations import syncs
from sfn_provider.integrations import transforms as t
from sfn_provider.integrations.errors import optimized
from sfn_provider.integrations.integration import Integration, Once
from sfn_provider.integrations.shapes import OPTIMIZED, Values, raw_text

_ATHENA = optimized("Athena", "AmazonAthena")
_BATCH = optimized("Batch", "AWSBatch")
_CODEBUILD = optimized("CodeBuild", "AWSCodeBuild")
_DYNAMODB = optimized("DynamoDB", "AmazonDynamoDB", "AmazonDynamoDBv2")
_ECS = optimized("ECS", "AmazonECS")
_EMR = optimized("EMR", "AmazonElasticMapReduce")
_EVENTS = optimized("EventBridge", "AmazonEventBridge")
_GLUE = optimized("Glue", "AWSGlue")
_LAMBDA = optimized("Lambda", "AWSLambda")
_S3 = optimized("S3", "AmazonS3", "Amazon S3")
_SAGEMAKER = optimized("SageMaker", "AmazonSageMaker")
_SNS = optimized("SNS", "AmazonSNS")
_SQS = optimized("SQS", "AmazonSQS")
_STATES = optimized("StepFunctions", "AWSStepFunctions")

_LISTS = replace(OPTIMIZED, fill_lists=True)
_RAW = replace(OPTIMIZED, body=raw_text)

_ROWS: Final[tuple[Integration, ...]] = (
    Integration("athena", "getQueryExecution", "athena", "GetQueryExecution", _ATHENA),
    Integration("athena", "getQueryResults", "athena", "GetQueryResults", _ATHENA),
    Integration("athena", "startQueryExecution", "athena", "StartQueryExecution", _ATHENA, syncs=syncs.ATHENA_QUERY),
    Integration("athena", "stopQueryExecution", "athena", "StopQueryExecution", _ATHENA),
    Integration(
        "batch", "submitJob", "batch", "SubmitJob", _BATCH, prepare=t.submit_job_request, syncs=syncs.BATCH_JOB
    ),
    Integration(
        "codebuild",
        "startBuild",
        "codebuild",
        "StartBuild",
        _CODEBUILD,
        once=Once("IdempotencyToken"),
        syncs=syncs.CODE_BUILD,
    ),
    Integration("dynamodb", "deleteItem", "dynamodb", "DeleteItem", _DYNAMODB),
    Integration("dynamodb", "getItem", "dynamodb", "GetItem", _DYNAMODB),
    Integration("dynamodb", "putItem", "dynamodb", "PutItem", _DYNAMODB),
    Integration("dynamodb", "updateItem", "dynamodb", "UpdateItem", _DYNAMODB),
    Integration(
        "ecs",
        "runTask",
        "ecs",
        "RunTask",
        _ECS,
        prepare=t.run_task_request,
        refused=frozenset({"Count", "StartedBy"}),
        syncs=syncs.ECS_TASK,
        style=_LISTS,
    ),
    Integration(
        "elasticmapreduce",
        "addStep",
        "emr",
        "AddJobFlowSteps",
        _EMR,
        prepare=t.add_step_request,
        result=t.add_step_result,
        required=("ClusterId", "Step"),
        refused=frozenset({"JobFlowId", "Steps"}),
        syncs=syncs.CLUSTER_STEP,
        style=_LISTS,
    ),
    Integration(
        "elasticmapreduce",
        "cancelStep",
        "emr",
        "CancelSteps",
        _EMR,
        prepare=t.cancel_step_request,
        result=t.cancel_step_result,
        required=("ClusterId", "StepId"),
        refused=frozenset({"StepIds"}),
        style=_LISTS,
    ),
    Integration(
        "elasticmapreduce",
        "createCluster",
        "emr",
        "RunJobFlow",
        _EMR,
        result=t.create_cluster_result,
        refused=frozenset({"Steps"}),
        syncs=syncs.NEW_CLUSTER,
        style=_LISTS,
    ),
    Integration(
        "elasticmapreduce",
        "terminateCluster",
        "emr",
        "TerminateJobFlows",
        _EMR,
        prepare=t.terminate_cluster_request,
        required=("ClusterId",),
        refused=frozenset({"JobFlowIds"}),
        syncs=syncs.ENDING_CLUSTER,
        style=_LISTS,
    ),
    Integration(
        "events",
        "putEvents",
        "events",
        "PutEvents",
        _EVENTS,
        prepare=t.put_events_request,
        result=t.put_events_result,
    ),
    Integration("glue", "startJobRun", "glue", "StartJobRun", _GLUE, syncs=syncs.GLUE_JOB_RUN),
    Integration("lambda", "invoke", "lambda", "Invoke", _LAMBDA, result=t.lambda_result),
    # The three of S3 are no Task's resources: a distributed Map's ItemReader and ResultWriter call them.
    Integration("s3", "getObject", "s3", "GetObject", _S3, result=t.object_text, metadata=False),
    Integration(
        "s3",
        "listObjectsV2",
        "s3",
        "ListObjectsV2",
        _S3,
        result=t.object_items,
        metadata=False,
        pages=("ContinuationToken", "NextContinuationToken", "Contents"),
    ),
    Integration("s3", "putObject", "s3", "PutObject", _S3, metadata=False, style=_RAW),
    *(
        Integration(
            "sagemaker",
            f"create{kind}Job",
            "sagemaker",
            f"Create{kind}Job",
            _SAGEMAKER,
            syncs=syncs.sagemaker_job(kind),
        )
        for kind in ("Processing", "Training", "Transform")
    ),
    Integration("sns", "publish", "sns", "Publish", _SNS),
    Integration("sqs", "sendMessage", "sqs", "SendMessage", _SQS),
    Integration(
        "states",
        "startExecution",
        "stepfunctions",
        "StartExecution",
        _STATES,
        once=Once("Name", "ExecutionAlreadyExists", t.execution_started_before),
        syncs=syncs.EXECUTION,
    ),
)

OPTIMIZED_CALLS: Final[dict[str, Integration]] = {row.name: row for row in _ROWS}
"""The optimized integrations by service and action: ``glue:startJobRun``."""


def _payload_alone(response: Values) -> Json:
    return t.lambda_result(response).get("Payload")


FUNCTION: Final = replace(OPTIMIZED_CALLS["lambda:invoke"], result=_payload_alone, metadata=False)
"""The function whose ARN is the resource: its payload alone is the result."""
