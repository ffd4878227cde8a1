"""Operators, sensors and triggers of the amazon provider and of this package, against the server."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from sfn_provider._compat import AirflowException
from sfn_provider.exceptions import StatesError
from sfn_provider.server.driver.task_runner import TaskRequest
from tests.aws.server import point_clients_at
from tests.fixtures.airflow.task_contexts import context_of
from tests.fixtures.local_service import FunctionRunner, Service
from tests.fixtures.machines.definitions import END, call, machine

FAILS = machine({"Fail": {"Type": "Fail", "Error": "Broken", "Cause": "by design"}})


class Package(NamedTuple):
    """The modules of a package that drive Step Functions."""

    operators: ModuleType
    sensors: ModuleType
    triggers: ModuleType


@pytest.fixture(params=["sfn_provider", "airflow.providers.amazon.aws"], ids=["ours", "amazon"])
def package(request: pytest.FixtureRequest, service: Service, monkeypatch: pytest.MonkeyPatch) -> Package:
    """One of the two, whose clients are the server's."""
    point_clients_at(service.server.endpoint_url, monkeypatch)
    kinds = ("operators", "sensors", "triggers")
    return Package(*(importlib.import_module(f"{request.param}.{kind}.step_function") for kind in kinds))


def execute(task: Any) -> Any:
    """Run a task in this process."""
    return task.execute(context_of(task))


def test_an_execution_is_started_waited_for_and_its_output_read(package: Package, service: Service) -> None:
    start = package.operators.StepFunctionStartExecutionOperator
    arn = execute(
        start(task_id="start", state_machine_arn=service.create(machine({"Done": END})), state_machine_input={"a": 1})
    )
    sensor = package.sensors.StepFunctionExecutionSensor
    execute(sensor(task_id="wait", execution_arn=arn, poke_interval=0.01, timeout=20))
    read = package.operators.StepFunctionGetExecutionOutputOperator
    assert execute(read(task_id="read", execution_arn=arn)) == {"a": 1}


def test_a_failed_execution_fails_the_task(package: Package, service: Service) -> None:
    sensor = package.sensors.StepFunctionExecutionSensor
    arn = service.start(service.create(FAILS))
    service.wait(arn)
    with pytest.raises(AirflowException):
        execute(sensor(task_id="wait", execution_arn=arn, poke_interval=0.01, timeout=20))


@pytest.mark.parametrize(("definition", "status"), [(machine({"Done": END}), "SUCCEEDED"), (FAILS, "FAILED")])
def test_a_trigger_tells_how_it_has_ended(
    package: Package, service: Service, definition: dict[str, Any], status: str
) -> None:
    arn = service.start(service.create(definition))
    trigger = package.triggers.StepFunctionsExecutionCompleteTrigger(
        execution_arn=arn, waiter_delay=0, waiter_max_attempts=3, aws_conn_id=None
    )

    async def fire() -> Any:
        return (await anext(trigger.run())).payload

    payload = asyncio.run(fire())
    assert payload["execution_arn"] == arn
    assert payload.get("execution_status", {"success": "SUCCEEDED", "error": "FAILED"}[payload["status"]]) == status


def test_a_redrive_runs_what_failed_again(
    package: Package, service: Service, runner: FunctionRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes: Iterator[Any] = iter([StatesError("Broken", "no"), {"fine": True}])

    def work(_: TaskRequest) -> Any:
        if isinstance(outcome := next(outcomes), StatesError):
            raise outcome
        return outcome

    monkeypatch.setitem(runner.functions, "Work", work)
    arn = service.start(service.create(machine({"Work": call(End=True)})))
    assert service.wait(arn)["status"] == "FAILED"
    again = execute(
        package.operators.StepFunctionStartExecutionOperator(
            task_id="again",
            state_machine_arn=service.describe(arn)["stateMachineArn"],
            name=arn.rpartition(":")[2],
            is_redrive_execution=True,
        )
    )
    assert again == arn
    assert json.loads(service.wait(arn)["output"]) == {"fine": True}
