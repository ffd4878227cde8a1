"""What tells one attempt of a task from another, so that a job is started once in each.

A worker that is lost does not end an attempt: Airflow tries the task again, and that try goes on with the jobs of the
lost one. A user who clears a task wants it to run anew: with jobs of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.runtime.state_operator import StateOperator


def idempotency_key(operator: StateOperator, context: Context) -> str:
    """Give the text that all tries of one attempt share, and nothing else does.

    Airflow counts tries on and on; where a task is cleared, the tries that it has had go into ``max_tries``. Clearing a
    task that runs changes the DAG run's ``clear_number`` alone.
    """
    instance, run = context["ti"], context["dag_run"]
    cleared = f"{tries_before_clear(operator, context)}.{run.clear_number or 0}"
    return f"{operator.dag.dag_id}/{run.run_id}/{operator.task_id}/{instance.map_index}/{cleared}"


def tries_before_clear(operator: StateOperator, context: Context) -> int:
    """Give how many tries the task had when it was cleared last; 0 for one that was not."""
    return int(context["ti"].max_tries) - (operator.retries or 0)
