"""What a trigger does when a user acts on its deferred task, and that must be finished."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

_RUNNING: set[asyncio.Task[None]] = set()


async def finish_despite_cancellation(work: Coroutine[Any, Any, None]) -> None:
    """Do what ``on_kill`` is for, and go on with it where ``on_kill`` itself is cancelled.

    Airflow 3.3 cancels the trigger of a killed task anew with each sync of the triggerer, every second, until it has
    gone: also while its ``on_kill`` runs. Source: ``TriggerRunnerSupervisor.cancelling_triggers``.

    Args:
        work: what is to be done.
    """
    task = asyncio.get_running_loop().create_task(work)
    _RUNNING.add(task)  # an event loop keeps weak references alone
    task.add_done_callback(_RUNNING.discard)
    await asyncio.shield(task)
