"""Stores a revision of a state machine: definition and configuration, checked and compiled."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.document import Document
from sfn_provider.engine.compiled_machine import CompiledMachine
from sfn_provider.exceptions import Diagnostic, InvalidDefinition
from sfn_provider.server.api_errors import ApiError

if TYPE_CHECKING:
    from sfn_provider.asl.model import ExecutionType

Json = Any

DEFAULT_LOGGING: dict[str, Json] = {"level": "OFF", "includeExecutionData": False}
DEFAULT_TRACING: dict[str, Json] = {"enabled": False}


@dataclass(frozen=True)
class Revision:
    """What an update of a state machine changes.

    Args:
        definition: the definition as it was sent.
        execution_type: ``STANDARD`` or ``EXPRESS``.
        role_arn: the role that executions run as.
        logging: the logging configuration.
        tracing: the tracing configuration.
        encryption: the encryption configuration; None where none was sent.
        updated: when it was made, seconds since the epoch.
        id: its id; None for the one that the state machine was created with, as on AWS.
    """

    definition: str
    execution_type: ExecutionType
    role_arn: str
    logging: dict[str, Json] = field(default_factory=lambda: DEFAULT_LOGGING)
    tracing: dict[str, Json] = field(default_factory=lambda: DEFAULT_TRACING)
    encryption: dict[str, Json] | None = None
    updated: float = 0.0
    id: str | None = None

    @cached_property
    def compiled(self) -> CompiledMachine:
        """The machine, ready to run; all of its executions share it.

        Raises:
            ApiError: ``InvalidDefinition``.
        """
        return CompiledMachine(open_definition(self.definition, self.execution_type).machine)

    @property
    def configuration(self) -> tuple[Json, ...]:
        """What two revisions have in common that are the same."""
        return self.definition, self.role_arn, self.logging, self.tracing, self.encryption

    def describe(self) -> dict[str, Json]:
        """Return the members of DescribeStateMachine and DescribeStateMachineForExecution that it determines."""
        described = {
            "definition": self.definition,
            "roleArn": self.role_arn,
            "loggingConfiguration": self.logging,
            "tracingConfiguration": self.tracing,
            "encryptionConfiguration": self.encryption,
            "revisionId": self.id,
        }
        return {name: value for name, value in described.items() if value is not None}


def open_definition(definition: str, execution_type: ExecutionType) -> Document:
    """Read a definition, which AWS takes as JSON alone.

    Raises:
        ApiError: ``InvalidDefinition``, with the problems for which Step Functions refuses it.
    """
    try:
        json.loads(definition)
    except (ValueError, RecursionError) as error:
        problem = f"INVALID_JSON_DESCRIPTION: The definition is no JSON: {error}"
        raise ApiError("InvalidDefinition", f"Invalid State Machine Definition: '{problem}'") from error
    document = Document.open(definition, execution_type)
    try:
        _ = document.machine
    except InvalidDefinition as error:
        problems = ", ".join(_problem(found) for found in error.diagnostics if found.level == "error")
        raise ApiError("InvalidDefinition", f"Invalid State Machine Definition: '{problems}'") from error
    return document


def _problem(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.code}: {diagnostic.message} at {diagnostic.location or '/'}"
