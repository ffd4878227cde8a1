"""Pass: hands on its input, a fixed Result, or what its fields make of it."""

from __future__ import annotations

from sfn_provider.asl.scope import MISSING
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.execution_state import Frame
from sfn_provider.engine.execution_step import ExecutionStep, StateHandler


def _execute(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    scope = step.scope(frame)
    if state.language == "JSONata":
        result = MISSING  # a JSONata Pass has no result: $states.result does not exist in it
    else:
        result = state.data_flow.enter(scope, step.entropy)
        if "result" in state.fields_set:
            result = state.model.result
    step.succeed(frame, state, result, scope)


HANDLER = StateHandler(_execute)
