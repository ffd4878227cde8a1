"""Calls what a Task state names, and follows its job."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import s3_objects as stored_objects
from sfn_provider.integrations.adapters.registry import ADAPTERS, Adapter
from sfn_provider.integrations.api_operation import (
    ApiOperation,
    TaskCall,
    botocore_errors,
    call_arguments,
    http_metadata,
    idempotency_token,
    invalid_parameters,
    raise_client_errors,
    raise_states_errors,
    unanswered_call_error,
)
from sfn_provider.integrations.call_outcomes import Completed, Submitted
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.errors import TASK_FAILED, runtime_error
from sfn_provider.integrations.integration import CallContext, Integration, JobState, SyncJob
from sfn_provider.integrations.job import Job, after_failed_poll, after_missing_job, after_running_job, submitted_job
from sfn_provider.integrations.job_recovery import JobFinder, Resubmission
from sfn_provider.integrations.resolver import find_integration
from sfn_provider.integrations.value_shapes import Values, json_text

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from sfn_provider.engine.requests import CallTask

OpenOperation = ApiOperation | Adapter
"""What a task's calls go through."""

_NOT_FOUND_CODE: Final = "ResourceNotFoundException"
"""The code that EKS, EMR on EKS and EMR Serverless answer with about what is gone."""


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
        self._finder = JobFinder()
        self._clients = Clients(aws_conn_id, region_name, execution_arn.rpartition(":")[2], machine_arn)

    def submit(
        self, call: CallTask, *, idempotency_key: str, again: Resubmission | None = None
    ) -> Completed | Submitted:
        """Call the resource of a task.

        Args:
            call: the request of the interpreter.
            idempotency_key: the same text for the same attempt of the same task: a call that is submitted again does
                not start a second job where the service has a token for that.
            again: the call may have been made before: where the service has no token, the job is looked for before
                another one is started (see `sfn_provider.integrations.job_recovery`).

        Returns:
            The result; for ``.sync`` the job that was started.

        Raises:
            StatesError: the call failed, under Step Functions' name of the error; ``States.Runtime`` where it cannot be
                made at all.
            UsageError: the connection has no region or no credentials.
        """
        if call.purpose != "task":
            return Completed(stored_objects.perform_s3_call(self._clients.get("s3"), call))
        task, given, token = self._task(call), _task_parameters(call), idempotency_token(idempotency_key)
        self._refuse(task, given)
        with raise_client_errors(task):
            wired = self._open(task)
        found = self._finder.find(task.integration.name, given, again, wired) if again is not None else None
        values, response = (found, {}) if found is not None else self._send(wired, given, token)
        integration = task.integration
        result = integration.result(values)
        if integration.conclude is not None and isinstance(wired, ApiOperation):
            with raise_states_errors(wired):
                result = integration.conclude(given, result, wired)
        output = result | http_metadata(response) if integration.metadata else result
        sync = integration.syncs.get(task.resource.pattern)
        if sync is None:
            return Completed(output)
        if sync.accepted is not None:
            sync.accepted(values)
        submitted = submitted_job(task, sync, given, result, output)
        return replace(submitted, poll_after=0.0) if found else submitted

    def check(self, call: CallTask) -> None:
        """Refuse a call that cannot be made, without making any: what Step Functions refuses before it starts a task.

        Args:
            call: the request of the interpreter.

        Raises:
            StatesError: ``States.Runtime``: no such resource, or parameters that do not fit, with everything that is
                wrong.
        """
        if call.purpose == "task" and parse_resource(call.resource).kind != "activity":  # its workers ask for work
            self._refuse(self._task(call), _task_parameters(call))

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
        wired: OpenOperation | None = None
        try:
            wired = self._open(task)
            description = wired.ask(sync.describe.operation, job["describe"])
            verdict = sync.verdict(description, wired.ask)
        except botocore_errors() as error:
            if sync.gone and _error_code(error) == _NOT_FOUND_CODE:
                return Completed(job["kept"])
            return self._pause(job, error, task, wired)
        return _job_outcome(job, sync, description, verdict)

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
        with raise_client_errors(task):
            wired = self._open(task)
        with raise_states_errors(wired):
            wired.ask(sync.stop.operation, job["stop"])

    def _task(self, call: CallTask) -> TaskCall:
        return self._task_of(call.resource, call.state, _role_arn(call))

    def _task_of(self, resource: str, state: str, role_arn: str | None) -> TaskCall:
        parsed = parse_resource(resource)
        return TaskCall(state, parsed, role_arn, find_integration(parsed, self._clients))

    def _job_task(self, job: Job) -> tuple[TaskCall, SyncJob]:
        task = self._task_of(job["resource"], job["state"], job["role_arn"])
        return task, task.integration.syncs[task.resource.pattern]

    def _open(self, task: TaskCall) -> OpenOperation:
        own = ADAPTERS.get(task.integration.wire)
        return own.open(task, self._clients) if own is not None else ApiOperation.open(task, self._clients)

    def _refuse(self, task: TaskCall, given: Json) -> None:
        """Refuse parameters with which the task cannot start."""
        integration = task.integration
        own = ADAPTERS.get(integration.wire)
        if own is None:
            call_arguments(task, self._model(integration), given, self._prepared(task, given), "")
        elif problems := list(own.check(integration.operation, given)):
            raise invalid_parameters(given, problems)

    def _model(self, integration: Integration) -> OperationModel:
        from botocore.exceptions import UnknownServiceError
        from botocore.model import OperationNotFoundError

        try:
            return self._clients.model(integration.client).operation_model(integration.operation)
        except (UnknownServiceError, OperationNotFoundError) as error:
            told = f"boto3 here does not know {integration.operation} of {integration.client}: install a newer one"
            raise runtime_error(f"The resource {integration.name} cannot be called: {told}") from error

    def _prepared(self, task: TaskCall, given: Json) -> Json:
        """Give the operation's parameters, of the task's."""
        started = CallContext(task.resource.pattern, self._execution_arn, self._machine_arn)
        return task.integration.prepare(given, started) if isinstance(given, dict) else given

    def _send(self, wired: OpenOperation, given: Json, token: str) -> tuple[Values, dict[str, Any]]:
        """Call the operation; give the response in PascalCase and as botocore gave it."""
        with raise_states_errors(wired):
            if isinstance(wired, ApiOperation):
                return self._send_by(wired, given, token)
            return wired.perform(given, token), {}

    def _send_by(self, link: ApiOperation, given: Json, token: str) -> tuple[Values, dict[str, Any]]:
        integration, once = link.task.integration, link.task.integration.once
        parameters = self._prepared(link.task, given)
        if integration.complete is not None:
            parameters = integration.complete(given, parameters, link)
        ours = once is not None and parameters.get(once.field) is None
        if once is not None and ours:
            parameters = parameters | {once.field: token}
        arguments = call_arguments(link.task, link.model, given, parameters, token)
        if integration.pages is not None:
            return _all_pages(link, arguments, *integration.pages)
        try:
            response = link.send(arguments)
        except botocore_errors() as error:
            if once is None or once.find is None or not ours or _error_code(error) != once.taken:
                raise
            return once.find(parameters, link.ask), {}
        return link.values(response), response

    def _pause(self, job: Job, error: Exception, task: TaskCall, wired: OpenOperation | None) -> Submitted:
        """Decide what an error means to a job that is followed."""
        from sfn_provider.executions.aws_errors import AwsErrorKind, classify_error

        fault = classify_error(error)
        if fault is AwsErrorKind.MISSING:
            return after_missing_job(job)
        if fault is AwsErrorKind.EXPIRED:
            self._clients.forget()
        if fault in (AwsErrorKind.TRANSIENT, AwsErrorKind.EXPIRED):
            return after_failed_poll(job)
        raise (wired.name(error) if wired is not None else unanswered_call_error(error, task)) from error


