"""Parallel: runs its branches side by side and collects their outputs in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfn_provider.asl.scope import Json
from sfn_provider.engine import external_branches as outside
from sfn_provider.engine.compiled import Compiled
from sfn_provider.engine.execution_state import Frame
from sfn_provider.engine.states.behaviour import Behaviour
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.engine.step import Run


def _execute(run: Run, frame: Frame, state: Compiled) -> None:
    value = state.flow.enter(run.scope(frame), run.entropy)
    count = len(state.model.branches)
    run.emit(frame, "ParallelStateStarted")
    if run.state.outside:
        outside.request_external_branches(run, frame, state, [value] * count)
        return
    frame.memo |= {"results": [None] * count, "running": count}
    for place in range(count):
        scope, branch = run.program.branch(state, place)
        run.spawn(frame, scope, branch.start_at, value, place)


def _child_succeeded(run: Run, frame: Frame, state: Compiled, child: Frame, output: Json) -> None:
    frame.memo["results"][child.index] = output
    frame.memo["running"] -= 1
    frame.previous = max(frame.previous, child.previous)
    if frame.memo["running"] == 0:
        run.succeed_children(frame, state, frame.memo["results"])


def _child_failed(run: Run, frame: Frame, state: Compiled, child: Frame, error: StatesError) -> None:
    frame.previous = child.previous
    run.task_aborted(child)
    run.fail(frame, state, error)


BEHAVIOUR = Behaviour(_execute, child_succeeded=_child_succeeded, child_failed=_child_failed)
