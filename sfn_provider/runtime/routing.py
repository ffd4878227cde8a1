"""Which task of a translated DAG runs, and with what.

Trigger rules alone cannot tell: a task with several upstream tasks may be reached by one of them although that one
chose another way. So each task leaves a **token** that names the state it chose, and each task looks among its
upstream tasks for a token that names its own state. Without one it skips itself.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeGuard

from sfn_provider._compat import AirflowSkipException, SkipMixin
from sfn_provider.operators.groups import StartOperator
from sfn_provider.runtime.branches import ENDED, enter_branch, stop_with_siblings
from sfn_provider.runtime.state_operator import StateOperator
from sfn_provider.runtime.token import TOKEN, Arrival, Token, pull
from sfn_provider.xcom_json import decode_dag_run_conf, encode_xcom

if TYPE_CHECKING:
    from sfn_provider._compat import Context

Json = Any


def resolve_entry(operator: StateOperator, context: Context) -> Arrival:
    """Find out how the task is entered.

    Raises:
        AirflowSkipException: where no task before it chose a state of this task.
    """
    before = [task for task in operator.get_direct_relatives(upstream=True) if isinstance(task, StateOperator)]
    if not before:
        return Arrival(next(iter(operator.states)), execution_input(context))
    start = next((task for task in before if isinstance(task, StartOperator)), None)
    arrival = enter_branch(operator, start, context) if start is not None else _chosen(operator, before, context)
    if arrival is None:
        raise AirflowSkipException(f"no task before this one chose state {operator.state_name!r}")
    if arrival.token is not None and arrival.token.branch is not None:
        stop_with_siblings(operator, arrival.token, arrival.token.branch, context)
    return arrival


def _chosen(operator: StateOperator, before: list[StateOperator], context: Context) -> Arrival | None:
    map_index = context["ti"].map_index
    for left in pull(context, [task.task_id for task in before], TOKEN, map_index):
        token = Token.from_json(left)
        if token.next in operator.states:
            outputs = pull(context, [token.task_id], "return_value", map_index)
            return Arrival(str(token.next), outputs[0] if outputs else None, token)
    return None


def execution_input(context: Context) -> Json:
    """The input of the execution: the run's configuration, or the DAG's params where the run has none."""
    return decode_dag_run_conf(dict(context["dag_run"].conf or {}) or dict(context["params"] or {}))


def route_to_successor(operator: StateOperator, context: Context, output: Json, token: Token) -> Json:
    """Leave the output and the token for the task that comes next, and skip the ways not taken.

    Returns:
        The output, for the task to return.
    """
    instance = context["ti"]
    instance.xcom_push(key=TOKEN, value=encode_xcom(asdict(token)))
    if token.next is None and token.branch is not None:
        instance.xcom_push(key=ENDED, value=encode_xcom({"token": asdict(token), "output": output}))
    output = encode_xcom(output)
    after = operator.get_direct_relatives(upstream=False)
    not_taken = [task for task in after if _can_skip(task) and token.next not in task.states]
    if not_taken:
        # Airflow 3 ends the task by an exception here, so the output must be there before. A null is none at all:
        # Airflow leaves it out of what a task returns, too, and 3.0 refuses to push it.
        if output is not None:
            instance.xcom_push(key="return_value", value=output)
        taken = [task.task_id for task in after if task not in not_taken]
        skipper: Any = SkipMixin
        skipper().skip_all_except(instance, taken)
    return output


def _can_skip(task: Any) -> TypeGuard[StateOperator]:
    """Is this a task that is skipped where it is not chosen? A join waits for other branches, too."""
    return isinstance(task, StateOperator) and task.skippable
