"""The clock of waits on virtual time."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest


@pytest.fixture
def virtual_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the poller compare messages' dates with the event loop's clock."""
    clock = SimpleNamespace(time=lambda: asyncio.get_running_loop().time())
    monkeypatch.setattr("sfn_provider.waiting.executions.execution_poller.time", clock)
