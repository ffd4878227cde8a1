"""Jobs that a lost worker has started are found, where their service has no token that tells calls apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Submitted
from sfn_provider.integrations.jobs.job_recovery import JOB_SEARCHES, Resubmission
from sfn_provider.integrations.optimized.table import OPTIMIZED_INTEGRATIONS
from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse
from tests.fixtures.calls.job_table import JOBS
from tests.fixtures.calls.task_calls import Answer

SINCE = 1_000_000.0
EARLY, LATE = SINCE - 60, SINCE + 1
STEP = {"Name": "s", "HadoopJarStep": {"Jar": "j", "Args": ["a"]}}
TRAINING = next(job for job in JOBS if "Training" in job.id).arguments


def glue_run(id: str, started: float, **arguments: str) -> dict[str, Any]:
    return {"Id": id, "StartedOn": started, "Arguments": {f"--{name}": value for name, value in arguments.items()}}


def step(id: str, created: float, name: str = "s", jar: str = "j", arg: str = "a") -> dict[str, Any]:
    status = {"State": "RUNNING", "Timeline": {"CreationDateTime": created}}
    return {"Id": id, "Name": name, "Config": {"Jar": jar, "Args": [arg]}, "Status": status}


def cluster(id: str, created: float, name: str = "c") -> dict[str, Any]:
    status = {"State": "STARTING", "Timeline": {"CreationDateTime": created}}
    return {"Id": id, "Name": name, "ClusterArn": f"arn:{id}", "Status": status}


@dataclass(frozen=True)
class Case:
    """A submission that was made before.

    Args:
        resource: the resource.
        arguments: of the task.
        list: the action that shows what was started, and its answer.
        start: the action that starts a job.
        found: what the job's description is asked with.
    """

    resource: str
    arguments: dict[str, Any]
    list: tuple[str, dict[str, Any]]
    start: str
    found: dict[str, Any]


CASES = (
    Case(
        "glue:startJobRun.sync",
        {"JobName": "load", "Arguments": {"--day": "1"}},
        (
            "GetJobRuns",
            {
                "JobRuns": [
                    glue_run("later", LATE + 5, day="1"),
                    glue_run("ours", LATE, day="1", more="2"),
                    glue_run("other", LATE, day="2"),
                    glue_run("old", EARLY, day="1"),
                ]
            },
        ),
        "StartJobRun",
        {"JobName": "load", "RunId": "ours"},
    ),
    Case(
        "elasticmapreduce:addStep.sync",
        {"ClusterId": "j-1", "Step": STEP},
        (
            "ListSteps",
            {
                "Steps": [
                    step("s-5", LATE, name="x"),
                    step("s-4", LATE, jar="x"),
                    step("s-3", LATE, arg="x"),
                    step("ours", LATE),
                    step("s-1", EARLY),
                ]
            },
        ),
        "AddJobFlowSteps",
        {"ClusterId": "j-1", "StepId": "ours"},
    ),
    Case(
        "elasticmapreduce:createCluster.sync",
        {"Name": "c", "Instances": {}},
        ("ListClusters", {"Clusters": [cluster("j-3", LATE, "x"), cluster("ours", LATE), cluster("j-1", EARLY)]}),
        "RunJobFlow",
        {"ClusterId": "ours"},
    ),
    Case(
        "sagemaker:createTrainingJob.sync",
        TRAINING,
        ("DescribeTrainingJob", {"TrainingJobName": "t", "TrainingJobArn": "arn:t", "CreationTime": LATE}),
        "CreateTrainingJob",
        {"TrainingJobName": "t"},
    ),
)
cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.resource)


@cases
def test_the_job_is_found_and_followed(submit: Callable[..., Answer], scripted_aws: ScriptedAws, case: Case) -> None:
    scripted_aws.script(*case.list)
    answer = submit(case.resource, case.arguments, resubmission=Resubmission(SINCE))
    assert isinstance(answer, Submitted)
    assert answer.job["describe"] == case.found
    assert answer.poll_after == 0, "it may have ended long ago"
    assert case.start not in scripted_aws.actions()


@cases
def test_a_job_that_is_known_is_not_taken_for_it(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, case: Case
) -> None:
    scripted_aws.script(*case.list)
    scripted_aws.script(case.start, ErrorResponse("ValidationException"))
    others = ({"describe": case.found}, {"describe": {"RunId": "later"}})
    with pytest.raises(StatesError):
        submit(case.resource, case.arguments, resubmission=Resubmission(SINCE, others))
    assert scripted_aws.actions() == [case.list[0], case.start]


@cases
def test_a_call_that_was_not_made_before_is_made_without_a_search(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, case: Case
) -> None:
    scripted_aws.script(case.start, ErrorResponse("ValidationException"))
    with pytest.raises(StatesError):
        submit(case.resource, case.arguments)
    assert scripted_aws.actions() == [case.start]


def test_two_calls_that_are_the_same_find_two_jobs(submit: Callable[..., Answer], scripted_aws: ScriptedAws) -> None:
    case = CASES[0]
    scripted_aws.script(*case.list)
    scripted_aws.script("StartJobRun", {"JobRunId": "new"})
    answers = [submit(case.resource, case.arguments, resubmission=Resubmission(SINCE)) for _ in range(3)]
    runs = [answer.job["describe"]["RunId"] for answer in answers if isinstance(answer, Submitted)]
    assert runs == ["ours", "later", "new"]


@pytest.mark.parametrize("code", ["AccessDeniedException", "EntityNotFoundException"])
def test_where_the_service_may_not_be_asked_the_job_is_started(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, code: str
) -> None:
    scripted_aws.script("GetJobRuns", ErrorResponse(code))
    scripted_aws.script("StartJobRun", {"JobRunId": "new"})
    answer = submit("glue:startJobRun.sync", {"JobName": "load"}, resubmission=Resubmission(SINCE))
    assert isinstance(answer, Submitted) and answer.job["describe"]["RunId"] == "new"


def test_where_the_service_cannot_say_nothing_is_started(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws
) -> None:
    scripted_aws.script("GetJobRuns", ErrorResponse("ThrottlingException"))
    with pytest.raises(StatesError, match=r"^Glue\."):
        submit("glue:startJobRun.sync", {"JobName": "load"}, resubmission=Resubmission(SINCE))
    assert scripted_aws.actions() == ["GetJobRuns"]


def test_every_search_is_for_a_call_without_a_token(submit: Callable[..., Answer]) -> None:
    from botocore.session import get_session

    for name in JOB_SEARCHES.keys() & OPTIMIZED_INTEGRATIONS.keys():
        row = OPTIMIZED_INTEGRATIONS[name]
        operation = get_session().get_service_model(row.client).operation_model(row.operation)
        assert not operation.idempotent_members and row.idempotency is None, name
