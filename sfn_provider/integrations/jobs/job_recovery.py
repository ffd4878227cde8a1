"""Finds the job that a lost worker has started, for services without an idempotency token.

Sources: the API reference of each service.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.scope import Json
from sfn_provider.integrations.api_operation import ServiceAdapter, botocore_errors
from sfn_provider.integrations.json_templates import CallTemplate, fill_template, get_path
from sfn_provider.integrations.sync_job import CallOperation
from sfn_provider.integrations.value_shapes import Values

log = logging.getLogger(__name__)

MAX_CLOCK_SKEW_MS: Final = 5000
"""Milliseconds by which a worker's clock may be ahead of AWS's."""


@dataclass(frozen=True, slots=True)
class Resubmission:
    """A call that a lost worker may have made before.

    Args:
        since: when it may first have been made, in seconds since the epoch.
        known_jobs: the task's other jobs, which are not the one to find.
    """

    since: float
    known_jobs: tuple[dict[str, Any], ...] = ()


def _any(job: Values, parameters: Values) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class JobSearch:
    """How a job is found.

    Args:
        call: lists jobs, newest first, or describes the job with a name.
        jobs: path to the jobs in its response; ``""`` where the response is the job.
        id: path to a job's id.
        started: path to the time at which it was started.
        response: template of the submission's response, with values of the job: ``$job.Id``.
        same: tells whether a job has the task's parameters, as far as the list shows them.
        by: the fields that identify the job, for documentation.
    """

    call: CallTemplate
    jobs: str
    id: str
    started: str
    response: Values
    by: str
    same: Callable[[Values, Values], bool] = field(default=_any)

    def find(
        self, parameters: Values, resubmission: Resubmission, found: Sequence[Values], call: CallOperation
    ) -> Values | None:
        """Return the response to the job's submission; None where there is no such job.

        Args:
            parameters: the task's parameters.
            resubmission: since when, and which jobs it is not.
            found: responses that were found for other calls.
            call: calls the service; what that raises is raised.
        """
        response = call(self.call.operation, self.call.fill(parameters, {}))
        known = json.dumps([*(job["describe"] for job in resubmission.known_jobs), *found])
        for job in reversed(list(self._jobs(response))):
            fresh = (get_path(job, self.started) or 0) >= resubmission.since * 1000 - MAX_CLOCK_SKEW_MS
            if fresh and json.dumps(get_path(job, self.id)) not in known and self.same(job, parameters):
                return dict(fill_template(self.response, {"$job": job}))
        return None

    def _jobs(self, response: Values) -> Iterator[Values]:
        yield from (get_path(response, self.jobs) or ()) if self.jobs else (response,)


def _same_arguments(run: Values, parameters: Values) -> bool:
    expected, arguments = parameters.get("Arguments") or {}, run.get("Arguments") or {}
    return all(arguments.get(name) == value for name, value in expected.items())


def _same_step(step: Values, parameters: Values) -> bool:
    expected: dict[str, Json] = get_path(parameters, "Step.HadoopJarStep") or {}
    same_name = get_path(parameters, "Step.Name") == step.get("Name")
    return same_name and all(
        (get_path(step, f"Config.{name}") or []) == (expected.get(name) or []) for name in ("Jar", "Args")
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
    """Can a job of this resource be found again?"""
    parsed = parse_resource(resource)
    return parsed.kind == "optimized" and f"{parsed.service}:{parsed.action}" in JOB_SEARCHES


class JobFinder:
    """Finds the jobs of several calls; two equal calls do not find the same job."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: list[Values] = []

    def find(
        self, integration: str, parameters: Json, resubmission: Resubmission, operation: ServiceAdapter
    ) -> Values | None:
        """Return the response to the job's submission; None where no job is found, or there is no way to find it.

        Args:
            integration: the integration: ``glue:startJobRun``.
            parameters: the task's parameters.
            resubmission: since when, and which jobs it is not.
            operation: calls the service.

        Raises:
            StatesError: the service cannot be reached just now. Where the call is not permitted, the result is None.
        """
        from sfn_provider.executions.aws_errors import AwsErrorKind, classify_error

        search = JOB_SEARCHES.get(integration)
        if search is None or not isinstance(parameters, dict):
            return None
        with self._lock:
            try:
                found = search.find(parameters, resubmission, self._found, operation.call)
            except botocore_errors() as error:
                if classify_error(error) in (AwsErrorKind.TRANSIENT, AwsErrorKind.EXPIRED):
                    raise operation.convert_error(error) from error
                return None
            if found is not None:
                log.info("Found what an earlier try has started: %s", found)
                self._found.append(found)
            return found
