"""Operators that do more, or other things, than the integration: they are not used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ATHENA: Final = "AthenaOperator always waits for the end of the query"
_CREATE_APPLICATION: Final = "EmrServerlessCreateApplicationOperator starts the application, too"
_DELETE_APPLICATION: Final = "EmrServerlessDeleteApplicationOperator stops the application first"
_EKS: Final = "the operators of EKS need the Kubernetes provider, which the amazon provider does not install"
_EKS_ACTIONS: Final = tuple(
    f"{verb}{kind}" for verb in ("create", "delete") for kind in ("Cluster", "FargateProfile", "Nodegroup")
)
_COPY_SNAPSHOT: Final = "RdsCopyDbSnapshotOperator sends empty texts for parameters that the Task does not have"

UNUSED: Final[Mapping[str, str]] = {
    "athena:startQueryExecution": _ATHENA,
    "aws-sdk:athena:startQueryExecution": _ATHENA,
    "aws-sdk:databasemigration:createReplicationTask": "DmsCreateTaskOperator writes the table mappings itself: the "
    "Task has them as text",
    "aws-sdk:databasemigration:deleteReplicationTask": "DmsDeleteTaskOperator waits until the task is deleted",
    "aws-sdk:databasemigration:startReplication": "DmsStartReplicationOperator starts nothing where the replication "
    "runs; the state fails",
    "aws-sdk:ec2:startInstances": "EC2StartInstanceOperator starts one instance, and waits until it runs",
    "aws-sdk:ec2:stopInstances": "EC2StopInstanceOperator stops one instance, and waits until it has stopped",
    "aws-sdk:eventbridge:putEvents": "EventBridgePutEventsOperator fails where an event is refused; the state goes on",
    "aws-sdk:rds:copyDBClusterSnapshot": _COPY_SNAPSHOT,
    "aws-sdk:rds:copyDBSnapshot": _COPY_SNAPSHOT,
    "aws-sdk:s3:createBucket": "S3CreateBucketOperator succeeds where the bucket exists; the state fails",
    "aws-sdk:s3:deleteBucket": "S3DeleteBucketOperator succeeds where there is no such bucket; the state fails",
    "aws-sdk:s3:deleteObject": "S3DeleteObjectsOperator calls DeleteObjects",
    "aws-sdk:s3:listObjectsV2": "S3ListOperator returns the keys alone, of all pages",
    "databrew:startJobRun.sync": "GlueDataBrewStartJobOperator succeeds where the job run fails",
    **{f"eks:{action}{pattern}": _EKS for action in _EKS_ACTIONS for pattern in ("", ".sync")},
    "emr-serverless:createApplication": _CREATE_APPLICATION,
    "emr-serverless:createApplication.sync": _CREATE_APPLICATION,
    "emr-serverless:deleteApplication": _DELETE_APPLICATION,
    "emr-serverless:deleteApplication.sync": _DELETE_APPLICATION,
    "sagemaker:createEndpoint": "SageMakerEndpointOperator updates an endpoint that exists; the state fails",
}
"""Why, by resource."""
