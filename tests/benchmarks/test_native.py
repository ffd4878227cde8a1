"""The native sales pipeline against one written by hand: how long it runs in one real Airflow, and how long it parses.

``NATIVE_ROUNDS`` changes the number of interleaved rounds.
"""

from __future__ import annotations

import json
import os
import statistics
from pathlib import Path

import boto3
import pytest

from sfn_provider.translate import translate
from tests.aws.lambda_functions import LambdaFunctions
from tests.benchmarks.test_translation import parse
from tests.fixtures.whole_airflow.real_airflow import RealAirflow

ROUNDS = int(os.environ.get("NATIVE_ROUNDS", "7"))
DAGS = Path(__file__).parents[2] / "dags"
INPUT = json.loads((DAGS / "sales_pipeline.input.json").read_text())
JOB = "sales-bronze-to-silver"
BY_HAND = '''
"""The sales pipeline as one writes it who has never seen the state machine."""

import json
from datetime import datetime, timedelta

from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.providers.amazon.aws.operators.sns import SnsPublishOperator
from airflow.sdk import DAG, task

ALERTS = "arn:aws:sns:us-east-1:123456789012:pipeline-alerts"

with DAG("by_hand", schedule="0 2 * * *", start_date=datetime(2025, 1, 1), catchup=False, params=PARAMS):
    validate = LambdaInvokeFunctionOperator(
        task_id="validate",
        function_name="ValidateS3File",
        payload='{"bucket": "{{ params.bucket }}", "key": "{{ params.key }}"}',
    )
    transform = GlueJobOperator(
        task_id="transform",
        job_name="sales-bronze-to-silver",
        script_args={"--run_date": "{{ params.run_date }}", "--input_path": "{{ params.input_path }}"},
        deferrable=True,
        retries=2,
        retry_delay=timedelta(minutes=1),
        retry_exponential_backoff=True,
    )
    check = LambdaInvokeFunctionOperator(task_id="check", function_name="CheckDataQuality", payload="{}")

    @task.branch
    def passed(answer):
        return "aggregate" if json.loads(answer)["quality_score"] > 0.95 else "tell_bad_quality"

    aggregate = AthenaOperator(
        task_id="aggregate",
        query="INSERT INTO gold_daily_revenue SELECT ...",
        database="default",
        workgroup="pipeline-workgroup",
        deferrable=True,
    )
    tell_success = SnsPublishOperator(task_id="tell_success", target_arn=ALERTS, message="The sales of the day are in")
    tell_bad_quality = SnsPublishOperator(
        task_id="tell_bad_quality",
        target_arn=ALERTS,
        message="Bad quality: {{ macros.json.loads(ti.xcom_pull(task_ids='check')).quality_score }}",
    )
    tell_failure = SnsPublishOperator(
        task_id="tell_failure", trigger_rule="one_failed", target_arn=ALERTS, message="Failed: {{ run_id }}"
    )

    validate >> [transform, tell_failure]
    transform >> check >> passed(check.output) >> [aggregate, tell_bad_quality]
    aggregate >> tell_success
'''.replace("PARAMS", repr(INPUT))


def sources() -> dict[str, str]:
    """The files of both DAGs, by DAG id."""
    definition = (DAGS / "sales_pipeline.asl.json").read_text().replace(":123456:", ":123456789012:")
    native = translate(definition, dag_id="native", schedule="cron(0 2 * * ? *)", params=INPUT, style="native")
    return {"by_hand": BY_HAND, "native": native.source}


@pytest.fixture
def services(aws: str, lambda_functions: LambdaFunctions) -> None:
    """What the pipeline calls; jobs and queries end at once."""
    glue, athena, sns = (
        boto3.client(name, endpoint_url=aws, region_name="us-east-1") for name in ("glue", "athena", "sns")
    )
    glue.create_job(Name=JOB, Role="glue", Command={"Name": "glueetl"}, ExecutionProperty={"MaxConcurrentRuns": 100})
    athena.create_work_group(Name="pipeline-workgroup")
    sns.create_topic(Name="pipeline-alerts")
    answer = {"run_date": INPUT["run_date"], "input_path": INPUT["input_path"]}
    lambda_functions.add("ValidateS3File", lambda payload: payload | answer)
    lambda_functions.add("CheckDataQuality", lambda _: {"quality_score": 0.97})


def test_running(real_airflow: RealAirflow, services: None, capsys: pytest.CaptureFixture[str]) -> None:
    files = sources()
    real_airflow.add_dags(files)
    taken: dict[str, list[float]] = {dag_id: [] for dag_id in files}
    for _ in range(ROUNDS):
        for dag_id, seconds in taken.items():
            run = real_airflow.run(dag_id, INPUT, 600)
            assert run.state == "success", run.story()
            assert sum(task["state"] == "success" for task in run.tasks()) == 6, run.story()
            seconds.append(run.seconds)
    peer, ours = (statistics.median(taken[dag_id]) for dag_id in ("by_hand", "native"))
    with capsys.disabled():
        print(f"\nA run of the native sales pipeline / by hand, median of {ROUNDS}: {_texts(taken)}")
        print(f"  {ours:.2f} s / {peer:.2f} s = {ours / peer:.3f} (bar 1.05)")


def _texts(taken: dict[str, list[float]]) -> str:
    return ", ".join(f"{name} {min(seconds):.1f} to {max(seconds):.1f} s" for name, seconds in taken.items())


def test_parsing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = {dag_id: tmp_path / f"{dag_id}.py" for dag_id in ("by_hand", "native")}
    for dag_id, source in sources().items():
        paths[dag_id].write_text(source)
    taken = parse([*paths.values()])
    peer, ours = (statistics.median(taken[str(paths[dag_id])]) for dag_id in ("by_hand", "native"))
    with capsys.disabled():
        print(f"\nparsing the native sales pipeline / by hand: {ours * 1e3:.1f} / {peer * 1e3:.1f} ms = ", end="")
        print(f"{ours / peer:.2f} (bar 1.1)")
