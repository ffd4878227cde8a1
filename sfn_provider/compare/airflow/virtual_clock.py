"""Moves a process's clock forward in place of sleeping: for waiters, sensors and triggers."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from sfn_provider.exceptions import SfnProviderError

_sleep, _sleep_async, _monotonic, _time = time.sleep, asyncio.sleep, time.monotonic, time.time


_MOST_SLEEPS: Final = 20_000
"""How often one run may sleep: a sensor that pokes each minute pokes 10,080 times until its default timeout."""


class EndlessWait(SfnProviderError):
    """A task waits for what never comes."""


class VirtualClock:
    """A clock that sleeping moves forward.

    ``from time import sleep`` takes what is there when it is imported: install the clock before Airflow is imported.
    """

    def __init__(self) -> None:
        self._ahead = 0.0
        self._before = 0.0  # of earlier runs: what counts seconds never goes back
        self._runs = False
        self._sleeps = 0

    def install(self) -> None:
        """Replace the functions of this process that sleep or read the clock; they work as before until it runs."""
        modules: Any = time, asyncio
        modules[0].sleep, modules[1].sleep = self._skip, self._skip_async
        modules[0].monotonic, modules[0].time = self._read_monotonic, self._read_time

    @contextmanager
    def running(self) -> Iterator[None]:
        """Lets sleeping take no time inside."""
        undo = self._replace_utcnow()
        self._runs, self._sleeps = True, 0
        try:
            yield
        finally:
            self._runs, self._before, self._ahead = False, self._before + self._ahead, 0.0
            for module, function in undo:
                module.utcnow = function

    def _replace_utcnow(self) -> list[tuple[Any, Any]]:
        """Move Airflow's own clock, too: what each of its modules named ``timezone`` returns as now."""
        found: list[tuple[Any, Any]] = [
            (module, module.utcnow)
            for name, module in list(sys.modules.items())
            if name.startswith("airflow.") and name.rpartition(".")[2] == "timezone" and hasattr(module, "utcnow")
        ]
        for module, function in found:
            module.utcnow = lambda now=function: now() + timedelta(seconds=self._ahead)
        return found

    def _skip(self, seconds: float) -> None:
        if self._runs:
            self._move(seconds)
        else:
            _sleep(seconds)

    async def _skip_async(self, delay: float, result: Any = None) -> Any:
        if not self._runs:
            return await _sleep_async(delay, result)
        self._move(delay)
        return await _sleep_async(0, result)

    def _move(self, seconds: float) -> None:
        self._ahead += max(0.0, seconds)
        self._sleeps += 1
        if self._sleeps > _MOST_SLEEPS:
            days = self._ahead / 86_400
            waited = f"{_MOST_SLEEPS:,} times, {days:.1f} days in all"
            raise EndlessWait(f"it has waited {waited}: what it waits for never comes")

    def _read_monotonic(self) -> float:
        return _monotonic() + self._before + self._ahead

    def _read_time(self) -> float:
        return _time() + self._ahead
