"""Finds a job again that a worker started before it was lost, where the service has no token that tells calls apart.

Sources: the API reference of each service.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.scope import Json
from sfn_provider.integrations.api_operation import ServiceAdapter, botocore_errors
from sfn_provider.integrations.integration import CallOperation, CallTemplate, fill_template, get_path
from sfn_provider.integrations.value_shapes import Values

MAX_CLOCK_SKEW_MS: Final = 5000
"""Milliseconds that a worker's clock may be ahead of AWS's."""


@dataclass(frozen=True, slots=True)
class Resubmission:
    """A call that may have been made before, by a worker that was lost.

    Args:
        since: when it may have been made first, in seconds since the epoch.
        others: jobs that are known: none of them is looked for.
    """

    since: float
    others: tuple[dict[str, Any], ...] = ()


def _any(job: Values, parameters: Values) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class JobSearch:
    """How the job is found.

    Args:
        call: the call that lists jobs, the newest first, or describes the one of a name.
        jobs: path to the jobs in its answer; ``""`` where the answer is the one job.
        id: path to a job's id.
        started: path to the time at which it was started.
        response: the response to the submission, of the job: ``$job.Id``.
        same: tells whether a job has the task's parameters, as far as the list shows.
        by: what makes a job the one that is looked for, in words.
    """

    call: CallTemplate
    jobs: str
    id: str
    started: str
    response: Values
    by: str
    same: Callable[[Values, Values], bool] = field(default=_any)

    def find(
        self, parameters: Values, again: Resubmission, taken: Sequence[Values], ask: CallOperation
    ) -> Values | None:
        """Give what the service answered when the job was started; None where there is none.

        Args:
            parameters: the task's parameters.
            again: since when, and which jobs it is not.
            taken: answers that were found for other calls.
            ask: calls the service; what that raises is raised.
        """
        answer = ask(self.call.operation, self.call.fill(parameters, {}))
        known = json.dumps([*(job["describe"] for job in again.others), *taken])
        for job in reversed(list(self._jobs(answer))):
            fresh = (get_path(job, self.started) or 0) >= again.since * 1000 - MAX_CLOCK_SKEW_MS
            if fresh and json.dumps(get_path(job, self.id)) not in known and self.same(job, parameters):
                return dict(fill_template(self.response, {"$job": job}))
        return None

    def _jobs(self, answer: Values) -> Iterator[Values]:
        yield from (get_path(answer, self.jobs) or ()) if self.jobs else (answer,)


def _same_arguments(run: Values, parameters: Values) -> bool:
    asked, has = parameters.get("Arguments") or {}, run.get("Arguments") or {}
    return all(has.get(name) == value for name, value in asked.items())


def _same_step(step: Values, parameters: Values) -> bool:
    asked: dict[str, Json] = get_path(parameters, "Step.HadoopJarStep") or {}
    same_name = get_path(parameters, "Step.Name") == step.get("Name")
    return same_name and all(
        (get_path(step, f"Config.{name}") or []) == (asked.get(name) or []) for name in ("Jar", "Args")
    )


def _same_name(cluster: Values, parameters: Values) -> bool:
    return cluster.get("Name") == parameters.get("Name")


def _sagemaker(kind: str) -> JobSearch:
    name, arn = f"{kind}JobName", f"{kind}JobArn"
    return JobSearch(
        CallTemplate(f"Describe{kind}Job", {name: f"$parameters.{name}"}),
        jobs="",
        id=name,
        started="CreationTime",
        response={arn: f"$job.{arn}"},
        by=name,
    )


JOB_SEARCHES: Final[dict[str, JobSearch]] = {
    "batch:submitJob": JobSearch(
        CallTemplate(
            "ListJobs",
            {"JobQueue": "$parameters.JobQueue", "Filters": [{"Name": "JOB_NAME", "Values": ["$parameters.JobName"]}]},
        ),
        jobs="JobSummaryList",
        id="JobId",
        started="CreatedAt",
        response={name: f"$job.{name}" for name in ("JobArn", "JobId", "JobName")},
        by="JobQueue, JobName",
    ),
    "databrew:startJobRun": JobSearch(
        CallTemplate("ListJobRuns", {"Name": "$parameters.Name"}),
        jobs="JobRuns",
        id="RunId",
        started="StartedOn",
        response={"RunId": "$job.RunId"},
        by="Name",
    ),
    "elasticmapreduce:addStep": JobSearch(
        CallTemplate("ListSteps", {"ClusterId": "$parameters.ClusterId"}),
        jobs="Steps",
        id="Id",
        started="Status.Timeline.CreationDateTime",
        response={"StepIds": ["$job.Id"]},
        by="ClusterId, Step.Name, Jar, Args",
        same=_same_step,
    ),
    "elasticmapreduce:createCluster": JobSearch(
        CallTemplate("ListClusters"),
        jobs="Clusters",
        id="Id",
        started="Status.Timeline.CreationDateTime",
        response={"JobFlowId": "$job.Id", "ClusterArn": "$job.ClusterArn"},
        by="Name",
        same=_same_name,
    ),
    "glue:startJobRun": JobSearch(
        CallTemplate("GetJobRuns", {"JobName": "$parameters.JobName", "MaxResults": 200}),
        jobs="JobRuns",
        id="Id",
        started="StartedOn",
        response={"JobRunId": "$job.Id"},
        by="JobName, Arguments",
        same=_same_arguments,
    ),
    **{
        f"sagemaker:create{kind}Job": _sagemaker(kind)
        for kind in ("HyperParameterTuning", "Labeling", "Processing", "Training", "Transform")
    },
}
"""By integration."""


def is_recoverable(resource: str) -> bool:
    """Can a job of this resource be looked for?"""
    parsed = parse_resource(resource)
    return parsed.kind == "optimized" and f"{parsed.service}:{parsed.action}" in JOB_SEARCHES


class JobFinder:
    """Finds the jobs of several calls: two calls that are the same do not find the same job."""

    def __init__(self) -> None:
        self._turn = Lock()
        self._taken: list[Values] = []

    def find(self, integration: str, parameters: Json, again: Resubmission, wired: ServiceAdapter) -> Values | None:
        """Give what the service answered when the job was started; None where there is none, or no way to tell.

        Args:
            integration: the integration: ``glue:startJobRun``.
            parameters: the task's parameters.
            again: since when, and which jobs it is not.
            wired: asks the service.

        Raises:
            StatesError: the service cannot say just now. Where it may not be asked, the answer is None.
        """
        from sfn_provider.executions.aws_errors import AwsErrorKind, classify_error

        search = JOB_SEARCHES.get(integration)
        if search is None or not isinstance(parameters, dict):
            return None
        with self._turn:
            try:
                found = search.find(parameters, again, self._taken, wired.ask)
            except botocore_errors() as error:
                if classify_error(error) in (AwsErrorKind.TRANSIENT, AwsErrorKind.EXPIRED):
                    raise wired.name(error) from error
                return None
            self._taken += [found] if found is not None else []
            return found
