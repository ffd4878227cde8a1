"""Calls and datasets of histories: which names each call gives."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from sfn_provider.engine import simulate
from sfn_provider.lineage.datasets import AwsLocation, DatasetName, find_datasets
from sfn_provider.lineage.history_calls import HistoryCall, WrittenResults, read_calls
from tests.fixtures.machines.definitions import END, machine

PLACE = AwsLocation("aws-cn", "cn-north-1", "123456789012")
ATHENA = "awsathena://athena.cn-north-1.amazonaws.com"
GLUE = "arn:aws-cn:glue:cn-north-1:123456789012"


class Case(NamedTuple):
    """A call, and the datasets that it names."""

    resource: str
    parameters: Any
    found: list[tuple[str, str, str]]
    result: Any = None


CASES = {
    "arguments of a Glue job, by their names": Case(
        "glue:startJobRun.sync",
        {
            "JobName": "j",
            "Arguments": {
                "--input_path": "s3://raw/sales/",
                "--TARGET": "s3a://silver/sales",
                "--script": "s3://code/job.py",
                "--source_date": "2026-01-01",
                "--n": 1,
            },
        },
        [("input", "s3://raw", "sales"), ("output", "s3://silver", "sales")],
    ),
    "a query with its database and place": Case(
        "athena:startQueryExecution.sync",
        {
            "QueryString": "INSERT",
            "QueryExecutionContext": {"Database": "gold"},
            "ResultConfiguration": {"OutputLocation": "s3://results/daily/"},
        },
        [
            ("output", "s3://results", "daily"),
            ("input", ATHENA, "AwsDataCatalog.gold.sales"),
            ("input", ATHENA, "AwsDataCatalog.silver.items"),
            ("output", ATHENA, "other.gold.daily"),
        ],
    ),
    "a query whose work group has the place": Case(
        "aws-sdk:athena:startQueryExecution",
        {"QueryString": ""},
        [("output", "s3://results", "group")],
        {
            "QueryExecution": {
                "QueryExecutionId": "q",
                "ResultConfiguration": {"OutputLocation": "s3://results/group/q.csv"},
            }
        },
    ),
    "an object that is read": Case("aws-sdk:s3:getObject", {"Bucket": "b", "Key": "k/1"}, [("input", "s3://b", "k/1")]),
    "a whole bucket": Case("aws-sdk:s3:listObjectsV2", {"Bucket": "b"}, [("input", "s3://b", "/")]),
    "an object that is written": Case("aws-sdk:s3:putObject", {"Bucket": "b", "Key": "k"}, [("output", "s3://b", "k")]),
    "an object that is copied": Case(
        "aws-sdk:s3:copyObject",
        {"Bucket": "b", "Key": "k", "CopySource": "/from/some/key?versionId=1"},
        [("input", "s3://from", "some/key"), ("output", "s3://b", "k")],
    ),
    "a table that is read": Case(
        "aws-sdk:glue:getTable", {"DatabaseName": "d", "Name": "t"}, [("input", GLUE, "table/d/t")]
    ),
    "a table of another account": Case(
        "aws-sdk:glue:createTable",
        {"CatalogId": "210987654321", "DatabaseName": "d", "TableInput": {"Name": "t"}},
        [("output", GLUE.replace("123456789012", "210987654321"), "table/d/t")],
    ),
    "what AWS has cut": Case("glue:startJobRun.sync", None, []),
    "parameters that are none": Case("aws-sdk:s3:getObject", ["Bucket"], []),
    "another service": Case("sqs:sendMessage", {"QueueUrl": "q"}, []),
}


def tables(query: str) -> tuple[list[str], list[str]]:
    return (["sales", "silver.items"], ["other.gold.daily"]) if query == "INSERT" else ([], [])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_call_names_its_datasets(case: Case) -> None:
    call = HistoryCall("S", f"arn:aws:states:::{case.resource}", case.parameters, "", [case.result])
    found = [(direction, *name) for direction, name in find_datasets(call, PLACE, tables)]
    assert found == case.found


def test_without_region_or_account_no_wrong_names() -> None:
    nowhere = AwsLocation("aws", "", "")
    for name in ("a query with its database and place", "a table that is read"):
        case = CASES[name]
        call = HistoryCall("S", f"arn:aws:states:::{case.resource}", case.parameters, "")
        names = [found for _, found in find_datasets(call, nowhere, tables)]
        assert all(found.namespace.startswith("s3://") for found in names)
    called_elsewhere = HistoryCall(
        "S", "arn:aws:states:::athena:startQueryExecution", {"QueryString": "INSERT"}, "eu-west-1"
    )
    namespaces = {name.namespace for _, name in find_datasets(called_elsewhere, PLACE, tables)}
    assert namespaces == {"awsathena://athena.eu-west-1.amazonaws.com"}


def test_the_results_of_a_distributed_map_are_written() -> None:
    found = list(find_datasets(WrittenResults("b", "out/manifest.json"), PLACE, tables))
    assert found == [("output", DatasetName("s3://b", "out/manifest.json"))]


def task(resource: str, **parameters: Any) -> dict[str, Any]:
    return END | {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters}


def test_calls_of_a_history_with_retries_and_branches() -> None:
    read = task("aws-sdk:s3:getObject", Bucket="b", Key="k") | {"Retry": [{"ErrorEquals": ["States.ALL"]}]}
    job = task("glue:startJobRun.sync", JobName="j")
    function = END | {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}
    branches = [machine({"Read": read}), machine({"Job": job}), machine({"Call": function})]
    both = {"Type": "Parallel", "Branches": branches, "End": True}
    mocks = {
        "Read": [{"Throw": {"Error": "S3.Busy"}}, {"Return": {"Body": "x"}}],
        "Job": [{"Return": {"Id": "jr_1"}}],
        "Call": [{"Return": 7}],
    }
    found = list(read_calls(simulate(machine({"Both": both}), {}, mocks=mocks).events))
    calls = {call.state: call for call in found if isinstance(call, HistoryCall)}
    assert len(found) == 3 and {state: call.resource.rpartition(":")[2] for state, call in calls.items()} == {
        "Read": "getObject",
        "Job": "startJobRun.sync",
        "Call": "f",
    }
    assert calls["Read"].parameters == {"Bucket": "b", "Key": "k"} and calls["Read"].results == [{"Body": "x"}]
    assert calls["Job"].results[-1] == {"Id": "jr_1"} and calls["Call"].parameters == {}
