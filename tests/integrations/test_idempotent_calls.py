"""Calls that are submitted twice start one job."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Caller, Completed, Submitted
from sfn_provider.integrations.api_operation import idempotency_token
from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse
from tests.fixtures.calls.job_table import CHILD, JOBS, RUN, TASK, Job, start
from tests.fixtures.calls.task_calls import Answer, without_metadata


@pytest.mark.parametrize(
    ("job", "field"),
    [(JOBS[0], "name"), (JOBS[3], "ClientRequestToken"), (JOBS[4], "clientToken"), (JOBS[5], "idempotencyToken")],
    ids=lambda value: getattr(value, "id", value),
)
def test_the_same_call_carries_the_same_token(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, job: Job, field: str
) -> None:
    for key in ("run/Work/0", "run/Work/0", "run/Work/1"):
        start(submit, scripted_aws, job, key=key)
    first, again, retried = (body[field] for body in scripted_aws.bodies(job.start[0]))
    assert first == again == idempotency_token("run/Work/0")
    assert retried != first
    assert len(first) == 36


def test_a_token_of_the_definition_stays(submit: Callable[..., Answer], scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("StartExecution", {"executionArn": RUN, "startDate": 1})
    submit("states:startExecution", {"StateMachineArn": CHILD, "Name": "mine"})
    scripted_aws.script("RunTask", {"tasks": [TASK]})
    submit("ecs:runTask", {"TaskDefinition": "td", "ClientToken": "mine"})
    assert [scripted_aws.calls[0][1]["name"], scripted_aws.calls[1][1]["clientToken"]] == ["mine", "mine"]


def test_an_execution_that_was_started_before_is_followed(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller
) -> None:
    name = idempotency_token("run/Work/0")
    arn = f"{CHILD.replace('stateMachine', 'execution')}:{name}"
    scripted_aws.script("StartExecution", ErrorResponse("ExecutionAlreadyExists"))
    scripted_aws.script(
        "DescribeExecution", {"executionArn": arn, "startDate": 4, "status": "SUCCEEDED", "output": "1"}
    )
    submitted = submit("states:startExecution.sync", {"StateMachineArn": f"{CHILD}:live"})
    assert isinstance(submitted, Submitted)
    assert without_metadata(submitted.output) == {"ExecutionArn": arn, "StartDate": 4000}
    answer = caller.poll(submitted.job)
    assert isinstance(answer, Completed)
    assert answer.result["Output"] == "1"
    assert scripted_aws.bodies("DescribeExecution") == [{"executionArn": arn}] * 2


def test_an_execution_of_the_definitions_own_name_that_exists_is_an_error(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws
) -> None:
    scripted_aws.script("StartExecution", ErrorResponse("ExecutionAlreadyExists"))
    with pytest.raises(StatesError, match=r"StepFunctions\.ExecutionAlreadyExistsException"):
        submit("states:startExecution", {"StateMachineArn": CHILD, "Name": "mine"})