def _job_outcome(job: Job, sync: SyncJob, description: Values, verdict: JobState | None) -> Completed | Submitted:
    if verdict is None:
        return after_missing_job(job)
    if verdict == "running":
        return after_running_job(job, sync)
    result = sync.result(description)
    if verdict == "failed":
        raise StatesError(TASK_FAILED, json_text(result))
    return Completed(job["kept"] | result if sync.keep else result)


def _all_pages(
    link: ApiOperation, arguments: dict[str, Any], asked: str, answered: str, items: str
) -> tuple[Values, dict[str, Any]]:
    response: dict[str, Any] = {}
    entries: list[Json] = []
    for response in link.pages(arguments, asked, answered):
        entries += link.values(response).get(items, [])
    return link.values(response) | {items: entries}, response


def _task_parameters(call: CallTask) -> Json:
    """Give the parameters; a function whose ARN is the resource gets them as its payload."""
    if parse_resource(call.resource).kind == "lambda":
        return {"FunctionName": call.resource, "Payload": call.arguments}
    return call.arguments


def _role_arn(call: CallTask) -> str | None:
    if call.credentials is None:
        return None
    role_arn = call.credentials.get("RoleArn") if isinstance(call.credentials, dict) else None
    if not isinstance(role_arn, str) or not role_arn.startswith("arn:"):
        wanted = "The Credentials must be an object with the ARN of a role in RoleArn, not"
        raise runtime_error(f"{wanted} {json_text(call.credentials)}")
    return role_arn


def _error_code(error: Exception) -> str | None:
    response = getattr(error, "response", {})
    code: str | None = response.get("Error", {}).get("Code")
    return code
