"""Which execution a task is about, where it was given what the task that started it has returned."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow import DAG

from sfn_provider._compat import AirflowFailException
from sfn_provider.exceptions import UsageError
from sfn_provider.hooks.upstream_execution import resolve_execution_arn
from sfn_provider.operators.step_function import (
    StepFunctionDescribeExecutionOperator,
    StepFunctionGetExecutionOutputOperator,
    StepFunctionRedriveExecutionOperator,
    StepFunctionStartExecutionOperator,
    StepFunctionStopExecutionOperator,
)
from sfn_provider.sensors.step_function import (
    StepFunctionExecutionSensor,
    StepFunctionExecutionsSensor,
    StepFunctionMapRunSensor,
    StepFunctionStateSensor,
)
from tests.fixtures.airflow_home import run_dag, task_states, xcom

ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"
OTHER = "arn:aws:states:us-east-1:123456789012:execution:Orders:two"
NO_CONTEXT: Any = {}
SLOW = {"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 1, "End": True}}}


@dataclass
class Started:
    """A task instance behind tasks that have started executions."""

    arns: list[Any] = field(default_factory=list)
    map_index: int = 3

    def xcom_pull(self, task_ids: list[str], key: str, map_indexes: int) -> list[Any]:
        """Give what the tasks before have pushed."""
        assert (task_ids, key, map_indexes) == (["a", "b"], "execution_arn", 3)
        return self.arns


def given(value: Any, *arns: Any) -> str:
    """Ask as a task behind two others does."""
    of_the_dag = SimpleNamespace(upstream_task_ids={"b", "a"})
    dag = SimpleNamespace(get_task={"wait": of_the_dag}.__getitem__)
    task = SimpleNamespace(has_dag=lambda: True, dag=dag, task_id="wait", log=logging.getLogger(__name__))
    context: Any = {"ti": Started(list(arns))}
    return resolve_execution_arn(task, context, value)


def test_an_arn_is_taken_as_it_is() -> None:
    assert given(ARN, OTHER) == ARN


@pytest.mark.parametrize("value", [{"n": 1}, [], None, 3, "a word", "{'n': 1}"], ids=repr)
def test_an_output_leads_to_the_execution_before(value: Any) -> None:
    assert given(value, None, ARN) == ARN


def test_two_tasks_may_tell_of_one_execution() -> None:
    assert given({}, ARN, ARN) == ARN


@pytest.mark.parametrize("arns", [(), (None,), (ARN, OTHER)], ids=["no task", "no execution", "two executions"])
def test_an_output_alone_is_refused(arns: tuple[Any, ...]) -> None:
    with pytest.raises(UsageError, match=r"execution_arn: \"{'n': 1}\" is no ARN.*wait_for_completion=False"):
        given({"n": 1}, *arns)


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(UsageError, match="execution_arn: '' is no ARN"):
        given("")


def test_text_is_left_to_aws() -> None:
    assert given("a word") == "a word"


@pytest.mark.parametrize(
    "operator",
    [
        StepFunctionStopExecutionOperator,
        StepFunctionRedriveExecutionOperator,
        StepFunctionDescribeExecutionOperator,
        StepFunctionGetExecutionOutputOperator,
    ],
)
def test_an_operator_says_so(operator: Any) -> None:
    with pytest.raises(AirflowFailException, match=r"about: execution_arn: '\[1\]' is no ARN"):
        operator(task_id="about", execution_arn=[1]).execute(NO_CONTEXT)


@pytest.mark.parametrize(
    ("sensor", "arguments"),
    [
        (StepFunctionExecutionSensor, {}),
        (StepFunctionMapRunSensor, {}),
        (StepFunctionStateSensor, {"state_name": "Ship"}),
    ],
)
def test_a_sensor_says_so(sensor: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises(AirflowFailException, match=r"wait: execution_arn: '{}' is no ARN"):
        sensor(task_id="wait", execution_arn={}, **arguments).poke(NO_CONTEXT)


@pytest.mark.parametrize(
    ("arns", "message"),
    [
        ([ARN, {"n": 1}], "is no ARN. A StepFunctionStartExecutionOperator"),
        (None, "None is no list"),
        ({"a": ARN}, "is no list"),
        (ARN, "is no list"),
    ],
    ids=["an output", "none", "an object", "text"],
)
def test_the_sensor_of_many_says_so(arns: Any, message: str) -> None:
    sensor = StepFunctionExecutionsSensor(task_id="wait", execution_arns=arns)
    with pytest.raises(AirflowFailException, match=message):
        sensor.poke(NO_CONTEXT)


@pytest.mark.usefixtures("airflow_db", "executing_aws")
def test_mapped_tasks_find_each_its_own(make_machine: Any) -> None:
    machine = make_machine()
    with DAG("theirs_mapped", start_date=datetime(2025, 3, 1, tzinfo=UTC), schedule=None) as dag:
        starts = StepFunctionStartExecutionOperator.partial(
            task_id="starts", state_machine_arn=machine, waiter_delay=1
        ).expand(state_machine_input=[{"n": 1}, {"n": 2}])
        StepFunctionGetExecutionOutputOperator.partial(task_id="outputs").expand(execution_arn=starts.output)
    run = run_dag(dag)
    outputs = {ti.map_index: ti for ti in run.get_task_instances() if ti.task_id == "outputs"}
    pulled = [ti.xcom_pull(task_ids=["outputs"], map_indexes=index) for index, ti in sorted(outputs.items())]
    assert [list(values) for values in pulled] == [[{"n": 1}], [{"n": 2}]]


@pytest.mark.usefixtures("airflow_db", "executing_aws")
@pytest.mark.parametrize("way", [{"mode": "poke"}, {"mode": "reschedule"}, {"deferrable": True}], ids=str)
def test_a_dag_of_the_amazon_provider_runs(make_machine: Any, way: dict[str, Any]) -> None:
    machine = make_machine(SLOW)
    with DAG(f"theirs_{next(iter(way.values()))}", start_date=datetime(2025, 3, 1, tzinfo=UTC), schedule=None) as dag:
        start = StepFunctionStartExecutionOperator(
            task_id="start", state_machine_arn=machine, state_machine_input={"n": 1}, waiter_delay=1
        )
        wait = StepFunctionExecutionSensor(task_id="wait", execution_arn=start.output, poke_interval=1, **way)
        text = StepFunctionExecutionSensor(
            task_id="text", execution_arn="{{ ti.xcom_pull(task_ids='start') }}", poke_interval=1, **way
        )
        output = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=start.output)
        start >> [wait, text, output]
    run = run_dag(dag)
    assert set(task_states(run).values()) == {"success"}
    assert xcom(run, "output") == xcom(run, "wait", key="output") == {"n": 1}
