"""What this package calls, for documentation and for errors."""

from __future__ import annotations

from dataclasses import dataclass

from sfn_provider.asl.resources import Pattern
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.integration import Integration
from sfn_provider.integrations.optimized import OPTIMIZED_CALLS
from sfn_provider.integrations.searches import SEARCHES


@dataclass(frozen=True, slots=True)
class Supported:
    """A resource that a Task may name.

    Args:
        resource: the ARN without its pattern.
        patterns: how a task may wait.
        error_prefix: what names of the service's errors begin with.
    """

    resource: str
    patterns: tuple[Pattern, ...]
    error_prefix: str


def supported() -> list[Supported]:
    """List the resources that can be called, those of a distributed Map's reader and writer included."""
    return [
        Supported("arn:aws:lambda:<region>:<account>:function:<name>", ("request_response",), "Lambda"),
        Supported("arn:aws:states:::aws-sdk:<service>:<action>", ("request_response", "waitForTaskToken"), "<Service>"),
        *(
            Supported(f"arn:aws:states:::{row.name}", row.patterns, row.errors.prefix)
            for row in OPTIMIZED_CALLS.values()
        ),
    ]


@dataclass(frozen=True, slots=True)
class Followed:
    """A resource whose jobs a Task can wait for.

    Args:
        resource: the ARN without its pattern.
        batch: the operation that looks at many jobs, and how many; None where each is looked at alone.
        stop: the operation that stops the job with its task; None where none does.
        token: the field of the submission that tells attempts apart; None where the service has none.
        search: by what the job of a lost worker is found, where there is no token; None where it is not looked for.
    """

    resource: str
    batch: tuple[str, int] | None
    stop: str | None
    token: str | None
    search: str | None


def followed() -> list[Followed]:
    """List the resources that can be called with ``.sync``."""
    clients = Clients(None)
    return [_followed(row, clients) for row in OPTIMIZED_CALLS.values() if row.syncs]


def _followed(row: Integration, clients: Clients) -> Followed:
    sync = next(iter(row.syncs.values()))
    modelled = clients.model(row.client).operation_model(row.operation).idempotent_members if row.wire == "aws" else []
    token = row.once.field if row.once is not None else next(iter(modelled), None)
    search = SEARCHES.get(row.name)
    return Followed(
        f"arn:aws:states:::{row.name}.sync",
        (sync.batch.operation, sync.batch.limit) if sync.batch is not None else None,
        sync.stop.operation if sync.stop is not None else None,
        token[:1].upper() + token[1:] if token else None,
        search.by if search is not None else None,
    )
