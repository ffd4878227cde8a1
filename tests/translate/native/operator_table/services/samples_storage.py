"""Samples of S3, RDS and DMS."""

from __future__ import annotations

from tests.translate.native.operator_table.services.sample import ACCOUNT, Sample

_TAGS = [{"Key": "team", "Value": "sales"}]


def _snapshot(kind: str) -> dict[str, object]:
    return {
        f"{kind}Snapshot": {
            f"{kind}SnapshotIdentifier": "before",
            f"{kind}SnapshotArn": f"arn:aws:rds:us-east-1:{ACCOUNT}:snapshot:before",
            "Status": "creating",
        }
    }


_EXPORT = {
    "ExportTaskIdentifier": "export",
    "SourceArn": f"arn:aws:rds:us-east-1:{ACCOUNT}:snapshot:before",
    "S3BucketName": "exports",
    "IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/export",
    "KmsKeyId": "key",
}
_EXPORTED = {"ExportTaskIdentifier": "export", "Status": "STARTING"}
_INSTANCE = {"DBInstance": {"DBInstanceIdentifier": "orders"}}
_CLUSTER = {"DBCluster": {"DBClusterIdentifier": "orders"}}
_REPLICATION = f"arn:aws:dms:us-east-1:{ACCOUNT}:task:ABC"

SAMPLES = (
    Sample(
        "aws-sdk:s3:copyObject",
        {"Bucket": "target", "Key": "b/2", "CopySource": "source/a/1", "MetadataDirective": "COPY"},
        {"CopyObject": {}},
        since=(9, 8),
    ),
    Sample(
        "aws-sdk:s3:copyObject",
        {"Bucket": "target", "Key": "b/2", "CopySource": "source/a 1", "Acl": "bucket-owner-full-control"},
        {"CopyObject": {}},
        name="acl",
    ),
    Sample("aws-sdk:s3:putObject", {"Bucket": "data", "Key": "a/1", "Body": {"order": 7}}, {"PutObject": {}}),
    Sample(
        "aws-sdk:s3:putObject",
        {"Bucket": "data", "Key": "a/1", "Body": "text", "Acl": "private"},
        {"PutObject": {}},
        name="text",
    ),
    Sample(
        "aws-sdk:s3:deleteObjects",
        {"Bucket": "data", "Delete": {"Objects": [{"Key": "a/1"}, {"Key": "a/2"}]}},
        {"DeleteObjects": {"Deleted": [{"Key": "a/1"}, {"Key": "a/2"}]}},
    ),
    Sample(
        "aws-sdk:rds:createDBSnapshot",
        {"DbInstanceIdentifier": "orders", "DbSnapshotIdentifier": "before", "Tags": _TAGS},
        {"CreateDBSnapshot": _snapshot("DB")},
    ),
    Sample(
        "aws-sdk:rds:createDBClusterSnapshot",
        {"DbClusterIdentifier": "orders", "DbClusterSnapshotIdentifier": "before"},
        {"CreateDBClusterSnapshot": _snapshot("DBCluster")},
    ),
    Sample(
        "aws-sdk:rds:deleteDBSnapshot",
        {"DbSnapshotIdentifier": "before"},
        {"DeleteDBSnapshot": _snapshot("DB")},
    ),
    Sample(
        "aws-sdk:rds:deleteDBClusterSnapshot",
        {"DbClusterSnapshotIdentifier": "before"},
        {"DeleteDBClusterSnapshot": _snapshot("DBCluster")},
    ),
    Sample("aws-sdk:rds:startExportTask", _EXPORT, {"StartExportTask": _EXPORTED}),
    Sample(
        "aws-sdk:rds:startExportTask",
        _EXPORT | {"S3Prefix": "orders", "ExportOnly": ["orders.items"]},
        {"StartExportTask": _EXPORTED},
        name="part",
    ),
    Sample("aws-sdk:rds:cancelExportTask", {"ExportTaskIdentifier": "export"}, {"CancelExportTask": _EXPORTED}),
    Sample("aws-sdk:rds:startDBInstance", {"DbInstanceIdentifier": "orders"}, {"StartDBInstance": _INSTANCE}),
    Sample("aws-sdk:rds:startDBCluster", {"DbClusterIdentifier": "orders"}, {"StartDBCluster": _CLUSTER}),
    Sample("aws-sdk:rds:stopDBInstance", {"DbInstanceIdentifier": "orders"}, {"StopDBInstance": _INSTANCE}),
    Sample("aws-sdk:rds:stopDBCluster", {"DbClusterIdentifier": "orders"}, {"StopDBCluster": _CLUSTER}),
    Sample(
        "aws-sdk:databasemigration:startReplicationTask",
        {
            "ReplicationTaskArn": _REPLICATION,
            "StartReplicationTaskType": "resume-processing",
            "CdcStartPosition": "mysql-bin-changelog.000024:373",
        },
        {"StartReplicationTask": {}},
    ),
    Sample(
        "aws-sdk:databasemigration:stopReplicationTask",
        {"ReplicationTaskArn": _REPLICATION},
        {"StopReplicationTask": {}},
    ),
)
