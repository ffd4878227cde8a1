from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from sfn_provider.translate import translate
from tests import golden as golden_module
from tests.fixtures.airflow.airflow_home import schedule_of
from tests.golden import ROOT, Golden, goldens

GOLDENS = goldens()
each_golden = pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden.name)


@each_golden
def test_a_translation_is_the_golden_file_byte_for_byte(golden: Golden) -> None:
    assert golden.translate().source == golden.written(), "rewrite the golden files with: python -m tests.golden"


@each_golden
def test_a_native_translation_is_the_golden_file_byte_for_byte(golden: Golden) -> None:
    written = golden.native.read_bytes().decode("utf-8") if golden.native.exists() else None
    assert golden.native_source() == written, "rewrite the golden files with: python -m tests.golden"


def test_the_same_definition_gives_the_same_bytes_in_another_process() -> None:
    golden = next(golden for golden in GOLDENS if golden.name == "three_loops")
    code = f"""
import sys
from sfn_provider.translate import translate
source = open({str(golden.definition)!r}, encoding="utf-8").read()
sys.stdout.write(translate(source, dag_id="three_loops", origin="machine.asl.json").source)
"""
    made = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert made == [golden.written()] * 2


def test_the_machines_cover_all_state_types_loops_both_languages_and_schedules() -> None:
    text = "\n".join(golden.written() for golden in GOLDENS)
    operators = set(re.findall(r"\b(\w+Operator)\(", text))
    assert operators == {
        f"{name}Operator"
        for name in (
            *("TaskState", "PassState", "ChoiceState", "WaitState", "SucceedState", "FailState"),
            *("ParallelState", "MapState", "Loop", "Segment"),
            *("ParallelStart", "ParallelJoin", "MapStart", "MapJoin", "MapBatchStart", "MapItems"),
            *("DistributedMapStart", "ChildExecutions", "DistributedMapJoin"),
        )
    }
    for wanted in (
        'query_language="JSONata"',
        "dagrun_timeout=",
        "schedule=timedelta(hours=1)",
        'schedule="30 5 * * 1-5"',
    ):
        assert wanted in text


