"""Runs the branches of a Parallel or inline Map in other tasks, and joins their outcomes.

Where `ExecutionState.external_branches` is set, a Parallel or Map evaluates what its branches get, asks for them by one
`RunBranches` and goes no further. Each branch is an execution that starts from a `BranchContext`. `join_branches` takes
their outcomes, and what follows is as if they had run in the same execution. For a distributed Map see
`sfn_provider.engine.map_run.child_batches`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sfn_provider.asl.scope import Json
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.errors.retry import is_terminal
from sfn_provider.engine.execution_step import ExecutionStep
from sfn_provider.engine.limits import MAX_EVENTS, restored_error
from sfn_provider.engine.observations import BranchEnd
from sfn_provider.engine.progress.execution_state import ExecutionState, Frame, Moment
from sfn_provider.engine.progress.state_progress import DeferredFailure, MapProgress, ParallelProgress
from sfn_provider.engine.requests import BranchOutcome, RunBranches
from sfn_provider.exceptions import QueryEvaluationError, StatesError

_MAX_BRANCHES = 10_000
"""Branches of one state whose events get different ids; Airflow maps a tenth of it by default."""


@dataclass(frozen=True, slots=True)
class BranchContext:
    """What a branch takes over from the execution that it belongs to, beside input and variables.

    Args:
        index: its place among the branches or iterations.
        map_item: what ``$$.Map.Item`` shows in it; None outside of a Map.
        first_event: the ids of its events are greater than this, and none of another branch's.
        place: text that no other branch has, for randomness; see `Frame.children_place`.
    """

    index: int
    map_item: dict[str, Json] | None
    first_event: int
    place: str


def first_event(entered: int, index: int) -> int:
    """Return where the ids of a branch's events start, so that no two events of an execution have the same id.

    Args:
        entered: id of the event by which the Parallel or Map was entered.
        index: the branch's index.
    """
    return (entered * _MAX_BRANCHES + index + 1) * MAX_EVENTS


def previous_events(execution: ExecutionState) -> list[int]:
    """Return for each branch that `RunBranches` asked for the id of the event that it follows."""
    progress = execution.root.progress
    return progress.previous_events if isinstance(progress, ParallelProgress) else []


def request_external_branches(
    step: ExecutionStep, frame: Frame, state: CompiledState, inputs: Sequence[Json], items: Sequence[Json] | None = None
) -> None:
    """Ask for the branches or iterations with these inputs, in place of starting them.

    ``items`` are those of a Map as ``$$.Map.Item.Value`` shows them; None for a Parallel.
    """
    count = len(inputs)
    previous = [frame.previous] * count
    if items is not None:
        previous = [_emit_iteration_started(step, frame, state, index) for index in range(count)]
    kind = ParallelProgress if items is None else MapProgress
    frame.progress = kind([None] * count, count, previous)
    step.requests.append(RunBranches(tuple(inputs), tuple(items) if items is not None else None))
    step.execution.awaits_branches = True


def _emit_iteration_started(step: ExecutionStep, frame: Frame, state: CompiledState, index: int) -> int:
    return step.emit(frame, "MapIterationStarted", {"name": state.name, "index": index}, chain=False)


def resume_in_join(step: ExecutionStep, frame: Frame, state: CompiledState) -> bool:
    """Go on in the task that joins the branches: return True if the state has failed by a deferred error."""
    step.execution.external_branches = step.execution.awaits_branches = False
    failure = frame.progress
    if not isinstance(failure, DeferredFailure):
        return False
    frame.progress = None
    error = restored_error(failure.error, failure.cause, is_oversized=failure.is_oversized)
    if failure.location is not None:
        error = QueryEvaluationError(failure.cause or "", failure.location)
    fail = step.fail_evaluation if failure.evaluation else step.fail
    fail(frame, state, error)
    return True


def join_branches(step: ExecutionStep, frame: Frame, outcomes: Sequence[BranchOutcome | None]) -> None:
    """Take how the branches ended, earliest first, and go on until the state is left.

    The outcomes are by index: None for a branch that was stopped because another one failed.
    """
    state = step.current_state(frame)
    if resume_in_join(step, frame, state):
        return
    if not outcomes:
        step.succeed_children(frame, state, [])
    else:
        _apply_outcomes(step, frame, state, outcomes)


def _apply_outcomes(
    step: ExecutionStep, frame: Frame, state: CompiledState, outcomes: Sequence[BranchOutcome | None]
) -> None:
    children = _add_branch_frames(step, frame, state)
    ended = [(outcome, child) for outcome, child in zip(outcomes, children, strict=True) if outcome is not None]
    step.execution.event_ids += sum(outcome.events for outcome, _ in ended)
    for outcome, child in sorted(ended, key=lambda pair: (pair[0].at, pair[0].phase, pair[0].turn, pair[1].index)):
        step.execution.moment = Moment(max(step.execution.now, outcome.at), outcome.phase, outcome.turn)
        child.previous = outcome.previous
        if outcome.status == "SUCCEEDED":
            step.finish(child, outcome.output)
            continue
        error = restored_error(outcome.error, outcome.cause, is_oversized=outcome.is_oversized)
        if step.observer is not None:
            step.observer(BranchEnd(state.name, child.child_index, outcome.status, outcome.error, outcome.cause))
        if outcome.status == "TIMED_OUT":
            step.end_execution(frame, "TIMED_OUT", StatesError(None))
        elif is_terminal(outcome.error):
            step.fail_execution(child, error)
        else:
            step.fail_frame(child, error)
        return


def _add_branch_frames(step: ExecutionStep, frame: Frame, state: CompiledState) -> list[Frame]:
    """Add a frame for each branch: it is in the Parallel or Map itself and has entered no state."""
    children = []
    for index, previous in enumerate(frame.progress_as(ParallelProgress).previous_events):
        child = step.add_child(frame, state.scope, state.name, None, index)
        child.previous = previous
        children.append(child)
    return children
