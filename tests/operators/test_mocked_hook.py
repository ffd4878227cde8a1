"""What tests rely on that users have written against the amazon provider: a mocked hook, and no context."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from sfn_provider._compat import AirflowException, TaskDeferred
from sfn_provider.hooks.step_function import StepFunctionHook
from sfn_provider.operators.step_function import (
    StepFunctionGetExecutionOutputOperator,
    StepFunctionStartExecutionOperator,
)
from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse
from tests.fixtures.airflow.task_contexts import context_of

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"
ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"
NO_CONTEXT: Any = {}


@pytest.fixture
def hook_class(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """A mock in place of the hook's class, where the amazon provider's module has it."""
    mock = MagicMock()
    mock.return_value.start_execution.return_value = ARN
    monkeypatch.setattr("sfn_provider.operators.step_function.StepFunctionHook", mock)
    return mock


def start_operator(**arguments: Any) -> StepFunctionStartExecutionOperator:
    """Make the operator."""
    return StepFunctionStartExecutionOperator(task_id="start", state_machine_arn=MACHINE, **arguments)


@pytest.mark.parametrize("redrives", [False, True])
def test_a_mocked_hook_is_called_as_the_amazon_provider_calls_it(hook_class: MagicMock, redrives: bool) -> None:
    operator = start_operator(name="one", state_machine_input="{}", is_redrive_execution=redrives)
    assert operator.execute(MagicMock()) == ARN
    request = (MACHINE, "one", None, True) if redrives else (MACHINE, "one", "{}", False)
    hook_class.return_value.start_execution.assert_called_once_with(*request)


def test_without_context_it_defers(hook_class: MagicMock) -> None:
    with pytest.raises(TaskDeferred):
        start_operator(name="one", deferrable=True).execute(NO_CONTEXT)


def test_without_context_and_name_aws_makes_the_name(hook_class: MagicMock) -> None:
    assert start_operator(wait_for_completion=False).execute(NO_CONTEXT) == ARN
    hook_class.return_value.start_execution.assert_called_once_with(MACHINE, None, None, False)


def test_a_start_that_gives_no_execution_fails(hook_class: MagicMock) -> None:
    hook_class.return_value.start_execution.return_value = None
    with pytest.raises(AirflowException, match=f"Failed to start State Machine execution for: {MACHINE}"):
        start_operator().execute(NO_CONTEXT)


@pytest.mark.parametrize(
    ("description", "result"),
    [({"output": '{"n": 1}'}, {"n": 1}), ({"error": '{"code": 4}'}, {"code": 4}), ({}, None)],
    ids=["output", "error", "neither"],
)
def test_a_description_without_status_is_read_as_it_is(
    hook_class: MagicMock, description: dict[str, Any], result: Any
) -> None:
    hook_class.return_value.describe_execution.return_value = description
    operator = StepFunctionGetExecutionOutputOperator(task_id="read", execution_arn=ARN)
    assert operator.execute(MagicMock()) == result
    hook_class.return_value.describe_execution.assert_called_once_with(ARN)


def test_the_attributes_of_the_amazon_provider_are_there() -> None:
    operator = start_operator(state_machine_input={"n": 1})
    assert operator.input == {"n": 1}
    operator.input = {"n": 2}  # a subclass may do so, or render it
    assert operator.state_machine_input == {"n": 2}
    assert StepFunctionStartExecutionOperator.aws_hook_class is StepFunctionHook


def test_a_hook_of_ones_own() -> None:
    class Own(StepFunctionStartExecutionOperator):
        aws_hook_class: Any = SimpleNamespace

    assert vars(Own(task_id="start", state_machine_arn=MACHINE).hook) == {
        "aws_conn_id": "aws_default",
        "region_name": None,
        "verify": None,
        "config": None,
        "arn_region": "us-east-1",
    }


def test_further_arguments_for_a_hook_of_ones_own() -> None:
    class Own(StepFunctionStartExecutionOperator):
        aws_hook_class: Any = SimpleNamespace

        @property
        def _hook_parameters(self) -> dict[str, Any]:
            return {**super()._hook_parameters, "team": "orders"}

    assert Own(task_id="start", state_machine_arn=MACHINE).hook.team == "orders"  # type: ignore[attr-defined]


def test_a_patched_get_conn_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    client = MagicMock()
    monkeypatch.setattr(StepFunctionHook, "get_conn", lambda self: client)
    assert StepFunctionHook().describe_execution(ARN) is client.describe_execution.return_value
    client.describe_execution.assert_called_once_with(executionArn=ARN)


def test_in_place_of_a_refused_redrive_an_execution_of_the_tasks_name_starts(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("RedriveExecution", ErrorResponse("ExecutionNotRedrivable"))
    failed = {"executionArn": ARN, "status": "FAILED", "startDate": 1.0, "stopDate": 2.0}
    scripted_aws.script("DescribeExecution", failed)
    scripted_aws.script("StartExecution", {"executionArn": "new", "startDate": 1.0})
    operator = start_operator(
        name="one", is_redrive_execution=True, on_not_redrivable="new_execution", wait_for_completion=False
    )
    assert operator.execute(context_of(operator)) == "new"
    [request] = scripted_aws.bodies("StartExecution")
    assert request["name"].startswith("nightly-start-scheduled")
