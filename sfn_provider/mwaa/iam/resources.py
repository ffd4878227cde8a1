"""Names the resources of IAM actions by the parameters of Tasks: a table by action or service.

Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/ for the resources of each action; the API
reference of each service for defaults.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Final

from sfn_provider.mwaa.iam.arns import CONVERTERS, as_pattern, open_name

_ENDPOINT: Final = (
    "sagemaker:*:*:endpoint-config/{EndpointConfigName!lower}",
    "sagemaker:*:*:endpoint/{EndpointName!lower}",
)
_SAGEMAKER_JOBS: Final = {
    "HyperParameterTuning": "hyper-parameter-tuning",
    "Labeling": "labeling",
    "Processing": "processing",
    "Training": "training",
    "Transform": "transform",
}

RESOURCES: Final[dict[str, tuple[str, ...]]] = {
    "athena": ("athena:*:*:workgroup/{WorkGroup}",),
    "batch:DescribeJobs": (),
    "batch:ListJobs": (),
    "batch:SubmitJob": (
        "batch:*:*:job-definition/{JobDefinition!revisions}",
        "batch:*:*:job-queue/{JobQueue}",
        "batch:*:*:job/*",
    ),
    "batch:TerminateJob": ("batch:*:*:job/*",),
    "bedrock:CreateModelCustomizationJob": (
        "bedrock:*::foundation-model/{BaseModelIdentifier}",
        "bedrock:*:*:custom-model/*",
    ),
    "bedrock:GetModelCustomizationJob": ("bedrock:*:*:model-customization-job/*",),
    "bedrock:InvokeModel": ("{ModelId!model}",),
    "bedrock:StopModelCustomizationJob": ("bedrock:*:*:model-customization-job/*",),
    "cloudwatch:GetMetricData": (),
    "cloudwatch:GetMetricStatistics": (),
    "cloudwatch:PutMetricData": (),
    "codebuild": ("codebuild:*:*:project/{ProjectName|Id|Ids!build}",),
    "codebuild:BatchGetReports": ("codebuild:*:*:report-group/*",),
    "databrew": ("databrew:*:*:job/{Name|JobName}",),
    "dynamodb": ("dynamodb:*:*:table/{TableName|TableArn|RequestItems|TransactItems.*.*.TableName}",),
    "dynamodb:DescribeExport": ("dynamodb:*:*:table/*/export/*",),
    "dynamodb:ListTables": (),
    "dynamodb:Query": ("dynamodb:*:*:table/{TableName}", "dynamodb:*:*:table/{TableName}/index/*"),
    "dynamodb:Scan": ("dynamodb:*:*:table/{TableName}", "dynamodb:*:*:table/{TableName}/index/*"),
    "ecs:DescribeTasks": ("ecs:*:*:task/{Cluster=default!last}/*",),
    "ecs:RunTask": ("ecs:*:*:task-definition/{TaskDefinition!revisions}",),
    "ecs:StopTask": ("ecs:*:*:task/{Cluster=default!last}/*",),
    "eks": ("eks:*:*:cluster/{ClusterName|Name}",),
    "eks:CreateCluster": (),
    "eks:DeleteFargateProfile": ("eks:*:*:fargateprofile/{ClusterName}/{FargateProfileName}/*",),
    "eks:DeleteNodegroup": ("eks:*:*:nodegroup/{ClusterName}/{NodegroupName}/*",),
    "eks:DescribeFargateProfile": ("eks:*:*:fargateprofile/{ClusterName}/{FargateProfileName}/*",),
    "eks:DescribeNodegroup": ("eks:*:*:nodegroup/{ClusterName}/{NodegroupName}/*",),
    # A cluster, an application or a job that the Task makes has its id in the run.
    "elasticmapreduce": ("elasticmapreduce:*:*:cluster/{ClusterId|JobFlowId|JobFlowIds=*}",),
    "elasticmapreduce:ListClusters": (),
    "elasticmapreduce:RunJobFlow": (),
    "emr-containers:CancelJobRun": ("emr-containers:*:*:/virtualclusters/{VirtualClusterId}/jobruns/*",),
    "emr-containers:CreateVirtualCluster": (),
    "emr-containers:DeleteVirtualCluster": ("emr-containers:*:*:/virtualclusters/{Id}",),
    "emr-containers:DescribeJobRun": ("emr-containers:*:*:/virtualclusters/{VirtualClusterId}/jobruns/*",),
    "emr-containers:DescribeVirtualCluster": ("emr-containers:*:*:/virtualclusters/{Id|VirtualClusterId}",),
    "emr-containers:StartJobRun": ("emr-containers:*:*:/virtualclusters/{VirtualClusterId}",),
    "emr-serverless": ("emr-serverless:*:*:/applications/{ApplicationId=*}",),
    "emr-serverless:CancelJobRun": ("emr-serverless:*:*:/applications/{ApplicationId}/jobruns/*",),
    "emr-serverless:CreateApplication": (),
    "emr-serverless:GetJobRun": ("emr-serverless:*:*:/applications/{ApplicationId}/jobruns/*",),
    "events:DescribeConnection": ("{Authentication.ConnectionArn|InvocationConfig.ConnectionArn!connection}",),
    "events:PutEvents": ("events:*:*:event-bus/{Entries.*.EventBusName=default}",),
    "execute-api:Invoke": ("{ApiEndpoint!api}/{Stage=*}/{Method}/*",),
    "firehose": ("firehose:*:*:deliverystream/{DeliveryStreamName}",),
    "glue": ("glue:*:*:job/{JobName}",),
    "glue:GetCrawler": ("glue:*:*:crawler/{Name}",),
    "glue:StartCrawler": ("glue:*:*:crawler/{Name}",),
    "glue:StartWorkflowRun": ("glue:*:*:workflow/{Name}",),
    "kinesis": ("kinesis:*:*:stream/{StreamArn|StreamName}",),
    "kms": ("{KeyId!key}",),
    "lambda": ("{FunctionName!function}",),
    "lambda:ListFunctions": (),
    "logs": ("logs:*:*:log-group:{LogGroupName}", "logs:*:*:log-group:{LogGroupName}:*"),
    "mediaconvert:CancelJob": ("mediaconvert:*:*:jobs/*",),
    "mediaconvert:CreateJob": (
        "mediaconvert:*:*:jobTemplates/{JobTemplate=*}",
        "mediaconvert:*:*:presets/*",
        "mediaconvert:*:*:queues/{Queue=Default}",
    ),
    "mediaconvert:GetJob": ("mediaconvert:*:*:jobs/*",),
    "s3": ("{Bucket!bucket}", "{Bucket!bucket}/*"),
    "s3:DeleteObject": ("{Bucket!bucket}/*",),
    "s3:GetObject": ("{CopySource|Bucket!bucket}/*",),
    "s3:ListAllMyBuckets": (),
    "s3:ListBucket": ("{Bucket!bucket}",),
    "s3:PutObject": ("{Bucket!bucket}/*",),
    "sagemaker:CreateEndpoint": _ENDPOINT,
    "sagemaker:CreateEndpointConfig": ("sagemaker:*:*:endpoint-config/{EndpointConfigName!lower}",),
    "sagemaker:CreateModel": ("sagemaker:*:*:model/{ModelName!lower}",),
    "sagemaker:DescribeEndpoint": ("sagemaker:*:*:endpoint/{EndpointName!lower}",),
    "sagemaker:DescribeEndpointConfig": ("sagemaker:*:*:endpoint-config/{EndpointConfigName!lower}",),
    "sagemaker:DescribeModel": ("sagemaker:*:*:model/{ModelName!lower}",),
    "sagemaker:UpdateEndpoint": _ENDPOINT,
    **{
        f"sagemaker:{verb}{name}Job": (f"sagemaker:*:*:{kind}-job/{{{name}JobName!lower}}",)
        for name, kind in _SAGEMAKER_JOBS.items()
        for verb in ("Create", "Describe", "Stop")
    },
    "secretsmanager": ("{SecretId!secret}",),
    "sns:Publish": ("{TopicArn|TargetArn!arn}",),
    "sqs": ("{QueueUrl!queue}",),
    "ssm": ("{Name|Names|Path!parameter}",),
    "states": ("{StateMachineArn!machine}",),
    "states:DescribeActivity": ("{ActivityArn!activity}",),
    "states:DescribeExecution": ("{ExecutionArn|StateMachineArn!executions}",),
    "states:DescribeMapRun": ("{MapRunArn|ExecutionArn|StateMachineArn!map_runs}",),
    "states:GetActivityTask": ("{ActivityArn!activity}",),
    "states:GetExecutionHistory": ("{ExecutionArn|StateMachineArn!executions}",),
    "states:ListExecutions": (
        "{MapRunArn|ExecutionArn|StateMachineArn!machine}",
        "{MapRunArn|ExecutionArn|StateMachineArn!map_runs}",
    ),
    "states:ListMapRuns": ("{MapRunArn|ExecutionArn|StateMachineArn!executions}",),
    "states:RedriveExecution": ("{ExecutionArn|StateMachineArn!executions}",),
    "states:SendTaskFailure": (),
    "states:SendTaskHeartbeat": (),
    "states:SendTaskSuccess": (),
    "states:StopExecution": ("{ExecutionArn|StateMachineArn!executions}",),
    "states:ValidateStateMachineDefinition": (),
    "sts:GetCallerIdentity": (),
}
"""The resources of an action, else of its service; without any, IAM takes ``*`` alone.

