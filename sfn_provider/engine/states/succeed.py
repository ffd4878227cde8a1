"""Succeed: ends its branch or the execution with its input."""

from __future__ import annotations

from sfn_provider.asl.scope import MISSING
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.execution_step import ExecutionStep, StateHandler
from sfn_provider.engine.progress.execution_state import Frame


def _execute(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    scope = step.scope(frame)
    result = MISSING if state.language == "JSONata" else state.data_flow.enter(scope, step.entropy)
    step.succeed(frame, state, result, scope)


HANDLER = StateHandler(_execute)
