"""Live progress in the task's log: operator and sensor, in the worker and in the triggerer."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow import DAG

from sfn_provider._compat import TaskDeferred
from sfn_provider.executions.history.history_log import HistoryLog
from sfn_provider.executions.outcomes import StepFunctionExecutionFailed
from sfn_provider.operators.step_function import StepFunctionStartExecutionOperator
from sfn_provider.sensors.step_function import StepFunctionExecutionSensor
from sfn_provider.triggers.step_function import StepFunctionsExecutionCompleteTrigger
from tests.aws.local_step_functions import SharedStepFunctions
from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse
from tests.fixtures.airflow.airflow_home import run_dag, task_states
from tests.fixtures.airflow.task_contexts import TaskInstance, context_of

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"
ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"
RUNNING = {"executionArn": ARN, "status": "RUNNING", "startDate": 1.0}
SUCCEEDED = RUNNING | {"status": "SUCCEEDED", "stopDate": 9.0, "output": "1"}
FAILED = RUNNING | {"status": "FAILED", "stopDate": 9.0, "error": "Orders.Bad"}
SLOW = {
    "StartAt": "Pause",
    "States": {"Pause": {"Type": "Wait", "Seconds": 1, "Next": "Ship"}, "Ship": {"Type": "Pass", "End": True}},
}


def event(number: int, kind: str, name: str | None = None) -> dict[str, Any]:
    """Make an event of a history."""
    side = "Exited" if kind.endswith("Exited") else "Entered"
    details = {f"state{side}EventDetails": {"name": name}} if name else {}
    return {"id": number, "type": kind, "timestamp": float(number), "previousEventId": number - 1, **details}


EVENTS = [
    event(1, "ExecutionStarted"),
    event(2, "PassStateEntered", "Price"),
    event(3, "PassStateExited", "Price"),
    event(4, "TaskStateEntered", "Ship"),
    event(5, "TaskStateExited", "Ship"),
    event(6, "ExecutionSucceeded"),
]
LINES = ["'Price' entered", "'Price' left after 1 s", "'Ship' entered", "'Ship' left after 1 s"]


def page(count: int, token: str | None = None) -> dict[str, Any]:
    """Make an answer of GetExecutionHistory: the first events."""
    return {"events": EVENTS[:count]} | ({"nextToken": token} if token else {})


@pytest.fixture
def orders(scripted_aws: ScriptedAws, caplog: pytest.LogCaptureFixture) -> ScriptedAws:
    """An execution that succeeds at the third look, and its history."""
    caplog.set_level(logging.INFO)
    scripted_aws.script("StartExecution", {"executionArn": ARN, "startDate": 1.0})
    scripted_aws.script("DescribeExecution", RUNNING, RUNNING, SUCCEEDED)
    scripted_aws.script("GetExecutionHistory", page(2), page(4), page(6))
    return scripted_aws


def operator_of(**arguments: Any) -> StepFunctionStartExecutionOperator:
    """Make the operator, with looks that follow each other at once."""
    return StepFunctionStartExecutionOperator(
        task_id="start", state_machine_arn=MACHINE, waiter_delay=0, log_history=True, **arguments
    )


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give what was logged of states."""
    return [record.getMessage() for record in caplog.records if record.getMessage().startswith("'")]


def test_the_operator_logs_each_line_once(orders: ScriptedAws, caplog: pytest.LogCaptureFixture) -> None:
    operator = operator_of()
    assert operator.execute(context_of(operator)) == ARN
    assert said(caplog) == LINES
    body = {"executionArn": ARN, "maxResults": 200, "reverseOrder": False, "includeExecutionData": False}
    assert orders.bodies("GetExecutionHistory") == [body] * 3


def test_without_it_the_history_is_not_read(orders: ScriptedAws) -> None:
    operator = StepFunctionStartExecutionOperator(task_id="start", state_machine_arn=MACHINE, waiter_delay=0)
    operator.execute(context_of(operator))
    assert "GetExecutionHistory" not in orders.actions()


def test_a_look_reads_one_page_and_the_end_reads_the_rest(
    orders: ScriptedAws, caplog: pytest.LogCaptureFixture
) -> None:
    orders.script("DescribeExecution", RUNNING, SUCCEEDED)
    orders.script("GetExecutionHistory", page(2, "b"), page(4, "c"), page(6))
    operator = operator_of()
    operator.execute(context_of(operator))
    assert said(caplog) == LINES
    assert [body.get("nextToken") for body in orders.bodies("GetExecutionHistory")] == [None, "b", "c"]
    order = [action for action in orders.actions() if action != "StartExecution"]
    assert order[:3] == ["DescribeExecution", "GetExecutionHistory", "DescribeExecution"]


def test_a_history_that_cannot_be_read_fails_nothing(orders: ScriptedAws, caplog: pytest.LogCaptureFixture) -> None:
    orders.script("GetExecutionHistory", ErrorResponse("AccessDeniedException"))
    operator = operator_of()
    assert operator.execute(context_of(operator)) == ARN
    assert "could not be read" in caplog.text


