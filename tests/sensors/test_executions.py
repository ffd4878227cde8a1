"""The sensor for many executions, in every mode."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from airflow import DAG

from sfn_provider._compat import AirflowFailException, AirflowSkipException, PokeReturnValue, TaskDeferred
from sfn_provider.executions.batch_status import StepFunctionExecutionsFailed
from sfn_provider.operators.step_function import StepFunctionStartExecutionOperator
from sfn_provider.sensors.step_function import StepFunctionExecutionsSensor
from tests.aws.local_step_functions import SharedStepFunctions
from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse
from tests.fixtures.airflow.airflow_home import run_dag, task_states, xcom
from tests.fixtures.airflow.task_contexts import context_of

SLOW = {"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 1, "End": True}}}
MODES: list[dict[str, Any]] = [{}, {"mode": "reschedule"}, {"deferrable": True}]


@pytest.fixture
def executions(stepfunctions: SharedStepFunctions, pending_machine: str) -> list[str]:
    """Four executions that run until a test ends them."""
    return [stepfunctions.start_execution(pending_machine) for _ in range(4)]


def look(arns: Any, **arguments: Any) -> Any:
    """Look once."""
    sensor = StepFunctionExecutionsSensor(task_id="wait", execution_arns=arns, **arguments)
    return sensor.poke(context_of(sensor))


def test_all_are_waited_for(stepfunctions: SharedStepFunctions, executions: list[str]) -> None:
    for arn in executions[:3]:
        stepfunctions.end_execution(arn, "SUCCEEDED", output="1")
    assert look(executions) is False
    stepfunctions.end_execution(executions[3], "SUCCEEDED", output="1")
    seen = look(executions)
    assert isinstance(seen, PokeReturnValue)
    assert seen.xcom_value == {
        "total": 4,
        "counts": {"SUCCEEDED": 4},
        "executions": dict.fromkeys(executions, "SUCCEEDED"),
    }


def test_the_first_one_is_waited_for(stepfunctions: SharedStepFunctions, executions: list[str]) -> None:
    assert look(executions, wait_for="any") is False
    stepfunctions.end_execution(executions[2], "SUCCEEDED", output="1")
    assert look(executions, wait_for="any").xcom_value["counts"] == {"RUNNING": 3, "SUCCEEDED": 1}


def test_a_failed_one_fails_the_wait_with_its_cause(stepfunctions: SharedStepFunctions, executions: list[str]) -> None:
    stepfunctions.end_execution(executions[1], "FAILED", error="Orders.Bad", cause="no stock")
    with pytest.raises(StepFunctionExecutionsFailed, match=r"4 executions: 3 RUNNING, 1 FAILED(.|\n)*Orders\.Bad: no"):
        look(executions)
    with pytest.raises(AirflowSkipException, match="1 FAILED"):
        look(executions, soft_fail=True)
    assert look(executions, fail_fast=False) is False
    assert look(executions, wait_for="any") is False


def test_an_execution_that_has_ended_is_not_looked_at_again(scripted_aws: ScriptedAws) -> None:
    arn = "arn:aws:states:us-east-1:123456789012:execution:Orders:{}"
    answers = [{"status": status, "startDate": 1.0} for status in ("SUCCEEDED", "RUNNING", "SUCCEEDED")]
    scripted_aws.script("DescribeExecution", *answers)
    sensor = StepFunctionExecutionsSensor(task_id="wait", execution_arns=[arn.format("one"), arn.format("two")])
    assert sensor.poke(context_of(sensor)) is False
    assert sensor.poke(context_of(sensor))
    asked = [body["executionArn"].rpartition(":")[2] for body in scripted_aws.bodies("DescribeExecution")]
    assert asked == ["one", "two", "two"]


def test_where_aws_does_not_answer_it_is_not_there_yet(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", ErrorResponse("ThrottlingException"))
    assert look(["arn:aws:states:us-east-1:123456789012:execution:Orders:one"]) is False


@pytest.mark.parametrize(
    ("arns", "message"),
    [
        ([], "no execution"),
        ("arn:aws:states:us-east-1:1:execution:a:b", "is no list"),
        (["arn:aws:states:us-east-1:1:express:a:b:c"], "Express"),
    ],
    ids=["none", "text", "express"],
)
def test_arguments_that_cannot_be_used(arns: Any, message: str) -> None:
    with pytest.raises(AirflowFailException, match=f"wait: .*{message}"):
        look(arns)


def test_what_the_dag_says_wrong_is_told_when_it_is_parsed() -> None:
    with pytest.raises(ValueError, match="'most' is none of all, any"):
        StepFunctionExecutionsSensor(task_id="wait", execution_arns=[], wait_for="most")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"\['DONE'\]"):
        StepFunctionExecutionsSensor(task_id="wait", execution_arns=[], target_states=["DONE"])


def test_what_is_there_never_defers(stepfunctions: SharedStepFunctions, executions: list[str]) -> None:
    sensor = StepFunctionExecutionsSensor(task_id="wait", execution_arns=executions, wait_for="any", deferrable=True)
    with pytest.raises(TaskDeferred) as deferral:
        sensor.execute(context_of(sensor))
    assert deferral.value.trigger.serialize()[1]["execution_arns"] == executions
    stepfunctions.end_execution(executions[0], "SUCCEEDED", output="1")
    assert sensor.execute(context_of(sensor))["counts"]["SUCCEEDED"] == 1


@pytest.mark.stepfunctions(time="real")
@pytest.mark.parametrize("arguments", MODES, ids=["poke", "reschedule", "deferred"])
def test_every_mode_waits_for_mapped_starts_in_a_dag_run(
    airflow_db: None, stepfunctions: SharedStepFunctions, arguments: dict[str, Any]
) -> None:
    dag_id = "many_" + "_".join(arguments)
    with DAG(dag_id, start_date=datetime(2025, 3, 1, tzinfo=UTC), schedule=None) as dag:
        start = StepFunctionStartExecutionOperator.partial(
            task_id="start", state_machine_arn=stepfunctions.create_state_machine(SLOW), wait_for_completion=False
        ).expand(state_machine_input=[{"n": 1}, {"n": 2}, {"n": 3}])
        StepFunctionExecutionsSensor(
            task_id="wait", execution_arns=start.output, poke_interval=0.2, timeout=60, **arguments
        )
    run = run_dag(dag)
    assert task_states(run)["wait"] == "success"
    assert xcom(run, "wait")["counts"] == {"SUCCEEDED": 3}
