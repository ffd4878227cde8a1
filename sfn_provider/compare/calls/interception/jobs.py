"""Answers for jobs: what starts one, what describes it while it runs, and when it has ended.

Which operation starts a job, which describes it, and by what statuses it ends, say the tables of the optimized
integrations, whichever way the machine itself waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sfn_provider.asl.json_values.json_walk import walk_texts
from sfn_provider.asl.scope import Json
from sfn_provider.compare.calls.interception.responses import (
    make_response,
    overlay,
    response_of_json,
    running_status,
    set_path,
)
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.integration import Integration
from sfn_provider.integrations.json_templates import ResponsePart, get_path
from sfn_provider.integrations.optimized import transforms
from sfn_provider.integrations.optimized.table import OPTIMIZED_INTEGRATIONS
from sfn_provider.integrations.sync_job import SyncJob
from sfn_provider.integrations.value_shapes import Values, json_text, read_response

Answer = Mapping[str, Json]
"""``{"Return": json}`` or ``{"Throw": {"Error": str, "Cause": str}}``."""

_CONTAINERS: Final = "Tasks.0.Containers"
_OUTCOMES: Final[Mapping[tuple[str, str, bool], tuple[str, Json]]] = {
    ("ecs", "RunTask", True): (_CONTAINERS, [{"Name": "main", "LastStatus": "STOPPED", "ExitCode": 0}]),
    ("ecs", "RunTask", False): (_CONTAINERS, [{"Name": "main", "LastStatus": "STOPPED", "ExitCode": 1}]),
}
"""What says how a job has ended beside its status: by service, operation, and whether it has succeeded."""

_RESULTS: Final[Mapping[str, tuple[str, str]]] = {
    "BatchGetBuilds": ("Build", "Builds.0"),
    "BatchGetBuildBatches": ("BuildBatch", "BuildBatches.0"),
}
"""Where a task's result has a description, and where the service's answer has it, by the describing operation."""

_TASK_PARAMETERS: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("emr", "AddJobFlowSteps"): {"ClusterId": "JobFlowId"},
    ("emr", "TerminateJobFlows"): {"ClusterId": "JobFlowIds.0"},
}
"""Where the operation's parameters have what the task's have under another name."""

API_RESULTS: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("emr", "AddJobFlowSteps"): {"StepId": "StepIds.0"},
    ("emr", "CancelSteps"): {"CancelStepsInfo": "CancelStepsInfoList.0"},
    ("emr", "RunJobFlow"): {"ClusterId": "JobFlowId"},
}
"""Where the service's answer has what the task's result has under another name."""

_TIMEOUT_STATUSES: Final = ("TIMEOUT", "TIMED_OUT", "Stopped", "STOPPED", "CANCELLED", "CANCELED")


def find_job_start(service: str, operation: str) -> tuple[Integration, SyncJob] | None:
    """Return the integration whose jobs an operation starts, and how they are followed; None where it starts none.

    Args:
        service: boto3's name of the service.
        operation: the operation.
    """
    return _starts().get((service, operation))


@cache
def describes_job(service: str, operation: str) -> bool:
    """Return whether an operation describes jobs.

    Args:
        service: boto3's name of the service.
        operation: the operation.
    """
    return any(client == service and operation in _describing(sync) for (client, _), (_, sync) in _starts().items())


@cache
def _starts() -> dict[tuple[str, str], tuple[Integration, SyncJob]]:
    return {
        (row.client, row.operation): (row, row.syncs["sync"])
        for row in OPTIMIZED_INTEGRATIONS.values()
        if "sync" in row.syncs and row.adapter == "aws"
    }


@dataclass
class StartedJob:
    """A job that the DAG has started.

    Args:
        integration: what started it.
        sync: how it is followed.
        describe: the parameters that describe it.
        answer: how it ends; None for a job that succeeds.
        is_followed: whether it was started by a state that does not wait for it: other states may describe it.
        polls: how often it was described.
        description: the last answer of a state that describes it; None before there is one.
    """

    integration: Integration
    sync: SyncJob
    describe: Values
    answer: Answer | None
    is_followed: bool = False
    polls: int = 0
    description: Mapping[str, Any] | None = None

    @property
    def ids(self) -> list[str]:
        """The texts by which calls name it."""
        return [text for _, text in walk_texts(self.describe)]

    @property
    def fails(self) -> bool:
        """Whether it ends as a failure."""
        return self.answer is not None and "Throw" in self.answer


class Jobs:
    """The jobs that a DAG run has started."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._started: list[StartedJob] = []

    def start(
        self,
        integration: Integration,
        sync: SyncJob,
        arguments: Values,
        answer: Answer | None,
        *,
        is_followed: bool = False,
    ) -> dict[str, Any]:
        """Start a job and return the answer to the call.

        Args:
            integration: what the call means.
            sync: how its jobs are followed.
            arguments: the call's arguments, with the API's names.
            answer: how the job ends: the task's mock.
            is_followed: whether states describe it, as none waits for it.
        """
        operation = self._clients.model(integration.client).operation_model(integration.operation)
        parameters = read_response(operation.input_shape, arguments, integration.style)
        key = (integration.client, integration.operation)
        parameters |= {name: get_path(parameters, path) for name, path in _TASK_PARAMETERS.get(key, {}).items()}
        number = len(self._started) + 1
        known = _description(sync, answer)
        response: Json = {}
        for path in _response_paths(sync):
            response = set_path(response, path, _known_id(sync, path, known) or _new_id(integration, path, number))
        self._started.append(
            StartedJob(integration, sync, sync.describe.fill(parameters, response), answer, is_followed)
        )
        made = response_of_json(operation.output_shape, api_result(*key, response), integration.style)
        return dict(overlay(make_response(operation, arguments, number), made))

    def find(self, service: str, operation: str, arguments: Values) -> StartedJob | None:
        """Return the job that a call describes; None where it describes none."""
        named = {text for _, text in walk_texts(arguments)}
        found = [
            (sum(text in named for text in job.ids), index)
            for index, job in enumerate(self._started)
            if job.integration.client == service and operation in _describing(job.sync)
        ]
        best = max(found, default=(0, 0))
        return self._started[best[1]] if best[0] else None

    def lacks(self, service: str, operation: str) -> bool:
        """Return whether an operation describes jobs by names that their callers choose, of which there is none.

        Operators describe such a job before they start it, to find a name that is free.

        Args:
            service: boto3's name of the service.
            operation: the operation.
        """
        return any(
            client == service
            and sync.describe.operation == operation
            and not any(text.startswith("$response") for _, text in walk_texts(sync.describe.template))
            for (client, start), (_, sync) in _starts().items()
            if start.startswith("Create")
        )

    def describe(self, job: StartedJob, operation: str, arguments: Values) -> dict[str, Any]:
        """Describe a job: it runs when it is described for the first time, and has ended afterwards.

        One that a state has described as ended remains so.
        """
        if job.description is not None and self._has_ended(job):
            return dict(job.description)
        sync, style = job.sync, job.integration.style
        model = self._clients.model(job.integration.client)
        describing = model.operation_model(sync.describe.operation)
        shape = describing.output_shape
        running = running_status(shape, sync.status, style, sync.ended) if job.polls == 0 else None
        job.polls += 1
        description = self._ids(job)
        if running is not None:
            description = set_path(description, sync.status, running)
        else:
            description = overlay(_ended(job, description), _description(sync, job.answer) or {})
        # What a mock says is all that the description has: a machine passes on no more either.
        under = {} if job.answer is not None and job.answer.get("Return") else make_response(describing, arguments)
        made = overlay(under, response_of_json(shape, description, style))
        if operation == sync.describe.operation or sync.batch is None:
            return dict(made)
        batch = model.operation_model(operation)
        item = get_path(read_response(shape, made, style), sync.batch.item)
        listed = set_path({}, sync.batch.items, [item])
        return dict(overlay(make_response(batch, arguments), response_of_json(batch.output_shape, listed, style)))

    def _has_ended(self, job: StartedJob) -> bool:
        sync, model = job.sync, self._clients.model(job.integration.client)
        shape = model.operation_model(sync.describe.operation).output_shape
        return get_path(read_response(shape, job.description, job.integration.style), sync.status) in sync.ended

    @staticmethod
    def _ids(job: StartedJob) -> Json:
        batch = job.sync.batch
        if batch is None:
            return {}
        path = f"{batch.item}.{batch.id_of}" if batch.item else batch.id_of
        return set_path({}, path, get_path(job.describe, batch.id))


