"""Holds the outcome of an execution: status, output, error and history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sfn_provider.asl.scope import Json
from sfn_provider.engine.history.events import Record, render
from sfn_provider.engine.progress.execution_state import Status


@dataclass(frozen=True)
class Execution:
    """The outcome of an execution, wherever it ran.

    Args:
        status: SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        output: JSON value; None unless it SUCCEEDED.
        error: error name where it FAILED with one.
        cause: text beside the error.
        records: what happened, oldest first.
        transitions: states entered, each retry counted as one more.
        name: the execution's name.
        child_executions: the child executions of distributed Maps, as far as their histories were asked for, in the
            order in which they ended.
    """

    status: Status
    output: Json = None
    error: str | None = None
    cause: str | None = None
    records: Sequence[Record] = field(default=(), repr=False)
    transitions: int = 0
    name: str = ""
    child_executions: Sequence[Execution] = field(default=(), repr=False)

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """The history as GetExecutionHistory returns it, oldest first, timestamps as aware datetimes."""
        return render(self.records)
