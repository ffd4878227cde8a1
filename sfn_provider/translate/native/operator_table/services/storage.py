"""Rows of S3, RDS and DMS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sfn_provider.translate.native.operator_table.row import Argument, OlderProvider, OperatorRow, Returned
from sfn_provider.translate.native.operator_table.services.rows import operator, untemplated

_COPY: Final = OperatorRow(
    "aws-sdk:s3:copyObject",
    operator("s3.S3CopyObjectOperator"),
    "CopyObject",
    arguments={
        "CopySource": Argument("source_bucket_key", "copy_source"),
        "Bucket": Argument("dest_bucket_name"),
        "Key": Argument("dest_bucket_key"),
        "Acl": untemplated("acl_policy"),
        "MetadataDirective": untemplated("meta_data_directive"),
    },
    # Its own default is private.
    constants={"acl_policy": "no-acl"},
    required=("CopySource", "Bucket", "Key"),
    older=(OlderProvider((9, 8), without=frozenset({"meta_data_directive"})),),
)

_PUT: Final = OperatorRow(
    "aws-sdk:s3:putObject",
    operator("s3.S3CreateObjectOperator"),
    "PutObject",
    arguments={
        "Bucket": Argument("s3_bucket"),
        "Key": Argument("s3_key"),
        "Body": Argument("data", "json"),
        "Acl": untemplated("acl_policy"),
    },
    constants={"replace": True},
    required=("Bucket", "Key", "Body"),
    added={"ChecksumAlgorithm": "CRC32"},
    lost=("A body of more than 8 MB is uploaded in parts.",),
)

_DELETE: Final = OperatorRow(
    "aws-sdk:s3:deleteObjects",
    operator("s3.S3DeleteObjectsOperator"),
    "DeleteObjects",
    arguments={"Bucket": Argument("bucket"), "Delete.Objects": Argument("keys", "object_keys")},
    required=("Bucket", "Delete.Objects"),
    lost=("It fails where an object cannot be deleted; the state goes on.",),
)

# Before 9.12 the default is a connection that nobody has.
_CONNECTION: Final = (OlderProvider((9, 12), constants={"aws_conn_id": "aws_default"}),)


def _rds(
    action: str,
    operation: str,
    name: str,
    arguments: dict[str, str],
    returns: Mapping[str, tuple[str, ...]],
    **others: Any,
) -> OperatorRow:
    """Make a row of RDS, where the return value is the response as JSON text.

    Args:
        action: the action: ``createDBSnapshot``.
        operation: the operation: ``CreateDBSnapshot``.
        name: the operator.
        arguments: arguments that are template fields by the parameter.
        returns: keys in the response by the path of the result.
        others: other fields of the row.
    """
    return OperatorRow(
        f"aws-sdk:rds:{action}",
        operator(f"rds.Rds{name}Operator"),
        operation,
        arguments={parameter: Argument(argument) for parameter, argument in arguments.items()},
        required=tuple(parameter for parameter in arguments if parameter not in _OPTIONAL_OF_RDS),
        returns={path: Returned("json", keys) for path, keys in returns.items()},
        older=_CONNECTION,
        **others,
    )


_OPTIONAL_OF_RDS: Final = ("Tags", "S3Prefix", "ExportOnly")
_STARTS: Final = {"wait_for_completion": False}
_CHANGES: Final = _STARTS | {"deferrable": False}


def _snapshots(db_type: str, kind: str, member: str) -> tuple[OperatorRow, ...]:
    """Make the rows of the snapshots of instances or clusters.

    Args:
        db_type: as the operator calls it: ``instance``.
        kind: as operations call it: ``DB``, ``DBCluster``.
        member: as parameters call it: ``DbInstance``.
    """
    snapshot = f"Db{kind[2:]}Snapshot"
    returned = {
        f"$.{snapshot}.{snapshot}Identifier": (f"{kind}Snapshot", f"{kind}SnapshotIdentifier"),
        f"$.{snapshot}.{snapshot}Arn": (f"{kind}Snapshot", f"{kind}SnapshotArn"),
        f"$.{snapshot}.Status": (f"{kind}Snapshot", "Status"),
    }
    constants = _STARTS | {"db_type": db_type}
    create = _rds(
        f"create{kind}Snapshot",
        f"Create{kind}Snapshot",
        "CreateDbSnapshot",
        {f"{member}Identifier": "db_identifier", f"{snapshot}Identifier": "db_snapshot_identifier", "Tags": "tags"},
        returned,
        constants=constants,
        added={"Tags": []},
    )
    delete = _rds(
        f"delete{kind}Snapshot",
        f"Delete{kind}Snapshot",
        "DeleteDbSnapshot",
        {f"{snapshot}Identifier": "db_snapshot_identifier"},
        returned,
        constants=constants,
    )
    return create, delete


_EXPORT: Final = _rds(
    "startExportTask",
    "StartExportTask",
    "StartExportTask",
    {
        "ExportTaskIdentifier": "export_task_identifier",
        "SourceArn": "source_arn",
        "S3BucketName": "s3_bucket_name",
        "IamRoleArn": "iam_role_arn",
        "KmsKeyId": "kms_key_id",
        "S3Prefix": "s3_prefix",
        "ExportOnly": "export_only",
    },
    {"$.ExportTaskIdentifier": ("ExportTaskIdentifier",), "$.Status": ("Status",)},
    constants=_STARTS,
    added={"S3Prefix": "", "ExportOnly": []},
)

_CANCEL_EXPORT: Final = _rds(
    "cancelExportTask",
    "CancelExportTask",
    "CancelExportTask",
    {"ExportTaskIdentifier": "export_task_identifier"},
    {"$.ExportTaskIdentifier": ("ExportTaskIdentifier",), "$.Status": ("Status",)},
    constants=_STARTS,
)


def _started_or_stopped(verb: str, db_type: str, kind: str) -> OperatorRow:
    """Make the row that starts or stops an instance or a cluster."""
    member = f"Db{kind[2:]}"
    return _rds(
        f"{verb}{kind}",
        f"{verb.capitalize()}{kind}",
        f"{verb.capitalize()}Db",
        {f"{member}Identifier": "db_identifier"},
        {f"$.{member}.{member}Identifier": (kind, f"{kind}Identifier")},
        constants=_CHANGES | {"db_type": db_type},
    )


_RDS: Final = (
    *_snapshots("instance", "DB", "DbInstance"),
    *_snapshots("cluster", "DBCluster", "DbCluster"),
    _EXPORT,
    _CANCEL_EXPORT,
    *(
        _started_or_stopped(verb, db_type, kind)
        for verb in ("start", "stop")
        for db_type, kind in (("instance", "DBInstance"), ("cluster", "DBCluster"))
    ),
)

_START_TASK: Final = OperatorRow(
    "aws-sdk:databasemigration:startReplicationTask",
    operator("dms.DmsStartTaskOperator"),
    "StartReplicationTask",
    arguments={
        "ReplicationTaskArn": Argument("replication_task_arn"),
        "StartReplicationTaskType": Argument("start_replication_task_type"),
    },
    passthrough="start_task_kwargs",
    required=("ReplicationTaskArn", "StartReplicationTaskType"),
)

_STOP_TASK: Final = replace(
    _START_TASK,
    resource="aws-sdk:databasemigration:stopReplicationTask",
    operator=operator("dms.DmsStopTaskOperator"),
    operation="StopReplicationTask",
    arguments={"ReplicationTaskArn": Argument("replication_task_arn")},
    passthrough=None,
    required=("ReplicationTaskArn",),
)

ROWS: Final = (_COPY, _PUT, _DELETE, *_RDS, _START_TASK, _STOP_TASK)
"""The rows of these services."""
