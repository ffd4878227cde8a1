"""How the tasks of a Parallel or Map that is a task group find each other.

The **start** task leaves what it made for the branches; the first task of each branch takes its share of that. The
last task of a branch, or one that failed, leaves how it ended; the **join** task collects that.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import AirflowFailException, AirflowSkipException
from sfn_provider.engine.external_branches import first_event
from sfn_provider.engine.limits import INLINE_CONCURRENCY
from sfn_provider.engine.requests import BranchOutcome
from sfn_provider.operators.groups import JoinOperator, StartOperator
from sfn_provider.runtime.state_operator import StateOperator
from sfn_provider.runtime.token import ERROR, MOCKS_VARIABLE, TOKEN, Arrival, Branch, Token, pull

if TYPE_CHECKING:
    from sfn_provider._compat import Context

Json = Any

STARTED = "started"
"""XCom key of what a start task leaves for the branches and for the join."""

ENDED = "ended"
"""XCom key of how a branch succeeded: ``{"token", "output"}``."""


# The graph -----------------------------------------------------------------------------------------------------------


def start_of(join: StateOperator) -> StartOperator:
    """The start task of a join task, or of a task that runs child executions.

    Raises:
        AirflowFailException: where somebody took it out of the DAG.
    """
    for task in _walk(join, upstream=True):
        if isinstance(task, StartOperator) and task.state_name == join.state_name:
            return task
    raise AirflowFailException(f"{join.task_id!r} has no start task of state {join.state_name!r} before it")


def join_of(start: StartOperator) -> JoinOperator:
    """The join task of a start task.

    Raises:
        AirflowFailException: where somebody took it out of the DAG.
    """
    for task in _walk(start, upstream=False):
        if isinstance(task, JoinOperator) and task.state_name == start.state_name:
            return task
    raise AirflowFailException(f"{start.task_id!r} has no join task of state {start.state_name!r} behind it")


def tasks_between(start: StartOperator) -> list[StateOperator]:
    """The tasks between a start task and its join, also those of Parallels and Maps within."""
    return list(_walk(start, upstream=False, until=start.state_name))


def tasks_of(start: StartOperator) -> list[str]:
    """Ids of the tasks between a start task and its join."""
    return [task.task_id for task in tasks_between(start)]


def _walk(task: StateOperator, *, upstream: bool, until: str | None = None) -> Iterator[StateOperator]:
    """The tasks before or after one, the nearest first; ``until`` is the state whose join ends the walk."""
    waiting = deque([task])
    seen = {task.task_id}
    while waiting:
        for near in waiting.popleft().get_direct_relatives(upstream=upstream):
            if near.task_id in seen or not isinstance(near, StateOperator):
                continue
            if isinstance(near, JoinOperator) and near.state_name == until:
                continue
            seen.add(near.task_id)
            waiting.append(near)
            yield near


# The first task of a branch ------------------------------------------------------------------------------------------


def enter_branch(operator: StateOperator, start: StartOperator, context: Context) -> Arrival | None:
    """How the first task of a branch is entered; None where its Parallel or Map was not, or has no such branch."""
    tokens, started = pull(context, [start.task_id], TOKEN, -1), pull(context, [start.task_id], STARTED, -1)
    if not tokens or not started:
        return None
    name, token, kept = next(iter(operator.states)), Token.from_json(tokens[0]), started[0]
    map_index = context["ti"].map_index
    index = start.index_of(name, -1 if map_index is None else map_index)
    if index >= len(kept["previous"]):
        return None
    inputs = pull(context, [start.task_id], "return_value", -1)
    value = start.input_of(inputs[0] if inputs else None, index)
    outer = token.branch
    branch = Branch(
        place=(*(outer.place if outer else ()), (start.task_id, index)),
        map_item=start.item_of(index, value, kept["values"]) or (outer.map_item if outer else None),
        first_event=first_event(kept["entered"], index),
        draws_from=f"{kept['place']}.{index}",
    )
    return Arrival(name, value, replace(token, branch=branch, previous=kept["previous"][index], steps=0))


def stop_with_siblings(operator: StateOperator, token: Token, branch: Branch, context: Context) -> None:
    """Stop before the next state where another branch of a Parallel or Map around has failed, as AWS does.

    The states that branches start with are all entered at once, whatever becomes of the others.

    Raises:
        AirflowSkipException: where one has.
    """
    starts = {task.task_id: task for task in _walk(operator, upstream=True) if isinstance(task, StartOperator)}
    innermost, index = branch.place[-1]
    at_once = innermost in operator.upstream_task_ids and index < _most_at_once(operator)
    for depth, (start_id, _) in enumerate(branch.place[:-1] if at_once else branch.place):
        for error in pull(context, tasks_of(starts[start_id]), ERROR):
            place = _place(error)
            if len(place) == depth + 1 and place[:depth] == branch.place[:depth] and _is_past(error, token):
                raise AirflowSkipException(f"another branch of {starts[start_id].state_name!r} has failed")


def _is_past(error: dict[str, Json], token: Token) -> bool:
    """Was the error before now? In virtual time one that comes later may be there already."""
    return MOCKS_VARIABLE not in os.environ or bool(error["Token"]["now"] <= token.now)


def _most_at_once(operator: StateOperator) -> int:
    """How many branches or iterations start before any has ended."""
    return operator.max_active_tis_per_dagrun or INLINE_CONCURRENCY


def _place(error: dict[str, Json]) -> tuple[tuple[str, int], ...]:
    branch = Token.from_json(error["Token"]).branch if "Token" in error else None
    return branch.place if branch is not None else ()


# The join ------------------------------------------------------------------------------------------------------------


def outcomes(start: StartOperator, token: Token, count: int, context: Context) -> list[BranchOutcome | None]:
    """How the branches ended that a start task has started.

    Args:
        start: the start task.
        token: what it left.
        count: how many branches there are.
        context: the join's context.

    Returns:
        The outcomes in order; None for a branch that was stopped because another one failed.

    Raises:
        AirflowFailException: where a branch has no outcome although none has failed: one of its tasks was lost.
    """
    inside = tasks_of(start)
    outer = token.branch.place if token.branch is not None else ()
    found: dict[int, BranchOutcome] = {}
    for place, outcome in [*_succeeded(inside, token, context), *_failed(inside, token, context)]:
        if place[:-1] == outer and place[-1][0] == start.task_id:
            found[place[-1][1]] = outcome
    missing = sorted(set(range(count)) - set(found))
    if missing and all(outcome.status == "SUCCEEDED" for outcome in found.values()):
        raise AirflowFailException(
            f"branch {missing[0]} of {start.state_name!r} has no outcome: look for a task of it that failed, clear it"
        )
    return [found.get(index) for index in range(count)]


_Placed = tuple[tuple[tuple[str, int], ...], BranchOutcome]


def _succeeded(inside: list[str], before: Token, context: Context) -> Iterator[_Placed]:
    for ended in pull(context, inside, ENDED):
        token = Token.from_json(ended["token"])
        if token.branch is not None:
            events = token.events - before.events
            yield (
                token.branch.place,
                BranchOutcome("SUCCEEDED", token.now, token.previous, events, token.steps, ended["output"]),
            )


def _failed(inside: list[str], before: Token, context: Context) -> Iterator[_Placed]:
    for error in pull(context, inside, ERROR):
        if place := _place(error):
            token = Token.from_json(error["Token"])
            told = {"error": error["Error"], "cause": error["Cause"]}
            yield (
                place,
                BranchOutcome(
                    error["Status"], token.now, token.previous, token.events - before.events, token.steps, **told
                ),
            )
