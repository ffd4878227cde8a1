"""``compare``, as it is meant to be used."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.asl.lint_rules import rules
from sfn_provider.asl.model import StateMachine
from sfn_provider.asl.scope import MISSING
from sfn_provider.cli import dag_file_comparison, workflow_comparison
from sfn_provider.compare import dag_comparison
from sfn_provider.compare.airflow import dag_execution
from sfn_provider.compare.airflow.dag_execution import AirflowRun, DagSource, TaskTime
from sfn_provider.compare.dag_comparison import CaseComparison, DagSide
from sfn_provider.engine import Mocks, simulate
from sfn_provider.engine.compiled_machine import CompiledMachine
from tests.fixtures.command_line import GREET_MOCKS, Told, as_json
from tests.fixtures.machines.definitions import END, call, choose, go, machine


@pytest.mark.usefixtures("user_airflow_home")
def test_compare_runs_every_test_case_on_both_sides(told: Told, folder: Path) -> None:
    code, out, _ = told("compare", "greet.asl.json", "--input", "@input.json", "--mock", "mocks.json", "-o", "dag.py")
    assert code == 0
    assert out.index("Case Kind") < out.index("Case Rude") < out.index("Step Functions (on the engine) and Airflow")
    assert out.count("agrees") > 8 and "DIFFERS" not in out
    assert f"The DAG file: {folder / 'dag.py'}" in out.replace("\n", "")
    ast.parse((folder / "dag.py").read_text())


@pytest.mark.usefixtures("user_airflow_home")
def test_compare_as_json(told: Told, folder: Path) -> None:
    code, found = as_json(told, "compare", "greet.asl.json", "--input", "@input.json", "--mock", "mocks.json#Rude")
    assert code == 0
    [case] = found["cases"].values()
    sides = [{**case[side], "seconds": None, "clock": None} for side in ("step_functions", "airflow")]
    assert case["agrees"] and sides[0] == sides[1]
    assert (case["step_functions"]["clock"], case["airflow"]["clock"]) == ("virtual", "mocked")
    assert (case["airflow"]["status"], case["airflow"]["error"], case["transitions"]) == ("FAILED", "Rude", 2)
    assert [state["state"] for state in case["states"]] == ["Ask", "Greet"]


@pytest.mark.usefixtures("user_airflow_home")
def test_compare_of_sides_that_differ_exits_with_1_and_says_where(
    told: Told, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sfn_provider.translate import translate

    def translate_another(source: Any, **options: Any) -> Any:
        ask = choose("$.name", {"nobody": "Greet"}, "Two")
        another = machine({"Ask": ask, "Greet": call("Done"), "Two": go("Done", Result=2), "Done": END})
        return translate(another, **options)

    monkeypatch.setattr(dag_execution, "translate", translate_another)
    code, out, err = told("compare", "greet.asl.json", "--input", "@input.json", "--mock", "mocks.json#Kind")
    assert code == 1, err
    assert "DIFFERS" in out
    assert "Greet: Greet entered on Step Functions, Two on Airflow" in out
    assert 'outcome: output/: "hello" on Step Functions, 2 on Airflow' in out


def test_compare_checks_the_definition_once_for_each_type(
    told: Told, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = CompiledMachine(parse((folder / "greet.asl.json").read_text()))
    checked: list[str] = []
    check = rules.check
    monkeypatch.setattr(rules, "check", lambda value, type: checked.append(type) or check(value, type))

    def run_dag(dag: DagSource, input: Any, mocks: Mocks) -> AirflowRun:
        return AirflowRun(simulate(compiled, input, mocks=mocks), (TaskTime("ask", -1, ("Ask",), 0.0, 0.5),), 0, 1.0)

    monkeypatch.setattr(dag_execution, "run_dag_source", run_dag)
    code, found = as_json(told, "compare", "greet.asl.json")
    assert (code, len(found["cases"]), found["cost"] is not None) == (0, 2, True)
    assert checked == ["STANDARD", "EXPRESS"]  # as an Express machine for what that would cost


def test_two_machines_with_a_case_of_the_same_name_are_both_run(folder: Path) -> None:
    from sfn_provider.engine.simulation.mock_files import load_test_cases

    cases = {"Same": {"Greet": "Hello"}}
    mocks = GREET_MOCKS | {"StateMachines": {"One": {"TestCases": cases}, "Two": {"TestCases": cases | {"Own": {}}}}}
    (folder / "two.json").write_text(json.dumps(mocks))
    assert list(load_test_cases("two.json")) == ["One/Same", "Two/Same", "Own"]


@pytest.mark.parametrize("command", ["compare", "replay"])
def test_compare_and_replay_take_the_type_of_the_machine(told: Told, folder: Path, command: str) -> None:
    glue = call(Resource="arn:aws:states:::glue:startJobRun.sync", Parameters={"JobName": "j"})
    (folder / "job.asl.json").write_text(json.dumps(machine({"Work": glue})))
    arguments = ["job.asl.json"] if command == "compare" else ["history.json", "--definition", "job.asl.json"]
    code, _, err = told(command, *arguments, "--type", "EXPRESS")
    assert (code, "needs the type STANDARD" in err) == (1, True)


@pytest.mark.usefixtures("user_airflow_home")
def test_compare_makes_cases_and_says_what_they_reach(told: Told, folder: Path) -> None:
    code, found = as_json(told, "compare", "greet.asl.json")
    assert code == 0
    assert found["verdict"] == "Airflow does what Step Functions does in 2 executions that reach 4 of 4 states."
    assert found["coverage"]["states"] == {"reached": 4, "of": 4}
    assert found["inputs"]["Nobody"] == {"name": "nobody"}


def compare_on_engine_alone(
    machine: StateMachine, _: str, cases: Mapping[str, Mocks], *, input: Any = None, **__: object
) -> Iterator[CaseComparison]:
    for name, mocks in cases.items():
        execution = simulate(machine, input if mocks.input is MISSING else mocks.input, mocks=mocks)
        yield CaseComparison(name, execution, DagSide("success", (), (), {}), (), (), 0)


@pytest.mark.parametrize(
    ("arguments", "label"),
    [
        (["--style", "native"], "DAG each of each.asl.json"),
        (["--target", "mwaa-serverless"], "workflow each of each.asl.json"),
        (["--dag-file", "mine.py"], "mine.py"),
    ],
)
def test_answers_are_made_for_the_input_whatever_is_compared(
    arguments: list[str], label: str, told: Told, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dag_file_comparison, "compare_cases", compare_on_engine_alone)
    monkeypatch.setattr(workflow_comparison, "find_interpreter", lambda python: None)
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": machine({"X": call()}), "End": True}
    (folder / "each.asl.json").write_text(json.dumps(machine({"Each": each})))
    given = ("compare", "each.asl.json", "--input", '{"items": [1, 2]}', "--html", "report.html")
    code, found = as_json(told, *given, *arguments)
    assert (code, found["dag_file"]) == (0, label)
    assert {name: case["execution"]["status"] for name, case in found["cases"].items()} == {"--input": "SUCCEEDED"}
    assert label in (folder / "report.html").read_text(encoding="utf-8")


def test_answers_are_made_for_the_input_of_compare_dag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dag_comparison, "compare_cases", compare_on_engine_alone)
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": machine({"X": call()}), "End": True}
    found = dag_comparison.compare_dag(machine({"Each": each}), "mine.py", input={"items": [1, 2]})
    assert [(case.name, case.execution.status) for case in found.cases] == [("input", "SUCCEEDED")]


@pytest.mark.usefixtures("user_airflow_home")
def test_compare_in_which_nothing_ran_does_not_agree(told: Told, folder: Path) -> None:
    code, out, _ = told("compare", "greet.asl.json", "--mock", "mocks.json#Kind")
    assert code == 1
    assert "nothing ran: the input lacks $.name" in out
    assert "Nothing was compared. Nothing ran after the first state in Kind (the input lacks $.name)." in out


@pytest.mark.usefixtures("user_airflow_home")
def test_compare_writes_reports(told: Told, folder: Path) -> None:
    arguments = ("compare", "greet.asl.json", "--input", "@input.json", "--mock", "mocks.json#Rude")
    more = (
        "--html",
        "report.html",
        "--markdown",
        "report.md",
        "--schedule",
        "rate(1 hour)",
        "--environment-class",
        "mw1.small",
    )
    code, found = as_json(told, *arguments, *more)
    assert code == 0
    ways = {way["name"] for way in found["cost"]["ways"]}
    serverless = {way for way in ways if way.startswith("MWAA Serverless, ")}
    assert ways - serverless == {"Step Functions Standard", "Step Functions Express", "MWAA mw1.small"}
    assert "MWAA Serverless, own code" in serverless
    assert (found["cost"]["runs"], found["cost"]["region"]) == (730, "us-east-1")
    for name in ("report.html", "report.md"):
        assert found["verdict"] in (folder / name).read_text(encoding="utf-8")
