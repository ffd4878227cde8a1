"""Makes the idempotency key of a task's calls: the same for each try until the task is cleared.

Airflow runs a new try where a worker was lost; that try continues with the jobs of the lost one. A user who clears a
task, or deletes a DAG run and creates it again, wants it to run again, with new jobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfn_provider.executions import names

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.runtime.state_task import StateTask


def clear_stamp(context: Context) -> list[Any]:
    """Return what differs after a clear: when the DAG run started, and the task instance's ``max_tries``.

    When Airflow clears a task instance it adds the tries so far to ``max_tries``, unless the task runs (then see
    `sfn_provider.runtime.stores.snapshots`). A finished run whose tasks are cleared, and a run that is deleted and
    created again under the same id, start at another time. The ``clear_number`` of a DAG run is no part of it: it rises
    where another task of the run is cleared, too.
    """
    return names.clear_stamp(context["dag_run"].start_date, context["ti"].max_tries)


def idempotency_key(task: StateTask, context: Context, stops: int = 0) -> str:
    """Return a text that is the same for all tries of a task instance between two clears, and unique to them.

    Args:
        task: the task.
        context: the task's context.
        stops: how often in these tries the task was killed, and its jobs were stopped: they are not found again.
    """
    instance, run = context["ti"], context["dag_run"]
    started, max_tries = clear_stamp(context)
    tries = f"{started}.{max_tries}.{stops}"
    return f"{task.dag.dag_id}/{run.run_id}/{task.task_id}/{instance.map_index}/{tries}"
