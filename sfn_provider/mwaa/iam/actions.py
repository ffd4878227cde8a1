"""Tables of the IAM actions that classes and Task resources need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from sfn_provider.asl.resources import Resource
from sfn_provider.botocore_models.models import BotocoreModels
from sfn_provider.integrations.integration import Integration
from sfn_provider.integrations.jobs.job_recovery import JOB_SEARCHES
from sfn_provider.integrations.resolver import find_integration

_DESCRIBE: Final = ("DescribeExecution", "ListExecutions")  # many waits share one list
_FAILURE: Final = ("GetExecutionHistory", "ListExecutions")  # which state failed, which items of a Map Run
_WAIT: Final = (*_DESCRIBE, *_FAILURE, "StopExecution")

CLASS_OPERATIONS: Final[dict[str, tuple[str, ...]]] = {
    "StepFunctionActivityTaskSensor": ("DescribeActivity", "GetActivityTask"),
    "StepFunctionCreateOrUpdateStateMachineOperator": (
        "CreateStateMachine",
        "CreateStateMachineAlias",
        "DescribeStateMachine",
        "DescribeStateMachineAlias",
        "ListTagsForResource",
        "PublishStateMachineVersion",
        "TagResource",
        "UpdateStateMachine",
        "UpdateStateMachineAlias",
        "ValidateStateMachineDefinition",
    ),
    "StepFunctionDescribeExecutionOperator": ("DescribeExecution", "GetExecutionHistory"),
    "StepFunctionExecutionEventTrigger": ("ListExecutions",),
    "StepFunctionExecutionSensor": (*_DESCRIBE, *_FAILURE),
    "StepFunctionExecutionsSensor": (*_DESCRIBE, *_FAILURE),
    "StepFunctionGetExecutionOutputOperator": ("DescribeExecution", *_FAILURE),
    "StepFunctionMapRunSensor": ("DescribeMapRun", "ListMapRuns", "ListExecutions"),
    "StepFunctionRedriveExecutionOperator": ("RedriveExecution", *_WAIT),
    "StepFunctionSendTaskFailureOperator": ("SendTaskFailure",),
    "StepFunctionSendTaskHeartbeatOperator": ("SendTaskHeartbeat",),
    "StepFunctionSendTaskSuccessOperator": ("SendTaskSuccess",),
    "StepFunctionStartExecutionOperator": ("StartExecution", "RedriveExecution", *_WAIT),
    "StepFunctionStartSyncExecutionOperator": ("StartSyncExecution",),
    "StepFunctionStateSensor": (*_DESCRIBE, *_FAILURE),
    "StepFunctionStopExecutionOperator": ("DescribeExecution", "StopExecution"),
    "StepFunctionValidateStateMachineOperator": ("ValidateStateMachineDefinition",),
}
"""The API operations that each class for Step Functions may call, over all its arguments."""

ROLE_PASSING_CLASS: Final = "StepFunctionCreateOrUpdateStateMachineOperator"
"""The class that gives a state machine its role, for which AWS asks for ``iam:PassRole``."""

# IAM prefixes that differ from the service's signing name.
# Source: https://docs.aws.amazon.com/service-authorization/latest/reference/
_SERVICE_PREFIXES: Final = {"monitoring": "cloudwatch", "bedrock-runtime": "bedrock", "email": "ses"}

# IAM actions that differ from the API operation.
_ACTION_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "bedrock:Converse": ("bedrock:InvokeModel",),
    "dynamodb:BatchExecuteStatement": ("dynamodb:PartiQL*",),
    "dynamodb:ExecuteStatement": ("dynamodb:PartiQL*",),
    "dynamodb:ExecuteTransaction": ("dynamodb:PartiQL*",),
    "dynamodb:TransactGetItems": ("dynamodb:GetItem",),
    "dynamodb:TransactWriteItems": (
        "dynamodb:ConditionCheckItem",
        "dynamodb:DeleteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    ),
    "lambda:Invoke": ("lambda:InvokeFunction",),
    "s3:CopyObject": ("s3:GetObject", "s3:PutObject"),
    "s3:DeleteObjects": ("s3:DeleteObject",),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
    "s3:ListObjects": ("s3:ListBucket",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:SelectObjectContent": ("s3:GetObject",),
    "sqs:DeleteMessageBatch": ("sqs:DeleteMessage",),
    "sqs:SendMessageBatch": ("sqs:SendMessage",),
}

# What integrations call besides, to make the parameters or to find what an earlier call has started.
_FURTHER_OPERATIONS: Final[dict[str, tuple[str, ...]]] = {
    "elasticmapreduce:modifyInstanceFleetByName": ("ListInstanceFleets",),
    "elasticmapreduce:modifyInstanceGroupByName": ("ListInstanceGroups",),
    "states:startExecution": ("DescribeExecution",),
}

_ACTIONS_BY_ADAPTER: Final[dict[str, tuple[str, ...]]] = {
    "api gateway": ("execute-api:Invoke",),
    "http": ("events:DescribeConnection", "secretsmanager:GetSecretValue"),
    "kubernetes": ("eks:DescribeCluster",),
}


def task_actions(resource: Resource, models: BotocoreModels) -> set[str]:
    """Return the IAM actions of a Task's resource: to call it, to poll, find and stop its job.

    Raises:
        StatesError: where this package does not call the resource.
    """
    integration = find_integration(resource, models)
    if integration.adapter != "aws":
        return set(_ACTIONS_BY_ADAPTER[integration.adapter])
    prefix = _prefix(integration, models)
    named = (f"{prefix}:{operation}" for operation in _operations(integration, resource))
    return {action for name in named for action in _ACTION_NAMES.get(name, (name,))}


def operation_actions(resource: Resource, operations: Iterable[str], models: BotocoreModels) -> set[str]:
    """Return the IAM actions of other operations of the service that a Task's resource names.

    Args:
        resource: the resource of a service.
        operations: the operations of its API.
        models: those of botocore.

    Raises:
        StatesError: where this package does not call the resource.
    """
    prefix = _prefix(find_integration(resource, models), models)
    named = (f"{prefix}:{operation}" for operation in operations)
    return {action for name in named for action in _ACTION_NAMES.get(name, (name,))}


def _prefix(integration: Integration, models: BotocoreModels) -> str:
    prefix: str = models.model(integration.client).signing_name
    return _SERVICE_PREFIXES.get(prefix, prefix)


def _operations(integration: Integration, resource: Resource) -> Iterator[str]:
    yield integration.operation
    yield from _FURTHER_OPERATIONS.get(integration.name, ())
    sync = integration.syncs.get(resource.pattern)
    if sync is not None:
        yield sync.describe.operation
        yield from (call.operation for call in (sync.stop, sync.batch) if call is not None)
    search = JOB_SEARCHES.get(integration.name)
    if search is not None:
        yield search.call.operation
