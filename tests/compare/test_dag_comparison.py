"""Whole DAGs, run in the private Airflow with their calls caught."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sfn_provider.cli.commands.compare import compare
from sfn_provider.compare import compare_dag
from sfn_provider.compare.dag_comparison import DagComparison
from sfn_provider.exceptions import UsageError
from sfn_provider.translate import translate

REPOSITORY = Path(__file__).parents[2]
DAGS = REPOSITORY / "tests" / "fixtures" / "compared_dags"
SALES, MOCKS = DAGS / "sales_pipeline.asl.json", DAGS / "sales_pipeline.mocks.json"
BY_HAND = REPOSITORY.parent / "shared" / "native" / "sales_pipeline_by_hand.py"


def compare_sales(file: str, case: str = "") -> DagComparison:
    definition = SALES.read_text(encoding="utf-8")
    return compare_dag(definition, DAGS / file, cases=f"{MOCKS}#{case}" if case else MOCKS)


def texts(found: DagComparison) -> dict[str, list[str]]:
    """The sentences of all findings by their kind."""
    return {kind: [each.text for each in found.findings if each.kind == kind] for kind in kinds(found)}


def kinds(found: DagComparison) -> set[str]:
    return {finding.kind for finding in found.findings}


@pytest.mark.parametrize("file", ["by_operators.py", "by_boto3.py"])
def test_dags_that_do_the_same_agree_in_all_cases(file: str) -> None:
    found = compare_sales(file)
    assert found.findings == ()
    assert found.agrees
    assert len(found.cases) == 7
    assert found.verdict == (
        "AWS sees the same of the DAG and of the state machine in all 7 cases, which reach 8 of 8 states."
    )


def test_a_wrong_parameter_is_named() -> None:
    found = compare_sales("wrong_parameter.py", "QualityPasses")
    assert texts(found) == {
        "different parameter": [
            "Task start_transform calls glue StartJobRun with other parameters than state RunGlueTransform: "
            'Arguments.--input_path is "s3://sales/in/" in the machine, "s3://sales/in" in the DAG.'
        ]
    }


def test_a_missing_failure_route_is_named() -> None:
    found = compare_sales("without_failure_route.py", "FileIsMissing")
    assert texts(found) == {
        "different outcome": [
            "The execution ends as SUCCEEDED, the DAG run as failed: task validate failed: AirflowFailException: "
            "no such file."
        ],
        "missing call": [
            'State NotifyFailure calls sns Publish (TopicArn: "arn:aws:sns:us-east-1:123456789012:pipeline-alerts", '
            'Message: "Pipeline failed: FileNotFoundError"), no task of the DAG does.'
        ],
    }


@pytest.mark.parametrize("dag_id", ["services", "services_deferred"])
def test_operators_of_many_services_are_answered(dag_id: str) -> None:
    definition = (DAGS / "services.asl.json").read_text(encoding="utf-8")
    found = compare_dag(definition, DAGS / "services.py", dag_id=dag_id, cases=DAGS / "services.mocks.json")
    assert found.findings == ()
    assert len(found.cases[0].calls) == 18
    assert found.cases[0].dag.refused == ()
    assert any("--airflow_task_uuid" in text for text in found.additions) is (dag_id == "services_deferred")


def test_a_dag_of_state_operators_is_compared_state_by_state_as_well() -> None:
    definition = (REPOSITORY / "dags" / "sales_pipeline.asl.json").read_text(encoding="utf-8")
    mocks = REPOSITORY / "dags" / "sales_pipeline.mocks.json"
    input = json.loads((REPOSITORY / "dags" / "sales_pipeline.input.json").read_text(encoding="utf-8"))
    dag_file = REPOSITORY / "dags" / "sales_pipeline.py"
    found = compare_dag(definition, dag_file, cases=f"{mocks}#GlueFailsTwiceThenSucceeds", input=input)
    assert found.findings == ()
    assert len(found.cases[0].calls) == 7
    assert [state.state for state in found.cases[0].states or ()][:2] == ["ValidateInputFile", "RunGlueTransform"]


@pytest.mark.skipif(not BY_HAND.exists(), reason="needs the DAG that is not in the repository")
def test_what_is_made_of_a_task_token_agrees(tmp_path: Path) -> None:
    message = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:ask", "Message.$": "States.Base64Encode($$.Task.Token)"}
    publish = "arn:aws:states:::sns:publish.waitForTaskToken"
    ask = {"Type": "Task", "Resource": publish, "Parameters": message, "End": True}
    definition = {"StartAt": "Ask", "States": {"Ask": ask}}
    dag_file = tmp_path / "dag.py"
    dag_file.write_text(translate(definition, dag_id="ask").source, encoding="utf-8")
    found = compare_dag(definition, dag_file)
    assert found.agrees, found.findings


@pytest.mark.parametrize(
    "first",
    [
        {"Resource": "arn:${AWS::Partition}:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}},
        {"Resource": "arn:aws:lambda:<region>:<account_id>:function:f"},
        {"Resource": "arn:aws:lambda:${AWS::Region}:123456789012:function:f"},
    ],
    ids=["a partition", "a region in angle brackets", "a region"],
)
def test_a_placeholder_names_no_region(first: dict[str, Any], tmp_path: Path) -> None:
    parameters = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:tell", "Message": "done"}
    publish = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": parameters, "End": True}
    call = {"Type": "Task", **first, "ResultPath": None, "Next": "Tell"}
    definition = {"StartAt": "Call", "States": {"Call": call, "Tell": publish}}
    dag_file = tmp_path / "dag.py"
    translation = translate(definition, dag_id="tell", style="native")
    dag_file.write_text(translation.source, encoding="utf-8")
    assert "SnsPublishOperator" in translation.source
    responses = {"Called": {"0": {"Return": {}}}, "Told": {"0": {"Return": {"MessageId": "m-1"}}}}
    machines = {"M": {"TestCases": {"told": {"Call": "Called", "Tell": "Told"}}}}
    found = compare_dag(definition, dag_file, cases={"StateMachines": machines, "MockedResponses": responses})
    assert found.agrees, found.findings


def test_lengths_are_the_service_s_to_check(tmp_path: Path) -> None:
    query = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:kendra:query",
        "Parameters": {"IndexId": "shorter than 36", "QueryText.$": "$.text"},
        "End": True,
    }
    definition = {"StartAt": "Query", "States": {"Query": query}}
    dag_file = tmp_path / "dag.py"
    source = translate(definition, dag_id="query", style="native").source
    dag_file.write_text(source, encoding="utf-8")
    assert compare_dag(definition, dag_file).agrees
    dag_file.write_text(source.replace('IndexId="shorter than 36"', "IndexId=36"), encoding="utf-8")
    assert kinds(compare_dag(definition, dag_file)) == {"different outcome", "missing call"}


def test_all_known_differences_of_the_pipeline_by_hand_are_found_and_no_other() -> None:
    definition = (REPOSITORY / "dags" / "sales_pipeline.asl.json").read_text(encoding="utf-8")
    found = compare_dag(definition, BY_HAND)
    about = {(finding.kind, finding.task_id) for finding in found.findings}
    assert about == {
        ("different parameter", "CheckDataQuality"),
        ("different outcome", "NotifyQualityFailure"),
        ("missing call", None),
        ("different failure", "ValidateInputFile"),
        ("unexpected call", "NotifyFailure"),
        ("number of calls", "RunGlueTransform"),
    }
    assert any("No filter named 'fromjson'" in finding.text for finding in found.findings)
    assert {finding.state for finding in found.findings if finding.kind == "missing call"} == {"NotifyQualityFailure"}
    assert len(found.additions) == 2


MACHINE = {
    "StartAt": "Send",
    "States": {
        "Send": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/q", "MessageBody.$": "$$.Execution.Name"},
            "End": True,
        }
    },
}
CASES: dict[str, Any] = {
    "StateMachines": {"M": {"TestCases": {"Sends": {"Send": "Sent"}}}},
    "MockedResponses": {"Sent": {"0": {"Return": {"MessageId": "m"}}}},
}

WAITING = """
from datetime import datetime, timedelta

