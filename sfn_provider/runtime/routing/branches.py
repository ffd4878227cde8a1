"""Enters the branches of a Parallel or Map task group, and collects their outcomes for the join task.

The start task pushes data for the branches; the first task of each branch pulls its part of it. The last task of a
branch, or one that failed, pushes how the branch ended, which the join task pulls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sfn_provider._compat import AirflowFailException, AirflowSkipException, task_states
from sfn_provider.engine.branches.external_branches import first_event
from sfn_provider.engine.branches.iteration_batches import IterationOutcomes
from sfn_provider.engine.limits import INLINE_CONCURRENCY
from sfn_provider.engine.progress.execution_state import Moment
from sfn_provider.engine.requests import BranchOutcome
from sfn_provider.runtime.flow.check import flow_of
from sfn_provider.runtime.routing.dag_run_execution import is_mocked
from sfn_provider.runtime.routing.group_tasks import (
    first_task_of_map,
    other_tasks_before_states,
    start_tasks_around,
    task_ids_in_group,
)
from sfn_provider.runtime.routing.routing_token import (
    ERROR_KEY,
    TOKEN_KEY,
    BranchPosition,
    CurrentXComs,
    EntryState,
    RoutingToken,
    map_index_of,
    pull_xcoms,
)

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.engine.observations import Place
    from sfn_provider.runtime.state_task import GroupStartTask, StateTask

Json = Any

GROUP_START_KEY = "started"
"""XCom key of what a start task pushes for the branches and for the join."""

BRANCH_END_KEY = "ended"
"""XCom key of how a branch succeeded: ``{"token", "output"}``."""

BATCH_END_KEY = "batch"
"""XCom key of how the items of a batch ended: ``{"task_id", "map_index"}`` and the fields of an `IterationOutcomes`."""


class GroupStart(NamedTuple):
    """What a start task has pushed.

    Args:
        task: the start task.
        token: its token.
        shared: its XCom `GROUP_START_KEY`.
    """

    task: GroupStartTask
    token: RoutingToken
    shared: dict[str, Json]


def pull_group_start(task: GroupStartTask, context: Context) -> GroupStart | None:
    """Return what a start task has pushed; None where it has not entered its Parallel or Map."""
    tokens, shared = (pull_xcoms(context, [task.task_id], key, -1) for key in (TOKEN_KEY, GROUP_START_KEY))
    if not CurrentXComs(context, [task.task_id]).are_of(task.task_id, -1, "success"):
        return None
    return GroupStart(task, RoutingToken.from_json(tokens[0]), shared[0]) if tokens and shared else None


def enter_branch(task: StateTask, start: GroupStartTask, context: Context) -> EntryState | None:
    """Return how the first task of a branch is entered.

    Args:
        task: the first task of a branch.
        start: the start task of its Parallel or Map.
        context: the context of the first one.

    Returns:
        None where the Parallel or Map was not entered, or has no such branch.
    """
    pushed = pull_group_start(start, context)
    if pushed is None:
        return None
    token, shared = pushed.token, pushed.shared
    state = next(iter(task.states))
    index = start.index_of(state, map_index_of(context))
    if index >= len(shared["previous"]):
        return None
    inputs = pull_xcoms(context, [start.task_id], "return_value", -1)
    value = start.input_of(inputs[0] if inputs else None, index)
    outer = token.branch
    branch = BranchPosition(
        place=(*(outer.place if outer else ()), (start.task_id, index)),
        map_item=start.item_of(index, value, shared["values"]) or (outer.map_item if outer else None),
        first_event=first_event(shared["entered"], index),
        draws_from=f"{shared['place']}.{index}",
    )
    return EntryState(state, value, replace(token, branch=branch, previous=shared["previous"][index], steps=0))


class SiblingFailure(NamedTuple):
    """The failure of another branch of a Parallel or Map around a task: AWS stops all its branches then.

    Args:
        state: name of the Parallel or Map.
        moment: with mocks, the virtual moment at which the task has to stop.
    """

    state: str
    moment: Moment

    @property
    def skip(self) -> AirflowSkipException:
        """The exception that skips a task of another branch."""
        return AirflowSkipException(f"another branch of {self.state!r} has failed")


def stopped_branch_skip() -> AirflowSkipException:
    """Return the exception that skips a task which has stopped because another branch failed meanwhile."""
    return AirflowSkipException("another branch of a Parallel or Map around this state has failed")


def skip_if_sibling_failed(task: StateTask, token: RoutingToken, context: Context) -> None:
    """Skips the task where another branch of a Parallel or Map around it has failed, as AWS stops branches then.

    The first states of all branches are entered at the same time, so a failure in one does not skip another's.

    Args:
        task: the task.
        token: the token by which it is entered.
        context: its context.

    Raises:
        AirflowSkipException: where one has failed.
    """
    if token.branch is None:
        return
    around = token.branch.place
    if not is_mocked() and _is_first(task, around):
        around = around[:-1]
    failure = find_sibling_failure(task, token.branch, context, around)
    if failure is not None and (not is_mocked() or failure.moment <= token.moment._replace(turn=token.turn + 1)):
        raise failure.skip


def _is_first(task: StateTask, around: Place) -> bool:
    """Return True for the first state of a branch that starts before any branch has ended."""
    innermost, index = around[-1]
    at_once = task.max_active_tis_per_dagrun or INLINE_CONCURRENCY
    return innermost in flow_of(task.dag).before[task.task_id] and index < at_once


def find_sibling_failure(
    task: StateTask, branch: BranchPosition, context: Context, around: Place | None = None
) -> SiblingFailure | None:
    """Return the earliest failure of another branch of the Parallels and Maps around a task; None where there is none.

    Args:
        task: the task.
        branch: its position.
        context: its context.
        around: the places to search, where these are not all those of the position.
    """
    starts = {start.task_id: start for start in start_tasks_around(task)}
    failures = []
    for depth, (start_id, index) in enumerate(branch.place if around is None else around):
        for error in pull_sibling_errors(context, task_ids_in_group(starts[start_id])):
            place = _place_of_error(error)
            if place[:depth] == branch.place[:depth] and len(place) == depth + 1 and place != branch.place[: depth + 1]:
                failed_at = RoutingToken.from_json(error["Token"]).moment
                # The branch with the lower index has its turn before the one that fails at the same moment.
                later = index < place[-1][1]
                moment = failed_at._replace(turn=failed_at.turn + 1) if later else failed_at
                failures.append(SiblingFailure(starts[start_id].state_name, moment))
    return min(failures, key=lambda failure: failure.moment, default=None)


def pull_sibling_errors(context: Context, task_ids: list[str]) -> list[dict[str, Json]]:
    """Return the errors of the tasks of a Parallel or Map around a task; comparisons add those that they know."""
    return _pull_errors(context, task_ids)


def _pull_errors(context: Context, task_ids: list[str]) -> list[dict[str, Json]]:
    """Return the errors of the tasks that have failed, and not run again since."""
    errors = pull_xcoms(context, task_ids, ERROR_KEY)
    current = CurrentXComs(context, task_ids if errors else [])
    pushed_by = [error.get("Token", error) for error in errors]
    return [
        error
        for error, task in zip(errors, pushed_by, strict=True)
        if current.are_of(task["task_id"], task["map_index"], "failed")
    ]


def _place_of_error(error: dict[str, Json]) -> Place:
    branch = RoutingToken.from_json(error["Token"]).branch if "Token" in error else None
    return branch.place if branch is not None else ()


def collect_branch_outcomes(start: GroupStart, context: Context) -> list[BranchOutcome | None]:
    """Return the outcomes of the branches of a Parallel, or of the iterations of an inline Map.

    Args:
        start: what the start task has pushed.
        context: the join task's context.

    Returns:
        The outcomes in order; None for a branch that was stopped because another one failed.

    Raises:
        AirflowFailException: where a branch has no outcome although none has failed: one of its tasks was lost.
    """
    inside, count = task_ids_in_group(start.task), len(start.shared["previous"])
    outer = start.token.branch.place if start.token.branch is not None else ()
    outcomes: dict[int, BranchOutcome] = {}
    for place, outcome in [*_succeeded(inside, start.token, context), *_failed(inside, start.token, context)]:
        if place[:-1] == outer and place[-1][0] == start.task.task_id:
            outcomes[place[-1][1]] = outcome
    outcomes |= _succeeded_in_batches(start.task, context)
    missing = sorted(set(range(count)) - set(outcomes))
    if missing and all(outcome.status == "SUCCEEDED" for outcome in outcomes.values()):
        raise _missing_outcome(start.task, missing[0], context)
    return [outcomes.get(index) for index in range(count)]


def _missing_outcome(start: GroupStartTask, index: int, context: Context) -> AirflowFailException:
    """Return the exception that fails a join where a branch has no outcome although none has failed."""
    reason = "a task of it was lost, or skipped because another branch had failed; clear it with the tasks downstream"
    others = other_tasks_before_states(start, index)
    at = (-1, index) if start.branches is None else (-1,)
    states = task_states(context, frozenset(others)) if others else {}
    found = {task_id for (task_id, map_index), state in states.items() if map_index in at and state == "skipped"}
    skipped = sorted(found)
    if skipped:
        names = ", ".join(map(repr, skipped))
        reason = (
            f"{names} was skipped, and with it a state behind it. Clear it, or add an edge from the state before "
            "straight to the one behind, which runs then even so"
        )
    return AirflowFailException(f"branch {index} of {start.state_name!r} has no outcome: {reason}")


def _succeeded(inside: list[str], before: RoutingToken, context: Context) -> Iterator[tuple[Place, BranchOutcome]]:
    current = CurrentXComs(context, inside)
    for ended in pull_xcoms(context, inside, BRANCH_END_KEY):
        token = RoutingToken.from_json(ended["token"])
        if token.branch is not None and current.are_of(token.task_id, token.map_index, "success"):
            yield token.branch.place, _outcome("SUCCEEDED", token, before, output=ended["output"])


def _succeeded_in_batches(start: GroupStartTask, context: Context) -> dict[int, BranchOutcome]:
    """Return the outcomes of the items that ran in batches, by index; all events of a batch count for its first one."""
    if start.batch_size is None:
        return {}
    task_id = first_task_of_map(start).task_id
    current, found = CurrentXComs(context, [task_id]), dict[int, BranchOutcome]()
    for ended in pull_xcoms(context, [task_id], BATCH_END_KEY):
        if not current.are_of(ended.pop("task_id"), ended.pop("map_index"), "success", "failed", "skipped"):
            continue
        batch = IterationOutcomes.from_json(ended)
        for index, outcome in batch.succeeded.items():
            is_first = index == min(batch.succeeded)
            found[index] = replace(outcome, events=batch.events) if is_first else outcome
    return found


def _failed(inside: list[str], before: RoutingToken, context: Context) -> Iterator[tuple[Place, BranchOutcome]]:
    for error in _pull_errors(context, inside):
        if "Message" in error:  # of a task that could not run: no state's error, so no Catch takes it
            raise AirflowFailException(error["Message"])
        if place := _place_of_error(error):
            token = RoutingToken.from_json(error["Token"])
            is_oversized = error.get("IsOversized", False)  # absent where an older version of this package failed
            result = {"error": error["Error"], "cause": error["Cause"], "is_oversized": is_oversized}
            yield place, _outcome(error["Status"], token, before, **result)


def _outcome(status: str, token: RoutingToken, before: RoutingToken, **result: Json) -> BranchOutcome:
    events = token.events - before.events
    return BranchOutcome(status, token.now, token.previous, events, token.phase, token.turn, **result)
