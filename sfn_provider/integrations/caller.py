"""Calls the resources of Task states and polls their jobs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.adapters.base import Adapter
from sfn_provider.integrations.adapters.table import ADAPTERS
from sfn_provider.integrations.api_operation import (
    ApiOperation,
    TaskCall,
    botocore_errors,
    call_arguments,
    convert_call_errors,
    convert_client_errors,
    http_metadata,
    idempotency_token,
    invalid_parameters,
    unanswered_call_error,
)
from sfn_provider.integrations.call_outcomes import Completed, Submitted
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.errors import TASK_FAILED, runtime_error
from sfn_provider.integrations.integration import CallContext, Integration
from sfn_provider.integrations.jobs.job import (
    Job,
    after_error,
    after_missing_job,
    after_running_job,
    submitted_job,
    task_of_job,
)
from sfn_provider.integrations.jobs.job_recovery import JobFinder, Resubmission
from sfn_provider.integrations.resolver import find_integration
from sfn_provider.integrations.s3.s3_objects import S3Transfers
from sfn_provider.integrations.sync_job import JobState, SyncJob
from sfn_provider.integrations.value_shapes import Values, json_text

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from sfn_provider.engine.requests import CallTask

OpenOperation = ApiOperation | Adapter
"""Makes a task's calls."""

_NOT_FOUND_CODE: Final = "ResourceNotFoundException"
"""The error code of EKS, EMR on EKS and EMR Serverless for a deleted resource."""


