"""Lists the supported integrations and their jobs, for documentation and diagnostics."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from sfn_provider.asl.resources import Pattern
from sfn_provider.botocore_models.models import BotocoreModels
from sfn_provider.botocore_models.naming import capitalize
from sfn_provider.integrations.integration import Integration
from sfn_provider.integrations.jobs.job_recovery import JOB_SEARCHES
from sfn_provider.integrations.json_templates import ResponsePart
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
class IntegrationDetails:
    """How the jobs of an optimized integration end and are polled (``.sync``), and the effect of a repeated call.

    Args:
        resource: the ARN without its pattern.
        repeated: the effect of a call that is made twice, because a worker was lost before it stored the response:
            ``once`` (it is recognized), ``same`` (the same as of one call) or ``twice``.
        token: the field for an idempotency token; None where the service has none.
        search: by which fields the job of a lost worker is found, where there is no token; None where it is not.
        has_jobs: whether a Task can wait for its jobs; the other fields are empty without.
        succeeds: statuses of a job that has succeeded; ``gone`` where it is deleted.
        fails: statuses of a job that has failed.
        result: the operation that gives the result, and the path in its response.
        batch: the operation that describes several jobs, and how many; None where each is described alone.
        stop: the operation that stops the job with its task; None where none does.
    """

    resource: str
    repeated: Literal["once", "same", "twice"]
    token: str | None
    search: str | None
    has_jobs: bool = False
    succeeds: tuple[str, ...] = ()
    fails: tuple[str, ...] = ()
    result: str = ""
    batch: tuple[str, int] | None = None
    stop: str | None = None


_IDEMPOTENT_ACTIONS: Final = re.compile(
    "(batchDelete|batchGet|cancel|delete|get|list|modify|set|stop|terminate)[A-Z].*"
    "|putItem|putObject|updateEndpoint|startApplication|createModel|createEndpoint|createEndpointConfig"
)
"""Actions with the same effect when they are called twice: they read, they bring a resource into a state, or they
create one with a unique name."""


def integration_details() -> list[IntegrationDetails]:
    """Describe the optimized integrations. Reads the models of their services."""
    models = BotocoreModels()
    return [_details(row, models) for row in OPTIMIZED_INTEGRATIONS.values()]


def _details(row: Integration, models: BotocoreModels) -> IntegrationDetails:
    token, search = _token_field(row, models), JOB_SEARCHES.get(row.name)
    recognized = token is not None or search is not None or row.name == "eks:runJob"
    repeated: Any = "once" if recognized else "same" if _IDEMPOTENT_ACTIONS.fullmatch(row.action) else "twice"
    details = IntegrationDetails(f"arn:aws:states:::{row.name}", repeated, token, search.by if search else None)
    sync = row.syncs.get("sync")
    if sync is None:
        return details
    path = f" {sync.result.path}" if isinstance(sync.result, ResponsePart) else ""
    return replace(
        details,
        has_jobs=True,
        succeeds=(*sorted(sync.succeeded), *(("gone",) if sync.succeeds_when_gone else ())),
        fails=tuple(sorted(sync.failed)),
        result=f"{sync.describe.operation}{path}",
        batch=(sync.batch.operation, sync.batch.limit) if sync.batch is not None else None,
        stop=sync.stop.operation if sync.stop is not None else None,
    )


def _token_field(row: Integration, models: BotocoreModels) -> str | None:
    if row.idempotency is not None:
        return capitalize(row.idempotency.field)
    if row.adapter != "aws":
        return None
    fields = models.model(row.client).operation_model(row.operation).idempotent_members
    return capitalize(fields[0]) if fields else None
