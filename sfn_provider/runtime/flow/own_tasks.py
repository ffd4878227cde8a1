"""Checks the tasks that run no states: they must skip no state and hide no failure.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from sfn_provider.runtime.flow.graph import Flow, rule_of, states_behind
from sfn_provider.runtime.state_task import StateTask

_FAIL_WITH_ANY = frozenset({"none_failed", "none_failed_min_one_success"})
"""Trigger rules by which a task fails where one before it failed, whatever became of the others."""

_RUN_WITH_ONE = frozenset(
    {
        "none_failed",
        "none_failed_min_one_success",
        "all_done",
        "all_done_min_one_success",
        "one_success",
        "one_done",
        "always",
        "dummy",
    }
)
"""Trigger rules by which a task runs where one before it succeeded and the others were skipped."""

_NEVER_SKIP = frozenset({"none_failed", "all_done", "one_done", "always", "dummy"})
"""Trigger rules by which a task runs also where all before it were skipped."""

_ADVICE = "give it trigger_rule='none_failed_min_one_success'"


def skips_with(flow: Flow, state: str, other: str) -> frozenset[str]:
    """Return the state tasks that a task of another kind is on the way to, and nothing else.

    Args:
        flow: the DAG's flow.
        state: the task of a state.
        other: a task straight behind it that runs no state.

    Returns:
        Tasks that ``state`` may choose: where it chooses none of them, the other task is skipped. Empty where the other
        task is also on the way to others, as to a join task, or to none: it runs whatever was chosen.
    """
    behind = frozenset(states_behind(flow.tasks, flow.states, other))
    return behind if behind <= {*flow.after[state]} else frozenset()


class OwnTaskCheck:
    """Checks the tasks of a DAG that run no states.

    Args:
        flow: the DAG's flow, without problems.
    """

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._tasks = flow.tasks

    def problems(self) -> Iterator[str]:
        """Yields what is wrong, a sentence or two each."""
        yield from self._skipped_states()
        yield from self._hidden_failures()

    # States that would be skipped although they were chosen -----------------------------------------------------------

    def _skipped_states(self) -> Iterator[str]:
        for state, targets in self._flow.after.items():
            for target in targets:
                rule = self._flow.states[target].trigger_rule
                if rule == "all_done" or target in self._tasks[state].downstream_task_ids:
                    continue
                doubtful = self._doubtful_on_way(state, target)
                if doubtful:
                    yield (
                        f"task {doubtful!r} is on the only way from {state!r} to {target!r}, and by its trigger_rule "
                        f"{rule_of(self._tasks[doubtful])!r} Airflow could skip both although the state was "
                        f"chosen: {_ADVICE}, or add {state} >> {target}"
                    )

    def _doubtful_on_way(self, state: str, target: str) -> str | None:
        """Return a task because of which no way to a target is sure; None where there is a sure one."""
        waiting = [(state, near) for near in sorted(self._others_after(state))]
        doubtful: str | None = None
        while waiting:
            before, other = waiting.pop()
            if target not in states_behind(self._tasks, self._flow.states, other):
                continue
            if not self._runs_after(other, before, state):
                doubtful = other
            elif target in self._tasks[other].downstream_task_ids:
                return None
            else:
                waiting += [(other, near) for near in sorted(self._others_after(other))]
        return doubtful

    def _runs_after(self, other: str, before: str, state: str) -> bool:
        """Whether a task runs where the one before it has run, because the state's task chose a way through it."""
        task = self._tasks[other]
        if task.trigger_rule == "all_success":
            return all(self._never_skipped(near, state) for near in task.upstream_task_ids if near != before)
        return task.trigger_rule in _RUN_WITH_ONE

    def _never_skipped(self, task_id: str, state: str) -> bool:
        """Whether a task is never skipped in a run in which a state's task runs."""
        if task_id in self._flow.states:
            return task_id == state or self._always_before(task_id, state)
        task = self._tasks[task_id]
        before = task.upstream_task_ids
        if any(
            near != state and near in self._flow.states and skips_with(self._flow, near, task_id) for near in before
        ):
            return False
        if not before or task.trigger_rule in _NEVER_SKIP:
            return True
        needed = {"all_success": all, "none_failed_min_one_success": any, "one_success": any}.get(task.trigger_rule)
        return needed is not None and needed(self._never_skipped(near, state) for near in before)

    def _always_before(self, task_id: str, state: str) -> bool:
        """Whether no way through the states leads to a state's task but through another one."""
        if self._flow.places[task_id] is not None:
            return False
        first = next(iter(self._flow.places))
        waiting, seen = [first] if first != task_id else [], {task_id}
        while waiting:
            near = waiting.pop()
            if near == state:
                return False
            if near not in seen:
                seen.add(near)
                waiting += self._next_states(near)
        return True

    def _next_states(self, task_id: str) -> list[str]:
        task = self._flow.states[task_id]
        return [self._flow.joins[task.state_name]] if task.role == "start" else self._flow.after[task_id]

    # Failures that would leave a run green ----------------------------------------------------------------------------

    def _hidden_failures(self) -> Iterator[str]:
        hidden: dict[tuple[str, ...], list[str]] = {}
        for task_id, place in self._flow.places.items():
            # A join task fails with the tasks in its branches, whatever Airflow's rules are.
            if place is None and not self._reddens[task_id]:
                blocking = tuple(self._reach_of_failure(task_id))
                if blocking:
                    hidden.setdefault(blocking, []).append(task_id)
        for others, states in hidden.items():
            rules = _few(f"{other} ({rule_of(self._tasks[other])})" for other in others)
            example = others[0]
            yield (
                f"a failure of {_few(states)} would leave the run green: Airflow takes a run's result "
                f"from its last tasks, and behind it there is only {rules}, which may run or be skipped in spite of "
                f"it. For {example!r}: {_ADVICE}; or, where it must run in any case, make it a teardown "
                f"({example}.as_teardown())"
            )

    @cached_property
    def _reddens(self) -> dict[str, bool]:
        """Whether a failure of each task makes the last task of a way behind it fail, by rules that are sure to."""
        found: dict[str, bool] = {}
        for task_id in self._last_first():
            near = self._followers(task_id)
            found[task_id] = not near or any(found[after] and self._fails_with(after, task_id) for after in near)
        return found

    def _fails_with(self, after: str, before: str) -> bool:
        task = self._tasks[after]
        if isinstance(task, StateTask) or task.trigger_rule in _FAIL_WITH_ANY:
            return True
        return task.trigger_rule == "all_success" and len(task.upstream_task_ids) == 1

    def _reach_of_failure(self, state: str) -> list[str]:
        """Return the tasks at which a failure of a state's task ends; empty where it reaches a last task."""
        waiting, seen, blocking = [state], {state}, set()
        while waiting:
            task_id = waiting.pop()
            near = self._followers(task_id)
            if not near:
                return []
            for after in near:
                if self._fails_with(after, task_id) or self._fails_in_run(after, task_id, state):
                    waiting += [after] if after not in seen else []
                    seen.add(after)
                else:
                    blocking.add(after)
        return sorted(blocking)

    def _fails_in_run(self, after: str, before: str, state: str) -> bool:
        """Whether no other task before one can be skipped before a state has failed: Airflow would skip that one."""
        task = self._tasks[after]
        return task.trigger_rule == "all_success" and all(
            near in self._all_behind(state) or self._never_skipped(near, state)
            for near in task.upstream_task_ids
            if near != before
        )

    def _all_behind(self, task_id: str) -> set[str]:
        waiting, seen = [task_id], set[str]()
        while waiting:
            for near in self._tasks[waiting.pop()].downstream_task_ids - seen:
                seen.add(near)
                waiting.append(near)
        return seen

    def _others_after(self, task_id: str) -> list[str]:
        return [near for near in self._tasks[task_id].downstream_task_ids if near not in self._flow.states]

    def _followers(self, task_id: str) -> list[str]:
        """Return the tasks behind one that count for the result of a run: all but teardowns."""
        return [near for near in self._tasks[task_id].downstream_task_ids if not _is_ignored(self._tasks[near])]

    def _last_first(self) -> list[str]:
        """Return all tasks, each after those behind it."""
        order: dict[str, None] = {}
        waiting = [(task_id, False) for task_id in self._tasks]
        while waiting:
            task_id, ready = waiting.pop()
            if task_id in order:
                continue
            if ready:
                order[task_id] = None
            else:
                waiting.append((task_id, True))
                waiting += [(near, False) for near in self._tasks[task_id].downstream_task_ids]
        return list(order)


def _few(names: Iterable[str]) -> str:
    """Return the first names of many, for a message."""
    quoted = [repr(name) for name in names]
    more = [f"{len(quoted) - 3} more"] if len(quoted) > 4 else []
    shown = [*quoted[:3], *more] if more else quoted
    return ", ".join(shown[:-1]) + (" and " if len(shown) > 1 else "") + shown[-1]


def _is_ignored(task: Any) -> bool:
    return bool(task.is_teardown) and not task.on_failure_fail_dagrun
