"""The task that fails the run when another task has failed, for DAGs whose last task always runs."""

from __future__ import annotations

from typing import Any

from airflow.sdk import task

from sfn_provider._compat import AirflowException, TriggerRule


@task(trigger_rule=TriggerRule.ONE_FAILED, retries=0)
def watcher() -> Any:
    """Fail."""
    raise AirflowException("Failing task because one or more upstream tasks failed.")