class Caller:
    """Calls AWS for the Task states of one execution.

    Args:
        aws_conn_id: the Airflow connection; None for boto3's default credentials.
        region_name: the region; the connection's for None.
        execution_arn: the execution, as in the context object: for EventBridge events and session names.
        machine_arn: the state machine: for EventBridge events, and the external id of roles that states assume.
        clients: makes the clients, in place of the connection.
    """

    def __init__(
        self,
        *,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        execution_arn: str = "",
        machine_arn: str = "",
        clients: Clients | None = None,
    ) -> None:
        self._execution_arn = execution_arn
        self._machine_arn = machine_arn
        self._finder = JobFinder()
        self._s3_transfers = S3Transfers()
        session = execution_arn.rpartition(":")[2]
        self._clients = clients or Clients(aws_conn_id, region_name, session, machine_arn)

    def submit(
        self, call: CallTask, *, idempotency_key: str, resubmission: Resubmission | None = None
    ) -> Completed | Submitted:
        """Call the resource of a task.

        Args:
            call: the request of the interpreter.
            idempotency_key: the same text for the same attempt of the same task: a call that is submitted again does
                not start a second job where the service has an idempotency token.
            resubmission: the call may have been made before: where the service has no token, the job is searched for
                before another one is started (see `sfn_provider.integrations.jobs.job_recovery`).

        Returns:
            The result; for ``.sync`` the job that was started.

        Raises:
            StatesError: the call failed, under Step Functions' error name; ``States.Runtime`` where it cannot be made.
            UsageError: the connection has no region or no credentials.
        """
        if call.purpose != "task":
            return Completed(self._s3_transfers.perform(self._clients.get("s3"), call))
        task, parameters, token = self._task(call), _task_parameters(call), idempotency_token(idempotency_key)
        self._validate(task, parameters)
        with convert_client_errors(task):
            operation = self._open(task)
        integration = task.integration
        found = None
        if resubmission is not None:
            found = self._finder.find(integration.name, parameters, resubmission, operation)
        values, response = (found, {}) if found is not None else self._send(operation, parameters, token)
        result = _task_result(operation, integration, parameters, values)
        output = result | http_metadata(response) if integration.http_metadata else result
        sync = integration.syncs.get(task.resource.pattern)
        if sync is None:
            return Completed(output)
        if sync.check_submission is not None:
            sync.check_submission(values)
        submitted = submitted_job(task, sync, parameters, result, output)
        return replace(submitted, poll_after=0.0) if found else submitted

    def check(self, call: CallTask) -> None:
        """Validate a call without making it: what Step Functions rejects before it starts a task.

        Args:
            call: the request of the interpreter.

        Raises:
            StatesError: ``States.Runtime``: no such resource, or invalid parameters, with all problems.
        """
        if call.purpose == "task" and parse_resource(call.resource).kind != "activity":  # its workers ask for tasks
            self._validate(self._task(call), _task_parameters(call))

    def find_region(self, call: CallTask) -> tuple[str, str] | None:
        """Return partition and region of a call; None where the connection gives no client, which the call reports.

        Args:
            call: the request of the interpreter.
        """
        try:
            task = self._task(call)
            client = self._clients.get(task.integration.client, task.resource.region, task.role_arn)
        except Exception:  # of whatever kind: the call meets it as well, and fails by it
            return None
        return client.meta.partition, client.meta.region_name

    def poll(self, job: Job) -> Completed | Submitted:
        """Poll a job: one call that describes it (and one more for an ECS task of which only a part failed).

        Args:
            job: of the last `Submitted`.

        Returns:
            The result of a job that has succeeded, or a running job. Transient errors do not end a job: its next poll
            is delayed longer.

        Raises:
            StatesError: the job has failed: ``States.TaskFailed``, with its description as the cause; or the service
                rejects the call.
        """
        task, sync = task_of_job(job, self._clients)
        operation: OpenOperation | None = None
        try:
            operation = self._open(task)
            description = operation.call(sync.describe.operation, job["describe"])
            state = sync.state(description, operation.call)
        except botocore_errors() as error:
            if sync.succeeds_when_gone and _error_code(error) == _NOT_FOUND_CODE:
                return Completed(job["known_result"])
            return self._after_error(job, error, task, operation)
        return _job_outcome(job, sync, description, state)

    def cancel(self, job: Job) -> None:
        """Stop a job whose execution has ended. Clusters of EMR are not stopped, as by Step Functions.

        Args:
            job: of a `Submitted`.

        Raises:
            StatesError: the service rejects the call; the job may go on.
            UsageError: the connection has no region or no credentials.
        """
        task, sync = task_of_job(job, self._clients)
        if sync.stop is None:
            return
        with convert_client_errors(task):
            operation = self._open(task)
        with convert_call_errors(operation):
            operation.call(sync.stop.operation, job["stop"])

    def _task(self, call: CallTask) -> TaskCall:
        resource = parse_resource(call.resource)
        return TaskCall(call.state, resource, _role_arn(call), find_integration(resource, self._clients))

    def _open(self, task: TaskCall) -> OpenOperation:
        adapter = ADAPTERS.get(task.integration.adapter)
        return adapter(task, self._clients) if adapter is not None else ApiOperation.open(task, self._clients)

    def _validate(self, task: TaskCall, parameters: Json) -> None:
        """Reject parameters with which the task cannot start."""
        integration = task.integration
        adapter = ADAPTERS.get(integration.adapter)
        if adapter is None:
            call_arguments(task, self._model(integration), parameters, self._prepare(task, parameters), "")
        elif problems := list(adapter.check(integration.operation, parameters)):
            raise invalid_parameters(parameters, problems)

    def _model(self, integration: Integration) -> OperationModel:
        from botocore.exceptions import UnknownServiceError
        from botocore.model import OperationNotFoundError

        try:
            return self._clients.model(integration.client).operation_model(integration.operation)
        except (UnknownServiceError, OperationNotFoundError) as error:
            details = f"boto3 here does not know {integration.operation} of {integration.client}: install a newer one"
            raise runtime_error(f"The resource {integration.name} cannot be called: {details}") from error

    def _prepare(self, task: TaskCall, parameters: Json) -> Json:
        """Make the operation's parameters of the task's."""
        context = CallContext(task.resource.pattern, self._execution_arn, self._machine_arn)
        return task.integration.prepare(parameters, context) if isinstance(parameters, dict) else parameters

    def _send(self, operation: OpenOperation, parameters: Json, token: str) -> tuple[Values, dict[str, Any]]:
        """Call the operation; give the response in PascalCase and as botocore gave it."""
        with convert_call_errors(operation):
            if isinstance(operation, ApiOperation):
                return self._send_by_boto3(operation, parameters, token)
            return operation.perform(parameters, token), {}

    def _send_by_boto3(
        self, operation: ApiOperation, task_parameters: Json, token: str
    ) -> tuple[Values, dict[str, Any]]:
        task, integration = operation.task, operation.task.integration
        idempotency = integration.idempotency
        parameters = self._prepare(task, task_parameters)
        if integration.resolve is not None:
            parameters = integration.resolve(task_parameters, parameters, operation)
        find_existing = None
        if idempotency is not None and parameters.get(idempotency.field) is None:
            parameters = parameters | {idempotency.field: token}
            find_existing = idempotency.find_existing
        arguments = call_arguments(task, operation.model, task_parameters, parameters, token)
        if integration.pages is not None:
            return _all_pages(operation, arguments, *integration.pages)
        try:
            response = operation.send(arguments)
        except botocore_errors() as error:
            if idempotency is None or find_existing is None or _error_code(error) != idempotency.duplicate_error:
                raise
            return find_existing(parameters, operation.call), {}
        return operation.to_json(response), response

    def _after_error(self, job: Job, error: Exception, task: TaskCall, operation: OpenOperation | None) -> Submitted:
        """Handle an error of a poll."""
        from sfn_provider.executions.aws_errors import AwsErrorKind, classify_error

        if classify_error(error) is AwsErrorKind.EXPIRED:
            self._clients.forget()
        submitted = after_error(job, error)
        if submitted is not None:
            return submitted
        raise (
            operation.convert_error(error) if operation is not None else unanswered_call_error(error, task)
        ) from error


