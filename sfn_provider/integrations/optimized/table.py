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
from sfn_provider.integrations.errors import ErrorNames, optimized_error_names
from sfn_provider.integrations.integration import Idempotency, Integration
from sfn_provider.integrations.naming import capitalize
from sfn_provider.integrations.optimized import agentcore, bedrock, emr
from sfn_provider.integrations.optimized import sync_jobs as syncs
from sfn_provider.integrations.optimized import transforms as t
from sfn_provider.integrations.value_shapes import OPTIMIZED_STYLE, Values, raw_text

_AGENTCORE = optimized_error_names("BedrockAgentCore", "AmazonBedrockAgentCore")
_API_GATEWAY = optimized_error_names("ApiGateway", "AmazonApiGateway")
_ATHENA = optimized_error_names("Athena", "AmazonAthena")
_BATCH = optimized_error_names("Batch", "AWSBatch")
_BEDROCK = optimized_error_names("Bedrock", "AmazonBedrock")
_BEDROCK_RUNTIME = optimized_error_names("Bedrock", "AmazonBedrockRuntime")
_CODEBUILD = optimized_error_names("CodeBuild", "AWSCodeBuild")
_DATABREW = optimized_error_names("DataBrew", "AWSGlueDataBrew")
_DYNAMODB = optimized_error_names("DynamoDB", "AmazonDynamoDB", "AmazonDynamoDBv2")
_ECS = optimized_error_names("ECS", "AmazonECS")
_EKS = optimized_error_names("EKS", "AmazonEKS")
_EMR = optimized_error_names("EMR", "AmazonElasticMapReduce")
_EMR_CONTAINERS = optimized_error_names("EMRContainers", "AmazonEMRContainers")
_EMR_SERVERLESS = optimized_error_names("EMRServerless", "AWSEMRServerless")
_EVENTS = optimized_error_names("EventBridge", "AmazonEventBridge")
_GLUE = optimized_error_names("Glue", "AWSGlue")
_HTTP = optimized_error_names("States.Http", "AmazonEventBridge")
_LAMBDA = optimized_error_names("Lambda", "AWSLambda")
_MEDIACONVERT = optimized_error_names("MediaConvert", "AWSMediaConvert")
_S3 = optimized_error_names("S3", "AmazonS3", "Amazon S3")
_SAGEMAKER = optimized_error_names("SageMaker", "AmazonSageMaker")
_SNS = optimized_error_names("SNS", "AmazonSNS")
_SQS = optimized_error_names("SQS", "AmazonSQS")
_STATES = optimized_error_names("StepFunctions", "AWSStepFunctions")

_WITH_EMPTY_LISTS = replace(OPTIMIZED_STYLE, fill_lists=True)
_RAW_BODY = replace(OPTIMIZED_STYLE, body=raw_text)
_BUILD_TOKEN = Idempotency("IdempotencyToken")


def _row(name: str, client: str, errors: ErrorNames, operation: str = "", **fields: Any) -> Integration:
    """Make a row of ``service:action``; the operation has the name of the action unless it is given."""
    service, _, action = name.partition(":")
    return Integration(service, action, client, operation or capitalize(action), errors, **fields)


def _emr(action: str, operation: str, **fields: Any) -> Integration:
    return _row(f"elasticmapreduce:{action}", "emr", _EMR, operation, style=_WITH_EMPTY_LISTS, **fields)


