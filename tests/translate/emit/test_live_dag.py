from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sfn_provider._compat import DagBag
from sfn_provider.runtime.state_operator import StateOperator
from sfn_provider.translate import build_dag
from sfn_provider.translate.emit.live_dag import live_dag
from tests.fixtures.airflow.airflow_home import run_dag, schedule_of, xcom
from tests.golden import Golden, goldens

if TYPE_CHECKING:
    from sfn_provider._compat import DAG

DEFINITION = {
    "Comment": "Counts the boats.",
    "StartAt": "Count boats",
    "States": {
        "Count boats": {"Type": "Pass", "Result": {"boats": 3}, "ResultPath": "$.count", "Next": "Report"},
        "Report": {"Type": "Succeed"},
    },
    "TimeoutSeconds": 90,
}
DAG_FILE = """\
# The Airflow DAG of boats.asl.json.
from sfn_provider.translate import build_dag
dag = build_dag("boats.asl.json", schedule="rate(5 minutes)")
"""


def view(dag: DAG) -> dict[str, Any]:
    """What a DAG consists of, without where it was made."""
    own = ("dag_id", "description", "doc_md", "start_date", "catchup", "dagrun_timeout", "tags")
    made: dict[str, Any] = {name: getattr(dag, name) for name in own}
    made["schedule"] = schedule_of(dag)
    made["params"] = dict(dag.params)
    made["tasks"] = [
        {
            "class": type(task),
            "task_id": task.task_id,
            "shown": task.task_display_name,
            "doc": task.doc_md,
            "colours": (task.ui_color, task.ui_fgcolor),
            "limit": task.max_active_tis_per_dagrun,
            "group": (task.task_group.group_id, task.task_group.tooltip, type(task.task_group)),
            "rule": task.trigger_rule,
            "states": task.states,
            "query_language": task.query_language,
            "before": sorted(task.upstream_task_ids),
            "after": sorted(task.downstream_task_ids),
        }
        for task in dag.tasks
        if isinstance(task, StateOperator)
    ]
    assert len(made["tasks"]) == len(dag.tasks)
    return made


@pytest.mark.parametrize("golden", goldens(), ids=lambda golden: golden.name)
def test_the_live_dag_is_the_emitted_one(golden: Golden, tmp_path: Path) -> None:
    made = golden.translate()
    (tmp_path / "emitted.py").write_text(made.source)
    bag = DagBag(tmp_path)
    assert bag.import_errors == {}
    assert view(live_dag(made.plan)) == view(bag.dags[golden.name])


def dag_folder(folder: Path, definition: object, dag_file: str = DAG_FILE) -> DagBag:
    (folder / "boats.asl.json").write_text(json.dumps(definition, indent=2))
    (folder / "boats.py").write_text(dag_file)
    return DagBag(folder)


def test_airflow_finds_the_dag_of_a_file_of_three_lines(tmp_path: Path) -> None:
    bag = dag_folder(tmp_path, DEFINITION)
    assert bag.import_errors == {}
    dag = bag.dags["boats"]
    assert dag.fileloc == str(tmp_path / "boats.py")
    assert [task.task_id for task in dag.tasks] == ["Count_boats", "Report"]
    assert schedule_of(dag) == timedelta(minutes=5)
    assert dag.dagrun_timeout == timedelta(seconds=90)


def test_a_live_dag_runs(tmp_path: Path, airflow_db: None) -> None:
    dag = dag_folder(tmp_path, DEFINITION).dags["boats"]
    run = run_dag(dag, run_conf={"day": 1})
    assert str(run.state) == "success"
    assert xcom(run, "Report") == {"day": 1, "count": {"boats": 3}}


def test_a_problem_of_the_definition_is_an_import_error_with_its_place(tmp_path: Path) -> None:
    broken = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}
    bag = dag_folder(tmp_path, broken)
    [told] = bag.import_errors.values()
    assert f"{tmp_path / 'boats.asl.json'}:6:" in told
    assert "MISSING_TRANSITION_TARGET /States/A/Next: " in told


def test_a_file_that_is_not_there_is_an_import_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "boats.py").write_text(DAG_FILE)
    [told] = DagBag(tmp_path).import_errors.values()
    assert f"{tmp_path / 'boats.asl.json'}: there is no such file" in told


def test_arguments_of_the_dag_go_first(tmp_path: Path) -> None:
    file = tmp_path / "boats.asl.json"
    file.write_text(json.dumps(DEFINITION))
    dag = build_dag(file, dag_id="ships", tags=["harbour"], default_args={"owner": "pilot"}, dagrun_timeout=None)
    assert (dag.dag_id, set(dag.tags), dag.dagrun_timeout) == ("ships", {"harbour"}, None)
    assert {task.owner for task in dag.tasks} == {"pilot"}


def test_substitutions(tmp_path: Path) -> None:
    file = tmp_path / "boats.asl.json"
    file.write_text(json.dumps(DEFINITION).replace("Counts", "${What}"))
    assert build_dag(file, substitutions={"What": "Sees"}).description == "Sees the boats."


def test_importing_the_package_needs_no_airflow() -> None:
    code = (
        "import sys; sys.modules['airflow'] = sys.modules['boto3'] = None\n"
        "from sfn_provider.translate import build_dag, translate, translate_file\n"
        "assert callable(build_dag) and 'hcl2' not in sys.modules and 'yaml' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


def test_a_native_dag_is_that_of_the_file_and_takes_arguments_of_airflow(tmp_path: Path) -> None:
    publish = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:news", "Message.$": "$.day"}
    definition = {
        "StartAt": "Tell",
        "States": {
            "Tell": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": publish, "Next": "Stop"},
            "Stop": {"Type": "Fail", "Error": "Done"},
        },
    }
    path = tmp_path / "news.asl.json"
    path.write_text(json.dumps(definition))
    dag = build_dag(path, style="native", templates={"day": "{{ ds }}"}, default_args={"owner": "me"}, tags=["news"])
    assert [(task.task_id, type(task).__module__.partition(".")[0]) for task in dag.tasks] == [
        ("Tell", "airflow"),
        ("Stop", "airflow"),
    ]
    assert dag.get_task("Tell").message == "{{ ds }}"
    assert dag.get_task("Tell").owner == "me"
    assert (dag.dag_id, set(dag.tags), dag.fileloc) == ("news", {"news"}, __file__)


def test_a_machine_that_cannot_be_said_natively_is_the_exact_dag(tmp_path: Path) -> None:
    path = tmp_path / "boats.asl.json"
    path.write_text(json.dumps({"StartAt": "A", "States": {"A": ACTIVITY}}))
    assert isinstance(build_dag(path, style="native").get_task("A"), StateOperator)


ACTIVITY = {"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a", "End": True}
