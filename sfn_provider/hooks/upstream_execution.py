"""Which execution a task is about, where it was given what the task that started it has returned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfn_provider.exceptions import UsageError

if TYPE_CHECKING:
    from sfn_provider._compat import Context


def resolve_execution_arn(task: Any, context: Context, value: Any) -> str:
    """Give the ARN of the execution that a task is about.

    The amazon provider's start operator returns the ARN, and DAGs hand that on: ``execution_arn=start.output``. Here it
    returns the execution's output; the ARN is then the XCom ``execution_arn`` of the task right before this one.

    Args:
        task: the operator or sensor.
        context: of the running task.
        value: its argument, rendered. Text that begins with ``arn:`` is taken as it is.

    Raises:
        UsageError: the value is no text, or an empty one, and not one task before this one has started an execution.
    """
    if isinstance(value, str) and value.startswith("arn:"):
        return value
    found = _started_before(task, context)
    if len(found) == 1:
        task.log.info("execution_arn: %.80r is no ARN; taking the one of the execution started before", value)
        return found[0]
    if value and isinstance(value, str):
        return value  # AWS says what it thinks of it
    raise UsageError(
        f"execution_arn: {str(value)[:80]!r} is no ARN. If it is the result of a StepFunctionStartExecutionOperator, "
        "that is the execution's output: give that task wait_for_completion=False, which makes it return the ARN, or "
        "take its XCom 'execution_arn'"
    )


def _started_before(task: Any, context: Context) -> list[str]:
    """Give the ARNs of the executions that the tasks right before this one have started, or waited for."""
    # The DAG's own task: on Airflow 2 a mapped task instance does not know what is before it.
    before = sorted((task.dag.get_task(task.task_id) if task.has_dag() else task).upstream_task_ids)
    if not before or not context:
        return []
    ti = context["ti"]
    pulled = ti.xcom_pull(task_ids=before, key="execution_arn", map_indexes=ti.map_index)
    return list(dict.fromkeys(arn for arn in pulled if isinstance(arn, str)))
