"""Pass: hands on its input, a fixed Result, or what its fields make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfn_provider.asl.scope import MISSING
from sfn_provider.engine.compiled import Compiled
from sfn_provider.engine.execution_state import Frame
from sfn_provider.engine.states.behaviour import Behaviour

if TYPE_CHECKING:
    from sfn_provider.engine.step import Run


def _execute(run: Run, frame: Frame, state: Compiled) -> None:
    scope = run.scope(frame)
    if state.language == "JSONata":
        result = MISSING  # a JSONata Pass has no result of its own: $states.result does not exist in it
    else:
        result = state.flow.enter(scope, run.entropy)
        if "result" in state.model.model_fields_set:
            result = state.model.result
    run.succeed(frame, state, result, scope)


BEHAVIOUR = Behaviour(_execute)
