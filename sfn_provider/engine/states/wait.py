"""Wait: lets time pass."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sfn_provider.asl.paths import PathNotFound, compile_path
from sfn_provider.asl.scope import MISSING, Json, Scope
from sfn_provider.engine.compiled import Compiled
from sfn_provider.engine.dataflow.choice_rules import is_number
from sfn_provider.engine.dataflow.flow import JsonPathFlow
from sfn_provider.engine.dataflow.typed_fields import NUMBER, JsonataType, field_value, snake
from sfn_provider.engine.execution_state import Frame
from sfn_provider.engine.limits import MOST_SECONDS, to_json
from sfn_provider.engine.requests import Event
from sfn_provider.engine.states.behaviour import Behaviour
from sfn_provider.engine.timestamps import parse_time
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.engine.step import Run


def _execute(run: Run, frame: Frame, state: Compiled) -> None:
    scope = run.scope(frame)
    until = _until(run, state, scope, run.state.now)
    if until > run.state.now:
        run.wake(frame, "wait", until)
    else:
        _leave(run, frame, state)


class _Given(NamedTuple):
    """What one of the four fields of a Wait says: its name, its text, and the value that this gives."""

    field: str
    text: Json
    value: Json

    def refused(self, problem: str) -> StatesError:
        """The error for a value that the field cannot take, in AWS's words (recorded executions for TimestampPath)."""
        shown = self.value if isinstance(self.value, str) else to_json(self.value)
        return StatesError("States.Runtime", f"The {self.field} parameter {problem}: {self.text} == {shown}")


def _until(run: Run, state: Compiled, scope: Scope, now: float) -> float:
    seen = _effective(state, scope)
    seconds = _given(run, state, seen, "Seconds", NUMBER)
    if seconds.value is not None or seconds.field.endswith("Path"):
        return now + _whole_seconds(seconds)
    stamp = _given(run, state, seen, "Timestamp", "string")
    at = parse_time(stamp.value) if isinstance(stamp.value, str) else None
    if at is None:
        raise stamp.refused("does not reference a valid ISO-8601 extended offset date-time format string")
    return at


def _given(run: Run, state: Compiled, scope: Scope, field: str, expected: JsonataType) -> _Given:
    path = getattr(state.model, f"{snake(field)}_path")
    if path is None:
        value = field_value(state, field, scope, run.entropy, expected)
        return _Given(field, getattr(state.model, snake(field)), value)
    try:
        return _Given(f"{field}Path", path, compile_path(path).read(scope))
    except PathNotFound as missing:
        cause = f"The {field}Path parameter does not reference an input value: {path}"
        raise StatesError("States.Runtime", cause) from missing


def _whole_seconds(given: _Given) -> float:
    value = given.value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value):
        value = int(value)
    if not is_number(value) or value != int(value):
        raise given.refused("cannot be parsed as a long value")
    if value < 0:
        raise given.refused("references a negative value")
    if value > MOST_SECONDS:
        raise given.refused(f"references a value greater than {MOST_SECONDS}")
    return float(value)


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
