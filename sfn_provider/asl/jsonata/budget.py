"""Bounds the work of an evaluation, and as backstops its processor time and memory.

AWS stops an evaluation after about a second on its machines. Time differs from run to run, so that an evaluation near
the bound would end now this way and now that. What is counted here is work, which is the same in every run: the nodes
that are evaluated, and the items and characters that operators and functions go through.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Any, Final

from sfn_provider.asl.json_values.value_size import MAX_NODES, count_nodes, is_larger
from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.limits import MEMORY_LIMIT, TIMEOUT

ITEMS_PER_UNIT: Final = 16
"""As many items of an array are as much work as a node."""

CHARACTERS_PER_UNIT: Final = 256
"""As many characters of a text are as much work as a node."""

NODES_PER_UNIT: Final = 4
"""As many values, visited one by one, are as much work as a node of an expression."""

MAX_SECONDS: Final = 15.0
"""Backstop: the processor time that an evaluation may take, ten times and more what the work that it may take needs."""

MAX_BYTES: Final = 256 * 1024 * 1024
"""Backstop: by how much the process may grow during an evaluation. AWS refuses what takes too much memory, and gives no
bound."""

_WORK_BETWEEN_CHECKS: Final = 8_192
"""Work between two checks of the backstops, so that a short evaluation does not pay for one."""


class EvaluationBudget:
    """The work that one evaluation has left, in the thread that it runs in.

    Args:
        work: the work at the start.

    Attributes:
        left: the work that is left.
        next_check: call `check` once less than this is left.
    """

    __slots__ = ("_bytes", "_end", "left", "next_check")

    def __init__(self, work: int) -> None:
        self.left = work
        self.next_check = max(self.left - _WORK_BETWEEN_CHECKS, 0)
        self._end: float | None = None
        self._bytes = 0

    def spend(self, work: int) -> None:
        """Take some work from what is left.

        Raises:
            JsonataError: so much is not left, or a backstop is reached: in AWS's words for an evaluation that takes too
                long, or too much memory.
        """
        self.left -= work
        if self.left < self.next_check:
            self.check()

    def spend_on(self, values: Iterable[Any]) -> None:
        """Take the work of going once through arrays, objects and texts, without what is inside of them."""
        self.spend(sum(map(work_of, values)))

    def spend_on_all_of(self, values: Iterable[Any]) -> None:
        """Take the work of visiting everything in some values.

        Raises:
            JsonataError: as `spend` does.
        """
        for value in values:
            if isinstance(value, (list, dict)):
                self.spend(-(-count_nodes(value, max(self.left, 0) * NODES_PER_UNIT) // NODES_PER_UNIT))
            else:
                self.spend(work_of(value))

    def check(self) -> None:
        """Check that something is left, and the backstops.

        Raises:
            JsonataError: as `spend` does.
        """
        if self.left < 0:
            raise JsonataError(None, TIMEOUT)
        self.next_check = max(self.left - _WORK_BETWEEN_CHECKS, 0)
        now = time.thread_time()
        if self._end is None:
            self._end, self._bytes = now + MAX_SECONDS, _resident_bytes()
        elif now > self._end:
            raise JsonataError(None, TIMEOUT)
        elif _resident_bytes() - self._bytes > MAX_BYTES:
            raise JsonataError(None, MEMORY_LIMIT)


def work_of(value: Any) -> int:
    """Return the work of going once through an array, an object or a text, without what is inside of it."""
    if isinstance(value, str):
        return len(value) // CHARACTERS_PER_UNIT
    return len(value) // ITEMS_PER_UNIT if isinstance(value, (list, dict)) else 0


def refuse_larger(value: Any, most: int = MAX_NODES, *, with_texts: bool = False) -> None:
    """Refuse a value that consists of more than so many values; see `is_larger` for the arguments.

    Raises:
        JsonataError: AWS's words for too much memory.
    """
    if isinstance(value, (list, dict)) and is_larger(value, most, with_texts=with_texts):
        raise JsonataError(None, MEMORY_LIMIT)


def _resident_bytes() -> int:
    """Return the memory that the process has now; 0 where the system does not tell, as only Linux does."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
