"""Wait: delays the execution for a number of seconds or until a timestamp."""

from __future__ import annotations

from typing import NamedTuple

from sfn_provider.asl.json_values.java_values import unquoted_json
from sfn_provider.asl.json_values.json_checks import is_whole_number
from sfn_provider.asl.paths import PathNotFound, compile_path, require_input
from sfn_provider.asl.scope import MISSING, Json, Scope
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.dataflow.data_flow import compile_or_fail
from sfn_provider.engine.dataflow.typed_fields import (
    JsonataType,
    evaluate_field,
    model_field,
    read_integer,
    wrong_value,
)
from sfn_provider.engine.execution_step import ExecutionStep, StateHandler
from sfn_provider.engine.history.timestamps import parse_time
from sfn_provider.engine.limits import MAX_SECONDS
from sfn_provider.engine.observations import WaitBegun
from sfn_provider.engine.progress.execution_state import Frame
from sfn_provider.engine.requests import Event
from sfn_provider.exceptions import StatesError

_TOO_LONG = 2**31
"""Seconds that AWS does not wait (reported from executions)."""


def _execute(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    until = _end_time(step, state, state.data_flow.select_input(step.scope(frame)))
    if until - step.execution.now >= _TOO_LONG:
        raise wrong_value(state.language, "Timestamp", "Wait state delay is too long.")
    if until > step.execution.now:
        if step.observer is not None:
            step.observer(WaitBegun(state.name, step.place(frame), until - step.execution.now, until))
        step.wake(frame, "wait", until)
    else:
        _leave(step, frame, state)


class _FieldValue(NamedTuple):
    """What one of the four fields of a Wait says.

    Args:
        field: the field's name.
        text: its value in the definition.
        value: what that evaluates to.
        language: the query language of the state.
    """

    field: str
    text: Json
    value: Json
    language: str

    def error(self, problem: str) -> StatesError:
        """Return the error for a value that the field cannot take, as AWS words it (both Timestamps: recorded)."""
        shown = unquoted_json(self.value)
        if self.language == "JSONata":
            return wrong_value(self.language, self.field, f"The {self.field} field {problem}: {shown}")
        return StatesError("States.Runtime", f"The {self.field} parameter {problem}: {self.text} == {shown}")


def _end_time(step: ExecutionStep, state: CompiledState, scope: Scope) -> float:
    seconds = _evaluate(step, state, scope, "Seconds", "number")
    if seconds.value is not None or seconds.field.endswith("Path"):
        return step.execution.now + _to_seconds(seconds)
    timestamp = _evaluate(step, state, scope, "Timestamp", "string")
    at = parse_time(timestamp.value) if isinstance(timestamp.value, str) else None
    if at is None:
        wrong = "cannot be parsed as an" if timestamp.language == "JSONata" else "does not reference a valid"
        raise timestamp.error(f"{wrong} ISO-8601 extended offset date-time format string")
    return at


def _evaluate(
    step: ExecutionStep, state: CompiledState, scope: Scope, field: str, expected: JsonataType
) -> _FieldValue:
    path = getattr(state.model, f"{model_field(field)}_path")
    if path is None:
        value = evaluate_field(state.model, state.language, field, scope, step.entropy, expected)
        return _FieldValue(field, getattr(state.model, model_field(field)), value, state.language)
    compiled = compile_or_fail(compile_path, path)
    require_input(compiled, scope)
    try:
        return _FieldValue(f"{field}Path", path, compiled.read(scope), state.language)
    except PathNotFound as missing:
        cause = f"The {field}Path parameter does not reference an input value: {path}"
        raise StatesError("States.Runtime", cause) from missing


def _to_seconds(found: _FieldValue) -> float:
    value = read_integer(found.value)
    if not is_whole_number(value):
        raise found.error("cannot be parsed as a long value")
    if value < 0:
        raise found.error("references a negative value")
    if value > MAX_SECONDS:
        raise found.error(f"references a value greater than {MAX_SECONDS}")
    return float(value)


def _handle_event(step: ExecutionStep, frame: Frame, state: CompiledState, _purpose: str, _event: Event) -> None:
    _leave(step, frame, state)


def _leave(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    scope = step.scope(frame)
    result = MISSING if state.language == "JSONata" else state.data_flow.select_input(scope).input
    step.succeed(frame, state, result, scope)


HANDLER = StateHandler(_execute, _handle_event)
