"""The sensor for a Map Run, in every mode."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow import DAG

from sfn_provider._compat import AirflowFailException, AirflowSkipException, TaskDeferred
from sfn_provider.executions.map_runs import StepFunctionMapRunFailed, format_progress
from sfn_provider.sensors.step_function import StepFunctionMapRunSensor
from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse
from tests.fixtures.airflow.airflow_home import run_dag, task_states, xcom
from tests.fixtures.airflow.task_contexts import context_of
from tests.fixtures.session.versions import AIRFLOW

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"
MAP_RUN = "arn:aws:states:us-east-1:123456789012:mapRun:Orders/Lines:77aa"
MODES: list[dict[str, Any]] = [{}, {"mode": "reschedule"}, {"deferrable": True}]


def described(status: str, **counts: int) -> dict[str, Any]:
    """Give an answer of DescribeMapRun about 1,200 items."""
    zero = dict.fromkeys(("pending", "running", "succeeded", "failed", "timedOut", "aborted", "resultsWritten"), 0)
    return {
        "mapRunArn": MAP_RUN,
        "executionArn": EXECUTION,
        "status": status,
        "startDate": 1.0,
        "maxConcurrency": 10,
        "toleratedFailurePercentage": 2.5,
        "toleratedFailureCount": 4,
        "itemCounts": zero | {"total": 1200} | counts,
        "executionCounts": zero | {"total": 1200} | counts,
        **({} if status == "RUNNING" else {"stopDate": 2.0}),
    }


RUNNING = described("RUNNING", succeeded=1000, failed=3, running=10, pending=187)
SUCCEEDED = described("SUCCEEDED", succeeded=1200)
FAILED = described("FAILED", succeeded=1100, failed=100)


@pytest.fixture
def map_run(scripted_aws: ScriptedAws) -> ScriptedAws:
    """A Map Run that succeeds at the third look."""
    scripted_aws.script("DescribeMapRun", RUNNING, RUNNING, SUCCEEDED)
    scripted_aws.script("ListMapRuns", {"mapRuns": []})
    scripted_aws.script("ListExecutions", {"executions": []})
    return scripted_aws


def sensor_of(**arguments: Any) -> StepFunctionMapRunSensor:
    """Make the sensor."""
    return StepFunctionMapRunSensor(task_id="wait", **({"map_run_arn": MAP_RUN} | arguments))


def test_progress_in_one_line() -> None:
    assert format_progress(RUNNING) == (
        "Orders/Lines is RUNNING: 1,003 of 1,200 items ended, 1,000 succeeded, 3 failed, 10 running, 187 pending"
    )


def test_a_look_is_one_call_and_its_end_is_the_result(map_run: ScriptedAws) -> None:
    sensor = sensor_of()
    context = context_of(sensor)
    looks: list[Any] = [sensor.poke(context) for _ in range(3)]
    assert looks[:2] == [False, False]
    assert looks[2].xcom_value == {
        "map_run_arn": MAP_RUN,
        "execution_arn": EXECUTION,
        "status": "SUCCEEDED",
        "item_counts": SUCCEEDED["itemCounts"],
        "start_date": "1970-01-01T00:00:01+00:00",
        "stop_date": "1970-01-01T00:00:02+00:00",
    }
    assert map_run.calls == [("DescribeMapRun", {"mapRunArn": MAP_RUN})] * 3
    assert context["ti"].xcoms["_state_machine_executions_details"]["execution_arn"] == EXECUTION


def test_a_failure_has_counts_and_the_first_failed_children(map_run: ScriptedAws) -> None:
    child = {"executionArn": f"{EXECUTION}-7", "startDate": 1.0}
    failed = child | {"status": "FAILED", "error": "Line.Bad", "cause": "no price", "input": '{"line": 7}'}
    map_run.script("DescribeMapRun", FAILED)
    listed = child | {"stateMachineArn": "arn", "name": "7", "status": "FAILED"}
    map_run.script("ListExecutions", {"executions": [listed]})
    map_run.script("DescribeExecution", failed)
    sensor = sensor_of()
    with pytest.raises(StepFunctionMapRunFailed) as raised:
        sensor.poke(context_of(sensor))
    text = str(raised.value)
    assert "FAILED: 1,200 of 1,200 items ended, 1,100 succeeded, 100 failed" in text
    assert "tolerates 4 failed items and 2.5 percent" in text
    assert "Line.Bad: no price" in text
    assert raised.value.summary["item_counts"]["failed"] == 100
    assert str(pickle.loads(pickle.dumps(raised.value))) == text


def test_a_failure_is_told_even_where_its_children_cannot_be_read(map_run: ScriptedAws) -> None:
    map_run.script("DescribeMapRun", FAILED)
    map_run.script("ListExecutions", ErrorResponse("AccessDeniedException"))
    sensor = sensor_of(soft_fail=True)
    with pytest.raises(AirflowSkipException, match="100 failed"):
        sensor.poke(context_of(sensor))


@pytest.mark.parametrize("targets", [["FAILED"], ["FAILED", "SUCCEEDED", "ABORTED"]])
def test_another_status_can_be_waited_for(map_run: ScriptedAws, targets: list[str]) -> None:
    map_run.script("DescribeMapRun", FAILED)
    sensor = sensor_of(target_states=targets)
    assert sensor.poke(context_of(sensor))


def test_the_latest_map_run_of_an_execution_is_found(map_run: ScriptedAws) -> None:
    run = {"executionArn": EXECUTION, "stateMachineArn": "arn"}
    runs = [run | {"mapRunArn": "old", "startDate": 1.0}, run | {"mapRunArn": MAP_RUN, "startDate": 2.0}]
    map_run.script("ListMapRuns", {"mapRuns": []}, {"mapRuns": runs})
    sensor = sensor_of(map_run_arn=None, execution_arn=EXECUTION)
    assert [bool(sensor.poke(context_of(sensor))) for _ in range(4)] == [False, False, False, True]
    assert map_run.actions() == ["ListMapRuns"] * 2 + ["DescribeMapRun"] * 3


def test_neither_arn_is_refused_where_a_template_renders_nothing() -> None:
    sensor = sensor_of(map_run_arn="")
    with pytest.raises(AirflowFailException, match="wait: map_run_arn, execution_arn: neither"):
        sensor.poke(context_of(sensor))


@pytest.mark.parametrize("deferrable", [False, True])
def test_an_express_execution_is_refused_without_a_call(scripted_aws: ScriptedAws, deferrable: bool) -> None:
    express = "arn:aws:states:us-east-1:123456789012:express:Orders:one:43e61af3-b85d-4ecc-8205-3eb9cadc6c8b"
    sensor = sensor_of(map_run_arn=None, execution_arn=express, deferrable=deferrable)
    with pytest.raises(AirflowFailException, match="keeps no state of an Express execution"):
        sensor.execute(context_of(sensor))
    assert not scripted_aws.requests


def test_an_unknown_status_is_refused_when_the_dag_is_parsed() -> None:
    with pytest.raises(ValueError, match=r"\['TIMED_OUT'\]"):
        sensor_of(target_states=["TIMED_OUT"])


@pytest.mark.parametrize("answer", [ErrorResponse("ThrottlingException"), {}], ids=["throttled", "cut off"])
def test_where_aws_does_not_answer_it_is_not_there_yet(map_run: ScriptedAws, answer: Any) -> None:
    map_run.script("DescribeMapRun", answer)
    sensor = sensor_of()
    assert sensor.poke(context_of(sensor)) is False


def test_a_map_run_that_has_ended_never_defers(map_run: ScriptedAws) -> None:
    map_run.script("DescribeMapRun", RUNNING, SUCCEEDED)
    sensor = sensor_of(deferrable=True)
    with pytest.raises(TaskDeferred):
        sensor.execute(context_of(sensor))
    assert sensor.execute(context_of(sensor))["status"] == "SUCCEEDED"


@pytest.mark.parametrize("arguments", MODES, ids=["poke", "reschedule", "deferred"])
@pytest.mark.parametrize(("end", "state"), [(SUCCEEDED, "success"), (FAILED, "failed")], ids=["good", "bad"])
def test_every_mode_in_a_dag_run(
    airflow_db: None, map_run: ScriptedAws, arguments: dict[str, Any], end: dict[str, Any], state: str
) -> None:
    if arguments.get("mode") == "reschedule" and AIRFLOW == (3, 0):
        pytest.skip("dag.test() of Airflow 3.0 gives a sensor that was rescheduled its start as text")
    map_run.script("DescribeMapRun", RUNNING, RUNNING, RUNNING, end)
    run_arn = {"mapRunArn": MAP_RUN, "executionArn": EXECUTION, "stateMachineArn": "arn", "startDate": 1.0}
    map_run.script("ListMapRuns", {"mapRuns": []}, {"mapRuns": [run_arn]})
    dag_id = "_".join(["map_run", state, *arguments])
    with DAG(dag_id, start_date=datetime(2025, 3, 1, tzinfo=UTC), schedule=None) as dag:
        StepFunctionMapRunSensor(task_id="wait", execution_arn=EXECUTION, poke_interval=0.1, timeout=60, **arguments)
    run = run_dag(dag)
    assert task_states(run) == {"wait": state}
    assert state == "failed" or xcom(run, "wait")["item_counts"]["succeeded"] == 1200
