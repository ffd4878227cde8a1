"""Lists the console pages of what Task states call: a table by integration.

Imported when Airflow serializes a DAG: nothing heavy at module level. Sources of the addresses: the links of the amazon
provider (Glue, Athena, Batch, EMR, SageMaker's transform jobs); for the others the console itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from sfn_provider.links.console_urls import console_url
from sfn_provider.secret_masking import excerpt

Json = Any


class ConsolePage(NamedTuple):
    """The console page of a call's job.

    Args:
        kind: what it is: ``Glue job run``; the name of the link.
        id: its id, as people name it: ``jr_1 of nightly``.
        url: the page's address; an empty text where it has none.
    """

    kind: str
    id: str
    url: str


@dataclass(frozen=True, slots=True)
class PageTemplate:
    """A kind of page.

    Args:
        kind: see `ConsolePage`.
        ids: the ids by the names under which ``path`` and ``shown`` have them; each is a path into the call:
            ``parameters.JobName``, ``result.Tasks.0.TaskArn``.
        path: the address behind the console's host, with ``{region}`` and the ids, which are escaped.
        shown: how people name it.
        split: makes the ids of one that has several in it, as an ARN: gives more ids by name.
    """

    kind: str
    ids: Mapping[str, str]
    path: str
    shown: str
    split: Callable[[dict[str, str]], dict[str, str]] = field(default=lambda ids: ids)


def _split_function(ids: dict[str, str]) -> dict[str, str]:
    """Return the function's name: FunctionName is a name, an ARN, or an account and a name, with or without version."""
    name = ids["function"].rpartition(":function:")[2]
    return {"function": name.partition(":")[0]}


def _split_task(ids: dict[str, str]) -> dict[str, str]:
    """Return cluster and id in a task's ARN: ``arn:aws:ecs:REGION:ACCOUNT:task/CLUSTER/ID``."""
    cluster, _, task = ids["arn"].partition(":task/")[2].rpartition("/")
    return {"cluster": cluster, "task": task}


def _sagemaker(kind: str, path: str) -> PageTemplate:
    return PageTemplate("SageMaker job", {"job": f"parameters.{kind}JobName"}, f"/sagemaker/{path}/{{job}}", "{job}")


_LAMBDA: Final = PageTemplate(
    "Lambda function",
    {"function": "parameters.FunctionName"},
    "/lambda/home?region={region}#/functions/{function}",
    "{function}",
    _split_function,
)
_GLUE: Final = PageTemplate(
    "Glue job run",
    {"job": "parameters.JobName", "run": "result.JobRunId"},
    "/gluestudio/home?region={region}#/job/{job}/run/{run}",
    "{run} of {job}",
)
_ATHENA: Final = PageTemplate(
    "Athena query",
    {"query": "result.QueryExecutionId"},
    "/athena/home?region={region}#/query-editor/history/{query}",
    "{query}",
)
_BATCH: Final = PageTemplate(
    "Batch job", {"job": "result.JobId"}, "/batch/home?region={region}#jobs/detail/{job}", "{job}"
)
_ECS: Final = PageTemplate(
    "ECS task",
    {"arn": "result.Tasks.0.TaskArn"},
    "/ecs/v2/clusters/{cluster}/tasks/{task}/configuration?region={region}",
    "{task} in cluster {cluster}",
    _split_task,
)
_EMR_CLUSTER_PATH: Final = "/emr/home?region={region}#/clusterDetails/{cluster}"
_EXECUTION: Final = PageTemplate(
    "Step Functions execution",
    {"arn": "result.ExecutionArn"},
    "/states/home?region={region}#/v2/executions/details/{arn}",
    "{arn}",
)
# A step has no page of its own; the cluster's lists it.
_EMR_STEP_SHOWN: Final = "{cluster}, step {step}"
# EMR Studio has the job run's page, at an address that no call of the service gives; this is the EMR console's.
_EMR_SERVERLESS: Final = PageTemplate(
    "EMR Serverless job run",
    {"application": "parameters.ApplicationId", "run": "result.JobRunId"},
    "/emr/home?region={region}#/serverless-applications/{application}/job-runs/{run}",
    "{run} of application {application}",
)


def _emr(cluster: str, step: str | None = None) -> PageTemplate:
    if step is None:
        return PageTemplate("EMR cluster", {"cluster": cluster}, _EMR_CLUSTER_PATH, "{cluster}")
    return PageTemplate("EMR cluster", {"cluster": cluster, "step": step}, _EMR_CLUSTER_PATH, _EMR_STEP_SHOWN)


