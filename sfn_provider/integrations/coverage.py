"""Lists the supported integrations and their jobs, for documentation and diagnostics."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from sfn_provider.asl.resources import Pattern
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.integration import Integration
from sfn_provider.integrations.job_recovery import JOB_SEARCHES
from sfn_provider.integrations.json_templates import ResponsePart
from sfn_provider.integrations.naming import capitalize
from sfn_provider.integrations.optimized.table import OPTIMIZED_INTEGRATIONS


@dataclass(frozen=True, slots=True)
class SupportedResource:
    """A resource that a Task may name.

    Args:
        resource: the ARN without its pattern.
        patterns: how a task may wait.
        error_prefix: the prefix of the service's error names.
    """

    resource: str
    patterns: tuple[Pattern, ...]
    error_prefix: str


def supported_resources() -> list[SupportedResource]:
    """List the resources that can be called, those of a distributed Map's reader and writer included."""
    return [
        SupportedResource("arn:aws:lambda:<region>:<account>:function:<name>", ("request_response",), "Lambda"),
        SupportedResource(
            "arn:aws:states:::aws-sdk:<service>:<action>", ("request_response", "waitForTaskToken"), "<Service>"
        ),
        *(
            SupportedResource(f"arn:aws:states:::{row.name}", row.patterns, row.errors.prefix)
            for row in OPTIMIZED_INTEGRATIONS.values()
        ),
    ]


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How the jobs of a resource end (``.sync``), and the effect of a call that is made twice.

    Args:
        resource: the ARN without its pattern.
        succeeds: statuses of a job that has succeeded; ``gone`` where it is deleted. Empty without ``.sync``.
        fails: statuses of a job that has failed.
        result: the operation that gives the result, and the path in its response.
        repeated: the effect of a call that is made twice, because a worker was lost before it stored the response:
            ``once`` (it is recognized), ``same`` (the same as of one call) or ``twice``.
    """

    resource: str
    succeeds: tuple[str, ...]
    fails: tuple[str, ...]
    result: str
    repeated: Literal["once", "same", "twice"]


_IDEMPOTENT_ACTIONS: Final = re.compile(
    "(batchDelete|batchGet|cancel|delete|get|list|modify|set|stop|terminate)[A-Z].*"
    "|putItem|putObject|updateEndpoint|startApplication|createModel|createEndpoint|createEndpointConfig"
)
"""Actions with the same effect when they are called twice: they read, they bring a resource into a state, or they
create one with a unique name."""


def job_ends() -> list[JobEnd]:
    """List the optimized integrations with how their jobs end. Reads the models of their services."""
    clients = Clients(None)
    return [_ended(row, clients) for row in OPTIMIZED_INTEGRATIONS.values()]


def _ended(row: Integration, clients: Clients) -> JobEnd:
    resource = f"arn:aws:states:::{row.name}"
    recognized = _token(row, clients) is not None or row.name in JOB_SEARCHES or row.name == "eks:runJob"
    repeated: Any = "once" if recognized else "same" if _IDEMPOTENT_ACTIONS.fullmatch(row.action) else "twice"
    sync = row.syncs.get("sync")
    if sync is None:
        return JobEnd(resource, (), (), "", repeated)
    succeeds = (*sorted(sync.succeeded), *(("gone",) if sync.succeeds_when_gone else ()))
    path = f" {sync.result.path}" if isinstance(sync.result, ResponsePart) else ""
    return JobEnd(resource, succeeds, tuple(sorted(sync.failed)), f"{sync.describe.operation}{path}", repeated)


def _token(row: Integration, clients: Clients) -> str | None:
    """Give the field for an idempotency token; None where there is none."""
    modelled = (
        clients.model(row.client).operation_model(row.operation).idempotent_members if row.adapter == "aws" else []
    )
    token = row.idempotency.field if row.idempotency is not None else next(iter(modelled), None)
    return capitalize(token) if token else None


@dataclass(frozen=True, slots=True)
class SyncResource:
    """A resource whose jobs a Task can wait for.

    Args:
        resource: the ARN without its pattern.
        batch: the operation that describes several jobs, and how many; None where each is described alone.
        stop: the operation that stops the job with its task; None where none does.
        token: the submission's field for an idempotency token; None where the service has none.
        search: by which fields the job of a lost worker is found, where there is no token; None where it is not.
    """

    resource: str
    batch: tuple[str, int] | None
    stop: str | None
    token: str | None
    search: str | None


def sync_resources() -> list[SyncResource]:
    """List the resources that can be called with ``.sync``."""
    clients = Clients(None)
    return [_followed(row, clients) for row in OPTIMIZED_INTEGRATIONS.values() if row.syncs]


def _followed(row: Integration, clients: Clients) -> SyncResource:
    sync = next(iter(row.syncs.values()))
    search = JOB_SEARCHES.get(row.name)
    return SyncResource(
        f"arn:aws:states:::{row.name}.sync",
        (sync.batch.operation, sync.batch.limit) if sync.batch is not None else None,
        sync.stop.operation if sync.stop is not None else None,
        _token(row, clients),
        search.by if search is not None else None,
    )
