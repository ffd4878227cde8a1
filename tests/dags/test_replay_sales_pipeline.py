"""The DAG that replays the last executions, run by a real Airflow against an AWS that the test scripts."""

from __future__ import annotations

import json
import runpy
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.engine import load_mocks, simulate
from sfn_provider.translate import translate
from tests.aws.scripted import ScriptedAws
from tests.fixtures.airflow.airflow_home import run_dag, task_states, xcom
from tests.fixtures.machines.recorded_histories import history

DAGS = Path(__file__).parents[2] / "dags"
DEFINITION = (DAGS / "sales_pipeline.asl.json").read_text()
INPUT = json.loads((DAGS / "sales_pipeline.input.json").read_text())
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:SalesPipeline"
EXECUTION = MACHINE.replace("stateMachine", "execution")

pytestmark = pytest.mark.usefixtures("airflow_db", "user_airflow_home")


@pytest.fixture
def dag() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return runpy.run_path(str(DAGS / "replay_sales_pipeline.py"))["dag"]


@pytest.fixture
def recorded_aws(scripted_aws: ScriptedAws) -> ScriptedAws:
    """Two executions of the sales pipeline: one went well, the other failed."""
    events = []
    for case in ("GlueFailsTwiceThenSucceeds", "FileIsMissing"):
        mocks = load_mocks(f"{DAGS / 'sales_pipeline.mocks.json'}#{case}")
        ran = history(simulate(DEFINITION, INPUT, mocks=mocks, name=case, machine_name="SalesPipeline"))["events"]
        stamps = [datetime.fromisoformat(event["timestamp"]).timestamp() for event in ran]
        events.append({"events": [{**event, "timestamp": at} for event, at in zip(ran, stamps, strict=True)]})
    row = {"stateMachineArn": MACHINE, "startDate": 1741572000}
    executions = [
        {**row, "executionArn": f"{EXECUTION}:{name}", "name": name, "status": status}
        for name, status in (("good", "SUCCEEDED"), ("bad", "FAILED"))
    ]
    scripted_aws.script("ListExecutions", {"executions": executions})
    scripted_aws.script("DescribeStateMachineForExecution", {"definition": DEFINITION})
    scripted_aws.script("GetExecutionHistory", *events)
    return scripted_aws


def test_it_replays_the_last_executions_and_leaves_a_report(
    dag: Any, recorded_aws: ScriptedAws, tmp_path: Path, task_log: Callable[[], str]
) -> None:
    run = run_dag(dag, logical_date=datetime(2025, 3, 15, 6, tzinfo=UTC), run_conf={"folder": str(tmp_path), "last": 2})
    assert task_states(run) == {"replay_last_executions": "success"}
    report = tmp_path / "sales_pipeline-2025-03-15.html"
    assert xcom(run, "replay_last_executions") == str(report)
    verdict = "Airflow does what Step Functions does in 2 executions that reach 7 of 8 states."
    assert verdict in report.read_text(encoding="utf-8")
    assert {"ListExecutions", "DescribeStateMachineForExecution", "GetExecutionHistory"} == set(recorded_aws.actions())


def test_it_fails_where_a_dag_file_differs(
    dag: Any, recorded_aws: ScriptedAws, tmp_path: Path, task_log: Callable[[], str]
) -> None:
    changed = DEFINITION.replace('"MaxAttempts": 2', '"MaxAttempts": 1')
    assert changed != DEFINITION
    (tmp_path / "pipeline.py").write_text(translate(changed, dag_id="pipeline").source)
    given = {"folder": str(tmp_path), "dag_file": str(tmp_path / "pipeline.py")}
    run = run_dag(dag, logical_date=datetime(2025, 3, 16, 6, tzinfo=UTC), run_conf=given)
    assert task_states(run) == {"replay_last_executions": "failed"}
    report = tmp_path / "sales_pipeline-2025-03-16.html"
    assert "Airflow differs from Step Functions in 1 of 2 executions." in report.read_text(encoding="utf-8")
    assert report.as_uri() in task_log()


def test_it_fails_where_there_is_nothing_to_compare(
    dag: Any, recorded_aws: ScriptedAws, tmp_path: Path, task_log: Callable[[], str]
) -> None:
    recorded_aws.script("ListExecutions", {"executions": []})
    run = run_dag(dag, logical_date=datetime(2025, 3, 17, 6, tzinfo=UTC), run_conf={"folder": str(tmp_path)})
    assert task_states(run) == {"replay_last_executions": "failed"}
    assert "nothing could be replayed" in task_log()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("aws")
def test_a_report_goes_to_s3() -> None:
    import boto3

    boto3.client("s3").create_bucket(Bucket="reports")
    write_report = runpy.run_path(str(DAGS / "replay_sales_pipeline.py"))["write_report"]
    assert write_report("s3://reports/a/b.html", "<p>é</p>") == (
        "https://console.aws.amazon.com/s3/object/reports?prefix=a/b.html"
    )
    stored = boto3.client("s3").get_object(Bucket="reports", Key="a/b.html")["Body"].read()
    assert stored.decode() == "<p>é</p>"
