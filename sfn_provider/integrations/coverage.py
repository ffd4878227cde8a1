"""What this package calls, for documentation and for errors."""

from __future__ import annotations

from dataclasses import dataclass

from sfn_provider.asl.resources import Pattern
from sfn_provider.integrations.optimized import OPTIMIZED_CALLS


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
