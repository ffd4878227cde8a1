"""``serve --dag``: a DAG that drives Step Functions, run once in a private Airflow against the server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sfn_provider.cli import run_command
from tests.golden import DAGS

pytest.importorskip("uvicorn", reason="the server needs Starlette and uvicorn, which Airflow 2 does not bring")

SALES = f"SalesPipeline={DAGS / 'sales_pipeline.asl.json'}"
MOCKS = DAGS / "sales_pipeline.mocks.json"
DAG = str(DAGS / "start_sales_pipeline.py")


def _serve(case: str, *arguments: str) -> int:
    options = ("--mock", f"{MOCKS}#{case}", "--time", "virtual", "--port", "0")
    return run_command(["serve", SALES, *options, "--dag", DAG, *arguments])


@pytest.mark.usefixtures("user_airflow_home")
def test_the_run_of_a_dag_and_its_executions(capsys: pytest.CaptureFixture[str]) -> None:
    assert _serve("QualityPasses", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    states = {task["task_id"]: task["state"] for task in found["tasks"]}
    assert (found["state"], states) == ("success", {"start_execution": "success", "wait_for_execution": "success"})
    [execution] = found["executions"]
    assert execution["status"] == "SUCCEEDED"
    assert json.loads(execution["input"])["bucket"] == "your-data-bucket"


@pytest.mark.usefixtures("user_airflow_home")
def test_a_run_that_fails_is_an_exit_code_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert _serve("GlueFailsForGood") == 1
    out, err = capsys.readouterr()
    assert "start_sales_pipeline.py: failed" in out and "Glue.AWSGlueException" in out
    assert "TaskStateEntered RunGlueTransform" in err


@pytest.mark.usefixtures("user_airflow_home")
def test_a_file_that_is_no_dag_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken_dag.py"
    broken.write_text("from airflow import DAG\n\nraise ValueError('not today')\n")
    assert run_command(["serve", "--port", "0", "--dag", str(broken)]) == 2
    assert "the DAG file does not import" in capsys.readouterr().err
    assert run_command(["serve", "--port", "0", "--dag", str(tmp_path / "none.py")]) == 2
    assert "there is no such file; it should hold a DAG file" in capsys.readouterr().err
