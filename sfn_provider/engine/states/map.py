"""Map: runs the same states for each item of a list. What is special to a distributed Map is in `distributed`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfn_provider.asl.scope import Json
from sfn_provider.engine import external_branches as outside
from sfn_provider.engine.compiled import Compiled
from sfn_provider.engine.execution_state import Frame
from sfn_provider.engine.limits import INLINE_CONCURRENCY
from sfn_provider.engine.map_run.item_selection import effective_scope, max_concurrency, read_items, select_items
from sfn_provider.engine.requests import Event
from sfn_provider.engine.states import distributed_map as distributed
from sfn_provider.engine.states.behaviour import Behaviour
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.engine.step import Run


def _execute(run: Run, frame: Frame, state: Compiled) -> None:
    if state.model.distributed:
        distributed.execute(run, frame, state)
        return
    scope = effective_scope(run, frame, state)
    limit = max_concurrency(run, state, scope) or INLINE_CONCURRENCY
    values = read_items(run, state, scope)
    run.emit(frame, "MapStateStarted", {"length": len(values)})
    inputs = select_items(run, state, scope, values)
    if run.state.outside:
        outside.request_external_branches(run, frame, state, inputs, list(values))
        return
    frame.memo |= {"items": values, "inputs": inputs, "results": [None] * len(values), "started": 0, "done": 0}
    if not values:
        run.succeed_children(frame, state, [])
    for _ in range(min(limit, len(values))):  # each that ends starts the next one
        _start_next(run, frame, state)


def _start_next(run: Run, frame: Frame, state: Compiled) -> None:
    memo = frame.memo
    index = memo["started"]
    memo["started"] += 1
    scope, branch = run.program.branch(state)
    child = run.spawn(frame, scope, branch.start_at, memo["inputs"][index], index)
    child.map_item = {"Index": index, "Value": memo["items"][index]}
    run.emit(child, "MapIterationStarted", {"name": state.name, "index": index})


def _child_succeeded(run: Run, frame: Frame, state: Compiled, child: Frame, output: Json) -> None:
    if state.model.distributed:
        distributed.child_ended(run, frame, state, child, output, None)
        return
    memo = frame.memo
    run.emit(child, "MapIterationSucceeded", {"name": state.name, "index": child.index}, chain=False)
    memo["results"][child.index] = output
    memo["done"] += 1
    frame.previous = child.previous
    if memo["started"] < len(memo["inputs"]):
        _start_next(run, frame, state)
    elif memo["done"] == len(memo["inputs"]):
        run.succeed_children(frame, state, memo["results"])


def _child_failed(run: Run, frame: Frame, state: Compiled, child: Frame, error: StatesError) -> None:
    if state.model.distributed:
        distributed.child_ended(run, frame, state, child, None, error)
        return
    run.emit(child, "MapIterationFailed", {"name": state.name, "index": child.index}, chain=False)
    run.task_aborted(child)
    frame.previous = child.previous
    run.fail(frame, state, error)


def _answered(run: Run, frame: Frame, state: Compiled, purpose: str, event: Event) -> None:
    distributed.answered(run, frame, state, purpose, event)


BEHAVIOUR = Behaviour(_execute, _answered, _child_succeeded, _child_failed)
