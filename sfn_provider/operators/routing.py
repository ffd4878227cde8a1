"""Which task of a translated DAG runs, and with what.

Trigger rules alone cannot tell: a task with several upstream tasks may be reached by one of them although that one
chose another way. So each task leaves a **token** that names the state it chose, and each task looks among its
upstream tasks for a token that names its own state. Without one it skips itself.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import AirflowSkipException, SkipMixin
from sfn_provider.operators.carried import for_airflow, from_airflow, from_run_configuration
from sfn_provider.operators.state import StateOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context

Json = Any

TOKEN = "token"
"""XCom key of the token."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a task hands to the task that comes next, beside its output.

    Args:
        task_id: the task that leaves it.
        next: name of the state that comes next; None where the execution has ended.
        variables: the variables so far, by name.
        now: time at which the state was left, seconds since the epoch. With mocks time is virtual and goes on from
            here.
        events: number of events in the execution's history so far.
        previous: id of the event that the next one follows.
        transitions: states entered by the task, each retry counted as one more.
    """

    task_id: str
    next: str | None
    variables: dict[str, Json] = field(default_factory=dict)
    now: float = 0.0
    events: int = 0
    previous: int = 0
    transitions: int = 0


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a task is entered.

    Args:
        state: name of the state to enter.
        input: the state's input.
        token: what the task before left; None at the start of the execution.
    """

    state: str
    input: Json
    token: Token | None = None


def arrive(operator: StateOperator, context: Context) -> Arrival:
    """Find out how the task is entered.

    Raises:
        AirflowSkipException: where no task before it chose a state of this task.
    """
    before = [task.task_id for task in operator.get_direct_relatives(upstream=True) if isinstance(task, StateOperator)]
    if not before:
        return Arrival(next(iter(operator.states)), execution_input(context))
    instance = context["ti"]
    # A list of ids: for one id given as text, Airflow 3 returns a bare value, or a list, depending on the rows.
    tokens = [Token(**from_airflow(token)) for token in instance.xcom_pull(task_ids=before, key=TOKEN) if token]
    for token in tokens:
        if token.next in operator.states:
            outputs = list(instance.xcom_pull(task_ids=[token.task_id], key="return_value"))
            return Arrival(str(token.next), from_airflow(outputs[0]) if outputs else None, token)
    raise AirflowSkipException(f"no task before this one chose state {operator.state_name!r}")


def execution_input(context: Context) -> Json:
    """The input of the execution: the run's configuration, or the DAG's params where the run has none."""
    return from_run_configuration(dict(context["dag_run"].conf or {}) or dict(context["params"] or {}))


def depart(operator: StateOperator, context: Context, output: Json, token: Token) -> Json:
    """Leave the output and the token for the task that comes next, and skip the ways not taken.

    Returns:
        The output, for the task to return.
    """
    instance = context["ti"]
    output = for_airflow(output)
    instance.xcom_push(key=TOKEN, value=for_airflow(asdict(token)))
    after = operator.get_direct_relatives(upstream=False)
    not_taken = [task for task in after if isinstance(task, StateOperator) and token.next not in task.states]
    if not_taken:
        # Airflow 3 ends the task by an exception here, so the output must be there before.
        instance.xcom_push(key="return_value", value=output)
        taken = [task.task_id for task in after if task not in not_taken]
        skipper: Any = SkipMixin
        skipper().skip_all_except(instance, taken)
    return output