def test_a_failure_comes_after_all_that_led_to_it(orders: ScriptedAws, caplog: pytest.LogCaptureFixture) -> None:
    orders.script("DescribeExecution", FAILED)
    orders.script("GetExecutionHistory", page(4))
    operator = operator_of()
    with pytest.raises(StepFunctionExecutionFailed):
        operator.execute(context_of(operator))
    assert said(caplog) == LINES[:3]


def deferred(task: Any) -> StepFunctionsExecutionCompleteTrigger:
    """Run a task up to its deferral, and make the trigger again, as the triggerer does."""
    with pytest.raises(TaskDeferred) as deferral:
        task.execute(context_of(task))
    return StepFunctionsExecutionCompleteTrigger(**deferral.value.trigger.serialize()[1])


def event_of(trigger: StepFunctionsExecutionCompleteTrigger) -> dict[str, Any]:
    """Run the trigger to its end."""

    async def run() -> list[Any]:
        return [each.payload async for each in trigger.run()]

    [payload] = asyncio.run(run())
    return dict(payload)


TASKS: dict[str, Callable[[], Any]] = {
    "operator": lambda: operator_of(deferrable=True),
    "sensor": lambda: StepFunctionExecutionSensor(
        task_id="wait", execution_arn=ARN, deferrable=True, poke_interval=0, log_history=True
    ),
}


@pytest.mark.parametrize("make", TASKS.values(), ids=TASKS)
def test_the_triggers_first_look_finds_a_position(orders: ScriptedAws, make: Callable[[], Any]) -> None:
    """Airflow 3 logs an error for an XCom that is not there."""
    task = make()
    context = context_of(task)
    with pytest.raises(TaskDeferred) as deferral:
        task.execute(context)
    history = deferral.value.trigger.serialize()[1]["history"]
    assert context["ti"].xcoms["logged_history"] == {"execution_arn": ARN, "history": history}


@pytest.mark.parametrize("make", TASKS.values(), ids=TASKS)
def test_a_position_that_the_worker_cannot_store_ends_no_wait(
    orders: ScriptedAws, make: Callable[[], Any], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = make()
    monkeypatch.setattr(type(task), "log", logging.getLogger("task"))
    context = context_of(task)
    push = context["ti"].xcom_push

    def refuse(key: str, value: Any) -> None:
        if key == "logged_history":
            raise RuntimeError("no database\nat all")
        push(key=key, value=value)

    monkeypatch.setattr(context["ti"], "xcom_push", refuse)
    with pytest.raises(TaskDeferred):
        task.execute(context)
    assert f"the history of {ARN} is logged could not be stored" in caplog.text
    assert r"no database\nat all" in caplog.text


@pytest.mark.parametrize("make", TASKS.values(), ids=TASKS)
def test_worker_triggerer_and_worker_log_each_line_once(
    orders: ScriptedAws,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[], Any],
) -> None:
    monkeypatch.setattr(StepFunctionsExecutionCompleteTrigger, "log", logging.getLogger("trigger"))
    running = {"executionArn": ARN, "stateMachineArn": MACHINE, "name": "one", "status": "RUNNING", "startDate": 1.0}
    orders.script("DescribeExecution", RUNNING)
    trigger = deferred(make())
    before = len(said(caplog))
    orders.script("ListExecutions", {"executions": [running]}, {"executions": [running]}, {"executions": []})
    orders.script("DescribeExecution", RUNNING, RUNNING, SUCCEEDED)
    payload = event_of(trigger)
    between = len(said(caplog))
    task = make()
    task.execute_complete(context_of(task), payload)
    assert said(caplog) == LINES
    assert before < between


def test_without_it_the_trigger_stores_and_reads_nothing_of_it(orders: ScriptedAws) -> None:
    trigger = StepFunctionsExecutionCompleteTrigger(execution_arn=ARN, waiter_delay=0)
    assert not {"log_history", "history"} & trigger.serialize()[1].keys()
    orders.script("DescribeExecution", SUCCEEDED)
    orders.script("ListExecutions", {"executions": []})
    assert "history" not in event_of(trigger)
    assert "GetExecutionHistory" not in orders.actions()


def test_the_sensor_in_the_worker(orders: ScriptedAws, caplog: pytest.LogCaptureFixture) -> None:
    sensor = StepFunctionExecutionSensor(task_id="wait", execution_arn=ARN, log_history=True)
    assert [sensor.poke(context_of(sensor)) for _ in range(3)] == [False, False, True]
    assert said(caplog) == LINES


def test_reschedule_is_refused_when_the_dag_is_parsed() -> None:
    with pytest.raises(ValueError, match="log_history: mode='reschedule' forgets"):
        StepFunctionExecutionSensor(task_id="wait", execution_arn=ARN, log_history=True, mode="reschedule")


@pytest.mark.stepfunctions(time="real")
@pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "deferred"])
def test_a_machine_that_really_runs(
    airflow_db: None, stepfunctions: SharedStepFunctions, task_log: Callable[[], str], deferrable: bool
) -> None:
    with DAG(f"log_{deferrable}", start_date=datetime(2025, 3, 1, tzinfo=UTC), schedule=None) as dag:
        StepFunctionStartExecutionOperator(
            task_id="start",
            state_machine_arn=stepfunctions.create_state_machine(SLOW),
            waiter_delay=0.2,  # type: ignore[arg-type]
            deferrable=deferrable,
            log_history=True,
        )
    assert task_states(run_dag(dag)) == {"start": "success"}