PAGES: Final[Mapping[str, PageTemplate]] = {
    "lambda:invoke": _LAMBDA,
    "glue:startJobRun": _GLUE,
    "athena:startQueryExecution": _ATHENA,
    "batch:submitJob": _BATCH,
    "ecs:runTask": _ECS,
    "elasticmapreduce:addStep": _emr("parameters.ClusterId", "result.StepId"),
    "elasticmapreduce:createCluster": _emr("result.ClusterId"),
    "elasticmapreduce:terminateCluster": _emr("parameters.ClusterId"),
    "emr:addJobFlowSteps": _emr("parameters.JobFlowId", "result.StepIds.0"),
    "emr:runJobFlow": _emr("result.JobFlowId"),
    "emr-serverless:startJobRun": _EMR_SERVERLESS,
    "emrserverless:startJobRun": _EMR_SERVERLESS,
    "sagemaker:createTrainingJob": _sagemaker("Training", "home?region={region}#/jobs"),
    "sagemaker:createProcessingJob": _sagemaker("Processing", "home?region={region}#/processing-jobs"),
    "sagemaker:createTransformJob": _sagemaker("Transform", "home?region={region}#/transform-jobs"),
    "sagemaker:createHyperParameterTuningJob": _sagemaker(
        "HyperParameterTuning", "home?region={region}#/hyper-tuning-jobs"
    ),
    "sagemaker:createLabelingJob": _sagemaker("Labeling", "groundtruth?region={region}#/labeling-jobs/details"),
    "states:startExecution": _EXECUTION,
    "sfn:startExecution": _EXECUTION,
}
"""By service and action in the resource ARN, of optimized integrations and, without ``aws-sdk:``, of SDK ones."""

_MAX_ID: Final = 300

_ARN: Final = re.compile(r"arn:([\w-]+):[\w-]+:([\w-]+):")


def call_name(resource: str) -> str:
    """Return the short name of a Task's Resource: ``glue:startJobRun.sync``, ``aws-sdk:s3:listBuckets``.

    Args:
        resource: as in the definition. For the ARN of a function it is ``lambda:invoke``, of an activity ``activity``;
            for a text that is none of these, such as a placeholder, ``Task``.
    """
    _, integration, name = resource.partition(":states:::")
    if integration and name:
        return name
    if ":function:" in resource:
        return "lambda:invoke"
    return "activity" if ":activity:" in resource else "Task"


def find_template(resource: str) -> PageTemplate | None:
    """Return the kind of page that a Resource leads to; None where it has none."""
    name = call_name(resource).removeprefix("aws-sdk:")
    return PAGES.get(name.partition(".")[0])


def called_resources(states: Mapping[str, Mapping[str, Json]]) -> Iterator[str]:
    """Yield the Resources of the Task states among some states, those inside of Parallels and Maps included.

    Args:
        states: states by name, as in the definition.
    """
    for state in states.values():
        if isinstance(state.get("Resource"), str) and state.get("Type") == "Task":
            yield state["Resource"]
        inside = [*state.get("Branches", ()), *(state[name] for name in ("ItemProcessor", "Iterator") if name in state)]
        for machine in inside:
            yield from called_resources(machine.get("States", {}))


def console_page(
    resource: str, parameters: Json, result: Json, find_region: Callable[[], tuple[str, str] | None]
) -> ConsolePage | None:
    """Return the console page of what a call has started.

    Args:
        resource: the Task's Resource.
        parameters: what it is called with.
        result: the response; None before the call. Where the page's ids come from it, there is no page yet.
        find_region: gives partition and region of the call, where no ARN among the ids has them; None for unknown.

    Returns:
        None where there is none, or its ids are missing.
    """
    template = find_template(resource)
    if template is None:
        return None
    if call_name(resource) == "lambda:invoke" and ":function:" in resource:
        parameters = {"FunctionName": resource}
    call = {"parameters": parameters, "result": result}
    found = {name: _value(call, path) for name, path in template.ids.items()}
    if not all(found.values()):
        return None
    ids = {**found, **template.split(found)}
    if not all(ids.values()):
        return None
    arn = next(filter(None, map(_ARN.match, found.values())), None)
    place = (arn[1], arn[2]) if arn is not None else find_region()
    if place is None:
        return ConsolePage(template.kind, template.shown.format(**ids), "")
    partition, region = place
    escaped = {name: quote(value, safe="") for name, value in ids.items()}
    url = console_url(partition, template.path.format(region=quote(region, safe=""), **escaped))
    return ConsolePage(template.kind, template.shown.format(**ids), url)


def job_label(job: Mapping[str, Any]) -> str:
    """Return what people name a job by, without secrets: ``Glue job run jr_1 of nightly``.

    Args:
        job: a job as `sfn_provider.integrations.Submitted` has it; its ``page`` holds a `ConsolePage`, if it has one.
    """
    if job.get("page"):
        page = ConsolePage(*job["page"])
        return f"{page.kind} {excerpt(page.id, _MAX_ID)}"
    return excerpt(call_name(str(job.get("resource", ""))), _MAX_ID)


def _value(call: Json, path: str) -> str:
    """Return the text at a path; an empty one where there is none."""
    for step in path.split("."):
        if isinstance(call, list):
            call = call[int(step)] if int(step) < len(call) else None
        else:
            call = call.get(step) if isinstance(call, dict) else None
    return call if isinstance(call, str) else ""
