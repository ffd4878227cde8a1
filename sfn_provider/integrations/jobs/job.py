"""The state of a job between two polls, as JSON, so that another process can go on polling it."""

from __future__ import annotations

from typing import Any, Final

from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.api_operation import TaskCall
from sfn_provider.integrations.call_outcomes import Submitted
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.errors import TASK_FAILED
from sfn_provider.integrations.resolver import find_integration
from sfn_provider.integrations.sync_job import SyncJob
from sfn_provider.integrations.value_shapes import Values, json_text

Job = dict[str, Any]
"""``resource``, ``state`` and ``role_arn`` as the task has them; ``describe`` and ``stop``: parameters of these calls;
``polls``: polls that found it running; ``errors`` and ``missing``: polls since the last good one that failed, or that
did not find it; ``known_result``: the part of the result that is known already, or the result of a job that succeeds
when it is gone."""

_MAX_MISSING_POLLS: Final = 6
"""How often a job may be unknown to its service before it has failed: descriptions are eventually consistent."""

_MAX_POLL_DELAY: Final = 300.0
"""Maximum seconds until the next poll of a job that could not be polled, or was not found."""


def task_of_job(job: Job, clients: Clients) -> tuple[TaskCall, SyncJob]:
    """Return the task that has submitted a job, and how the job is followed."""
    resource = parse_resource(job["resource"])
    integration = find_integration(resource, clients)
    return TaskCall(job["state"], resource, job["role_arn"], integration), integration.syncs[resource.pattern]


def submitted_job(task: TaskCall, sync: SyncJob, parameters: Values, result: Values, output: Json) -> Submitted:
    """Return the job that a submission started.

    Args:
        task: the task.
        sync: how the job is followed.
        parameters: the task's parameters.
        result: the submission's result.
        output: the result as TaskSubmitted shows it.
    """
    job: Job = {
        "resource": task.resource.text,
        "state": task.state,
        "role_arn": task.role_arn,
        "describe": sync.describe.fill(parameters, result),
        "stop": sync.stop.fill(parameters, result) if sync.stop is not None else None,
        "known_result": output if sync.include_submission else result if sync.succeeds_when_gone else {},
        "polls": 0,
        "errors": 0,
        "missing": 0,
    }
    return Submitted(job, output, sync.interval.after(0))


def after_running_job(job: Job, sync: SyncJob) -> Submitted:
    """Return the job after a poll that found it running."""
    polls = job["polls"] + 1
    return Submitted(job | {"polls": polls, "errors": 0, "missing": 0}, None, sync.interval.after(polls))


def after_failed_poll(job: Job) -> Submitted:
    """Return the job after a poll that failed with a transient error: delays double."""
    errors = job["errors"] + 1
    return Submitted(job | {"errors": errors}, None, min(_MAX_POLL_DELAY, 2.0 ** min(errors, 10)))


def after_missing_job(job: Job) -> Submitted:
    """Return the job after a poll that did not find it.

    Raises:
        StatesError: ``States.TaskFailed``: it was not found too often.
    """
    missing = job["missing"] + 1
    if missing >= _MAX_MISSING_POLLS:
        cause = f"The job of {job['resource']} was started, but its service does not know it"
        raise StatesError(TASK_FAILED, f"{cause}: {json_text(job['describe'])}")
    return Submitted(job | {"missing": missing, "errors": 0}, None, min(_MAX_POLL_DELAY, 2.0**missing))


def after_error(job: Job, error: Exception) -> Submitted | None:
    """Return the job after a poll that raised an error; None for an error that no retry can resolve.

    Raises:
        StatesError: ``States.TaskFailed``: it was not found too often.
    """
    from sfn_provider.executions.aws_errors import AwsErrorKind, classify_error

    kind = classify_error(error)
    if kind is AwsErrorKind.MISSING:
        return after_missing_job(job)
    return after_failed_poll(job) if kind in (AwsErrorKind.TRANSIENT, AwsErrorKind.EXPIRED) else None
