"""Pass: hands on its input, a fixed Result, or what its fields make of it."""

from __future__ import annotations

from sfn_provider.asl.scope import MISSING
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.dataflow.data_flow import NO_VARIABLES, StateExit
from sfn_provider.engine.execution_step import ExecutionStep, StateHandler
from sfn_provider.engine.progress.execution_state import Frame


def _execute(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    has_result = "result" in state.fields_set and state.language != "JSONata"
    if not state.data_flow.has_fields:
        output = state.model.result if has_result else frame.input
        step.leave(frame, state, StateExit(output, NO_VARIABLES), state.next)
        return
    scope = step.scope(frame)
    if state.language == "JSONata":
        result = MISSING  # a JSONata Pass has no result: $states.result does not exist in it
    else:
        result = state.data_flow.enter(scope, step.entropy)
        if has_result:
            result = state.model.result
    step.succeed(frame, state, result, scope)


HANDLER = StateHandler(_execute)
