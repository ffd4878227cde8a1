"""Samples of Glue, DataBrew, Athena and Redshift."""

from __future__ import annotations

from tests.translate.native.operator_table.services.sample import Sample

_GLUE = {
    "GetJob": {"Job": {"Name": "bronze-to-silver"}},
    "StartJobRun": {"JobRunId": "jr_1"},
    "GetJobRun": {
        "JobRun": {
            "Id": "jr_1",
            "JobName": "bronze-to-silver",
            "JobRunState": "SUCCEEDED",
            "LogGroupName": "/aws-glue/jobs",
        }
    },
    "FilterLogEvents": {"events": []},
}
_JOB = {
    "JobName": "bronze-to-silver",
    "Arguments": {"--run_date": "2025-03-15", "--options": {"a": 1}},
    "WorkerType": "G.1X",
    "NumberOfWorkers": 2,
    "Timeout": 60,
}
_QUERY = {
    "QueryString": "INSERT INTO gold SELECT 1",
    "QueryExecutionContext": {"Database": "default", "Catalog": "lake"},
    "ResultConfiguration": {
        "OutputLocation": "s3://results/",
        "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
    },
    "WorkGroup": "pipeline",
    "ClientRequestToken": "0123456789abcdef0123456789abcdef",
}
_ATHENA = {
    "StartQueryExecution": {"QueryExecutionId": "q-1"},
    "GetQueryExecution": {
        "QueryExecution": {
            "QueryExecutionId": "q-1",
            "Query": "INSERT INTO gold SELECT 1",
            "Status": {"State": "SUCCEEDED"},
        }
    },
}
_STATEMENT = {
    "Sql": "SELECT :day",
    "Database": "dev",
    "ClusterIdentifier": "sales",
    "DbUser": "etl",
    "Parameters": [{"Name": "day", "Value": "1"}],
    "StatementName": "daily",
    "WithEvent": True,
}
_EXECUTED = {
    "ExecuteStatement": {"Id": "s-1"},
    "DescribeStatement": {"Id": "s-1", "Status": "SUBMITTED"},
}

SAMPLES = (
    Sample("glue:startJobRun", _JOB, _GLUE),
    Sample("glue:startJobRun", {"JobName": "bronze-to-silver"}, _GLUE, name="without arguments"),
    Sample("glue:startJobRun.sync", _JOB, _GLUE),
    Sample("athena:startQueryExecution.sync", _QUERY, _ATHENA),
    Sample(
        "athena:startQueryExecution.sync",
        {"QueryString": "INSERT INTO gold SELECT 1", "QueryExecutionContext": {"Database": "default"}},
        _ATHENA,
        name="defaults",
    ),
    Sample(
        "athena:startQueryExecution.sync",
        {"QueryString": "INSERT INTO gold SELECT 1"},
        _ATHENA,
        name="least",
        since=(9, 34),
    ),
    Sample("aws-sdk:glue:startCrawler", {"Name": "bronze"}, {"StartCrawler": {}}),
    Sample("databrew:startJobRun", {"Name": "clean"}, {"StartJobRun": {"RunId": "db_1"}}),
    Sample("aws-sdk:redshiftdata:executeStatement", _STATEMENT, _EXECUTED),
    Sample(
        "aws-sdk:redshiftdata:executeStatement",
        {"Sql": "SELECT 1", "WorkgroupName": "sales"},
        _EXECUTED,
        name="least",
    ),
    Sample(
        "aws-sdk:redshiftdata:batchExecuteStatement",
        {"Sqls": ["SELECT 1", "SELECT 2"], "Database": "dev", "WorkgroupName": "sales"},
        {
            "BatchExecuteStatement": {"Id": "b-1"},
            "DescribeStatement": {"Id": "b-1", "SubStatements": [{"Id": "b-1:1"}, {"Id": "b-1:2"}]},
        },
    ),
)
