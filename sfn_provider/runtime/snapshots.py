"""Stores task snapshots, so that the next try resumes after a lost worker.

They also serve a task that waits by being started again (``[sfn_provider] waiting = reschedule``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import RetryStore, retry_store
from sfn_provider.runtime.wait_mode import get_wait_mode

if TYPE_CHECKING:
    from sfn_provider._compat import Context

Json = Any


class TaskSnapshotStore:
    """Stores the snapshot of a task instance from one try to the next.

    A snapshot exists while the task has not ended, and is valid until the task is cleared: then it starts again. When
    Airflow clears a task it raises ``max_tries``, except for a running task: there, the ``clear_number`` of the DAG run
    changes alone, and the next try may even get the arguments of the last deferral.

    Args:
        context: the task's context.

    Attributes:
        exists: True where a snapshot may have been saved: always after a deferral.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.exists = False

    def stamp(self) -> dict[str, Json]:
        """Return the fields of a snapshot by which `is_valid` recognizes it."""
        instance = self._context["ti"]
        return {
            "try_number": instance.try_number,
            "cleared": [instance.max_tries, self._context["dag_run"].clear_number or 0],
        }

    def is_valid(self, snapshot: dict[str, Json]) -> bool:
        """Return True where the task was not cleared since the snapshot."""
        now = self.stamp()
        return any(snapshot[name] == now[name] for name in now)

    def load(self) -> Json:
        """Return the snapshot of the tries before; None where there is none, or where the task was cleared since."""
        if self._context["ti"].try_number <= 1 and get_wait_mode() != "reschedule":
            return None
        text = self._store().get()
        if text is None:
            return None
        self.exists = True
        snapshot = json.loads(text)
        if self.is_valid(snapshot):
            return snapshot
        self.delete()
        return None

    def save(self, snapshot: dict[str, Json]) -> None:
        """Saves a snapshot in the place of the last one."""
        self.exists = True
        self._store().set(json.dumps(snapshot))

    def delete(self) -> None:
        """Deletes the snapshot."""
        if self.exists:
            self._store().delete()
            self.exists = False

    def _store(self) -> RetryStore:
        return retry_store(self._context)
