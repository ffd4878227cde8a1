"""Queues the tasks of activities for the workers that poll them."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sfn_provider.asl.scope import Json
from sfn_provider.engine.limits import to_json


@dataclass(slots=True, eq=False)
class ActivityTask:
    """A task that a worker has to do.

    Args:
        token: its task token.
        input: its input.
        worker: the name of the worker that has taken it, if that gave one; None before.
    """

    token: str
    input: Json
    worker: str | None = None


@dataclass(slots=True, eq=False)
class Activity:
    """An activity.

    Args:
        arn: its ARN.
        name: its name.
        created: when it was created, seconds since the epoch.
        encryption: its encryption configuration; None without.
        queue: the tasks that no worker has taken, oldest first.
        pollers: workers that wait for a task, the one that has waited longest first.
        is_closed: the server ends: no worker waits any longer.
    """

    arn: str
    name: str
    created: float
    encryption: dict[str, Any] | None = None
    queue: deque[ActivityTask] = field(default_factory=deque)
    pollers: deque[asyncio.Future[None]] = field(default_factory=deque)
    is_closed: bool = False

    def schedule(self, task: ActivityTask) -> None:
        """Add a task, and wake the worker that has waited longest."""
        self.queue.append(task)
        self._wake_poller()

    def close(self) -> None:
        """Answer the workers that wait that there is no task."""
        self.is_closed = True
        while self.pollers:
            self._wake_poller()

    def _wake_poller(self) -> None:
        while self.pollers:
            poller = self.pollers.popleft()
            if not poller.done():
                poller.set_result(None)
                return

    async def poll(self, seconds: float) -> ActivityTask | None:
        """Take the oldest task, or wait for one.

        A worker that disconnects while it waits takes none: its poll is cancelled.

        Args:
            seconds: how long to wait.

        Returns:
            The task; None where none has come.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not self.queue:
            poller: asyncio.Future[None] = loop.create_future()
            self.pollers.append(poller)
            timer = loop.call_at(deadline, _expire, poller)
            try:
                await poller
            except asyncio.CancelledError:
                if poller.done() and not poller.cancelled() and self.queue:
                    self._wake_poller()  # the task that woke this worker is for the next one
                raise
            finally:
                timer.cancel()
            if not self.queue and (self.is_closed or loop.time() >= deadline):
                return None
        return self.queue.popleft()

    @property
    def description(self) -> dict[str, Json]:
        """The activity as ListActivities lists it."""
        return {"activityArn": self.arn, "name": self.name, "creationDate": self.created}


def _expire(poller: asyncio.Future[None]) -> None:
    if not poller.done():
        poller.set_result(None)


def task_response(task: ActivityTask | None) -> dict[str, Json]:
    """Return the response of GetActivityTask, which has a null token where there is no task (AWS's documentation)."""
    return {"taskToken": None} if task is None else {"taskToken": task.token, "input": to_json(task.input)}
