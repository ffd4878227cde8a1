"""Succeed: ends its branch or the execution with its input."""

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
    result = MISSING if state.language == "JSONata" else state.flow.enter(scope, run.entropy)
    run.succeed(frame, state, result, scope)


BEHAVIOUR = Behaviour(_execute)
