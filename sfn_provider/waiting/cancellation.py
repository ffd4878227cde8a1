"""Finishes the work of a trigger's ``on_kill`` although Airflow cancels it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

_RUNNING: set[asyncio.Task[None]] = set()


async def finish_despite_cancellation(work: Coroutine[Any, Any, None]) -> None:
    """Run the work of ``on_kill`` to its end, even where ``on_kill`` itself is cancelled.

    Airflow 3.3 cancels the trigger of a killed task with each sync of the triggerer, every second, until the trigger
    has ended: also while its ``on_kill`` runs. Source: ``TriggerRunnerSupervisor.cancelling_triggers``.
    """
    task = asyncio.get_running_loop().create_task(work)
    _RUNNING.add(task)  # an event loop has weak references only
    task.add_done_callback(_RUNNING.discard)
    await asyncio.shield(task)
