"""Hooks of the amazon provider by boto3's service, for functions that call AWS themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sfn_provider.translate.native.operator_table.row import OLDEST, Version


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook whose ``conn`` is the boto3 client of a service.

    Args:
        path: the class: ``airflow.providers.amazon.aws.hooks.sns.SnsHook``.
        arguments: the arguments without which it is not the service's.
        since: the first amazon provider that has it.
    """

    path: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    since: Version = OLDEST


def _hook(name: str, since: Version = OLDEST, **arguments: Any) -> Hook:
    return Hook(f"airflow.providers.amazon.aws.hooks.{name}", arguments, since)


HOOKS: Final[dict[str, Hook]] = {
    "appflow": _hook("appflow.AppflowHook"),
    "athena": _hook("athena.AthenaHook"),
    "batch": _hook("batch_client.BatchClientHook"),
    "bedrock": _hook("bedrock.BedrockHook"),
    "bedrock-agent": _hook("bedrock.BedrockAgentHook"),
    "bedrock-agent-runtime": _hook("bedrock.BedrockAgentRuntimeHook"),
    "bedrock-runtime": _hook("bedrock.BedrockRuntimeHook"),
    "cloudformation": _hook("cloud_formation.CloudFormationHook"),
    "comprehend": _hook("comprehend.ComprehendHook"),
    "databrew": _hook("glue_databrew.GlueDataBrewHook"),
    "datasync": _hook("datasync.DataSyncHook"),
    "dms": _hook("dms.DmsHook"),
    "ec2": _hook("ec2.EC2Hook", api_type="client_type"),
    "ecr": _hook("ecr.EcrHook"),
    "ecs": _hook("ecs.EcsHook"),
    "eks": _hook("eks.EksHook"),
    "elasticache": _hook("elasticache_replication_group.ElastiCacheReplicationGroupHook"),
    "emr": _hook("emr.EmrHook"),
    "emr-containers": _hook("emr.EmrContainerHook"),
    "emr-serverless": _hook("emr.EmrServerlessHook"),
    "events": _hook("eventbridge.EventBridgeHook"),
    "glacier": _hook("glacier.GlacierHook"),
    "glue": _hook("glue.GlueJobHook"),
    "kinesis": _hook("kinesis.KinesisHook", (9, 22)),
    "kinesisanalyticsv2": _hook("kinesis_analytics.KinesisAnalyticsV2Hook"),
    "lambda": _hook("lambda_function.LambdaHook"),
    "logs": _hook("logs.AwsLogsHook"),
    "neptune": _hook("neptune.NeptuneHook"),
    "opensearchserverless": _hook("opensearch_serverless.OpenSearchServerlessHook"),
    "quicksight": _hook("quicksight.QuickSightHook"),
    "rds": _hook("rds.RdsHook"),
    "redshift": _hook("redshift_cluster.RedshiftHook"),
    "redshift-data": _hook("redshift_data.RedshiftDataHook"),
    "s3": _hook("s3.S3Hook"),
    "sagemaker": _hook("sagemaker.SageMakerHook"),
    "secretsmanager": _hook("secrets_manager.SecretsManagerHook"),
    "ses": _hook("ses.SesHook"),
    "sns": _hook("sns.SnsHook"),
    "sqs": _hook("sqs.SqsHook"),
    "ssm": _hook("ssm.SsmHook"),
    "stepfunctions": _hook("step_function.StepFunctionHook"),
    "sts": _hook("sts.StsHook"),
    "verifiedpermissions": _hook("verified_permissions.VerifiedPermissionsHook"),
}
"""The services that have a hook of their own. That of DynamoDB gives a resource, not a client;
that of Firehose is for one stream."""


def find_hook(client: str, amazon: Version) -> Hook:
    """Find the hook of a service: its own, or the one for all services.

    Args:
        client: boto3's name of the service: ``stepfunctions``.
        amazon: the version of the amazon provider.
    """
    hook = HOOKS.get(client)
    if hook is not None and hook.since <= tuple(amazon):
        return hook
    return _hook("base_aws.AwsBaseHook", client_type=client)
