"""Fail: ends the execution, or its branch, with an error."""

from __future__ import annotations

from sfn_provider.asl.json_values.java_values import compact_json
from sfn_provider.asl.scope import Json, Scope
from sfn_provider.asl.templates import compile_payload_value
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.dataflow.data_flow import compile_evaluator, compile_or_fail
from sfn_provider.engine.dataflow.typed_fields import require_type
from sfn_provider.engine.execution_step import ExecutionStep, StateHandler
from sfn_provider.engine.progress.execution_state import Frame
from sfn_provider.exceptions import StatesError


def _execute(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    scope = step.scope(frame)
    error, cause = (_text(step, state, scope, field) for field in ("Error", "Cause"))
    step.fail(frame, state, StatesError(error, cause))


def _text(step: ExecutionStep, state: CompiledState, scope: Scope, field: str) -> str | None:
    fixed: str | None = getattr(state.model, field.lower())
    path = getattr(state.model, f"{field.lower()}_path")
    if path is not None:
        return _from_path(step, scope, path, f"{field}Path")
    if fixed is None or state.language != "JSONata":
        return fixed
    return str(require_type(compile_evaluator(fixed, "JSONata", field)(scope, step.entropy), "string", fixed, field))


def _from_path(step: ExecutionStep, scope: Scope, text: str, field: str) -> str:
    value: Json = compile_or_fail(compile_payload_value, text, field).evaluate(scope, step.entropy)
    if not isinstance(value, str):
        cause = f"The value for the field '{field}' must be text, but was {compact_json(value)}"
        raise StatesError("States.Runtime", cause)
    return value


HANDLER = StateHandler(_execute)
