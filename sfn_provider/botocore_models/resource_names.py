"""Maps services and actions in resource ARNs to botocore's services and operations."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from sfn_provider.botocore_models.naming import uncapitalize

if TYPE_CHECKING:
    from sfn_provider.botocore_models.models import ServiceModel

SERVICE_NAMES: Final[dict[str, str]] = {
    "applicationdiscovery": "discovery",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "costandusagereport": "cur",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "directory": "ds",
    "directoryservicedata": "ds-data",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearch": "es",
    "eventbridge": "events",
    "iotdataplane": "iot-data",
    "iotjobsdataplane": "iot-jobs-data",
    "lexmodelbuilding": "lex-models",
    "lexmodelsv2": "lexv2-models",
    "lexruntimev2": "lexv2-runtime",
    "marketplacemetering": "meteringmarketplace",
    "migrationhub": "mgh",
    "pinpointsmsvoice": "sms-voice",
    "serverlessapplicationrepository": "serverlessrepo",
    "sfn": "stepfunctions",
    "simpledb": "sdb",
}
"""boto3's name by the name in ``arn:aws:states:::aws-sdk:<name>:...``, where more than hyphens differs."""

RESOURCE_NAMES: Final = {boto: name for name, boto in SERVICE_NAMES.items()}
"""The same by boto3's name."""


def boto_service(service: str, available: Collection[str]) -> str | None:
    """Return boto3's name of a service; None where there is none.

    Args:
        service: as the resource ARN names it, for example ``sfn`` or ``bedrockruntime``.
        available: the services that boto3 knows.
    """
    other = SERVICE_NAMES.get(service)
    if other is not None:
        return other if other in available else None
    renamed = SERVICE_NAMES.values()  # boto3's "logs" is not a service in ARNs
    return next((name for name in available if name.replace("-", "") == service and name not in renamed), None)


def resource_service(service: str) -> str:
    """Return the name of a service in resource ARNs, of boto3's name: ``logs`` is ``cloudwatchlogs``."""
    return RESOURCE_NAMES.get(service, service.replace("-", ""))


def operation_name(model: ServiceModel, action: str) -> str | None:
    """Return the operation that an action means: ``describeDBInstances`` is ``DescribeDBInstances``; None for none."""
    return next((name for name in model.operation_names if uncapitalize(name) == action), None)
