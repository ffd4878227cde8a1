"""Jobs from submission to end, against scripted services."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Caller, Completed, Submitted
from tests.aws.scripted import ScriptedAws
from tests.aws.server import NO_RESPONSE, ErrorResponse
from tests.fixtures.calls.job_table import JOBS, Job, start, without_empty_lists
from tests.fixtures.calls.task_calls import Answer, without_metadata

job_cases = pytest.mark.parametrize("job", JOBS, ids=lambda job: job.id)


def elsewhere(job: dict[str, Any]) -> dict[str, Any]:
    """Carry a job to another process."""
    return dict(json.loads(json.dumps(job)))


@job_cases
def test_a_job_is_followed_to_its_result(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller, job: Job
) -> None:
    submitted = start(submit, scripted_aws, job)
    assert submitted.output["SdkHttpMetadata"]["HttpStatusCode"] == 200
    action, parameters = job.describe
    scripted_aws.script(action, job.running, job.done)
    going_on = caller.poll(submitted.job)
    assert isinstance(going_on, Submitted)
    assert going_on.output is None
    assert going_on.poll_after > submitted.poll_after
    ended = caller.poll(going_on.job)
    assert isinstance(ended, Completed)
    assert without_empty_lists(without_metadata(ended.result)) == job.result
    assert scripted_aws.bodies(action) == [parameters, parameters]


def test_a_job_is_followed_in_another_process(submit: Callable[..., Answer], scripted_aws: ScriptedAws) -> None:
    job = JOBS[3]
    submitted = start(submit, scripted_aws, job)
    scripted_aws.script(job.describe[0], job.running, job.done)
    going_on = Caller().poll(elsewhere(submitted.job))
    assert isinstance(going_on, Submitted)
    assert Caller().poll(elsewhere(going_on.job)) == Completed(job.result)


@pytest.mark.parametrize("job", [job for job in JOBS if job.failed], ids=lambda job: job.id)
def test_a_failed_job_is_the_cause(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller, job: Job
) -> None:
    submitted = start(submit, scripted_aws, job)
    scripted_aws.script(job.describe[0], job.failed)
    with pytest.raises(StatesError) as caught:
        caller.poll(submitted.job)
    assert caught.value.error == "States.TaskFailed"
    cause = json.loads(caught.value.cause or "")
    assert without_empty_lists(cause) == job.failure if job.failure else "Status" in str(cause)


@job_cases
def test_a_job_is_stopped(submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller, job: Job) -> None:
    submitted = start(submit, scripted_aws, job)
    if job.stop is not None:
        scripted_aws.script(job.stop[0], {})
    caller.cancel(submitted.job)
    stops = [job.stop] if job.stop is not None else []
    assert scripted_aws.calls[1:] == stops


def test_a_job_that_cannot_be_stopped_is_told(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller
) -> None:
    submitted = start(submit, scripted_aws, JOBS[3])
    scripted_aws.script("StopQueryExecution", ErrorResponse("AccessDeniedException"))
    with pytest.raises(StatesError, match=r"Athena\.AmazonAthenaException"):
        caller.cancel(submitted.job)


PASSING = (
    ErrorResponse("ThrottlingException"),
    ErrorResponse("InternalFailure", status=500),
    ErrorResponse("ExpiredTokenException"),
    NO_RESPONSE,
)


@pytest.mark.parametrize("fault", PASSING, ids=["throttled", "server error", "expired", "connection lost"])
def test_errors_that_pass_do_not_end_a_job(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller, fault: Any
) -> None:
    job = JOBS[2]
    answer: Answer = start(submit, scripted_aws, job)
    scripted_aws.script("GetJobRun", fault, fault, fault, job.running, fault, job.done)
    pauses = []
    for _ in range(5):
        assert isinstance(answer, Submitted)
        answer = caller.poll(elsewhere(answer.job))
        assert isinstance(answer, Submitted)
        pauses.append(answer.poll_after)
    assert pauses == [2, 4, 8, 7.5, 2]
    assert caller.poll(answer.job) == Completed(job.result)


def test_expired_credentials_are_read_anew(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller
) -> None:
    submitted = start(submit, scripted_aws, JOBS[2])
    client = caller._clients.get("glue")
    scripted_aws.script("GetJobRun", ErrorResponse("ThrottlingException"), ErrorResponse("ExpiredTokenException"))
    caller.poll(submitted.job)
    assert caller._clients.get("glue") is client
    caller.poll(submitted.job)
    assert caller._clients.get("glue") is not client


def test_pauses_after_errors_have_an_end(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller
) -> None:
    submitted = start(submit, scripted_aws, JOBS[2])
    scripted_aws.script("GetJobRun", ErrorResponse("ThrottlingException"))
    answer = caller.poll(submitted.job | {"errors": 5000})
    assert isinstance(answer, Submitted)
    assert answer.poll_after == 300


def test_an_error_that_does_not_pass_ends_a_job(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller
) -> None:
    submitted = start(submit, scripted_aws, JOBS[2])
    scripted_aws.script("GetJobRun", ErrorResponse("EntityNotFoundException", "no run"))
    with pytest.raises(StatesError) as caught:
        caller.poll(submitted.job)
    assert caught.value.error == "Glue.EntityNotFoundException"
    assert (caught.value.cause or "").startswith("no run (Service: AWSGlue; Status Code: 400; ")


@pytest.mark.parametrize(
    ("job", "answer"),
    [(JOBS[0], ErrorResponse("ExecutionDoesNotExist")), (JOBS[4], {"tasks": [], "failures": []})],
    ids=["refused", "empty"],
)
def test_a_fresh_job_may_be_unknown_for_a_while(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller, job: Job, answer: Any
) -> None:
    polled: Answer = start(submit, scripted_aws, job)
    scripted_aws.script(job.describe[0], answer)
    for _ in range(5):
        assert isinstance(polled, Submitted)
        polled = caller.poll(polled.job)
    assert isinstance(polled, Submitted)
    with pytest.raises(StatesError, match=r"States\.TaskFailed: The job of .* its service does not know it: .*arn"):
        caller.poll(polled.job)
