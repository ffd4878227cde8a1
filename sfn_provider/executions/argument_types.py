"""Literal types of the arguments of operators and sensors."""

from __future__ import annotations

from typing import Literal

OnFailedExecution = Literal["new_name", "redrive", "fail"]
"""What a retry does after its execution has failed: start another one, redrive it, or fail without further retries."""

OnNotRedrivable = Literal["fail", "new_execution"]
"""What happens if AWS refuses to redrive an execution."""

Passage = Literal["entered", "left"]
"""The event of a state to wait for."""

WaitFor = Literal["all", "any"]
"""How many of several executions must reach a target status."""

StateMachineType = Literal["STANDARD", "EXPRESS"]

Severity = Literal["ERROR", "WARNING"]
"""Severities of the diagnostics of ValidateStateMachineDefinition, the gravest first."""