A resource is what follows ``arn:PARTITION:``. In braces: the parameters that may name it, of which the first counts
that a Task has; behind ``=`` what it is for a Task without them; behind ``!`` how it is made of the value. An ARN as a
value stands for the ARN up to there. A ``*`` as a step of a parameter's path means each entry.
"""

_HTTP: Final = ("{Authentication.ConnectionArn|InvocationConfig.ConnectionArn!connection_secret}",)
_DEFAULTS: Final[dict[str, dict[str, str]]] = {"athena:startQueryExecution": {"WorkGroup": "primary"}}
_FIELD: Final = re.compile(r"\{([^}]*)\}")
_MAX_VALUES: Final = 50


class UnknownResource(Exception):
    """A Task's parameters do not say which resource an action is for.

    Args:
        reason: why, as the end of a sentence.
    """


def action_resources(
    action: str,
    parameters: Any,
    *,
    partition: str = "aws",
    task: tuple[str | None, str | None] = (None, None),
    partly: list[str] | None = None,
) -> tuple[str, ...]:
    """Return the resources of an action, in order.

    Args:
        action: ``glue:StartJobRun``.
        parameters: the parameters of the Task that needs it, with ``UNKNOWN`` for what is known only in a run.
        partition: the partition of the ARNs.
        task: the service and the action in the Task's Resource.
        partly: is filled with what is known in part alone, as the ends of sentences; of the rest with empty texts.

    Returns:
        ``("*",)`` for an action that IAM knows no resources for.

    Raises:
        UnknownResource: the parameters do not name it, or this package does not know how they would.
    """
    service, called = task
    templates = RESOURCES.get(action, RESOURCES.get(action.partition(":")[0]))
    if action == "secretsmanager:GetSecretValue" and service == "http":
        templates = _HTTP
    if templates is None:
        raise UnknownResource(f"which parameter names the resource of {action} is not known here")
    if not isinstance(parameters, Mapping):
        raise UnknownResource("its parameters are known only in a run")
    if action == "sns:Publish" and any(name in parameters for name in ("PhoneNumber", "PhoneNumber.$")):
        return ("*",)  # a telephone has no ARN
    parameters = _DEFAULTS.get(f"{service}:{called}", {}) | dict(parameters)
    known_in_part = [] if partly is None else partly
    found = [arn for template in templates for arn in _fill(template, parameters, partition, known_in_part)]
    return tuple(dict.fromkeys(found)) if templates else ("*",)


def _fill(template: str, parameters: Mapping[str, Any], partition: str, partly: list[str]) -> Iterator[str]:
    """Yield the ARNs that a template means."""
    literals = _FIELD.split(template)
    values = [_field_values(field, parameters, partly) for field in literals[1::2]]
    for chosen in product(*values):
        # An ARN in the place of a name has all that stands before it in the template.
        text = literals[0]
        for value, tail in zip(chosen, literals[2::2], strict=True):
            text = (value if value.startswith("arn:") else text + value) + tail
        yield text if text.startswith("arn:") else f"arn:{partition}:{text}"


def _field_values(field: str, parameters: Mapping[str, Any], partly: list[str]) -> list[str]:
    """Return what stands in the place of a field; raises UnknownResource where it is not known."""
    field, _, converter = field.partition("!")
    text, _, default = field.partition("=")
    names = text.split("|")
    for name in names:
        values = [*_look_up(parameters, name.split("."), default)]
        if values:
            break
    else:
        if default:
            return [default]
        raise UnknownResource(f"it has no {' or '.join(names)} that is known before a run")
    convert = CONVERTERS[converter] if converter else lambda value: (value,)
    found: list[str] = []
    for value in values[:_MAX_VALUES]:
        pattern = as_pattern(value)
        made = convert(pattern) if pattern is not None else ()
        if not made:
            shown = "is known only in a run" if pattern is None else f"{pattern!r} is nothing that a policy can name"
            raise UnknownResource(f"its {name.replace('.*', '')} {shown}")
        if pattern is not None:
            partly.append(open_name(f"its {name.replace('.*', '')}", pattern, value))
        found += made
    if len(values) > _MAX_VALUES:
        raise UnknownResource(f"its {name.replace('.*', '')} has more than {_MAX_VALUES} values")
    return found


def _look_up(value: Any, path: list[str], default: str) -> Iterator[Any]:
    """Yield the values at a path, None for one that is known only in a run; nothing where there is none."""
    if not path:
        yield from value if isinstance(value, list) else value.keys() if isinstance(value, Mapping) else (value,)
        return
    step, *rest = path
    if step == "*":
        entries = value if isinstance(value, list) else [*value.values()] if isinstance(value, Mapping) else [None]
        for entry in entries:
            found = [*_look_up(entry, rest, default)]
            yield from found or ([default] if default else ())
    elif isinstance(value, Mapping):
        for name, member in value.items():
            if name.lower() == step.lower():
                yield from _look_up(member, rest, default)
            elif name.lower() == f"{step.lower()}.$":
                yield None
    else:
        yield None
