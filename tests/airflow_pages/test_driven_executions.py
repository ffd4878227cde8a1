"""The page of a run names the executions that its tasks have started, and reads them from AWS where it may."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from sfn_provider._compat import DAG
from sfn_provider.airflow_pages.dag_structure import DrivingTask
from sfn_provider.airflow_pages.driven_executions import read_driven_execution
from sfn_provider.drawing.svg import Drawing
from tests.airflow_pages.conftest import Browser, store
from tests.fixtures.airflow.airflow_home import run_dag
from tests.fixtures.machines.definitions import END, choose, machine

DEFINITION = machine({"Large?": choose("$.size", {"large": "Large"}, "Small"), "Large": END, "Small": END})


def ran(drawing: Drawing | None) -> set[str]:
    assert drawing is not None
    return {" ".join(box.lines) for box in drawing.boxes if box.ran}


def test_an_execution_is_drawn_from_its_history(stepfunctions: Any, state_machine: Callable[..., str]) -> None:
    arn = state_machine(DEFINITION)
    execution = stepfunctions.client.start_execution(stateMachineArn=arn, input='{"size": "large"}')["executionArn"]
    read = read_driven_execution(DrivingTask("start", "Start", arn), execution)
    assert (read.problem, read.is_whole) == ("", True)
    assert ran(read.drawing) == {"Large?", "Large"}


def test_what_aws_refuses_is_told(stepfunctions: Any, state_machine: Callable[..., str]) -> None:
    execution = f"{state_machine(DEFINITION)}:absent".replace(":stateMachine:", ":execution:")
    read = read_driven_execution(DrivingTask("start", "Start", ""), execution)
    assert read.drawing is None and "ExecutionDoesNotExist" in read.problem


def test_the_secrets_of_a_connection_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"region_name": "eu-west-1", "endpoint_url": "http://user:pa55w0rd@127.0.0.1:9"}
    connection = {"conn_type": "aws", "login": "key", "password": "pa55w0rd", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_BEHIND_A_PROXY", json.dumps(connection))
    execution = "arn:aws:states:eu-west-1:123456789012:execution:Orders:one"
    read = read_driven_execution(DrivingTask("start", "Start", "", "behind_a_proxy"), execution)
    assert "http://user:***@127.0.0.1:9" in read.problem


def test_a_graph_of_too_many_edges_is_not_drawn(
    stepfunctions: Any, state_machine: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = state_machine(DEFINITION)
    execution = stepfunctions.client.start_execution(stateMachineArn=arn, input='{"size": "large"}')["executionArn"]
    monkeypatch.setattr("sfn_provider.airflow_pages.drawings.MAX_EDGES", 1)
    read = read_driven_execution(DrivingTask("start", "Start", arn), execution)
    assert (read.problem, read.drawing) == ("Too many edges to draw.", None)


def test_the_run_leads_to_the_graph_where_pages_may_read_aws(
    browser: Browser, stepfunctions: Any, state_machine: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sfn_provider.operators.step_function import StepFunctionStartExecutionOperator

    arn = state_machine(DEFINITION)
    with DAG("drives", schedule=None) as dag:
        StepFunctionStartExecutionOperator(
            task_id="start",
            state_machine_arn=arn,
            state_machine_input={"size": "large"},
            aws_conn_id=None,
            wait_for_completion=False,
        )
    ended = run_dag(dag)
    assert ended.state == "success"
    run_id = str(ended.run_id)
    store(dag)
    assert arn in browser.get("dags/drives").text
    path = f"dags/drives/runs/{quote(run_id, safe='')}"
    execution = re.search(r"arn:aws:states:[\w-]+:\d+:execution:[^<]+", browser.get(path).text)
    assert execution is not None
    assert "/executions/start" not in browser.get(path).text
    assert browser.get(f"{path}/executions/start").status == 404
    monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__PAGES_READ_AWS", "True")
    assert f"{path}/executions/start" in browser.get(path).text.replace("%3A", ":").replace(":", "%3A")
    graph = browser.get(f"{path}/executions/start").text
    assert (graph.count('class="node ran"'), graph.count('class="node idle"')) == (2, 1)
    browser.refused.add("drives")
    assert browser.get(f"{path}/executions/start").status in (302, 403)
