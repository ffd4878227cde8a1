"""What is special about tasks of ECS."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Caller, Completed
from tests.aws.scripted import ScriptedAws
from tests.fixtures.calls.job_table import JOBS, TASK, container, start
from tests.fixtures.calls.task_calls import Answer


@pytest.mark.parametrize(
    ("exit_codes", "essential", "verdict"),
    [
        ({"app": 0, "log": 137}, {"app": True, "log": False}, "succeeded"),
        ({"app": 0, "log": 137}, {"app": True}, "failed"),
        ({"app": 1, "log": 0}, {"app": True, "log": False}, "failed"),
        ({"app": 0, "log": None}, {"log": False}, "succeeded"),
    ],
)
def test_essential_containers_decide(
    submit: Callable[..., Answer],
    scripted_aws: ScriptedAws,
    caller: Caller,
    exit_codes: dict[str, int | None],
    essential: dict[str, bool],
    verdict: str,
) -> None:
    submitted = start(submit, scripted_aws, JOBS[4])
    containers = [container(name, code) for name, code in exit_codes.items()]
    scripted_aws.script("DescribeTasks", {"tasks": [TASK | {"lastStatus": "STOPPED", "containers": containers}]})
    known = [{"name": name} | ({"essential": essential[name]} if name in essential else {}) for name in exit_codes]
    scripted_aws.script("DescribeTaskDefinition", {"taskDefinition": {"containerDefinitions": known}})
    if verdict == "succeeded":
        assert isinstance(caller.poll(submitted.job), Completed)
    else:
        with pytest.raises(StatesError, match=r"States\.TaskFailed"):
            caller.poll(submitted.job)
    assert scripted_aws.bodies("DescribeTaskDefinition") == [{"taskDefinition": "arn:td"}]


def test_a_task_of_ecs_shows_the_lists_that_the_service_leaves_out(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller
) -> None:
    submitted = start(submit, scripted_aws, JOBS[4])
    assert submitted.output["Tasks"][0]["Containers"] == []
    scripted_aws.script("DescribeTasks", JOBS[4].done)
    answer = caller.poll(submitted.job)
    assert isinstance(answer, Completed)
    empty = {key for key, value in answer.result["Containers"][0].items() if value == []}
    assert empty >= {"GpuIds", "ManagedAgents", "NetworkBindings", "NetworkInterfaces"}
    assert answer.result["Tags"] == []


@pytest.mark.parametrize("pattern", ["", ".sync"])
def test_a_task_of_ecs_that_is_not_placed(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, pattern: str
) -> None:
    scripted_aws.script("RunTask", {"tasks": [], "failures": [{"reason": "RESOURCE:MEMORY"}]})
    if not pattern:
        answer = submit("ecs:runTask", {"TaskDefinition": "td"})
        assert isinstance(answer, Completed)
        assert answer.result["Failures"] == [{"Reason": "RESOURCE:MEMORY"}]
        return
    with pytest.raises(StatesError) as caught:
        submit("ecs:runTask.sync", {"TaskDefinition": "td"})
    assert caught.value.error == "AmazonECS.Unknown"
    assert json.loads(caught.value.cause or "") == {"Tasks": [], "Failures": [{"Reason": "RESOURCE:MEMORY"}]}


def test_failures_count_even_beside_a_task(submit: Callable[..., Answer], scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("RunTask", {"tasks": [TASK], "failures": [{"reason": "MISSING"}]})
    with pytest.raises(StatesError, match=r"^AmazonECS\.Unknown"):
        submit("ecs:runTask.sync", {"TaskDefinition": "td"})


def test_a_task_that_never_had_a_container_has_failed(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller
) -> None:
    submitted = start(submit, scripted_aws, JOBS[4])
    scripted_aws.script("DescribeTasks", {"tasks": [TASK | {"lastStatus": "STOPPED", "stopCode": "TaskFailedToStart"}]})
    with pytest.raises(StatesError, match=r"States\.TaskFailed: .*TaskFailedToStart"):
        caller.poll(submitted.job)
