"""``compare --on aws`` with a real Airflow; Step Functions is scripted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sfn_provider.cli import run_command
from sfn_provider.engine import simulate
from sfn_provider.translate import translate
from tests.aws.scripted import ScriptedAws
from tests.fixtures.machines.definitions import END, choose, go, machine
from tests.fixtures.machines.recorded_histories import ARN
from tests.fixtures.whole_airflow.real_airflow import RealAirflow

MACHINE = "arn:aws:states:eu-central-1:210987654321:stateMachine:Orders"

ORDERS = machine(
    {
        "Stamp": go("Kind", Parameters={"id.$": "States.UUID()", "kind.$": "$.kind"}),
        "Kind": choose("$.kind", {"a": "Both"}, "Other"),
        "Both": {"Type": "Parallel", "Branches": [machine({"L": END}), machine({"R": END})], "Next": "Done"},
        "Done": {"Type": "Succeed"},
        "Other": {"Type": "Fail", "Error": "Other"},
    }
)


@pytest.fixture(scope="module")
def airflow(real_airflow_process: RealAirflow) -> RealAirflow:
    """An Airflow with the machine's DAG."""
    real_airflow_process.ensure()
    real_airflow_process.add_dag("compared", translate(ORDERS, dag_id="compared").source)
    return real_airflow_process


@pytest.mark.parametrize(("kind", "code"), [("a", 0), ("b", 1)], ids=["the same", "another input there"])
def test_both_sides_are_started_waited_for_and_compared(
    airflow: RealAirflow,
    scripted_aws: ScriptedAws,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    code: int,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    execution = simulate(ORDERS, {"kind": kind}, name="nightly-7", machine_name="Orders")
    events = [{**event, "timestamp": event["timestamp"].timestamp()} for event in execution.events]
    scripted_aws.script("StartExecution", {"executionArn": ARN, "startDate": 1.0})
    described = {"executionArn": ARN, "stateMachineArn": MACHINE, "startDate": 1.0}
    scripted_aws.script("DescribeExecution", {**described, "status": "SUCCEEDED"})
    scripted_aws.script("DescribeStateMachineForExecution", {"definition": json.dumps(ORDERS)})
    scripted_aws.script("GetExecutionHistory", {"events": events})
    definition = tmp_path / "orders.asl.json"
    definition.write_text(json.dumps(ORDERS))
    arguments = ["compare", str(definition), "--on", "aws", "--state-machine-arn", MACHINE, "--input", '{"kind": "a"}']
    where = ["--airflow-url", airflow.server, "--dag-id", "compared", "--json"]
    assert run_command([*arguments, *where]) == code
    [found] = json.loads(capsys.readouterr().out)["cases"].values()
    assert found["agrees"] is (code == 0), found
    assert [state["state"] for state in found["states"]][:2] == ["Stamp", "Kind"]
    assert scripted_aws.bodies("StartExecution") == [{"stateMachineArn": MACHINE, "input": '{"kind": "a"}'}]
