"""Rows of Glue, DataBrew, Athena and Redshift."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sfn_provider.translate.native.operator_table.row import Argument, OlderProvider, OperatorRow, Returned
from sfn_provider.translate.native.operator_table.services.rows import attempts, constant, operator, untemplated

_GLUE: Final = OperatorRow(
    "glue:startJobRun",
    operator("glue.GlueJobOperator"),
    "StartJobRun",
    arguments={"JobName": Argument("job_name"), "Arguments": Argument("script_args", "text_map")},
    # A durable task adds an argument to the job, which a strict script refuses.
    constants={"wait_for_completion": False, "deferrable": False, "durable": False},
    passthrough="run_job_kwargs",
    required=("JobName",),
    returns={"$.JobRunId": Returned()},
    added={"Arguments": {}},
    reads=("GetJob",),
    lost=("It reads the job first: without the permission glue:GetJob, or without the job, it fails.",),
    older=(
        OlderProvider((9, 35), without=frozenset({"durable"})),
        OlderProvider((9, 8), untemplated=frozenset({"run_job_kwargs"})),
    ),
)

_GLUE_SYNC: Final = replace(
    _GLUE,
    resource="glue:startJobRun.sync",
    constants={"waiter_max_attempts": attempts(60), "durable": False},
    deferrable="deferrable",
    returns={
        "$.Id": Returned(),
        "$.JobName": Returned("argument", argument="job_name"),
        "$.JobRunState": constant("SUCCEEDED"),
    },
    reads=("GetJob", "GetJobRun"),
    outcomes={"EXPIRED": "waits"},
    lost=(*_GLUE.lost, "The job run goes on where the task is stopped."),
    older=(
        *_GLUE.older,
        OlderProvider(
            (9, 12),
            without=frozenset({"waiter_max_attempts"}),
            outcomes={"ERROR": "waits", "STOPPED": "succeeds"},
        ),
        OlderProvider((9, 8), reads=("FilterLogEvents",), lost=("It copies the job's logs to the triggerer's.",)),
    ),
)

_ATHENA_SYNC: Final = OperatorRow(
    "athena:startQueryExecution.sync",
    operator("athena.AthenaOperator"),
    "StartQueryExecution",
    arguments={
        "QueryString": Argument("query"),
        "QueryExecutionContext.Database": Argument("database"),
        "QueryExecutionContext.Catalog": Argument("catalog"),
        "ResultConfiguration.OutputLocation": Argument("output_location"),
        "ResultConfiguration": untemplated("result_configuration"),
        "WorkGroup": Argument("workgroup"),
        "ClientRequestToken": untemplated("client_request_token"),
    },
    required=("QueryString",),
    deferrable="deferrable",
    returns={
        "$.QueryExecution.QueryExecutionId": Returned(),
        "$.QueryExecution.Query": Returned("argument", argument="query"),
        "$.QueryExecution.Status.State": constant("SUCCEEDED"),
    },
    added={
        "QueryExecutionContext.Catalog": "AwsDataCatalog",
        "ResultConfiguration": {},
        "WorkGroup": "primary",
    },
    reads=("GetQueryExecution",),
    older=(OlderProvider((9, 34), required=("QueryExecutionContext.Database",)),),
)

_CRAWLER: Final = OperatorRow(
    "aws-sdk:glue:startCrawler",
    operator("glue_crawler.GlueCrawlerRunOperator"),
    "StartCrawler",
    since=(9, 34),
    arguments={"Name": Argument("crawler_name")},
    constants={"wait_for_completion": False, "deferrable": False},
    required=("Name",),
)

_DATABREW: Final = OperatorRow(
    "databrew:startJobRun",
    operator("glue_databrew.GlueDataBrewStartJobOperator"),
    "StartJobRun",
    arguments={"Name": Argument("job_name")},
    constants={"wait_for_completion": False, "deferrable": False},
    required=("Name",),
    returns={"$.RunId": Returned(path=("run_id",))},
)

_STATEMENT: Final = OperatorRow(
    "aws-sdk:redshiftdata:executeStatement",
    operator("redshift_data.RedshiftDataOperator"),
    "ExecuteStatement",
    arguments={
        "Sql": Argument("sql"),
        "Database": Argument("database"),
        "ClusterIdentifier": Argument("cluster_identifier"),
        "WorkgroupName": Argument("workgroup_name"),
        "DbUser": Argument("db_user"),
        "Parameters": Argument("parameters", "api_names"),
        "SecretArn": untemplated("secret_arn"),
        "StatementName": Argument("statement_name"),
        "WithEvent": untemplated("with_event"),
        "SessionId": Argument("session_id"),
        "SessionKeepAliveSeconds": untemplated("session_keep_alive_seconds"),
    },
    constants={"wait_for_completion": False, "deferrable": False},
    required=("Sql",),
    returns={"$.Id": Returned(path=(0,))},
    added={"WithEvent": False},
    reads=("DescribeStatement",),
    lost=(
        "From provider 9.8 on it also describes the statement once it has started it, and fails where that fails; its "
        "retries execute the statement again.",
    ),
    older=(OlderProvider((9, 8), returns={"$.Id": Returned()}),),
)

_STATEMENTS: Final = replace(
    _STATEMENT,
    resource="aws-sdk:redshiftdata:batchExecuteStatement",
    operation="BatchExecuteStatement",
    arguments={
        name if name != "Sql" else "Sqls": argument
        for name, argument in _STATEMENT.arguments.items()
        if name != "Parameters"
    },
    required=("Sqls",),
    # It returns the ids of the statements, not that of the batch.
    returns={},
    older=(OlderProvider((9, 8), returns={"$.Id": Returned()}),),
)

ROWS: Final = (_GLUE, _GLUE_SYNC, _CRAWLER, _DATABREW, _ATHENA_SYNC, _STATEMENT, _STATEMENTS)
"""The rows of these services."""
