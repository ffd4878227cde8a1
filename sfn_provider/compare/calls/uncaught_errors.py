"""Makes cases in which a task fails by an error that its state neither retries nor catches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sfn_provider.asl.model import StateMachine, Task
from sfn_provider.asl.resources import Resource
from sfn_provider.asl.state_walk import walk_states
from sfn_provider.compare.calls.machine_calls import parse_called_resource
from sfn_provider.engine import Mocks
from sfn_provider.engine.errors.retry import matches_error
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.optimized.table import OPTIMIZED_INTEGRATIONS


def add_uncaught_errors(machine: StateMachine, cases: Mapping[str, Mocks]) -> dict[str, Mocks]:
    """Return cases with, for each Task state that they reach, one in which it fails by an error that nothing takes.

    A DAG that retries or catches more than its state does shows it only there.

    Args:
        machine: the definition.
        cases: mocks by the name of their case; each state's own case is made of the first in which it succeeds.
    """
    return {**cases, **dict(_uncaught(machine, cases))}


def _uncaught(machine: StateMachine, cases: Mapping[str, Mocks]) -> Iterator[tuple[str, Mocks]]:
    # A Catch around the state may lead to states that its own case does not reach.
    known = {state: answers for mocks in reversed([*cases.values()]) for state, answers in mocks.answers.items()}
    for _, names, state in walk_states(machine):
        if not isinstance(state, Task):
            continue
        name = names[-1]
        base = next((mocks for mocks in cases.values() if _succeeds(mocks.answers.get(name, ()))), None)
        error = _find_error(state)
        if base is None or error is None:
            continue
        throw = {"Throw": {"Error": error, "Cause": "made for this case"}}
        made = Mocks({**known, **base.answers, name: (throw,)}, base.objects, base.recorded)
        made.input = base.input
        yield f"{name}Throws{error.rpartition('.')[2]}", made


def _succeeds(answers: Any) -> bool:
    return bool(answers) and all("Return" in answer for answer in answers)


def _find_error(state: Task) -> str | None:
    """An error that no retrier and no catcher of a state takes, as its service may give it; None for none."""
    taken = [
        *(entry.error_equals for entry in state.retry or ()),
        *(entry.error_equals for entry in state.catch or ()),
    ]
    for error in _candidates(parse_called_resource(state.resource)):
        if not any(matches_error(names, StatesError(error)) for names in taken):
            return error
    return None


def _candidates(resource: Resource) -> Iterator[str]:
    row = OPTIMIZED_INTEGRATIONS.get(f"{resource.service}:{resource.action}")
    if resource.service == "lambda":
        yield "UnexpectedError"  # the function's own
    elif row is not None:
        if resource.pattern.startswith("sync"):
            yield "States.TaskFailed"
        yield f"{row.errors.prefix}.{row.errors.base}"
    yield "States.Permissions"