class XComs:
    """XComs by their keys, in place of Airflow's class."""

    def __init__(self, error: Exception | None = None) -> None:
        self.values: dict[tuple[Any, ...], Any] = {}
        self.error = error

    def set(self, key: str, value: Any, **task_instance: Any) -> None:
        """Store a value as JSON does."""
        if self.error is not None:
            raise self.error
        self.values[(key, *sorted(task_instance.items()))] = json.loads(json.dumps(value))

    def get_value(self, *, ti_key: Any, key: str) -> Any:
        """Give the value of a task instance."""
        names = ("dag_id", "map_index", "run_id", "task_id")
        return self.values.get((key, *((name, getattr(ti_key, name)) for name in names)))


@pytest.fixture
def xcoms(orders: ScriptedAws, monkeypatch: pytest.MonkeyPatch) -> XComs:
    """XComs, and an execution that a trigger finds running until ``orders`` says otherwise."""
    stored = XComs()
    monkeypatch.setattr("sfn_provider._compat.XCom", stored, raising=False)
    monkeypatch.setattr(StepFunctionsExecutionCompleteTrigger, "log", logging.getLogger("trigger"))
    running = {"executionArn": ARN, "stateMachineArn": MACHINE, "name": "one", "status": "RUNNING", "startDate": 1.0}
    orders.script("DescribeExecution", RUNNING)
    orders.script("ListExecutions", {"executions": [running]})
    return stored


def trigger_of_task(arguments: dict[str, Any], **task_instance: Any) -> StepFunctionsExecutionCompleteTrigger:
    """Make a trigger as the triggerer does, for a task instance."""
    trigger = StepFunctionsExecutionCompleteTrigger(**json.loads(json.dumps(arguments)))
    trigger.task_instance = TaskInstance("start", **task_instance)  # type: ignore[assignment]
    return trigger


def lose(trigger: StepFunctionsExecutionCompleteTrigger, lines: int, caplog: pytest.LogCaptureFixture) -> None:
    """Run a trigger until there are some lines in the log, then end it as a triggerer that is stopped does."""

    async def run() -> None:
        waiting = asyncio.ensure_future(anext(trigger.run()))
        async with asyncio.timeout(30):
            while len(said(caplog)) < lines:
                await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    asyncio.run(run())


ARGUMENTS = {"execution_arn": ARN, "waiter_delay": 0.05, "log_history": True}


def test_a_triggerer_that_starts_again_continues_the_log(
    orders: ScriptedAws, xcoms: XComs, caplog: pytest.LogCaptureFixture
) -> None:
    orders.script("GetExecutionHistory", page(2), page(4, "next"), page(4, "next"), page(4), page(6))
    lose(trigger_of_task(ARGUMENTS), 1, caplog)
    lose(trigger_of_task(ARGUMENTS), 3, caplog)
    orders.script("GetExecutionHistory", page(4), page(6))
    lose(trigger_of_task(ARGUMENTS), 4, caplog)
    assert said(caplog) == LINES
    assert len(xcoms.values) == 1
    assert "stored" not in caplog.text


def test_another_task_instance_or_execution_logs_from_its_start(
    orders: ScriptedAws, xcoms: XComs, caplog: pytest.LogCaptureFixture
) -> None:
    orders.script("GetExecutionHistory", page(2))
    lose(trigger_of_task(ARGUMENTS), 1, caplog)
    lose(trigger_of_task(ARGUMENTS, map_index=1), 2, caplog)
    lose(trigger_of_task(ARGUMENTS | {"execution_arn": f"{ARN}-2"}), 3, caplog)
    assert said(caplog) == LINES[:1] * 3


def test_what_was_logged_before_the_deferral_is_not_logged_after_a_restart(
    orders: ScriptedAws, xcoms: XComs, caplog: pytest.LogCaptureFixture
) -> None:
    history = HistoryLog()
    history.lines({"events": [each | {"timestamp": datetime.now(UTC)} for each in EVENTS[:4]]})
    orders.script("GetExecutionHistory", page(2))
    lose(trigger_of_task(ARGUMENTS), 1, caplog)
    orders.script("GetExecutionHistory", page(6))
    lose(trigger_of_task(ARGUMENTS | {"history": history.to_dict()}), 2, caplog)
    assert [line.split(" left")[0] for line in said(caplog)] == ["'Price' entered", "'Ship'"]


def test_a_position_that_cannot_be_stored_ends_no_wait(
    orders: ScriptedAws, xcoms: XComs, caplog: pytest.LogCaptureFixture
) -> None:
    xcoms.error = RuntimeError("no database\nat all")
    lose(trigger_of_task(ARGUMENTS), 4, caplog)
    assert said(caplog) == LINES
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [ARN in warning and warning.endswith(r"no database\nat all") for warning in warnings] == [True]
