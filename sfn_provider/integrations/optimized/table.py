"""The table of optimized integrations: a row for each service and action.

Which actions and patterns there are, fields that differ from the service's own, and what ``.sync`` waits for:
https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html and the page of each service. Recorded
executions: API Gateway, DynamoDB, ECS, EventBridge, Lambda, SNS, SQS, Step Functions. Names of errors follow the
clients of version 1 of the AWS SDK for Java; for services without recorded executions that is an inference.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sfn_provider.asl.scope import Json
from sfn_provider.botocore_models.naming import capitalize
from sfn_provider.integrations.errors import ErrorNames, optimized_error_names
from sfn_provider.integrations.integration import Idempotency, Integration
from sfn_provider.integrations.optimized import agentcore, bedrock, emr
from sfn_provider.integrations.optimized import sync_jobs as syncs
from sfn_provider.integrations.optimized import transforms as t
from sfn_provider.integrations.value_shapes import OPTIMIZED_STYLE, Values, raw_text

# By the service in the resource ARN: boto3's name of it, and how it names errors.
_SERVICES: Final[dict[str, tuple[str, ErrorNames]]] = {
    "apigateway": ("apigateway", optimized_error_names("ApiGateway", "AmazonApiGateway")),
    "athena": ("athena", optimized_error_names("Athena", "AmazonAthena")),
    "batch": ("batch", optimized_error_names("Batch", "AWSBatch")),
    "bedrock": ("bedrock", optimized_error_names("Bedrock", "AmazonBedrock")),
    "bedrockagentcore": ("bedrock-agentcore", optimized_error_names("BedrockAgentCore", "AmazonBedrockAgentCore")),
    "codebuild": ("codebuild", optimized_error_names("CodeBuild", "AWSCodeBuild")),
    "databrew": ("databrew", optimized_error_names("DataBrew", "AWSGlueDataBrew")),
    "dynamodb": ("dynamodb", optimized_error_names("DynamoDB", "AmazonDynamoDB", "AmazonDynamoDBv2")),
    "ecs": ("ecs", optimized_error_names("ECS", "AmazonECS")),
    "eks": ("eks", optimized_error_names("EKS", "AmazonEKS")),
    "elasticmapreduce": ("emr", optimized_error_names("EMR", "AmazonElasticMapReduce")),
    "emr-containers": ("emr-containers", optimized_error_names("EMRContainers", "AmazonEMRContainers")),
    "emr-serverless": ("emr-serverless", optimized_error_names("EMRServerless", "AWSEMRServerless")),
    "events": ("events", optimized_error_names("EventBridge", "AmazonEventBridge")),
    "glue": ("glue", optimized_error_names("Glue", "AWSGlue")),
    "http": ("events", optimized_error_names("States.Http", "AmazonEventBridge")),
    "lambda": ("lambda", optimized_error_names("Lambda", "AWSLambda")),
    "mediaconvert": ("mediaconvert", optimized_error_names("MediaConvert", "AWSMediaConvert")),
    "s3": ("s3", optimized_error_names("S3", "AmazonS3", "Amazon S3")),
    "sagemaker": ("sagemaker", optimized_error_names("SageMaker", "AmazonSageMaker")),
    "sns": ("sns", optimized_error_names("SNS", "AmazonSNS")),
    "sqs": ("sqs", optimized_error_names("SQS", "AmazonSQS")),
    "states": ("stepfunctions", optimized_error_names("StepFunctions", "AWSStepFunctions")),
}

_WITH_EMPTY_LISTS = replace(OPTIMIZED_STYLE, fill_lists=True)
_RAW_BODY = replace(OPTIMIZED_STYLE, body=raw_text)
_BUILD_TOKEN = Idempotency("IdempotencyToken")


def _row(name: str, operation: str = "", **fields: Any) -> Integration:
    """Make a row of ``service:action``; the operation has the name of the action unless it is given."""
    service, _, action = name.partition(":")
    client, errors = _SERVICES[service]
    return replace(Integration(service, action, client, operation or capitalize(action), errors), **fields)


def _emr(action: str, operation: str, **fields: Any) -> Integration:
    return _row(f"elasticmapreduce:{action}", operation, style=_WITH_EMPTY_LISTS, **fields)


_ROWS: Final[tuple[Integration, ...]] = (
    _row("apigateway:invoke", callback=True, adapter="api gateway", http_metadata=False),
    _row("athena:getQueryExecution"),
    _row("athena:getQueryResults"),
    _row("athena:startQueryExecution", syncs=syncs.ATHENA_QUERY),
    _row("athena:stopQueryExecution"),
    _row("batch:submitJob", prepare=t.submit_job_request, syncs=syncs.BATCH_JOB),
    _row("bedrock:createModelCustomizationJob", syncs=syncs.MODEL_CUSTOMIZATION),
    _row(
        "bedrock:invokeModel",
        client="bedrock-runtime",
        errors=optimized_error_names("Bedrock", "AmazonBedrockRuntime"),
        prepare=bedrock.request,
        result=bedrock.result,
        resolve=bedrock.read_input,
        finish=bedrock.write_output,
        required=("ModelId",),
        callback=True,
        http_metadata=False,
        style=_RAW_BODY,
    ),
    _row("bedrockagentcore:invokeHarness", result=agentcore.result, http_metadata=False),
    _row("codebuild:batchDeleteBuilds"),
    _row("codebuild:batchGetReports"),
    _row("codebuild:deleteBuildBatch"),
    _row("codebuild:retryBuildBatch", idempotency=_BUILD_TOKEN, syncs=syncs.CODE_BUILD_BATCH),
    _row("codebuild:startBuild", idempotency=_BUILD_TOKEN, syncs=syncs.CODE_BUILD),
    _row("codebuild:startBuildBatch", idempotency=_BUILD_TOKEN, syncs=syncs.CODE_BUILD_BATCH),
    _row("codebuild:stopBuild"),
    _row("codebuild:stopBuildBatch"),
    _row("databrew:startJobRun", syncs=syncs.DATABREW_JOB_RUN),
    _row("dynamodb:deleteItem"),
    _row("dynamodb:getItem"),
    _row("dynamodb:putItem"),
    _row("dynamodb:updateItem"),
    _row(
        "ecs:runTask",
        prepare=t.run_task_request,
        unsupported=frozenset({"Count", "StartedBy"}),
        syncs=syncs.ECS_TASK,
        style=_WITH_EMPTY_LISTS,
        callback=True,
    ),
    _row("eks:call", adapter="kubernetes", http_metadata=False, callback=True),
    _row("eks:createCluster", syncs=syncs.eks_change("Cluster", "ACTIVE", "FAILED DELETING")),
    _row(
        "eks:createFargateProfile",
        syncs=syncs.eks_change("FargateProfile", "ACTIVE", "CREATE_FAILED DELETING DELETE_FAILED"),
    ),
    _row(
        "eks:createNodegroup",
        syncs=syncs.eks_change("Nodegroup", "ACTIVE", "CREATE_FAILED DELETING DELETE_FAILED DEGRADED"),
    ),
    _row("eks:deleteCluster", syncs=syncs.eks_change("Cluster", "", "FAILED")),
    _row("eks:deleteFargateProfile", syncs=syncs.eks_change("FargateProfile", "", "DELETE_FAILED")),
    _row("eks:deleteNodegroup", syncs=syncs.eks_change("Nodegroup", "", "DELETE_FAILED")),
    _row("eks:runJob", adapter="kubernetes", http_metadata=False, syncs=syncs.KUBERNETES_JOB, callback=True),
    _emr(
        "addStep",
        "AddJobFlowSteps",
        prepare=emr.add_step_request,
        result=emr.add_step_result,
        required=("ClusterId", "Step"),
        unsupported=frozenset({"JobFlowId", "Steps"}),
        syncs=syncs.CLUSTER_STEP,
    ),
    _emr(
        "cancelStep",
        "CancelSteps",
        prepare=emr.cancel_step_request,
        result=emr.cancel_step_result,
        required=("ClusterId", "StepId"),
        unsupported=frozenset({"StepIds"}),
    ),
    _emr(
        "createCluster",
        "RunJobFlow",
        result=emr.create_cluster_result,
        unsupported=frozenset({"Steps"}),
        syncs=syncs.CLUSTER_CREATION,
    ),
    _emr(
        "modifyInstanceFleetByName",
        "ModifyInstanceFleet",
        prepare=emr.modify_fleet_request,
        resolve=emr.find_fleet,
        required=("ClusterId", "InstanceFleetName", "InstanceFleet"),
    ),
    _emr(
        "modifyInstanceGroupByName",
        "ModifyInstanceGroups",
        prepare=emr.modify_group_request,
        resolve=emr.find_group,
        required=("ClusterId", "InstanceGroupName", "InstanceGroup"),
        unsupported=frozenset({"InstanceGroups"}),
    ),
    _emr(
        "setClusterTerminationProtection",
        "SetTerminationProtection",
        prepare=emr.one_cluster_request,
        required=("ClusterId", "TerminationProtected"),
        unsupported=frozenset({"JobFlowIds"}),
    ),
    _emr(
        "terminateCluster",
        "TerminateJobFlows",
        prepare=emr.one_cluster_request,
        required=("ClusterId",),
        unsupported=frozenset({"JobFlowIds"}),
        syncs=syncs.CLUSTER_TERMINATION,
    ),
    _row("emr-containers:createVirtualCluster"),
    _row("emr-containers:deleteVirtualCluster", syncs=syncs.VIRTUAL_CLUSTER_TERMINATION),
    _row("emr-containers:startJobRun", syncs=syncs.CONTAINERS_JOB_RUN),
    _row(
        "emr-serverless:cancelJobRun",
        syncs=syncs.serverless_job_run("$parameters.JobRunId", "CANCELLED", "SUCCESS FAILED", stops=False),
    ),
    _row(
        "emr-serverless:createApplication",
        syncs=syncs.serverless_application(
            "CREATED STARTING STARTED STOPPING STOPPED", "TERMINATED", id="$response.ApplicationId"
        ),
    ),
    _row("emr-serverless:deleteApplication", syncs=syncs.serverless_application("TERMINATED", "")),
    _row(
        "emr-serverless:startApplication", syncs=syncs.serverless_application("STARTED", "STOPPING STOPPED TERMINATED")
    ),
    _row(
        "emr-serverless:startJobRun",
        syncs=syncs.serverless_job_run("$response.JobRunId", "SUCCESS", "FAILED CANCELLED", stops=True),
    ),
    _row("emr-serverless:stopApplication", syncs=syncs.serverless_application("STOPPED", "TERMINATED")),
    _row("events:putEvents", prepare=t.put_events_request, result=t.put_events_result, callback=True),
    _row("glue:startJobRun", syncs=syncs.GLUE_JOB_RUN),
    _row("http:invoke", adapter="http", http_metadata=False),
    _row("lambda:invoke", result=t.lambda_result, callback=True),
    _row("mediaconvert:createJob", syncs=syncs.MEDIA_JOB),
    # The three of S3 are not for Tasks: a distributed Map's ItemReader and ResultWriter call them.
    _row("s3:getObject", result=t.object_text, http_metadata=False),
    _row(
        "s3:listObjectsV2",
        result=t.object_items,
        http_metadata=False,
        pages=("ContinuationToken", "NextContinuationToken", "Contents"),
    ),
    _row("s3:putObject", http_metadata=False, style=_RAW_BODY),
    *(
        _row(f"sagemaker:{action}")
        for action in ("createEndpoint", "createEndpointConfig", "createModel", "updateEndpoint")
    ),
    *(
        _row(f"sagemaker:create{kind}Job", syncs=syncs.sagemaker_job(kind))
        for kind in ("HyperParameterTuning", "Labeling", "Processing", "Training", "Transform")
    ),
    _row("sns:publish", callback=True),
    _row("sqs:sendMessage", callback=True),
    _row(
        "states:startExecution",
        idempotency=Idempotency("Name", "ExecutionAlreadyExists", t.execution_started_before),
        syncs=syncs.EXECUTION,
        callback=True,
    ),
)

OPTIMIZED_INTEGRATIONS: Final[dict[str, Integration]] = {row.name: row for row in _ROWS}
"""The optimized integrations by service and action: ``glue:startJobRun``."""


def _payload(response: Values) -> Json:
    return t.lambda_result(response).get("Payload")


LAMBDA_FUNCTION: Final = replace(
    OPTIMIZED_INTEGRATIONS["lambda:invoke"], result=_payload, http_metadata=False, callback=False
)
"""A Lambda function whose ARN is the resource: the result is its payload alone."""
