"""Decides which tasks of a translated DAG run: resolves a task's entry and routes to its successor.

Trigger rules alone cannot do it: a task with several upstream tasks may be reached by one of them although that one
chose another state. So each task pushes a token that names the state it chose, and each task searches its upstream
tasks for a token that names its own state. Without one it skips itself.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import AirflowSkipException, SkipMixin, task_states
from sfn_provider.runtime.flow.check import flow_of
from sfn_provider.runtime.flow.graph import mapped_by
from sfn_provider.runtime.flow.user_tasks import skips_with
from sfn_provider.runtime.routing.branches import BRANCH_END_KEY, enter_branch, skip_if_sibling_failed
from sfn_provider.runtime.routing.dag_run_execution import execution_input
from sfn_provider.runtime.routing.routing_token import (
    TOKEN_KEY,
    CurrentXComs,
    EntryState,
    RoutingToken,
    map_index_of,
    pull_xcoms,
    usage_failure,
)
from sfn_provider.runtime.state_task import GroupStartTask, StateTask
from sfn_provider.xcom_json import encode_xcom

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.runtime.flow.graph import Flow

Json = Any

_SKIPPED_KEY = "skipmixin_key"
"""XCom key of what a branch or short circuit of Airflow skips or follows: ``SkipMixin`` pushes it."""


def resolve_entry(task: StateTask, context: Context) -> EntryState:
    """Return the state at which a task is entered.

    Raises:
        AirflowSkipException: where no task before it chose a state of this task.
    """
    flow = flow_of(task.dag)
    before = [flow.states[near] for near in flow.before[task.task_id]]
    if not before:
        return EntryState(next(iter(task.states)), execution_input(context))
    start = before[0] if isinstance(before[0], GroupStartTask) else None
    entry = enter_branch(task, start, context) if start is not None else _chosen_entry(task, before, context)
    if entry is None:
        raise AirflowSkipException(f"no task before this one chose state {task.state_name!r}")
    if entry.token is not None:
        skip_if_sibling_failed(task, entry.token, context)
    check_tasks_before(task, entry.token, context)
    return entry


def check_tasks_before(task: StateTask, token: RoutingToken | None, context: Context) -> None:
    """Ends a task in a mapped group where tasks without states before it have failed or were skipped.

    There, the trigger rule of states is all_done, because Airflow 2 skips others wrongly. What the rule that they have
    elsewhere does with such tasks, none_failed_min_one_success, is done here.

    Raises:
        AirflowFailException: one of them has failed.
        AirflowSkipException: none has succeeded, and no edge leads straight from the state before.
    """
    flow = flow_of(task.dag)
    others = frozenset(task.upstream_task_ids - flow.states.keys())
    if not others or mapped_by(task) is None:
        return
    index = map_index_of(context)
    found = {task_id: state for (task_id, at), state in task_states(context, others).items() if at in (index, -1)}
    failed = sorted(task_id for task_id, state in found.items() if state in ("failed", "upstream_failed"))
    if failed:
        raise usage_failure(context, f"{failed[0]!r}, which {task.task_id!r} waits for, has failed; clear it")
    branchings = sorted(task_id for task_id in others if isinstance(flow.tasks[task_id], SkipMixin))
    for chosen in pull_xcoms(context, branchings, _SKIPPED_KEY, index) + pull_xcoms(
        context, branchings, _SKIPPED_KEY, -1
    ):
        if task.task_id in chosen.get("skipped", ()) or task.task_id not in chosen.get("followed", (task.task_id,)):
            raise AirflowSkipException(f"one of {', '.join(map(repr, branchings))} skips this task")
    if "success" not in found.values() and not _has_own_edge(flow, task, others, token):
        raise AirflowSkipException(f"{', '.join(map(repr, sorted(others)))} before this task: skipped")


def _has_own_edge(flow: Flow, task: StateTask, others: frozenset[str], token: RoutingToken | None) -> bool:
    """Return True where an edge leads straight from the task that chose a task's state.

    From the start task of a Map, Airflow adds one to the first task of each item: it counts only where no task without
    a state stands between the two.
    """
    start = flow.before[task.task_id][0]
    if not isinstance(flow.states[start], GroupStartTask) or flow.states[start].branches is not None:
        return token is not None and token.task_id in task.upstream_task_ids
    return not any(start in _tasks_before(flow, other) for other in others)


def _tasks_before(flow: Flow, task_id: str) -> set[str]:
    """Return the tasks before one: states, and those before tasks without states."""
    waiting, found = [task_id], set[str]()
    while waiting:
        near = flow.tasks[waiting.pop()].upstream_task_ids - found
        found |= near
        waiting += near - flow.states.keys()
    return found


def _chosen_entry(task: StateTask, before: list[StateTask], context: Context) -> EntryState | None:
    map_index, task_ids = map_index_of(context), [near.task_id for near in before]
    tokens = map(RoutingToken.from_json, pull_xcoms(context, task_ids, TOKEN_KEY, map_index))
    choosing = [token for token in tokens if token.next in task.states]
    if not choosing:
        return None
    current = CurrentXComs(context, task_ids)
    choosing = [token for token in choosing if current.are_of(token.task_id, map_index, "success")]
    # Two where a task before was cleared without those that it had chosen: what it chose last counts.
    token = max(choosing, key=lambda token: token.now, default=None)
    if token is None:
        return None
    outputs = pull_xcoms(context, [token.task_id], "return_value", map_index)
    return EntryState(str(token.next), outputs[0] if outputs else None, token)


def route_to_successor(task: StateTask, context: Context, output: Json, token: RoutingToken) -> Json:
    """Pushes the output and the token for the task that comes next, and skips the tasks that were not chosen.

    Returns:
        The output, for the task to return.

    Raises:
        AirflowFailException: no task behind this one runs the state that comes next.
    """
    instance = context["ti"]
    flow = flow_of(task.dag)
    chosen = _chosen_task(flow, task, token, context)
    instance.xcom_push(key=TOKEN_KEY, value=encode_xcom(asdict(token)))
    if token.next is None and token.branch is not None:
        instance.xcom_push(key=BRANCH_END_KEY, value=encode_xcom({"token": asdict(token), "output": output}))
    output = encode_xcom(output)
    not_chosen = [near for near in task.downstream_task_ids if _is_skipped(flow, task, near, chosen)]
    if not_chosen:
        # Airflow 3 ends the task by an exception here, so the output must be there before. A null is not pushed:
        # Airflow leaves it out of what a task returns, too, and 3.0 refuses to push it.
        if output is not None:
            instance.xcom_push(key="return_value", value=output)
        skipper: Any = SkipMixin
        skipper().skip_all_except(instance, sorted(task.downstream_task_ids - set(not_chosen)))
    return output


def _chosen_task(flow: Flow, task: StateTask, token: RoutingToken, context: Context) -> str | None:
    """Return the task of the state that comes next; None where the execution, or the branch, ends."""
    if token.next is None:
        return None
    chosen = flow.homes.get(token.next)
    if chosen not in flow.after[task.task_id]:
        raise usage_failure(
            context,
            f"{task.state_name!r} goes to {token.next!r}, but no task behind {task.task_id!r} runs that state: the "
            "execution cannot go on. Correct the state's name, or add its task and an edge to it",
        )
    return chosen


def _is_skipped(flow: Flow, task: StateTask, near: str, chosen: str | None) -> bool:
    """Return whether a task straight behind one is skipped, because another one was chosen.

    Not a join, which waits for other branches too. A task that runs no states is skipped with the states behind it,
    where it is only on the way to states that this task names.
    """
    state = flow.states.get(near)
    if state is not None:
        return state.skippable and near != chosen
    behind = skips_with(flow, task.task_id, near)
    return bool(behind) and chosen not in behind