def _task_result(operation: OpenOperation, integration: Integration, parameters: Json, values: Values) -> Json:
    result = integration.result(values)
    if integration.finish is not None and isinstance(operation, ApiOperation):
        with convert_call_errors(operation):
            return integration.finish(parameters, result, operation)
    return result


def _job_outcome(job: Job, sync: SyncJob, description: Values, state: JobState | None) -> Completed | Submitted:
    if state is None:
        return after_missing_job(job)
    if state == "running":
        return after_running_job(job, sync)
    result = sync.result(description)
    if state == "failed":
        raise StatesError(TASK_FAILED, json_text(result))
    return Completed(job["known_result"] | result if sync.include_submission else result)


def _all_pages(
    operation: ApiOperation, arguments: dict[str, Any], request_token: str, response_token: str, items: str
) -> tuple[Values, dict[str, Any]]:
    response: dict[str, Any] = {}
    entries: list[Json] = []
    for response in operation.pages(arguments, request_token, response_token):
        entries += operation.to_json(response).get(items, [])
    return operation.to_json(response) | {items: entries}, response


def _task_parameters(call: CallTask) -> Json:
    """Return the task's parameters; a function whose ARN is the resource gets them as its payload."""
    if parse_resource(call.resource).kind == "lambda":
        return {"FunctionName": call.resource, "Payload": call.arguments}
    return call.arguments


def _role_arn(call: CallTask) -> str | None:
    if call.credentials is None:
        return None
    role_arn = call.credentials.get("RoleArn") if isinstance(call.credentials, dict) else None
    if not isinstance(role_arn, str) or not role_arn.startswith("arn:"):
        expected = "The Credentials must be an object with the ARN of a role in RoleArn, not"
        raise runtime_error(f"{expected} {json_text(call.credentials)}")
    return role_arn


def _error_code(error: Exception) -> str | None:
    response = getattr(error, "response", {})
    code: str | None = response.get("Error", {}).get("Code")
    return code
