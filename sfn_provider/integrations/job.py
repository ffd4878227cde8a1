"""What is known of a job between two looks at it: JSON, so that it can wait in another process."""

from __future__ import annotations

from typing import Any, Final

from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.api_operation import TaskCall
from sfn_provider.integrations.call_outcomes import Submitted
from sfn_provider.integrations.errors import TASK_FAILED
from sfn_provider.integrations.integration import SyncJob
from sfn_provider.integrations.value_shapes import Values, json_text

Job = dict[str, Any]
"""``resource``, ``state`` and ``role_arn`` as the task has them; ``describe`` and ``stop``: parameters of these calls;
``looks`` that found it running; ``errors`` and ``missing``: looks since the last good one that failed, or that did not
find it; ``kept``: the part of the result that is known, or the whole of it for a job that is gone when it is done."""

_MAX_MISSING_POLLS: Final = 6
"""How often a job may be unknown to its service before that is believed: descriptions are eventually consistent."""

_MAX_POLL_DELAY: Final = 300.0
"""Seconds until the next look at a job that could not be looked at, or was not found, at most."""


def submitted_job(task: TaskCall, sync: SyncJob, given: Values, result: Values, output: Json) -> Submitted:
    """Give the job that a submission started.

    Args:
        task: the task.
        sync: how the job is followed.
        given: the task's parameters.
        result: the submission's result.
        output: the result as TaskSubmitted shows it.
    """
    job: Job = {
        "resource": task.resource.text,
        "state": task.state,
        "role_arn": task.role_arn,
        "describe": sync.describe.fill(given, result),
        "stop": sync.stop.fill(given, result) if sync.stop is not None else None,
        "kept": output if sync.keep else result if sync.gone else {},
        "looks": 0,
        "errors": 0,
        "missing": 0,
    }
    return Submitted(job, output, sync.pace.after(0))


def after_running_job(job: Job, sync: SyncJob) -> Submitted:
    """Give the job after a look that found it running."""
    looks = job["looks"] + 1
    return Submitted(job | {"looks": looks, "errors": 0, "missing": 0}, None, sync.pace.after(looks))


def after_failed_poll(job: Job) -> Submitted:
    """Give the job after a look that failed for a reason that passes: pauses double."""
    errors = job["errors"] + 1
    return Submitted(job | {"errors": errors}, None, min(_MAX_POLL_DELAY, 2.0 ** min(errors, 10)))


def after_missing_job(job: Job) -> Submitted:
    """Give the job after a look that did not find it.

    Raises:
        StatesError: ``States.TaskFailed``: it was not found for too long.
    """
    missing = job["missing"] + 1
    if missing >= _MAX_MISSING_POLLS:
        cause = f"The job of {job['resource']} was started, but its service does not know it"
        raise StatesError(TASK_FAILED, f"{cause}: {json_text(job['describe'])}")
    return Submitted(job | {"missing": missing, "errors": 0}, None, min(_MAX_POLL_DELAY, 2.0**missing))
