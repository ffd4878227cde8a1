"""The operator that reads an execution's output."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sfn_provider._compat import (
    AirflowException,
    AirflowFailException,
)
from sfn_provider.executions.outcomes import StepFunctionExecutionFailed
from sfn_provider.operators.step_function import (
    StepFunctionGetExecutionOutputOperator,
)
from tests.aws.scripted import ScriptedAws
from tests.aws.server import NO_RESPONSE, ErrorResponse
from tests.fixtures.airflow.task_contexts import context_of
from tests.fixtures.calls.started_execution import ARN, FAILED, RUNNING, SUCCEEDED


def test_output_of_a_finished_execution(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", SUCCEEDED)
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN)
    context = context_of(operator)
    assert operator.execute(context) == {"n": [1]}
    assert [key for key in context["ti"].xcoms if not key.startswith("_link_")] == ["_state_machine_executions_details"]


def test_an_output_is_read_patiently(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", ErrorResponse("ThrottlingException"), NO_RESPONSE, SUCCEEDED)
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN)
    assert operator.execute(context_of(operator)) == {"n": [1]}


def test_an_output_that_may_not_be_read_fails_at_once(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", ErrorResponse("AccessDeniedException"))
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN)
    with pytest.raises(AirflowFailException, match="AWS refuses states:DescribeExecution"):
        operator.execute(context_of(operator))


def test_the_output_of_an_express_execution_is_refused_before_the_call(scripted_aws: ScriptedAws) -> None:
    express = "arn:aws:states:us-east-1:123456789012:express:Orders:one:43e61af3-b85d-4ecc-8205-3eb9cadc6c8b"
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=express)
    with pytest.raises(AirflowFailException, match="StepFunctionStartSyncExecutionOperator"):
        operator.execute(context_of(operator))
    assert not scripted_aws.requests


def test_output_of_a_failed_execution_is_its_failure_if_asked_for(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", FAILED)
    scripted_aws.script("GetExecutionHistory", {"events": []})
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN, fail_on_error=True)
    with pytest.raises(StepFunctionExecutionFailed, match=r"Orders\.Bad: no stock"):
        operator.execute(context_of(operator))


@pytest.mark.parametrize("fail_on_error", [False, True])
def test_output_of_a_running_execution_is_refused(scripted_aws: ScriptedAws, fail_on_error: bool) -> None:
    scripted_aws.script("DescribeExecution", RUNNING)
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN, fail_on_error=fail_on_error)
    with pytest.raises(AirflowException, match="is RUNNING and has no output yet"):
        operator.execute(context_of(operator))


@pytest.mark.parametrize(
    ("description", "result"),
    [
        (FAILED, "Orders.Bad"),
        (FAILED | {"error": '{"code": 7}'}, {"code": 7}),
        ({key: value for key, value in FAILED.items() if key != "error"}, None),
    ],
    ids=["text", "JSON", "none"],
)
def test_output_of_a_failed_execution_is_its_error_with_a_warning(
    scripted_aws: ScriptedAws, task_log: Callable[[], str], description: Any, result: Any
) -> None:
    scripted_aws.script("DescribeExecution", description)
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN)
    assert operator.execute(context_of(operator)) == result
    assert f"{ARN} is FAILED: the task returns its error; fail_on_error=True lets the task fail" in task_log()


def test_an_output_that_is_no_json_is_refused_without_showing_it(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", SUCCEEDED | {"output": "secret"})
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN)
    with pytest.raises(json.JSONDecodeError, match=f"The output of {ARN} is no JSON: Expecting value") as caught:
        operator.execute(context_of(operator))
    assert "secret" not in str(caught.value)