def api_result(service: str, operation: str, result: Json) -> Json:
    """Return a task's result with the members as the service's answer has them.

    Args:
        service: boto3's name of the service.
        operation: the operation.
        result: the result.
    """
    for name, path in API_RESULTS.get((service, operation), {}).items():
        if isinstance(result, dict) and name in result:
            result = set_path({key: value for key, value in result.items() if key != name}, path, result[name])
    return result


def _ended(job: StartedJob, description: Json) -> Json:
    sync = job.sync
    statuses = sync.failed if job.fails and sync.failed else sync.succeeded
    error = (job.answer or {}).get("Throw", {}).get("Error") if job.fails else None
    late = [status for status in _TIMEOUT_STATUSES if status in statuses] if error == "States.Timeout" else []
    description = set_path(description, sync.status, (late or _preferred(statuses))[0])
    outcome = _OUTCOMES.get((job.integration.client, job.integration.operation, not job.fails))
    return set_path(description, *outcome) if outcome is not None else description


def _preferred(statuses: frozenset[str]) -> list[str]:
    """Statuses in order, those that say FAILED first."""
    return sorted(statuses, key=lambda status: (not status.upper().startswith("FAIL"), status)) or ["UNKNOWN"]


def _describing(sync: SyncJob) -> tuple[str, ...]:
    return (sync.describe.operation, *((sync.batch.operation,) if sync.batch is not None else ()))


