"""Jobs of seven services from submission to result, against moto's server."""

from __future__ import annotations

import time
from typing import Any

import pytest

from sfn_provider.integrations import Caller, Submitted
from sfn_provider.integrations.jobs.job_recovery import Resubmission
from sfn_provider.integrations.json_templates import get_path
from tests.aws.moto_jobs import OVER, MotoJobs
from tests.fixtures.calls.task_calls import Answer, submit_by

AT_MOST = 30.0


def follow(caller: Caller, answer: Answer) -> tuple[Any, int]:
    """Look at a job until it is done. Gives its result, and how often it was looked at."""
    deadline, looks = time.monotonic() + AT_MOST, 0
    while isinstance(answer, Submitted):
        assert time.monotonic() < deadline, answer.job
        looks += 1
        answer = caller.poll(answer.job)
    return answer.result, looks


@pytest.mark.parametrize("name", OVER)
def test_a_job_is_submitted_and_followed_to_its_result(moto_jobs: MotoJobs, caller: Caller, name: str) -> None:
    state = moto_jobs.states[name]
    answer = submit_by(caller, state["Resource"], state["Parameters"])
    assert isinstance(answer, Submitted) and answer.output["SdkHttpMetadata"]["HttpStatusCode"] == 200
    if name == "Emr":
        assert isinstance(caller.poll(answer.job), Submitted)
        moto_jobs.end_steps()
    result, looks = follow(caller, answer)
    path, over = OVER[name]
    assert get_path(result, path) == over
    assert looks > 1 or name not in ("Athena", "Ecs", "Glue"), "the others are over at once, or when we say so"
    assert moto_jobs.started()[name] == 1


@pytest.mark.parametrize("name", ["Batch", "Emr", "Glue", "SageMaker"])
def test_a_job_that_a_lost_worker_started_is_found(moto_jobs: MotoJobs, name: str) -> None:
    state, began = moto_jobs.states[name], time.time()
    first, second = (
        submit_by(Caller(), state["Resource"], state["Parameters"], resubmission=again)
        for again in (None, Resubmission(began))
    )
    assert isinstance(first, Submitted) and isinstance(second, Submitted)
    assert second.job["describe"] == first.job["describe"]
    assert moto_jobs.started()[name] == 1
