"""Resolves a task's execution_arn argument, also from the task that started the execution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfn_provider.exceptions import UsageError

if TYPE_CHECKING:
    from sfn_provider._compat import Context


def resolve_execution_arn(task: Any, context: Context, value: Any) -> str:
    """Resolve the argument ``execution_arn`` of an operator or sensor.

    The amazon provider's start operator returns the ARN, which DAGs pass on: ``execution_arn=start.output``. Our start
    operator returns the execution's output; the ARN is then the XCom ``execution_arn`` of the task directly upstream.

    Args:
        task: the operator or sensor.
        context: of the running task.
        value: the argument, rendered. Text that begins with ``arn:`` is returned unchanged.

    Raises:
        UsageError: the value is no text or empty, and not exactly one upstream task has started an execution.
    """
    if isinstance(value, str) and value.startswith("arn:"):
        return value
    arns = _upstream_arns(task, context)
    if len(arns) == 1:
        task.log.info("execution_arn: %.80r is no ARN; taking the one of the execution started before", value)
        return arns[0]
    if value and isinstance(value, str):
        return value  # AWS validates it
    raise UsageError(
        f"execution_arn: {str(value)[:80]!r} is no ARN. If it is the result of a StepFunctionStartExecutionOperator, "
        "that is the execution's output: give that task wait_for_completion=False, which makes it return the ARN, or "
        "take its XCom 'execution_arn'"
    )


def _upstream_arns(task: Any, context: Context) -> list[str]:
    """Return the ARNs of the executions that the tasks directly upstream have started, or waited for."""
    # The DAG's task: on Airflow 2 the unmapped task of a mapped task instance has no upstream tasks.
    upstream = sorted((task.dag.get_task(task.task_id) if task.has_dag() else task).upstream_task_ids)
    if not upstream or not context:
        return []
    ti = context["ti"]
    pulled = ti.xcom_pull(task_ids=upstream, key="execution_arn", map_indexes=ti.map_index)
    return list(dict.fromkeys(arn for arn in pulled if isinstance(arn, str)))
