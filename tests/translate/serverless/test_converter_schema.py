"""Workflows of operators by the schema of AWS's converter, where that is installed, and what is beside it."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sfn_provider.translate import translate
from tests.fixtures.machines.definitions import call, machine
from tests.golden import DAGS

BESIDE = {
    "airflow.providers.standard.operators.bash.BashOperator",
    "airflow.providers.standard.operators.python.BranchPythonOperator",
}
"""The guide's page operators-python-bash-detail has Bash and Python; branches are what the report warns of."""


def task(resource: str, **parameters: Any) -> dict[str, Any]:
    """A machine that calls an integration, and then a function with what it returns."""
    first = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, "Next": "B"}
    return machine({"A": first, "B": call(Parameters={"a": 1})})


EMR = {"ApplicationId": "a", "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r", "Name": "n"}
MACHINES: dict[str, Any] = {
    "the sales pipeline": (DAGS / "sales_pipeline.asl.json").read_text(),
    "a Glue job": task("glue:startJobRun.sync", JobName="j"),
    "a Batch job": task("batch:submitJob.sync", JobName="j", JobDefinition="d", JobQueue="q"),
    "an execution": task(
        "states:startExecution.sync", StateMachineArn="arn:aws:states:us-east-1:123456789012:stateMachine:m"
    ),
    "a step": task(
        "elasticmapreduce:addStep.sync",
        ClusterId="c",
        Step={"Name": "s", "HadoopJarStep": {"Jar": "j"}},
    ),
    "a job of EMR Serverless": task(
        "emr-serverless:startJobRun.sync", **EMR, JobDriver={"SparkSubmit": {"EntryPoint": "s3://b/main.py"}}
    ),
    "a query": task("athena:startQueryExecution.sync", QueryString="SELECT 1", WorkGroup="w"),
    "a container": task("ecs:runTask.sync", TaskDefinition="t", Cluster="c"),
    "a message": task("sqs:sendMessage", QueueUrl="q", MessageBody="m"),
    "branches": machine(
        {"P": {"Type": "Parallel", "Branches": [machine({name: call()}) for name in "XY"], "Next": "W"}}
        | {"W": {"Type": "Wait", "Seconds": 60, "Next": "F"}, "F": {"Type": "Fail", "Error": "E"}}
    ),
}


@pytest.fixture(scope="module")
def schema() -> tuple[set[str], set[str], set[str]]:
    """The keys of a DAG and of a task, and the operators."""
    spec = importlib.util.find_spec("dag_converter")
    if spec is None or spec.origin is None:
        pytest.skip("python-to-yaml-dag-converter-mwaa-serverless is not installed")
    text = Path(spec.origin).with_name("validator_schema.yaml").read_text()
    _, dag, task, *_ = yaml.safe_load_all(text)
    return set(dag["dag"]), set(task["task"]), set(re.findall(r'"([^"]+)"', task["task"]["operator"]))


@pytest.mark.parametrize("name", MACHINES)
def test_the_schema_knows_operators_and_keys(name: str, schema: tuple[set[str], set[str], set[str]]) -> None:
    dag_keys, task_keys, operators = schema
    made = translate(MACHINES[name], dag_id="w", target="mwaa-serverless", way="operators")
    assert made.workflow is not None and made.workflow.way == "operators"
    [content] = yaml.safe_load(made.source).values()
    assert set(content) <= dag_keys
    for task in content["tasks"].values():
        assert task["operator"] in operators | BESIDE, json.dumps(task)
        assert task["operator"] in BESIDE or set(task) <= task_keys