_ROWS: Final[tuple[Integration, ...]] = (
    _row("apigateway:invoke", "apigateway", _API_GATEWAY, callback=True, adapter="api gateway", http_metadata=False),
    _row("athena:getQueryExecution", "athena", _ATHENA),
    _row("athena:getQueryResults", "athena", _ATHENA),
    _row("athena:startQueryExecution", "athena", _ATHENA, syncs=syncs.ATHENA_QUERY),
    _row("athena:stopQueryExecution", "athena", _ATHENA),
    _row("batch:submitJob", "batch", _BATCH, prepare=t.submit_job_request, syncs=syncs.BATCH_JOB),
    _row("bedrock:createModelCustomizationJob", "bedrock", _BEDROCK, syncs=syncs.MODEL_CUSTOMIZATION),
    _row(
        "bedrock:invokeModel",
        "bedrock-runtime",
        _BEDROCK_RUNTIME,
        prepare=bedrock.request,
        result=bedrock.result,
        resolve=bedrock.read_input,
        finish=bedrock.write_output,
        required=("ModelId",),
        callback=True,
        http_metadata=False,
        style=_RAW_BODY,
    ),
    _row(
        "bedrockagentcore:invokeHarness",
        "bedrock-agentcore",
        _AGENTCORE,
        result=agentcore.result,
        http_metadata=False,
    ),
    _row("codebuild:batchDeleteBuilds", "codebuild", _CODEBUILD),
    _row("codebuild:batchGetReports", "codebuild", _CODEBUILD),
    _row("codebuild:deleteBuildBatch", "codebuild", _CODEBUILD),
    _row(
        "codebuild:retryBuildBatch",
        "codebuild",
        _CODEBUILD,
        idempotency=_BUILD_TOKEN,
        syncs=syncs.CODE_BUILD_BATCH,
    ),
    _row("codebuild:startBuild", "codebuild", _CODEBUILD, idempotency=_BUILD_TOKEN, syncs=syncs.CODE_BUILD),
    _row(
        "codebuild:startBuildBatch",
        "codebuild",
        _CODEBUILD,
        idempotency=_BUILD_TOKEN,
        syncs=syncs.CODE_BUILD_BATCH,
    ),
    _row("codebuild:stopBuild", "codebuild", _CODEBUILD),
    _row("codebuild:stopBuildBatch", "codebuild", _CODEBUILD),
    _row("databrew:startJobRun", "databrew", _DATABREW, syncs=syncs.DATABREW_JOB_RUN),
    _row("dynamodb:deleteItem", "dynamodb", _DYNAMODB),
    _row("dynamodb:getItem", "dynamodb", _DYNAMODB),
    _row("dynamodb:putItem", "dynamodb", _DYNAMODB),
    _row("dynamodb:updateItem", "dynamodb", _DYNAMODB),
    _row(
        "ecs:runTask",
        "ecs",
        _ECS,
        prepare=t.run_task_request,
        unsupported=frozenset({"Count", "StartedBy"}),
        syncs=syncs.ECS_TASK,
        style=_WITH_EMPTY_LISTS,
        callback=True,
    ),
    _row("eks:call", "eks", _EKS, adapter="kubernetes", http_metadata=False, callback=True),
    _row("eks:createCluster", "eks", _EKS, syncs=syncs.eks_change("Cluster", "ACTIVE", "FAILED DELETING")),
    _row(
        "eks:createFargateProfile",
        "eks",
        _EKS,
        syncs=syncs.eks_change("FargateProfile", "ACTIVE", "CREATE_FAILED DELETING DELETE_FAILED"),
    ),
    _row(
        "eks:createNodegroup",
        "eks",
        _EKS,
        syncs=syncs.eks_change("Nodegroup", "ACTIVE", "CREATE_FAILED DELETING DELETE_FAILED DEGRADED"),
    ),
    _row("eks:deleteCluster", "eks", _EKS, syncs=syncs.eks_change("Cluster", "", "FAILED")),
    _row("eks:deleteFargateProfile", "eks", _EKS, syncs=syncs.eks_change("FargateProfile", "", "DELETE_FAILED")),
    _row("eks:deleteNodegroup", "eks", _EKS, syncs=syncs.eks_change("Nodegroup", "", "DELETE_FAILED")),
    _row(
        "eks:runJob", "eks", _EKS, adapter="kubernetes", http_metadata=False, syncs=syncs.KUBERNETES_JOB, callback=True
    ),
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
        syncs=syncs.NEW_CLUSTER,
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
        syncs=syncs.ENDING_CLUSTER,
    ),
    _row("emr-containers:createVirtualCluster", "emr-containers", _EMR_CONTAINERS),
    _row("emr-containers:deleteVirtualCluster", "emr-containers", _EMR_CONTAINERS, syncs=syncs.ENDING_VIRTUAL_CLUSTER),
    _row("emr-containers:startJobRun", "emr-containers", _EMR_CONTAINERS, syncs=syncs.CONTAINERS_JOB_RUN),
    _row(
        "emr-serverless:cancelJobRun",
        "emr-serverless",
        _EMR_SERVERLESS,
        syncs=syncs.serverless_job_run("$parameters.JobRunId", "CANCELLED", "SUCCESS FAILED", stops=False),
    ),
    _row(
        "emr-serverless:createApplication",
        "emr-serverless",
        _EMR_SERVERLESS,
        syncs=syncs.serverless_application(
            "CREATED STARTING STARTED STOPPING STOPPED", "TERMINATED", id="$response.ApplicationId"
        ),
    ),
    _row(
        "emr-serverless:deleteApplication",
        "emr-serverless",
        _EMR_SERVERLESS,
        syncs=syncs.serverless_application("TERMINATED", ""),
    ),
    _row(
        "emr-serverless:startApplication",
        "emr-serverless",
        _EMR_SERVERLESS,
        syncs=syncs.serverless_application("STARTED", "STOPPING STOPPED TERMINATED"),
    ),
    _row(
        "emr-serverless:startJobRun",
        "emr-serverless",
        _EMR_SERVERLESS,
        syncs=syncs.serverless_job_run("$response.JobRunId", "SUCCESS", "FAILED CANCELLED", stops=True),
    ),
    _row(
        "emr-serverless:stopApplication",
        "emr-serverless",
        _EMR_SERVERLESS,
        syncs=syncs.serverless_application("STOPPED", "TERMINATED"),
    ),
    _row(
        "events:putEvents", "events", _EVENTS, prepare=t.put_events_request, result=t.put_events_result, callback=True
    ),
    _row("glue:startJobRun", "glue", _GLUE, syncs=syncs.GLUE_JOB_RUN),
    _row("http:invoke", "events", _HTTP, adapter="http", http_metadata=False),
    _row("lambda:invoke", "lambda", _LAMBDA, result=t.lambda_result, callback=True),
    _row("mediaconvert:createJob", "mediaconvert", _MEDIACONVERT, syncs=syncs.MEDIA_JOB),
    # The three of S3 are not for Tasks: a distributed Map's ItemReader and ResultWriter call them.
    _row("s3:getObject", "s3", _S3, result=t.object_text, http_metadata=False),
    _row(
        "s3:listObjectsV2",
        "s3",
        _S3,
        result=t.object_items,
        http_metadata=False,
        pages=("ContinuationToken", "NextContinuationToken", "Contents"),
    ),
    _row("s3:putObject", "s3", _S3, http_metadata=False, style=_RAW_BODY),
    *(
        _row(f"sagemaker:{action}", "sagemaker", _SAGEMAKER)
        for action in ("createEndpoint", "createEndpointConfig", "createModel", "updateEndpoint")
    ),
    *(
        _row(f"sagemaker:create{kind}Job", "sagemaker", _SAGEMAKER, syncs=syncs.sagemaker_job(kind))
        for kind in ("HyperParameterTuning", "Labeling", "Processing", "Training", "Transform")
    ),
    _row("sns:publish", "sns", _SNS, callback=True),
    _row("sqs:sendMessage", "sqs", _SQS, callback=True),
    _row(
        "states:startExecution",
        "stepfunctions",
        _STATES,
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
