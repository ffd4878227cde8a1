"""Makes the idempotency key of a task's calls: kept over lost workers, changed by a clear.

Airflow runs a new try where a worker was lost; that try continues with the jobs of the lost one. A user who clears a
task wants it to run again, with new jobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.runtime.state_task import StateTask


def idempotency_key(task: StateTask, context: Context) -> str:
    """Return a text that is the same for all tries of a task instance between two clearings, and unique to them.

    Airflow's count of tries only grows; when a task is cleared, its tries so far are added to ``max_tries``. Clearing
    a running task changes the DAG run's ``clear_number`` alone.
    """
    instance, run = context["ti"], context["dag_run"]
    tries_before_clear = int(instance.max_tries) - (task.retries or 0)
    cleared = f"{tries_before_clear}.{run.clear_number or 0}"
    return f"{task.dag.dag_id}/{run.run_id}/{task.task_id}/{instance.map_index}/{cleared}"
