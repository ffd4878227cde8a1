"""Wait: lets time pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfn_provider.asl.scope import MISSING, Json, Scope
from sfn_provider.engine.dataflow import JsonPathFlow
from sfn_provider.engine.fields import NUMBER, field_value
from sfn_provider.engine.program import Compiled
from sfn_provider.engine.requests import Event
from sfn_provider.engine.state import Frame
from sfn_provider.engine.states.behaviour import Behaviour
from sfn_provider.engine.times import parse_time
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.engine.run import Run


def _execute(run: Run, frame: Frame, state: Compiled) -> None:
    scope = run.scope(frame)
    until = _until(run, state, scope, run.state.now)
    if until > run.state.now:
        run.wake(frame, "wait", until)
    else:
        _leave(run, frame, state)


def _until(run: Run, state: Compiled, scope: Scope, now: float) -> float:
    seen = _effective(state, scope)
    seconds = field_value(state, "Seconds", seen, run.entropy, NUMBER)
    if seconds is not None:
        return now + float(seconds)
    return _timestamp(field_value(state, "Timestamp", seen, run.entropy))


def _timestamp(value: Json) -> float:
    at = parse_time(value) if isinstance(value, str) else None
    if at is None:
        raise StatesError(
            "States.Runtime", f"The Timestamp field refers to value {value!r} which is not a valid timestamp"
        )
    return at


def _effective(state: Compiled, scope: Scope) -> Scope:
    if isinstance(state.flow, JsonPathFlow):
        return Scope(state.flow.select_input(scope), scope.context, scope.variables)
    return scope


def _answered(run: Run, frame: Frame, state: Compiled, _purpose: str, _event: Event) -> None:
    _leave(run, frame, state)


def _leave(run: Run, frame: Frame, state: Compiled) -> None:
    scope = run.scope(frame)
    result = MISSING if state.language == "JSONata" else _effective(state, scope).input
    run.succeed(frame, state, result, scope)


BEHAVIOUR = Behaviour(_execute, _answered)
