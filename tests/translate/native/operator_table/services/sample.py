"""The type of a sample: a Task's parameters, and what AWS answers to its calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

ACCOUNT = "123456789012"
START = datetime(2026, 3, 15, 2, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """A Task that an operator stands for.

    Args:
        resource: the row's.
        parameters: the Task's.
        answers: what AWS answers, by operation.
        sent: parameters of the operator's call in place of those that the row says are changed.
        name: what tells it from other samples of the row.
        since: the first amazon provider that it is for.
    """

    resource: str
    parameters: dict[str, Any]
    answers: dict[str, Any]
    sent: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    since: tuple[int, ...] = ()

    @property
    def id(self) -> str:
        """The name of its tests."""
        return f"{self.resource} {self.name}".strip()
