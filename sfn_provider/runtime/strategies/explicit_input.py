"""Runs states whose input and next tasks are arguments, among tasks of any operators."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import SkipMixin
from sfn_provider.formatting import cut
from sfn_provider.runtime.routing.dag_run_execution import execution_input
from sfn_provider.runtime.routing.routing_token import EntryState, RoutingToken, map_index_of
from sfn_provider.runtime.state_task_runner import StateTaskRunner, TaskStrategy
from sfn_provider.xcom_json import NEXT_KEY, VARIABLES_KEY, decode_dag_run_conf, decode_xcom, encode_xcom

if TYPE_CHECKING:
    from sfn_provider._compat import AirflowFailException, Context
    from sfn_provider.engine.interpreter import StepResult

Json = Any


class ExplicitInput(TaskStrategy):
    """The strategy of `sfn_provider.operators.states.StatesOperator`: no tokens lead to its task, or from it."""

    def find_entry(self, runner: StateTaskRunner) -> EntryState:
        """Return the state at which the task is entered, with the input and the variables of its arguments.

        Raises:
            AirflowFailException: an argument is no JSON text, or names a state that the task does not run.
        """
        task: Any = runner.task
        variables = _read(runner, "variables", task.variables) or {}
        start_at = task.start_at or next(iter(task.states))
        if start_at not in task.states:
            runs = ", ".join(map(repr, task.states))
            raise runner.usage_failure(f"start_at is {start_at!r}, but this task runs {runs}: name one of them")
        token = RoutingToken(runner.task.task_id, start_at, variables, runner.execution.start_time)
        return EntryState(start_at, _input(runner, task.input), token)

    def finish(self, runner: StateTaskRunner, step: StepResult) -> Json:
        """Pushes the output, the variables and the name of the next state; skips the tasks of other states.

        Raises:
            AirflowFailException: ``next_tasks`` has no task for the state that comes next.
        """
        runner.record_history(step)
        runner.log.left(step.state.exit, in_branch=False)
        task: Any = runner.task
        return _leave(task, runner.context, step, runner)


def _input(runner: StateTaskRunner, value: Json) -> Json:
    """Return the input of the first state: that of the argument, or the execution's."""
    if value is None:
        return execution_input(runner.context)
    document = _read(runner, "input", value)
    return decode_dag_run_conf(document) if isinstance(document, dict) else document


def _read(runner: StateTaskRunner, name: str, value: Json) -> Json:
    """Return the JSON value of an argument: of a text what it says, of a task's output that itself."""
    if not isinstance(value, str):
        return decode_xcom(value)
    try:
        return decode_xcom(json.loads(value))
    except ValueError as error:
        raise _no_json(runner, name, value, error) from error


def _no_json(runner: StateTaskRunner, name: str, value: str, error: ValueError) -> AirflowFailException:
    shown = cut(value, 100)
    return runner.usage_failure(
        f"{name} is no JSON text ({error}): {shown!r}. Write values of templates with | tojson, texts with quotes"
    )


def _leave(task: Any, context: Context, step: StepResult, runner: StateTaskRunner) -> Json:
    instance, exit = context["ti"], step.state.exit
    if exit is not None and task.next_tasks is not None and exit not in task.next_tasks:
        known = ", ".join(map(repr, task.next_tasks))
        raise runner.usage_failure(
            f"state {exit!r} comes next, and next_tasks has a task for {known} alone: add that of {exit!r}"
        )
    runner.push(NEXT_KEY, exit or "")
    if step.state.variables:
        runner.push(VARIABLES_KEY, step.state.variables)
    output = encode_xcom(step.state.output)
    if task.next_tasks is None:
        return output
    chosen = task.next_tasks[exit] if exit is not None else None
    # Airflow 3 ends the task by an exception here, so the output must be there before; it refuses to push a null.
    if output is not None and map_index_of(context) < 0:
        instance.xcom_push(key="return_value", value=output)
    skipper: Any = SkipMixin
    skipper().skip_all_except(instance, [] if chosen is None else [chosen])
    return output