from airflow.decorators import task
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor

from airflow import DAG
from neighbour import QUEUE

with DAG("waiting", schedule=None, start_date=datetime(2025, 1, 1)):

    @task.sensor(poke_interval=3600, timeout=86400, mode="reschedule")
    def third_time(ti=None):
        THIRD.append(1)
        return len(THIRD) > 2

    THIRD = []

    @task(retries=3, retry_delay=timedelta(hours=5))
    def send(run_id=None, ti=None):
        import time

        time.sleep(10_000)
        if ti.try_number < 3:
            raise RuntimeError("not yet")
        import boto3

        boto3.client("sqs", region_name="us-east-1").send_message(QueueUrl=QUEUE, MessageBody=run_id)

    wait = S3KeySensor(task_id="wait", bucket_name="b", bucket_key="k", deferrable=True)
    third_time() >> wait >> send()
"""


def test_nothing_waits_and_neighbours_are_imported(tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text('QUEUE = "https://sqs.us-east-1.amazonaws.com/1/q"\n', encoding="utf-8")
    dag_file = tmp_path / "waiting.py"
    dag_file.write_text(WAITING, encoding="utf-8")
    found = compare_dag(MACHINE, dag_file, cases=CASES)
    assert found.findings == ()
    assert any("MessageBody" in text for text in found.notes("run_specific"))
    assert found.cases[0].seconds < 100


REACHING_OUT = """
import subprocess
import urllib.request
from datetime import datetime

from airflow.decorators import task

from airflow import DAG

with DAG("reaching_out", schedule=None, start_date=datetime(2025, 1, 1)):

    @task
    def load():
        urllib.request.urlopen("http://192.0.2.1:8080/data")

    @task
    def copy():
        subprocess.run(["aws", "s3", "ls"], check=True)

    load()
    copy()
"""


def test_what_would_leave_the_machine_is_refused_and_named(tmp_path: Path) -> None:
    dag_file = tmp_path / "reaching_out.py"
    dag_file.write_text(REACHING_OUT, encoding="utf-8")
    refused = texts(compare_dag(MACHINE, dag_file, cases=CASES))["refused"]
    assert sorted(text.partition(";")[0] for text in refused) == [
        "Task copy tried what was refused: the process 'aws s3 ls'",
        "Task load tried what was refused: a connection to 192.0.2.1:8080",
    ]


def test_a_dag_file_that_is_not_there_is_no_agreement(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the DAG file"):
        compare_dag(MACHINE, tmp_path / "none.py", cases=CASES)


@pytest.mark.parametrize("options", [("--on", "aws"), ("--schedule", "@daily"), ("-o", "out.py")])
def test_options_of_a_translation_are_refused_beside_a_dag_file(options: tuple[str, str]) -> None:
    arguments = [str(SALES), "--dag-file", str(DAGS / "by_boto3.py"), *options]
    result = CliRunner().invoke(compare, arguments, standalone_mode=False)
    assert result.return_value == 2
    assert "--dag-file and" in result.stderr
