"""Bounds the processor time and the memory that one evaluation takes."""

from __future__ import annotations

import os
import time
from typing import Any, Final

from sfn_provider.asl.jsonata.errors import MEMORY_LIMIT, TIMEOUT, JsonataError
from sfn_provider.asl.value_size import MAX_NODES, is_larger

MAX_SECONDS: Final = 1.5
"""How much processor time an evaluation may take, its regular expressions apart. AWS gives up after one second."""

MAX_BYTES: Final = 256 * 1024 * 1024
"""By how much the process may grow during an evaluation. AWS refuses what takes too much memory, and gives no bound."""

_MEMORY_SECONDS: Final = 0.05
"""Processor time between two looks at the memory, so that a short evaluation does not pay for one."""


class EvaluationBudget:
    """The processor time and the memory of one evaluation, in the thread that it runs in.

    Its clock starts with the first check: most evaluations end before, and to read a thread's clock is a system call.

    Args:
        seconds: the processor time; None for `MAX_SECONDS`.
    """

    __slots__ = ("_bytes", "_end", "_next_look", "_seconds")

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = MAX_SECONDS if seconds is None else seconds
        self._end: float | None = None
        self._next_look = 0.0
        self._bytes: int | None = None

    def check(self) -> None:
        """Check that something is left.

        Raises:
            JsonataError: AWS's words for an evaluation that takes too long, or too much memory.
        """
        now = time.thread_time()
        if self._end is None:
            self._end, self._next_look = now + self._seconds, now + _MEMORY_SECONDS
        elif now > self._end:
            raise JsonataError(None, TIMEOUT)
        elif now > self._next_look:
            self._next_look = now + _MEMORY_SECONDS
            taken = _resident_bytes()
            if self._bytes is None:
                self._bytes = taken
            elif taken - self._bytes > MAX_BYTES:
                raise JsonataError(None, MEMORY_LIMIT)


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
