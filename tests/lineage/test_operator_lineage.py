"""Lineage of tasks, by the openlineage provider's own extractor, as events of OpenLineage.

What imports Airflow is imported where a test runs: collecting the tests imports none.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import jsonschema
import pytest

from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse
from tests.golden import DAGS

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors.base import OperatorLineage

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Sales"
ARN = "arn:aws:states:us-east-1:123456789012:execution:Sales:one"
ENDED = {
    "executionArn": ARN,
    "stateMachineArn": MACHINE,
    "status": "SUCCEEDED",
    "startDate": 1.0,
    "stopDate": 2.0,
    "output": "1",
}


@pytest.fixture(autouse=True)
def _with_the_extra() -> None:
    pytest.importorskip("airflow.providers.openlineage", reason="the extra openlineage is not installed")


def start_operator(**arguments: Any) -> Any:
    from sfn_provider.operators.step_function import StepFunctionStartExecutionOperator

    return StepFunctionStartExecutionOperator(task_id="start", state_machine_arn=MACHINE, **arguments)


def execute(operator: Any) -> None:
    from tests.fixtures.airflow.task_contexts import context_of

    operator.execute(context_of(operator))


def history() -> list[dict[str, Any]]:
    """The sample's history; the job has the id that AWS answers at its start, the query a place and tables."""
    events = json.loads((DAGS / "sales_pipeline.history.json").read_text())["events"]
    for event in events:
        event["timestamp"] = datetime.fromisoformat(event["timestamp"]).timestamp()
        details = event.get("taskScheduledEventDetails", {})
        if details.get("resourceType") == "athena":
            query = {"QueryString": "INSERT INTO gold.daily SELECT * FROM silver.sales", "WorkGroup": "w"}
            details["parameters"] = json.dumps(query)
        details = event.get("taskSucceededEventDetails", {})
        if details.get("resourceType") == "glue":
            details["output"] = json.dumps({"JobRunId": "jr_0003"})
        if details.get("resourceType") == "athena":
            location = {"OutputLocation": "s3://results/w/q-1.csv"}
            details["output"] = json.dumps(
                {
                    "QueryExecutionId": "q-1",
                    "QueryExecution": {"QueryExecutionId": "q-1", "ResultConfiguration": location},
                }
            )
    return list(events)


FACETS = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "required": ["_producer", "_schemaURL"],
        "properties": {name: {"type": "string", "pattern": "^https?://"} for name in ("_producer", "_schemaURL")},
    },
}
NAMED = {
    "type": "object",
    "required": ["namespace", "name"],
    "properties": {"namespace": {"type": "string"}, "name": {"type": "string", "minLength": 1}, "facets": FACETS},
}
DATASETS = {"type": "array", "items": NAMED}
RUN = {"type": "object", "required": ["runId"], "properties": {"runId": {"type": "string"}, "facets": FACETS}}
RUN_EVENT = {
    "type": "object",
    "required": ["eventTime", "producer", "schemaURL", "run", "job"],
    "properties": {"run": RUN, "job": NAMED, "inputs": DATASETS, "outputs": DATASETS},
}
"""What the specification's RunEvent demands of them: https://openlineage.io/spec/2-0-2/OpenLineage.json"""


def as_event(lineage: OperatorLineage[Any, Any]) -> dict[str, Any]:
    """The event as it is sent; the client's classes refuse what the specification does not have."""
    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
    from openlineage.client.serde import Serde

    event = RunEvent(
        eventTime=datetime.now(UTC).isoformat(),
        eventType=RunState.COMPLETE,
        run=Run(runId=str(uuid4()), facets=lineage.run_facets),
        job=Job(namespace="default", name="dag.task", facets=lineage.job_facets),
        inputs=lineage.inputs,
        outputs=lineage.outputs,
        producer="https://airflow.apache.org",
    )
    sent: dict[str, Any] = json.loads(Serde.to_json(event))
    jsonschema.validate(sent, RUN_EVENT)
    return sent


def extract(operator: Any, *, failed: bool = False) -> OperatorLineage[Any, Any]:
    from airflow.providers.openlineage.extractors.base import DefaultExtractor

    extractor = DefaultExtractor(operator)
    # Older versions of the provider ask in one way, and look at the task's state.
    on_failure = getattr(extractor, "extract_on_failure", extractor.extract_on_complete)
    instance = SimpleNamespace(state="failed" if failed else "success")
    found = on_failure(instance) if failed else extractor.extract_on_complete(instance)
    assert found is not None
    return found


def names(datasets: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(dataset["namespace"], dataset["name"]) for dataset in datasets]