def test_the_writing_command_writes_what_differs_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("tests/golden/site_checks", "dags"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    stale = tmp_path / "tests" / "golden" / "site_checks" / "dag.py"
    stale.write_text("stale")
    monkeypatch.setattr(golden_module, "ROOT", tmp_path)
    monkeypatch.setattr(golden_module, "MACHINES", tmp_path / "tests" / "golden")
    monkeypatch.setattr(golden_module, "DAGS", tmp_path / "dags")
    golden_module.main()
    assert capsys.readouterr().out.splitlines() == [
        "kept    dags/sales_pipeline.history.json",
        "rewrote tests/golden/site_checks/dag.py",
        "kept    tests/golden/site_checks/native.py",
        "kept    dags/sales_pipeline.py",
        "rewrote tests/golden/sales_pipeline.native.py",
    ]
    assert stale.read_bytes() == (ROOT / "tests/golden/site_checks/dag.py").read_bytes()


def test_the_sample_history_is_what_the_engine_makes() -> None:
    assert (ROOT / "dags" / "sales_pipeline.history.json").read_text(encoding="utf-8") == golden_module.sales_history()


@pytest.mark.parametrize("folder", ["elsewhere", "project"])
def test_ruff_has_nothing_to_say_in_any_folder(folder: str, tmp_path: Path) -> None:
    files = [str(golden.dag) for golden in GOLDENS]
    cwd = ROOT if folder == "project" else tmp_path
    for command in (["check", "--extend-select", "I,E741,W,UP,F"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", "--target-version", "py311"]
        done = subprocess.run([*ruff, *files], cwd=cwd, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All golden files as Airflow reads them, with every warning an error."""
    from sfn_provider._compat import DagBag

    folder = tmp_path_factory.mktemp("golden_dags")
    for golden in GOLDENS:
        shutil.copy(golden.dag, folder / f"{golden.name}.py")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return DagBag(folder)


def test_airflow_imports_every_native_file_that_is_made_for_it(tmp_path: Path) -> None:
    from sfn_provider._compat import DagBag

    made = {golden.name: golden.translate(style="native") for golden in GOLDENS}
    native = {name: translation.source for name, translation in made.items() if translation.style == "native"}
    for name, source in native.items():
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # The standard provider 1.21 imports a name that Airflow 3.3 has moved, for @task.sensor.
        warnings.filterwarnings("ignore", message=".*determine_kwargs")
        bag = DagBag(tmp_path)
    assert bag.import_errors == {}
    assert set(bag.dags) == set(native)
    assert "sales_pipeline" in native


def test_airflow_imports_every_file_without_an_error_or_a_warning(bag: Any) -> None:
    assert bag.import_errors == {}
    assert not getattr(bag, "captured_warnings", None)
    assert set(bag.dags) == {golden.name for golden in GOLDENS}


@each_golden
def test_the_dag_has_exactly_the_states_and_ways_of_the_definition(golden: Golden, bag: Any) -> None:
    dag = bag.dags[golden.name]
    into = {state: task.task_id for task in dag.tasks if task.role in ("state", "start") for state in task.states}
    out = into | {task.state_name: task.task_id for task in dag.tasks if task.role == "join"}
    children = {task.state_name: task.task_id for task in dag.tasks if task.role == "children"}
    opened = {task.state_name for task in dag.tasks if task.role == "start"} - set(children)
    states, ways = _read(_definition(golden), opened)
    assert sorted(states) == sorted(into)
    wanted = {(out[before], into[after]) for before, after in ways if out[before] != into[after]}
    wanted |= {(into[around], into[inside["StartAt"]]) for around, inside in _insides(states, opened)}
    wanted |= {
        (out[name], out[around])
        for around, inside in _insides(states, opened)
        for name, state in inside["States"].items()
        if state.get("End") or state["Type"] in ("Succeed", "Fail")
    }
    wanted |= {way for name, task in children.items() for way in ((into[name], task), (task, out[name]))}
    assert {(task.task_id, after) for task in dag.tasks for after in task.downstream_task_ids} == wanted


def _definition(golden: Golden) -> dict[str, Any]:
    """The definition, read without this package's own reader."""
    text = re.sub(r"(?m)(?<!:)//.*$|^\s*/\*.*\*/", "", golden.definition.read_text(encoding="utf-8"))
    definition: dict[str, Any] = yaml.safe_load(text)
    return definition


def _read(scope: dict[str, Any], opened: set[str]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The states that are tasks, those inside of task groups included, and which may lead to which."""
    states = dict(scope["States"])
    ways = [(name, target) for name, state in states.items() for target in _targets(state)]
    for _, inside in _insides(states, opened):
        more, ways_inside = _read(inside, opened)
        states |= more
        ways += ways_inside
    return states, ways


def _insides(states: Mapping[str, Any], opened: set[str]) -> list[tuple[str, dict[str, Any]]]:
    """What is inside of those states that are task groups."""
    return [
        (name, inside)
        for name, state in states.items()
        if name in opened
        for inside in [*state.get("Branches", ()), state.get("ItemProcessor"), state.get("Iterator")]
        if inside is not None
    ]


def _targets(state: Mapping[str, Any]) -> list[str]:
    rules = [*state.get("Choices", ()), *state.get("Catch", ()), state, {"Next": state.get("Default")}]
    return [rule["Next"] for rule in rules if rule.get("Next")]


@dataclass(frozen=True)
class Setting:
    """What an option makes of the DAG."""

    dag_id: str
    attribute: str
    value: Any


@pytest.mark.parametrize(
    "setting",
    [
        Setting("sales_pipeline", "schedule", "0 2 * * *"),
        Setting("invoice_import", "schedule", "30 5 * * 1-5"),
        Setting("hourly_cleanup", "dagrun_timeout.seconds", 1800),
        Setting("hourly_cleanup", "schedule.seconds", 3600),
        Setting("parcel_routing", "schedule", None),
        Setting("parcel_routing", "description", "Which way a parcel goes"),
        Setting("three_loops", "catchup", False),
        Setting("order_totals", "description", "Sums up an order in {% JSONata %} and {{ nothing else }}"),
    ],
    ids=lambda setting: f"{setting.dag_id} {setting.attribute}",
)
def test_the_dag_has_the_machines_settings(setting: Setting, bag: Any) -> None:
    value = bag.dags[setting.dag_id]
    for name in setting.attribute.split("."):
        value = schedule_of(value) if name == "schedule" else getattr(value, name)
    assert value == setting.value


def test_the_dags_params_are_the_given_input(bag: Any) -> None:
    given = json.loads((ROOT / "dags" / "sales_pipeline.input.json").read_text())
    assert bag.dags["sales_pipeline"].params.dump() == given


def test_state_names_and_what_people_see_are_kept(bag: Any) -> None:
    tasks = bag.dags["awkward_names"].tasks
    shown = {task.task_display_name for task in tasks}
    assert {"What? Really?", "状态", "{{ ds }}", 'say "hi"', "2nd-try"} <= shown
    assert all(task.task_display_name == next(iter(task.states)) for task in tasks)


def test_a_loop_starts_where_the_execution_starts(bag: Any) -> None:
    assert next(iter(bag.dags["three_loops"].get_task("Take_a_page_loop").states)) == "Take a page"


def test_the_header_names_the_file_and_says_how_to_start_a_run() -> None:
    source = translate({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}, dag_id="x", origin="my.asl.json").source
    head = " ".join(source.split('"""')[1].split())
    assert head.startswith("The state machine x. An Airflow DAG that does what the AWS Step Functions state machine of")
    assert "my.asl.json" in head and "run's configuration" in head
