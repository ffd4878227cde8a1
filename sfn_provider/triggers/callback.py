"""The trigger that waits for workers outside of Airflow to answer task tokens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from sfn_provider._compat import BaseTrigger, TriggerEvent
from sfn_provider.callbacks.answer_waits import wait_for_answer
from sfn_provider.executions.wait_messages import end_line


class CallbackTrigger(BaseTrigger):
    """Wait until a worker has answered one of some task tokens, until a heartbeat is missed, or until a time.

    The event carries no data: the task reads the records itself.

    Args:
        waits: the waits: ``id``, ``beat``, ``heartbeat`` and ``activity`` of each.
        moment: when the wait ends at the latest, in seconds since the epoch; None for no such time.
    """

    def __init__(self, *, waits: list[dict[str, Any]], moment: float | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.waits = waits
        self.moment = moment

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments that recreate this trigger."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {"waits": self.waits, "moment": self.moment}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield the one event when the task must read the records."""
        begin = time.monotonic()
        try:
            async with asyncio.timeout(None if self.moment is None else max(0.0, self.moment - time.time())):
                await wait_for_answer(self.waits)
            outcome = "A task token was answered, or a heartbeat was missed"
        except TimeoutError:
            outcome = "A time limit of the task is reached"
        self.log.info("%s", end_line(outcome, time.monotonic() - begin))
        yield TriggerEvent({"status": "look"})  # type: ignore[no-untyped-call]
