"""Stores task snapshots, so that the next try resumes after a lost worker.

They also serve a task that waits by being started again (``[sfn_provider] waiting = reschedule``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sfn_provider._compat import task_states
from sfn_provider.runtime.aws_calls.idempotency import clear_stamp
from sfn_provider.runtime.routing.routing_token import map_index_of
from sfn_provider.runtime.stores.retry_stores import RetryStore, kill_store, retry_store

if TYPE_CHECKING:
    from sfn_provider._compat import Context

Json = Any

KillReason = Literal["cleared", "interrupted", "replaced", "ended"]
"""Why a task is killed: ``cleared`` while it runs; ``interrupted``, by a signal or ``execution_timeout``, and retried;
``replaced`` by another process, because Airflow took its worker for lost, or it has deferred; or it has ``ended``."""

_OTHER_PROCESS_STATES = frozenset({"up_for_retry", "up_for_reschedule", "scheduled", "queued", "deferred"})
"""States of a task instance whose killed process is not the one that continues with its jobs."""


_NOT_KILLED: dict[str, Json] = {"stops": 0, "cleared": False}


class StoredSnapshot(NamedTuple):
    """A snapshot of an earlier try.

    Args:
        content: the snapshot.
        is_current: False where the task was cleared since: it starts again.
        jobs_stopped: True where the task was killed since, and its jobs were stopped.
    """

    content: dict[str, Json]
    is_current: bool
    jobs_stopped: bool


class TaskSnapshotStore:
    """Stores the snapshot of a task instance from one try to the next.

    A snapshot exists while the task has not ended, and is current until the task is cleared: then it starts again. A
    clear changes `clear_stamp`, except for a running task. That one is killed first, and `record_kill` stores that it
    was cleared.

    Args:
        context: the task's context.

    Attributes:
        exists: True where a snapshot may have been saved: always after a deferral.
        stops: how often since the last clear the task was killed, and its jobs were stopped.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.exists = False
        self.stops = 0

    def stamp(self) -> dict[str, Json]:
        """Return the fields of a snapshot by which it is recognized."""
        return {
            "try_number": self._context["ti"].try_number,
            "clear_stamp": clear_stamp(self._context),
            "stops": self.stops,
        }

    def is_of_this_try(self, snapshot: dict[str, Json]) -> bool:
        """Return True for a snapshot of the same try: nothing was cleared or lost since."""
        same = all(snapshot.get(name) == self.stamp()[name] for name in ("try_number", "clear_stamp"))
        self.stops = snapshot["stops"] if same else self.stops
        return same

    def load(self) -> StoredSnapshot | None:
        """Return the snapshot of the tries before; None where there is none."""
        is_retry = self._context["ti"].try_number > 1
        task: Any = self._context["task"]
        if not is_retry and task.wait_mode != "reschedule":
            return None
        snapshot = _read(retry_store(self._context))
        self.exists = snapshot is not None
        kill = self._load_kill() if is_retry else _NOT_KILLED
        self.stops = kill["stops"]
        if snapshot is None:
            return None
        is_same = snapshot.get("clear_stamp") == clear_stamp(self._context)
        stops = snapshot["stops"] if is_same else 0
        jobs_stopped = self.stops > stops
        self.stops = max(self.stops, stops)
        return StoredSnapshot(snapshot, is_same and not (jobs_stopped and kill["cleared"]), jobs_stopped)

    def _load_kill(self) -> dict[str, Json]:
        """Return what `record_kill` has stored; deletes what is older than the last clear."""
        store = kill_store(self._context)
        kill = _read(store)
        if kill is None:
            return _NOT_KILLED
        if kill["clear_stamp"] == clear_stamp(self._context):
            return dict(kill)
        store.delete()
        return _NOT_KILLED

    def load_last(self) -> dict[str, Json] | None:
        """Return the snapshot of the task's last deferral, where Airflow has dropped the deferral's arguments."""
        snapshot: dict[str, Json] | None = _read(retry_store(self._context))
        if snapshot is None or not self.is_of_this_try(snapshot):
            return None
        self.exists = True
        return snapshot

    def save(self, snapshot: dict[str, Json]) -> None:
        """Saves a snapshot in the place of the last one."""
        self.exists = True
        retry_store(self._context).set(json.dumps(snapshot))

    def delete_snapshot(self) -> None:
        """Deletes the snapshot of a task that starts again."""
        if self.exists:
            retry_store(self._context).delete()
            self.exists = False

    def delete(self) -> None:
        """Deletes what is stored for the task, which has ended."""
        self.delete_snapshot()
        if self.stops:
            kill_store(self._context).delete()

    def kill_reason(self) -> KillReason:
        """Return why the task is killed, by the state that Airflow has set before it kills the task."""
        task_id = self._context["ti"].task_id
        state = task_states(self._context, {task_id}).get((task_id, map_index_of(self._context)))
        if state == "restarting":
            return "cleared"
        if state in _OTHER_PROCESS_STATES:
            return "replaced"
        return "interrupted" if state == "running" and self.is_retried else "ended"

    def record_kill(self, reason: KillReason) -> None:
        """Stores for the next try that the task's jobs are stopped; deletes the snapshot where there is none.

        Where the next try resumes, the last snapshot stays, with the jobs that were stopped.
        """
        if reason == "replaced":
            return
        if reason == "ended":
            self.exists = True
            self.delete()
            return
        record = {"clear_stamp": clear_stamp(self._context), "stops": self.stops + 1, "cleared": reason == "cleared"}
        kill_store(self._context).set(json.dumps(record))

    @property
    def is_retried(self) -> bool:
        """True where a try follows if this one fails."""
        instance = self._context["ti"]
        return bool(self._context["task"].retries) and instance.try_number <= instance.max_tries


def _read(store: RetryStore) -> Json:
    text = store.get()
    return json.loads(text) if text is not None else None
