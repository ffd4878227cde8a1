"""Fail: ends the execution, or its branch, with an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfn_provider.asl.scope import Json, Scope
from sfn_provider.asl.templates import compile_payload_value
from sfn_provider.engine.compiled import Compiled
from sfn_provider.engine.dataflow.flow import template
from sfn_provider.engine.dataflow.typed_fields import expect
from sfn_provider.engine.execution_state import Frame
from sfn_provider.engine.limits import to_json
from sfn_provider.engine.states.behaviour import Behaviour
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.engine.step import Run


def _execute(run: Run, frame: Frame, state: Compiled) -> None:
    scope = run.scope(frame)
    error, cause = (_text(run, state, scope, field) for field in ("Error", "Cause"))
    run.fail(frame, state, StatesError(error, cause))


def _text(run: Run, state: Compiled, scope: Scope, field: str) -> str | None:
    fixed: str | None = getattr(state.model, field.lower())
    path = getattr(state.model, f"{field.lower()}_path")
    if path is not None:
        return _from_path(run, scope, path, f"{field}Path")
    if fixed is None or state.language != "JSONata":
        return fixed
    return str(expect(template(fixed, "JSONata", field)(scope, run.entropy), "string", fixed, field))


def _from_path(run: Run, scope: Scope, text: str, field: str) -> str:
    value: Json = compile_payload_value(text, field).evaluate(scope, run.entropy)
    if not isinstance(value, str):
        raise StatesError("States.Runtime", f"The value for the field '{field}' must be text, but was {to_json(value)}")
    return value


BEHAVIOUR = Behaviour(_execute)