def _description(sync: SyncJob, answer: Answer | None) -> Json:
    """The service's description of the ended job, as far as the mock has it; None where it has none."""
    if answer is None:
        return None
    result = transforms.parse_json(answer["Throw"].get("Cause")) if "Throw" in answer else answer["Return"]
    if not isinstance(result, dict):
        return None
    if sync.describe.operation in _RESULTS:
        name, path = _RESULTS[sync.describe.operation]
        return set_path({}, path, result.get(name, {}))
    if isinstance(sync.result, ResponsePart):
        return set_path({}, sync.result.path, result)
    texts = {name: json_text(result[name]) for name in ("Input", "Output") if isinstance(result.get(name), dict | list)}
    return result | texts if sync.describe.operation == "DescribeExecution" else result


def _response_paths(sync: SyncJob) -> Iterator[str]:
    templates = [sync.describe.template, *((sync.stop.template,) if sync.stop is not None else ())]
    for text in dict.fromkeys(text for template in templates for _, text in walk_texts(template)):
        if text.startswith("$response."):
            yield text.removeprefix("$response.")


def _known_id(sync: SyncJob, path: str, description: Json) -> Json:
    """The id that the mock's description of the job has."""
    same = get_path(description, path)
    if same is None and sync.batch is not None:
        in_description = f"{sync.batch.item}.{sync.batch.id_of}" if sync.batch.item else sync.batch.id_of
        named = get_path(sync.describe.template, sync.batch.id)
        same = get_path(description, in_description) if named == f"$response.{path}" else None
    return same if isinstance(same, str) else None


def _new_id(integration: Integration, path: str, number: int) -> str:
    name = path.rpartition(".")[2]
    if name.lower().endswith("arn"):
        return f"arn:aws:{integration.client}:us-east-1:123456789012:{name[:-3].lower()}/{number}"
    return f"{integration.client}-{integration.operation}-{number}".lower()