def test_the_lineage_of_an_execution_that_was_driven(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("StartExecution", {"executionArn": ARN, "startDate": 1.0})
    scripted_aws.script("DescribeExecution", ENDED)
    scripted_aws.script("GetExecutionHistory", {"events": history()})
    operator = start_operator()
    assert as_event(extract(operator))["run"]["facets"] == {}
    execute(operator)
    assert scripted_aws.bodies("GetExecutionHistory") == []
    event = as_event(extract(operator))
    athena = "awsathena://athena.us-east-1.amazonaws.com"
    assert names(event["inputs"]) == [
        ("s3://your-data-bucket", "bronze/sales/2025/03/15"),
        (athena, "AwsDataCatalog.silver.sales"),
    ]
    assert names(event["outputs"]) == [("s3://results", "w"), (athena, "AwsDataCatalog.gold.daily")]
    facets = event["run"]["facets"]
    assert (facets["externalQuery"]["externalQueryId"], facets["externalQuery"]["source"]) == (ARN, "stepfunctions")
    found = facets["stepFunctions_execution"]
    assert (found["stateMachineArn"], found["executionArn"], found["status"]) == (MACHINE, ARN, "SUCCEEDED")
    assert found["complete"] is True
    jobs = {job["state"]: (job["kind"], job["id"]) for job in found["jobs"]}
    assert jobs["RunGlueTransform"] == ("Glue job run", "jr_0003 of sales-bronze-to-silver")
    assert jobs["RunGoldAggregation"] == ("Athena query", "q-1")
    assert event["job"]["facets"]["sql"]["query"] == "INSERT INTO gold.daily SELECT * FROM silver.sales"


def test_one_whose_history_cannot_be_read_is_named_still(
    scripted_aws: ScriptedAws, caplog: pytest.LogCaptureFixture
) -> None:
    from sfn_provider.executions.outcomes import StepFunctionExecutionFailed

    failed = ENDED | {"status": "FAILED", "error": "Bad"}
    scripted_aws.script("StartExecution", {"executionArn": ARN, "startDate": 1.0})
    scripted_aws.script("DescribeExecution", failed)
    scripted_aws.script("GetExecutionHistory", ErrorResponse("AccessDeniedException"))
    operator = start_operator(retries=0)
    with pytest.raises(StepFunctionExecutionFailed):
        execute(operator)
    caplog.set_level(logging.WARNING)
    event = as_event(extract(operator, failed=True))
    found = event["run"]["facets"]["stepFunctions_execution"]
    assert (found["executionArn"], found.get("status"), found["complete"], event["inputs"]) == (ARN, None, False, [])
    assert "could not be read for its lineage" in caplog.text


def test_one_that_is_not_waited_for_is_not_read(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("StartExecution", {"executionArn": ARN, "startDate": 1.0})
    operator = start_operator(wait_for_completion=False)
    execute(operator)
    assert as_event(extract(operator))["run"]["facets"]["externalQuery"]["externalQueryId"] == ARN
    assert scripted_aws.bodies("GetExecutionHistory") == []


def test_an_express_execution_is_named(scripted_aws: ScriptedAws) -> None:
    from sfn_provider.operators.step_function import StepFunctionStartSyncExecutionOperator

    express = "arn:aws:states:us-east-1:123456789012:express:Quick:one:0f1d2c3b"
    scripted_aws.script("StartSyncExecution", ENDED | {"executionArn": express})
    operator = StepFunctionStartSyncExecutionOperator(task_id="run", state_machine_arn=MACHINE)
    execute(operator)
    found = as_event(extract(operator))["run"]["facets"]["stepFunctions_execution"]
    assert (found["executionArn"], found["stateMachineArn"]) == (express, MACHINE.replace("Sales", "Quick"))
    assert found["complete"] is False


def test_the_lineage_of_a_task_of_a_translated_dag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its region is the task's: the engine knows none."""
    from sfn_provider.operators.state_machine import TaskStateOperator
    from tests.fixtures.airflow import task_runs

    mocks = tmp_path / "mocks.json"
    mocks.write_text(json.dumps(MOCKS))
    monkeypatch.setenv("SFN_PROVIDER_MOCK_CONFIG", f"{mocks}#One")
    with task_runs.dag():
        query = TaskStateOperator(
            task_id="Query",
            resource="arn:aws:states:::athena:startQueryExecution.sync",
            parameters={"QueryString": "INSERT INTO gold.daily SELECT * FROM silver.sales"},
            region_name="eu-central-1",
            end=True,
        )
    assert as_event(extract(query))["outputs"] == []
    task_runs.Run(conf={}).execute(query)
    event = as_event(extract(query))
    athena = "awsathena://athena.eu-central-1.amazonaws.com"
    assert names(event["inputs"]) == [(athena, "AwsDataCatalog.silver.sales")]
    assert names(event["outputs"]) == [(athena, "AwsDataCatalog.gold.daily")]
    [job] = event["run"]["facets"]["stepFunctions_execution"]["jobs"]
    assert (job["state"], job["id"]) == ("Query", "q-1") and "eu-central-1" in job["url"]
    assert "externalQuery" not in event["run"]["facets"]


MOCKS = {
    "StateMachines": {"M": {"TestCases": {"One": {"Query": "Answers"}}}},
    "MockedResponses": {"Answers": {"0": {"Return": {"QueryExecutionId": "q-1"}}}},
}


def test_tables_of_what_is_no_query() -> None:
    from sfn_provider.lineage.openlineage_facets import parse_tables

    assert parse_tables("") == parse_tables("MSCK REPAIR )(") == ([], [])
