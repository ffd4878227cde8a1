"""Runs an operator as its task does, and the integration it stands for as a state does: both against recorded calls."""

from __future__ import annotations

import asyncio
import inspect
import json
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from sfn_provider.engine.requests import CallTask
from sfn_provider.integrations import Caller, Completed
from sfn_provider.translate.native.operator_table import JsonText, OperatorRow, Returned, TextOf
from tests.fixtures.airflow.task_contexts import TaskInstance, context_of
from tests.translate.native.operator_table.services.recorded_calls import RecordedCalls, recorded

REGION = "us-east-1"


@dataclass
class OperatorRun:
    """What an operator did.

    Args:
        operator: the operator.
        calls: its calls.
        xcoms: what it left, its return value as ``return_value``.
    """

    operator: Any
    calls: RecordedCalls
    xcoms: dict[str, Any]


class _TaskInstance(TaskInstance):
    """Airflow 2 gives more arguments; Airflow 3.3 counts with tags."""

    @property
    def stats_tags(self) -> dict[str, str]:
        return {}

    def xcom_push(self, key: str, value: Any, **_: Any) -> None:
        self.xcoms[key] = value


def operator_class(row: OperatorRow) -> Any:
    """The class of a row's operator."""
    module, _, name = row.operator.rpartition(".")
    return getattr(import_module(module), name)


@cache
def accepted_arguments(cls: Any) -> frozenset[str]:
    """The arguments that a class and its bases take."""
    found: set[str] = set()
    for base in cls.__mro__:
        if "__init__" in vars(base):
            parameters = inspect.signature(inspect.unwrap(vars(base)["__init__"])).parameters.values()
            found |= {each.name for each in parameters if each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL)}
    return frozenset(found - {"self"})


def written(value: Any) -> Any:
    """A tree as the DAG file would give it: texts made."""
    if isinstance(value, JsonText):
        return json.dumps(written(value.value), separators=(",", ":"), ensure_ascii=False)
    if isinstance(value, TextOf):
        return value.value if isinstance(value.value, str) else written(JsonText(value.value))
    if isinstance(value, dict):
        return {name: written(entry) for name, entry in value.items()}
    return [written(entry) for entry in value] if isinstance(value, list) else value


def make_operator(row: OperatorRow, arguments: dict[str, Any]) -> Any:
    """An operator that takes the region and credentials of the environment."""
    return operator_class(row)(**{"task_id": "Work"} | arguments | {"aws_conn_id": None})


def run_operator(row: OperatorRow, arguments: dict[str, Any], answers: dict[str, Any]) -> OperatorRun:
    """Execute an operator, its triggers included."""
    extra = {row.deferrable: True} if row.deferrable else {}
    operator = make_operator(row, extra | arguments)
    context = context_of(operator)
    context["ti"] = _TaskInstance(task_id="Work")
    with recorded(answers) as calls:
        result = _execute(operator, context)
    return OperatorRun(operator, calls, context["ti"].xcoms | {"return_value": result})


def _execute(operator: Any, context: Any) -> Any:
    from sfn_provider._compat import TaskDeferred

    method, arguments = operator.execute, {}
    for _ in range(4):
        try:
            return method(context, **arguments)
        except TaskDeferred as deferred:
            event = asyncio.run(_first_event(deferred.trigger))
            method = getattr(operator, deferred.method_name)
            arguments = dict(deferred.kwargs or {}) | {"event": event}
    raise AssertionError("the operator defers again and again")


async def _first_event(trigger: Any) -> Any:
    """The event of a trigger, made anew of what the database holds."""
    path, arguments = trigger.serialize()
    module, _, name = path.rpartition(".")
    again = getattr(import_module(module), name)(**json.loads(json.dumps(arguments)))
    async for event in again.run():
        return event.payload
    raise AssertionError(f"{path} ended without an event")


@cache
def _caller() -> Caller:
    return Caller(aws_conn_id=None, region_name=REGION)


def run_state(resource: str, parameters: Any, answers: dict[str, Any]) -> tuple[RecordedCalls, Any]:
    """Make the calls that a Task makes on the engine. Gives them and the Task's result."""
    call = CallTask(id="1", state="Work", resource=resource, arguments=parameters)
    described = {name: _without_errors(response) for name, response in answers.items()}
    with recorded(described) as calls:
        outcome = _caller().submit(call, idempotency_key="run/Work/0")
        while not isinstance(outcome, Completed):
            outcome = _caller().poll(outcome.job)
    return calls, outcome.result


def _without_errors(response: Any) -> Any:
    """Operators ask whether a job exists; states do not."""
    return [each for each in response if not isinstance(each, Exception)] if isinstance(response, list) else response


def read(returned: Returned, run: OperatorRun, arguments: dict[str, Any]) -> Any:
    """Read a part of the result as the row says."""
    if returned.source == "constant":
        return returned.constant
    value = arguments[returned.argument] if returned.source == "argument" else run.xcoms[returned.xcom]
    if returned.source == "json":
        value = json.loads(value)
    for step in returned.path:
        value = value[step]
    return value
