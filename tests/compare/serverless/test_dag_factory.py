"""Workflows, run by dag-factory in Airflow 3.0.6 against the engine: ``make test-serverless``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.cli import run_command
from sfn_provider.compare.announced_differences import AnnouncedDifferences
from sfn_provider.compare.dag_comparison import CaseComparison, compare_cases, load_cases, make_mocks
from sfn_provider.compare.serverless.python_environments import DEFAULT, find_interpreter
from sfn_provider.compare.serverless.workflow_files import write_workflow
from sfn_provider.translate import translate
from sfn_provider.translate.serverless.style import WayName
from tests.fixtures.machines.definitions import END, call, choose, machine
from tests.golden import DAGS

pytestmark = pytest.mark.skipif(
    not os.environ.get("SFN_PROVIDER_SERVERLESS") or not DEFAULT.is_file(),
    reason="run by make test-serverless, in an environment that make serverless-env builds",
)

SALES = DAGS / "sales_pipeline.asl.json"
MOCKS = DAGS / "sales_pipeline.mocks.json"
INPUT = json.loads((DAGS / "sales_pipeline.input.json").read_text())
BRANCHES = {"Type": "Parallel", "Branches": [machine({"L": call()}), machine({"R": call()})]}
JOB = "arn:aws:states:::glue:startJobRun.sync"

QUERY = {
    "Type": "Task",
    "Resource": "arn:aws:states:::athena:getQueryExecution",
    "Parameters": {"QueryExecutionId": "00000000-0000-0000-0000-000000000000"},
    "End": True,
}

MACHINES: dict[str, tuple[WayName, Any]] = {
    "a choice": ("code", {"A": choose("$.a", {"x": "B"}, "C"), "B": call("C"), "C": END}),
    "a choice of operators": (
        "operators",
        {"A": choose("$.a", {"x": "B"}, "C"), "B": call("C", Parameters={"b": 1}), "C": END},
    ),
    "a wait and a failure": (
        "operators",
        {
            "W": {"Type": "Wait", "Seconds": 600, "Next": "F"},
            "F": {"Type": "Fail", "Error": "E", "Cause": "it's $HOME"},
        },
    ),
    "a wait within own code": ("code", {"W": {"Type": "Wait", "Seconds": 7200, "Next": "A"}, "A": call()}),
    "branches in one task": ("code", {"P": {**BRANCHES, "Next": "A"}, "A": call()}),
    "branches, one of which fails": (
        "code",
        {"P": {**BRANCHES, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "A"}], "Next": "B"}, "A": END, "B": END},
    ),
    "a branch that fails before it changes anything": (
        "code",
        {"P": {"Type": "Parallel", "Branches": [machine({"L": call("Q"), "Q": QUERY})], "Next": "A"}, "A": END},
    ),
    "items in one task": ("code", {"M": {"Type": "Map", "ItemProcessor": machine({"I": call()}), "End": True}}),
    "a loop": ("code", {"A": call("B"), "B": choose("$.a", {"x": "A"}, "C"), "C": END}),
    "a job and a sensor": (
        "operators",
        {"J": {"Type": "Task", "Resource": JOB, "Parameters": {"JobName": "j"}, "Next": "A"}, "A": call(Parameters={})},
    ),
}


def compare(definition: Any, way: WayName, cases: Any, folder: Path) -> tuple[list[CaseComparison], tuple[Any, ...]]:
    """The comparisons, and the differences that the report does not announce."""
    made = translate(definition, dag_id="w", target="mwaa-serverless", way=way)
    file = write_workflow(made.source, "w", folder)
    machine = parse(definition)
    found = list(compare_cases(machine, file, cases, dag_id="w", input=INPUT, made=True, python=find_interpreter()))
    return found, AnnouncedDifferences(made).unannounced(found)


@pytest.mark.parametrize("way", ["operators", "code"])
def test_the_sales_pipeline_does_the_same_on_all_five_routes(way: WayName, tmp_path: Path) -> None:
    found, unannounced = compare(SALES.read_text(), way, load_cases(str(MOCKS)), tmp_path)
    assert len(found) == 5 and unannounced == ()
    assert all(case.agrees for case in found) is (way == "code")
    assert all((case.states is not None) is (way == "code") for case in found)
    assert {case.dag.state for case in found} == {"success", "failed"}
    different = {finding.member for case in found for finding in case.findings}
    assert different == (set() if way == "code" else {"Payload.ExecutionTime"})


@pytest.mark.parametrize("case", MACHINES)
def test_made_cases_agree(case: str, tmp_path: Path) -> None:
    way, states = MACHINES[case]
    definition = machine(states)
    found, unannounced = compare(definition, way, make_mocks(parse(definition)), tmp_path)
    assert found and unannounced == (), [str(finding) for finding in unannounced]
    assert all(not each.dag.refused for each in found)


def test_a_wrong_workflow_is_found_out(tmp_path: Path) -> None:
    definition = machine({"A": call(Parameters={"x": 1})})
    made = translate(definition, dag_id="w", target="mwaa-serverless", way="operators")
    wrong = made.source.replace('"x": 1', '"x": 2')
    assert wrong != made.source
    file = write_workflow(wrong, "w", tmp_path)
    machine_ = parse(definition)
    [case, *_] = compare_cases(machine_, file, make_mocks(machine_), made=True, python=find_interpreter())
    assert [finding.kind for finding in case.findings] == ["different parameter"]


def test_the_command_compares_and_writes_its_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--mock", f"{MOCKS}#QualityPasses", "--input", json.dumps(INPUT), "--html", str(tmp_path / "r.html")]
    assert run_command(["compare", str(SALES), "--target", "mwaa-serverless", *given, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["agrees"] is True and "sales_pipeline" in (tmp_path / "r.html").read_text()
