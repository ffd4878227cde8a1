"""Records what the evaluation of Terraform expressions has used, and limits its work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sfn_provider.exceptions import UsageError

Json = Any

MAX_WORK = 150_000
"""Upper limit of the values that the expressions for a machine make, and of a local value's size."""


@dataclass
class Uses:
    """Records what the evaluation of a machine has used.

    Args:
        user: the user's values by expression, for example ``var.env``.
        folder: the folder that was named, for errors.
        used: the names of those that were used.
        defaulted: the variables whose default was used.
        missing: the variables without a value, and why.
        is_recording: False while other blocks are searched; what the user gave is recorded all the same.
    """

    user: Mapping[str, str]
    folder: str = ""
    used: set[str] = field(default_factory=set)
    defaulted: set[str] = field(default_factory=set)
    missing: dict[str, str] = field(default_factory=dict)
    is_recording: bool = True
    work: int = 0
    _sizes: dict[int, int] = field(default_factory=dict)
    _measured: list[Json] = field(default_factory=list)

    def spend(self, work: int) -> None:
        """Count work.

        Raises:
            UsageError: it is more than MAX_WORK.
        """
        self.work += work
        if self.work > MAX_WORK:
            raise UsageError(
                f"{self.folder}: the expressions of the folder make too many values, or too large ones, to be read"
            )

    def check_size(self, value: Json) -> None:
        """Check the size of a value that others refer to; they may have it several times over.

        Raises:
            UsageError: it is more than MAX_WORK.
        """
        if self._size(value) > MAX_WORK:
            raise UsageError(f"{self.folder}: a local value of the folder is too large to be read")

    def _size(self, value: Json) -> int:
        if isinstance(value, str):
            return 1 + len(value) // 16
        if not isinstance(value, (list, dict)):
            return 1
        if id(value) not in self._sizes:
            parts = value.values() if isinstance(value, dict) else value
            self._sizes[id(value)] = 1 + sum(map(self._size, parts))
            self._measured.append(value)  # while it lives, its id is not used again
        return self._sizes[id(value)]

    @contextmanager
    def recording(self, is_recording: bool) -> Iterator[None]:
        """Record what is used, or not, while the context is open."""
        before, self.is_recording = self.is_recording, is_recording
        try:
            yield
        finally:
            self.is_recording = before

    def add_default(self, variable: str) -> None:
        """Record a variable whose default was used."""
        if self.is_recording:
            self.defaulted.add(variable)

    def add_missing(self, variable: str, why: str) -> None:
        """Record a variable without a value."""
        if self.is_recording:
            self.missing[variable] = why
