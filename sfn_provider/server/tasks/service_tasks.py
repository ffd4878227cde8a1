"""Runs tasks really: Lambda functions of the user, and services at the user's endpoints by boto3."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from sfn_provider.asl.resources import Resource, parse_resource
from sfn_provider.asl.suggestions import closest_word
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.integrations import Caller, Completed, Submitted
from sfn_provider.integrations.clients import Clients, keep_headers
from sfn_provider.integrations.resolver import find_integration
from sfn_provider.server.driver.task_runner import UNHANDLED, TaskAccepted, TaskOutcome, TaskRequest
from sfn_provider.server.tasks.daemon_threads import DaemonThreads
from sfn_provider.server.tasks.lambda_client import Function, LambdaClient, function_name

EVERY_SERVICE: Final = ""
"""The key of the endpoint of all services that have none of their own."""

_MAX_CALLS: Final = 100
"""Calls at once: a Map makes up to 40, and each may wait for its function."""

log = logging.getLogger(__name__)


def check_endpoints(endpoints: Mapping[str, str], services: list[str]) -> None:
    """Refuse endpoints of services that do not exist, and what is no URL.

    Args:
        endpoints: URLs by boto3's names of the services; `EVERY_SERVICE` for all others.
        services: boto3's names.

    Raises:
        UsageError: with what may be meant.
    """
    for service, url in endpoints.items():
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"the endpoint {url!r} is no http:// or https:// URL")
        if service != EVERY_SERVICE and service not in services:
            near = closest_word(service, services)
            hint = f"; did you mean {near!r}?" if near else "; write boto3's name, as dynamodb or sqs"
            raise UsageError(f"there is no service {service!r} for the endpoint {url}{hint}")


class EndpointClients(Clients):
    """Makes boto3's clients of the services for which there is an endpoint; never one that would call AWS.

    Args:
        endpoints: URLs by boto3's names of the services; `EVERY_SERVICE` for all others.
        functions: the Lambda functions by name.
        region: the region.
        account_id: the account.
    """

    def __init__(
        self, endpoints: Mapping[str, str], functions: Mapping[str, Function], region: str, account_id: str
    ) -> None:
        super().__init__(None, region)
        self._endpoints = endpoints
        self._functions = functions
        self._region = region
        self._account_id = account_id

    def has(self, service: str) -> bool:
        """Return whether there is an endpoint for a service."""
        return service in self._endpoints or EVERY_SERVICE in self._endpoints

    def get(self, service: str, region: str | None = None, role_arn: str | None = None) -> Any:
        """Return the client of a service. There are no roles here: every call has the same credentials."""
        return super().get(service, region, None)

    def endpoint(self, service: str) -> str | None:
        """Return the endpoint URL of a service; None where it has none."""
        return self._endpoints.get(service, self._endpoints.get(EVERY_SERVICE))

    def _make(self, service: str, region: str | None, role_arn: str | None) -> Any:
        import boto3
        from botocore.config import Config

        url = self.endpoint(service)
        if url is None:
            raise UsageError(f"there is no endpoint for {service}: give one, --endpoint {service}=URL")
        client = boto3.session.Session().client(
            service,
            endpoint_url=url,
            region_name=region or self._region,
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(parameter_validation=False, read_timeout=930, retries={"total_max_attempts": 1}),
        )
        keep_headers(client)
        return client


class FunctionClients(EndpointClients):
    """The same, but the client of Lambda calls the user's functions."""

    def _make(self, service: str, region: str | None, role_arn: str | None) -> Any:
        if service != "lambda":
            return super()._make(service, region, role_arn)
        return LambdaClient(self._functions, self.model("lambda"), region or self._region, self._account_id)


class ServiceTasks:
    """Runs the tasks whose function or service the user has given; leaves all others to the next runner.

    Args:
        functions: the Lambda functions by name: Python functions or URLs.
        endpoints: URLs by boto3's names of the services; `EVERY_SERVICE` for all others.
        region: the region of the server.
        account_id: its account.
        poll_seconds: maximum seconds between two polls of a job; a service on this machine has no quota to spare.

    Raises:
        UsageError: there is no such service, or an endpoint is no URL.
    """

    def __init__(
        self,
        functions: Mapping[str, Function],
        endpoints: Mapping[str, str],
        region: str = "us-east-1",
        account_id: str = "123456789012",
        *,
        poll_seconds: float = 1.0,
    ) -> None:
        self._poll_seconds = poll_seconds
        arguments = (endpoints, functions, region, account_id)
        self._functions = functions
        self._services, self._local = EndpointClients(*arguments), FunctionClients(*arguments)
        check_endpoints(endpoints, self._services.services())
        self._pool = DaemonThreads(_MAX_CALLS, "task")

    async def run(self, request: TaskRequest) -> TaskOutcome:
        """Make a call, and follow the job that it starts to its end."""
        call = request.call
        if call.purpose == "task":
            resource = parse_resource(request.resource)
            clients = self._clients(resource, request.parameters)
        else:
            clients = self._services if self._services.has("s3") else None
        if clients is None:
            return UNHANDLED
        caller = Caller(clients=clients, execution_arn=request.execution_arn, machine_arn=request.state_machine_arn)
        started = self._pool.submit(caller.submit, call, idempotency_key=str(uuid.uuid4()))
        try:
            outcome = await asyncio.wrap_future(started)
        except asyncio.CancelledError:
            # The call may be under way: what it starts is stopped when its answer is there.
            started.add_done_callback(partial(self._stop_late, caller))
            raise
        if isinstance(outcome, Submitted):
            return await self._follow(caller, outcome)
        return TaskAccepted(outcome.result) if request.task_token is not None else outcome.result

    def _clients(self, resource: Resource, parameters: Any) -> Clients | None:
        """Return what makes the client for a task; None where the user has given nothing for it."""
        if resource.kind in ("activity", "unknown"):
            return None
        try:
            integration = find_integration(resource, self._services)
        except StatesError:
            return None
        if integration.adapter != "aws" or integration.client == "stepfunctions":
            return None  # API Gateway, HTTP and Kubernetes have no boto3 endpoint; machines run on this server
        if integration.client == "lambda":
            name = parameters.get("FunctionName") if isinstance(parameters, dict) else None
            called = function_name(resource.text if resource.kind == "lambda" else name)
            if called in self._functions and integration.operation == "Invoke":
                return self._local
        return self._services if self._services.has(integration.client) else None

    async def _follow(self, caller: Caller, submitted: Submitted) -> TaskOutcome:
        """Poll a job until it ends; stop it where the task ends before: by a timeout, or with its execution."""
        outcome: Completed | Submitted = submitted
        job = submitted.job
        try:
            while isinstance(outcome, Submitted):
                job = outcome.job
                await asyncio.sleep(min(outcome.poll_after, self._poll_seconds))
                outcome = await asyncio.wrap_future(self._pool.submit(caller.poll, job))
        except asyncio.CancelledError:
            self._pool.submit(_cancel, caller, job)
            raise
        return outcome.result

    def _stop_late(self, caller: Caller, started: Future[Completed | Submitted]) -> None:
        """Stop the job of a call whose task has ended before the answer."""
        if started.cancelled() or started.exception() is not None:
            return
        outcome = started.result()
        if isinstance(outcome, Submitted):
            self._pool.submit(_cancel, caller, outcome.job)


def _cancel(caller: Caller, job: dict[str, Any]) -> None:
    try:
        caller.cancel(job)
    except (StatesError, UsageError) as error:
        log.warning("the job of state %r could not be stopped: %s", job["state"], error)
