"""Fail: ends the execution, or its branch, with an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfn_provider.asl.intrinsics import compile_intrinsic
from sfn_provider.asl.paths import PathNotFound, compile_path
from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.dataflow import template
from sfn_provider.engine.limits import to_json
from sfn_provider.engine.program import Compiled
from sfn_provider.engine.state import Frame
from sfn_provider.engine.states.behaviour import Behaviour
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.engine.run import Run


def _execute(run: Run, frame: Frame, state: Compiled) -> None:
    scope = run.scope(frame)
    error, cause = (_text(run, state, scope, field) for field in ("Error", "Cause"))
    run.fail(frame, state, StatesError(error, cause))


def _text(run: Run, state: Compiled, scope: Scope, field: str) -> str | None:
    fixed: str | None = getattr(state.model, field.lower())
    path = getattr(state.model, f"{field.lower()}_path")
    if path is not None:
        return _expect_text(_read(run, scope, path, f"{field}Path"), f"{field}Path")
    if fixed is None or state.language != "JSONata":
        return fixed
    return _expect_text(template(fixed, "JSONata", field)(scope, run.entropy), field)


def _read(run: Run, scope: Scope, text: str, field: str) -> Json:
    try:
        if text.startswith("States."):
            return compile_intrinsic(text).evaluate(scope, run.entropy)
        return compile_path(text).read(scope)
    except PathNotFound as missing:
        seen = to_json(scope.input)
        cause = f"The JSONPath '{text}' specified for the field '{field}' could not be found in the input '{seen}'"
        raise StatesError("States.Runtime", cause) from missing


def _expect_text(value: Json, field: str) -> str:
    if isinstance(value, str):
        return value
    raise StatesError("States.Runtime", f"The value for the field '{field}' must be a string, but was {to_json(value)}")


BEHAVIOUR = Behaviour(_execute)
