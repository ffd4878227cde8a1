"""Branches that run elsewhere: how an execution stops at the boundary of a Parallel or inline Map, and goes on there.

Where `ExecutionState.outside` is set, a Parallel or Map evaluates what its branches get, asks for them by one
`RunBranches` and goes no further. Each branch is an execution that starts from `BranchContext`. `join` brings
their outcomes in, and what follows is as if they had run here. For a distributed Map see
`sfn_provider.engine.map_run.child_batches`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.scope import Json
from sfn_provider.engine.compiled import Compiled
from sfn_provider.engine.errors.retry import is_terminal
from sfn_provider.engine.execution_state import Frame
from sfn_provider.engine.limits import MAX_EVENTS
from sfn_provider.engine.requests import BranchOutcome, RunBranches
from sfn_provider.exceptions import QueryEvaluationError, StatesError

if TYPE_CHECKING:
    from sfn_provider.engine.step import Run

_MOST_BRANCHES = 10_000
"""Branches of one state whose events get ids of their own; Airflow maps a tenth of it unless it is told otherwise."""


@dataclass(frozen=True, slots=True)
class BranchContext:
    """What a branch takes over from the execution that it belongs to, beside input and variables.

    Args:
        index: its place among the branches or iterations.
        map_item: what ``$$.Map.Item`` shows in it; None outside of a Map.
        first_event: the ids of its events are greater than this, and none of another branch's.
        place: what tells it from other branches, for randomness; see `sfn_provider.engine.step.place_of`.
    """

    index: int
    map_item: dict[str, Json] | None
    first_event: int
    place: str


def first_event(entered: int, index: int) -> int:
    """Where the ids of a branch's events start, so that no two events of an execution have the same id.

    Args:
        entered: id of the event by which the Parallel or Map was entered.
        index: the branch's place.
    """
    return (entered * _MOST_BRANCHES + index + 1) * MAX_EVENTS


def request_external_branches(
    run: Run, frame: Frame, state: Compiled, inputs: Sequence[Json], values: Sequence[Json] | None = None
) -> None:
    """Ask for the branches or iterations of a state, in place of starting them.

    Args:
        run: the step under way.
        frame: the frame that is in the state.
        state: the Parallel or Map.
        inputs: the input of each.
        values: for a Map the items as ``$$.Map.Item.Value`` shows them.
    """
    count = len(inputs)
    started = [_start_iteration(run, frame, state, index) for index in range(count)] if values is not None else None
    # Only the numbers of items and inputs matter to the Map from here on.
    frame.memo = {"items": [], "inputs": [None] * count, "results": [None] * count, "done": 0}
    frame.memo |= {"started": count, "running": count, "previous": started or [frame.previous] * count}
    run.requests.append(RunBranches(tuple(inputs), tuple(values) if values is not None else None))
    run.state.handed_over = True


def _start_iteration(run: Run, frame: Frame, state: Compiled, index: int) -> int:
    return run.emit(frame, "MapIterationStarted", {"name": state.name, "index": index}, chain=False)


def hold(run: Run, frame: Frame, error: StatesError, *, evaluation: bool) -> None:
    """Keep an error from before the branches for `join`, where the state's Catch is.

    Args:
        run: the step under way.
        frame: the frame that is in the state.
        error: the error.
        evaluation: True where a field could not be evaluated, which AWS words in its own way.
    """
    held = {"error": error.error, "cause": error.cause, "evaluation": evaluation}
    if isinstance(error, QueryEvaluationError):
        held["location"] = error.location
    frame.memo = {"held": held}
    run.state.handed_over = True


def take_back(run: Run, frame: Frame, state: Compiled) -> bool:
    """Go on where the branches are: fail with the error that was held, if there is one.

    Returns:
        True where there was one, and the state has been left.
    """
    run.state.outside = run.state.handed_over = False
    if "held" not in frame.memo:
        return False
    held = frame.memo.pop("held")
    fail = run.fail_evaluation if held["evaluation"] else run.fail
    fail(frame, state, _held(held))
    return True


def join(run: Run, frame: Frame, outcomes: Sequence[BranchOutcome | None]) -> None:
    """Bring in how the branches ended, earliest first, and go on until the state is left.

    Args:
        run: the step under way.
        frame: the frame that is in the Parallel or Map.
        outcomes: by index; None for a branch that was stopped because another one failed.
    """
    state = run.compiled(frame)
    if take_back(run, frame, state):
        return
    if not outcomes:
        run.succeed_children(frame, state, [])
    else:
        _bring_in(run, frame, state, outcomes)


def _held(told: dict[str, Any]) -> StatesError:
    if "location" in told:
        return QueryEvaluationError(told["cause"], told["location"])
    return StatesError(told["error"], told["cause"])


def _bring_in(run: Run, frame: Frame, state: Compiled, outcomes: Sequence[BranchOutcome | None]) -> None:
    children = [_adopt(run, frame, state, index) for index in range(len(outcomes))]
    ended = [(outcome, child) for outcome, child in zip(outcomes, children, strict=True) if outcome is not None]
    run.state.event_ids += sum(outcome.events for outcome, _ in ended)
    # In virtual time many end at once; branches take turns, so the one that came by fewer states was first.
    for outcome, child in sorted(ended, key=lambda pair: (pair[0].at, pair[0].steps, pair[1].index)):
        run.state.now = max(run.state.now, outcome.at)
        child.previous = outcome.previous
        if outcome.status == "SUCCEEDED":
            run.finish(child, outcome.output)
            continue
        error = StatesError(outcome.error, outcome.cause)
        if outcome.status == "TIMED_OUT":
            run.end_execution(frame, "TIMED_OUT", StatesError(None))
        elif is_terminal(outcome.error):
            run.fail_outright(child, error)
        else:
            run.fail_frame(child, error)
        return


def _adopt(run: Run, frame: Frame, state: Compiled, index: int) -> Frame:
    """A frame in the place of a branch: it stands in the Parallel or Map itself and has entered no state."""
    run.state.frame_ids += 1
    child = Frame(run.state.frame_ids, frame.id, state.scope, state.name, None, frame.variables, index)
    child.previous = frame.memo["previous"][index]
    run.state.frames[child.id] = child
    frame.children.append(child.id)
    return child
