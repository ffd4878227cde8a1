"""Which machines MWAA Serverless can run as DAGs, and what is said of the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.cli import run_command
from sfn_provider.mwaa.serverless import find_unsupported
from sfn_provider.translate import translate
from tests.fixtures.definitions import END, call, machine
from tests.golden import DAGS

BRANCH = {"StartAt": "B", "States": {"B": END}}
OTHER = {"StartAt": "C", "States": {"C": END}}
TOKEN = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Parameters": {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"},
    "End": True,
}
MACHINES: dict[str, tuple[dict[str, Any], str | None, str]] = {
    "one task after the other": (machine({"A": call("B"), "B": END}), "cron(0 2 * * ? *)", ""),
    "a Parallel": (
        machine({"P": {"Type": "Parallel", "Branches": [BRANCH, OTHER], "End": True}}),
        None,
        "TASK_GROUP /States/P",
    ),
    "a Map": (machine({"M": {"Type": "Map", "ItemProcessor": BRANCH, "End": True}}), None, "MAPPED_TASKS /States/M"),
    "a task token": (machine({"T": TOKEN}), None, "TASK_TOKEN /States/T"),
    "an interval": (machine({"A": END}), "rate(5 minutes)", "SCHEDULE "),
    "a timeout": (machine({"A": END}, TimeoutSeconds=60), None, "TIMEOUT_IGNORED /TimeoutSeconds"),
}


@pytest.mark.parametrize("case", MACHINES)
def test_what_cannot_go_there_is_told(case: str) -> None:
    definition, schedule, expected = MACHINES[case]
    plan = translate(definition, dag_id="d", schedule=schedule).plan
    assert "|".join(f"{found.code} {found.location}" for found in find_unsupported(plan)) == expected


def test_a_time_zone_cannot_go_there() -> None:
    plan = translate(machine({"A": END}), dag_id="d", schedule="cron(0 2 * * ? *)", timezone="Asia/Tokyo").plan
    [found] = find_unsupported(plan)
    assert (found.code, found.level) == ("SCHEDULE", "error")


def test_the_sales_pipeline_can_go_there(tmp_path: Path) -> None:
    output = tmp_path / "dag.py"
    command = ["translate", str(DAGS / "sales_pipeline.asl.json"), "-o", str(output), "--target", "mwaa-serverless"]
    assert run_command(command) == 0
    assert "TaskStateOperator" in output.read_text()


def test_nothing_is_written_of_what_cannot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, output = tmp_path / "map.asl.json", tmp_path / "dag.py"
    file.write_text(json.dumps(MACHINES["a Map"][0]))
    assert run_command(["translate", str(file), "-o", str(output), "--target", "mwaa-serverless"]) == 1
    assert not output.exists()
    told = capsys.readouterr().err
    assert "MAPPED_TASKS /States/M: state 'M' maps tasks over its items" in told
    assert "it cannot run on mwaa-serverless; nothing is written" in told
