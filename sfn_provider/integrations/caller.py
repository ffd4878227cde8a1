"""Calls what a Task state names, and follows its job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import stored_objects
from sfn_provider.integrations.answers import Completed, Submitted
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.errors import TASK_FAILED, runtime_error
from sfn_provider.integrations.find import find_integration
from sfn_provider.integrations.integration import Started, Sync, Verdict
from sfn_provider.integrations.job import Job, not_asked, not_found, start_job, still_running
from sfn_provider.integrations.link import (
    Link,
    Task,
    botocore_errors,
    http_metadata,
    name_lost_call,
    naming_opening,
    token_of,
)
from sfn_provider.integrations.optimized import FUNCTION
from sfn_provider.integrations.shapes import Values, json_text

if TYPE_CHECKING:
    from sfn_provider.engine.requests import CallTask


class Caller:
    """Calls AWS for the Task states of one execution.

    Args:
        aws_conn_id: the Airflow connection; None for the credentials that boto3 finds by itself.
        region_name: the region; the connection's for None.
        execution_arn: the execution, as the context object has it: in EventBridge events, and in the names of sessions.
        machine_arn: the state machine: in EventBridge events, and the external id of roles that states assume.
    """

    def __init__(
        self,
        *,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        execution_arn: str = "",
        machine_arn: str = "",
    ) -> None:
        self._execution_arn = execution_arn
        self._machine_arn = machine_arn
        self._clients = Clients(aws_conn_id, region_name, execution_arn.rpartition(":")[2], machine_arn)

    def submit(self, call: CallTask, *, idempotency_key: str) -> Completed | Submitted:
        """Call the resource of a task.

        Args:
            call: the request of the interpreter.
            idempotency_key: the same text for the same attempt of the same task: a call that is submitted again does
                not start a second job where the service has a token for that (Athena, CodeBuild, ECS, Step Functions
                and all AWS SDK calls whose model has one; not Batch, EMR, Glue, Lambda, SageMaker, SNS and SQS).

        Returns:
            The result; for ``.sync`` the job that was started.

        Raises:
            StatesError: the call failed, under Step Functions' name of the error; ``States.Runtime`` where it cannot be
                made at all.
            UsageError: the connection has no region or no credentials.
        """
        if call.purpose != "task":
            return Completed(stored_objects.answer(self._clients.get("s3"), call))
        task = self._task(call.resource, call.state, _role_arn(call))
        with naming_opening(task):
            link = Link.open(task, self._clients)
        given = _parameters(task, call.arguments)
        values, response = self._send(link, given, token_of(idempotency_key))
        integration = task.integration
        result = integration.result(values)
        output = result | http_metadata(response) if integration.metadata else result
        sync = integration.syncs.get(task.resource.pattern)
        if sync is None:
            return Completed(output)
        if sync.accepted is not None:
            sync.accepted(values)
        return start_job(task, sync, given, result, output)

    def poll(self, job: Job) -> Completed | Submitted:
        """Look at a job: one call that describes it (and one more for an ECS task of which only a part failed).

        Args:
            job: as Submitted gave it last.

        Returns:
            The result of a job that is done, or a job that goes on. Errors that pass are no reason to give up on a job:
            it goes on, with longer pauses.

        Raises:
            StatesError: the job has failed: ``States.TaskFailed``, with its description as the cause; or the service
                refuses to describe it.
        """
        task, sync = self._job_task(job)
        link: Link | None = None
        try:
            link = Link.open(task, self._clients)
            description = link.ask(sync.describe.operation, job["describe"])
            verdict = sync.verdict(description, link.ask)
        except botocore_errors() as error:
            return self._pause(job, error, task, link)
        return _judged(job, sync, description, verdict)

    def cancel(self, job: Job) -> None:
        """Stop a job whose execution has ended. Clusters of EMR are left alone, as Step Functions leaves them.

        Args:
            job: as Submitted gave it.

        Raises:
            StatesError: the service refuses; the job may go on.
            UsageError: the connection has no region or no credentials.
        """
        task, sync = self._job_task(job)
        if sync.stop is None:
            return
        with naming_opening(task):
            link = Link.open(task, self._clients)
        with link.naming_errors():
            link.ask(sync.stop.operation, job["stop"])

    def _task(self, resource: str, state: str, role_arn: str | None) -> Task:
        parsed = parse_resource(resource)
        return Task(state, parsed, role_arn, find_integration(parsed, state, self._clients))

    def _job_task(self, job: Job) -> tuple[Task, Sync]:
        task = self._task(job["resource"], job["state"], job["role_arn"])
        return task, task.integration.syncs[task.resource.pattern]

    def _send(self, link: Link, given: Json, token: str) -> tuple[Values, dict[str, Any]]:
        """Call the operation; give the response in PascalCase and as botocore gave it."""
        integration, once = link.task.integration, link.task.integration.once
        started = Started(link.task.resource.pattern, self._execution_arn, self._machine_arn)
        parameters = integration.prepare(given, started) if isinstance(given, dict) else given
        ours = once is not None and isinstance(parameters, dict) and parameters.get(once.field) is None
        if once is not None and ours:
            parameters = parameters | {once.field: token}
        arguments = link.arguments(given, parameters, token)
        with link.naming_errors():
            if integration.pages is not None:
                return _all_pages(link, arguments, *integration.pages)
            try:
                response = link.send(arguments)
            except botocore_errors() as error:
                if once is None or once.find is None or not ours or _code(error) != once.taken:
                    raise
                return once.find(parameters, link.ask), {}
            return link.values(response), response

    def _pause(self, job: Job, error: Exception, task: Task, link: Link | None) -> Submitted:
        """Decide what an error means to a job that is followed."""
        from sfn_provider.hooks.faults import Fault, fault_of

        fault = fault_of(error)
        if fault is Fault.MISSING:
            return not_found(job)
        if fault is Fault.EXPIRED:
            self._clients.forget()
        if fault in (Fault.TRANSIENT, Fault.EXPIRED):
            return not_asked(job)
        raise (link.name(error) if link is not None else name_lost_call(error, task)) from error


def _judged(job: Job, sync: Sync, description: Values, verdict: Verdict | None) -> Completed | Submitted:
    if verdict is None:
        return not_found(job)
    if verdict == "running":
        return still_running(job, sync)
    result = sync.result(description)
    if verdict == "failed":
        raise StatesError(TASK_FAILED, json_text(result))
    return Completed(job["kept"] | result if sync.keep else result)


def _all_pages(
    link: Link, arguments: dict[str, Any], asked: str, answered: str, items: str
) -> tuple[Values, dict[str, Any]]:
    response: dict[str, Any] = {}
    entries: list[Json] = []
    for response in link.pages(arguments, asked, answered):
        entries += link.values(response).get(items, [])
    return link.values(response) | {items: entries}, response


def _parameters(task: Task, arguments: Json) -> Json:
    if task.integration is FUNCTION:
        return {"FunctionName": task.resource.text, "Payload": arguments}
    return arguments


def _role_arn(call: CallTask) -> str | None:
    if call.credentials is None:
        return None
    role_arn = call.credentials.get("RoleArn") if isinstance(call.credentials, dict) else None
    if not isinstance(role_arn, str) or not role_arn.startswith("arn:"):
        sentence = (
            f"The Credentials must be an object with the ARN of a role in RoleArn, not {json_text(call.credentials)}"
        )
        raise runtime_error(call.state, sentence)
    return role_arn


def _code(error: Exception) -> str | None:
    response = getattr(error, "response", {})
    code: str | None = response.get("Error", {}).get("Code")
    return code
