"""What a task's next try needs where a worker was lost: Airflow keeps nothing of a deferral over a new try.

The same serves a task that waits by being started again (``[sfn_provider] waiting = reschedule``).
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
    """A task instance's snapshot, from one try to the next.

    It is there while the task has not ended, and good for the tries up to the next clearing: a task that is cleared
    starts anew. Airflow raises a task's ``max_tries`` when it clears it, but for a task that runs: there, the
    ``clear_number`` of the DAG run changes alone, and the next try may even be handed what the last deferral kept.

    Args:
        context: the task's context.

    Attributes:
        is_there: has anything been kept? True after a deferral.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.is_there = False

    def stamp(self) -> dict[str, Json]:
        """What a snapshot of this try must hold: it says when the snapshot is good."""
        instance = self._context["ti"]
        return {
            "try_number": instance.try_number,
            "cleared": [instance.max_tries, self._context["dag_run"].clear_number or 0],
        }

    def is_good(self, snapshot: dict[str, Json]) -> bool:
        """May this try go on from a snapshot: was the task not cleared since?"""
        now = self.stamp()
        return any(snapshot[name] == now[name] for name in now)

    def load(self) -> Json:
        """What the tries before kept; None where they kept nothing, or where the task was cleared since."""
        if self._context["ti"].try_number <= 1 and get_wait_mode() != "reschedule":
            return None
        text = self._store().get()
        if text is None:
            return None
        self.is_there = True
        snapshot = json.loads(text)
        if self.is_good(snapshot):
            return snapshot
        self.drop()
        return None

    def save(self, snapshot: dict[str, Json]) -> None:
        """Keep a snapshot, in the place of the one before."""
        self.is_there = True
        self._store().set(json.dumps(snapshot))

    def drop(self) -> None:
        """Keep nothing any more."""
        if self.is_there:
            self._store().delete()
            self.is_there = False

    def _store(self) -> RetryStore:
        return retry_store(self._context)
