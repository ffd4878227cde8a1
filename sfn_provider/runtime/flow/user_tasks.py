"""Checks the tasks that run no states: they must skip no state and hide no failure.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import combinations
from typing import Any

from sfn_provider.runtime.flow.graph import Flow, TaskBranch, is_routed, mapped_by, rule_of, states_behind

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
        yield from self._never_run()
        yield from self._hidden_failures()

    # States that would be skipped although they were chosen -----------------------------------------------------------

    def _skipped_states(self) -> Iterator[str]:
        for state, targets in self._flow.after.items():
            for target in targets:
                rule = self._flow.states[target].trigger_rule
                if rule == "all_done" or target in self._tasks[state].downstream_task_ids:
                    continue
                if doubt := self._doubt_on_way(state, target):
                    yield f"{doubt}, and with it {target!r}, although {state!r} chose that: add {state} >> {target}"

    def _doubt_on_way(self, state: str, target: str) -> str | None:
        """Return why a task could be skipped on each way to a target; None where there is a way without such a task."""
        waiting = [(state, near) for near in sorted(self._others_after(state))]
        seen, doubt = set(waiting), None
        while waiting:
            before, other = waiting.pop()
            if target not in states_behind(self._tasks, self._flow.states, other):
                continue
            if found := self._doubt(other, before, state):
                doubt = found
            elif target in self._tasks[other].downstream_task_ids:
                return None
            else:
                further = [(other, near) for near in sorted(self._others_after(other)) if (other, near) not in seen]
                seen.update(further)
                waiting += further
        return doubt

    def _doubt(self, other: str, before: str, state: str) -> str | None:
        """Return why a task may be skipped where the one before it has run, on a way that the state's task chose."""
        task = self._tasks[other]
        if hasattr(task, "expand_input") or mapped_by(task) is not None:
            return f"task {other!r} is mapped: where it has nothing to map over, Airflow skips it"
        if task.trigger_rule == "all_success":
            sure = all(self._never_skipped(near, state) for near in task.upstream_task_ids if near != before)
        else:
            sure = task.trigger_rule in _RUN_WITH_ONE
        return None if sure else f"by its trigger_rule {rule_of(task)!r}, task {other!r} could be skipped"

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
        first = next(iter(self._flow.places))
        return not self._leads_to(first, state, without=task_id)

    def _join_of(self, task_id: str) -> list[str]:
        task = self._flow.states[task_id]
        return [self._flow.joins[task.state_name]] if task.role == "start" else []

    # Tasks in groups that would never run ----------------------------------------------------------------------------

    def _never_run(self) -> Iterator[str]:
        """Yields the tasks that wait for the success of two states in a group of which one run has only one."""
        for task_id, task in self._tasks.items():
            if task_id in self._flow.states or task.trigger_rule != "all_success":
                continue
            # Outside of groups, the check of hidden failures finds them.
            needed = [state for state in self._needed_states(task_id) if self._flow.places[state] is not None]
            pair = next((pair for pair in combinations(needed, 2) if self._exclude(*pair)), None)
            if pair is not None:
                rule = "all_done" if mapped_by(task) is not None else "none_failed_min_one_success"
                yield (
                    f"task {task_id!r} waits for {pair[0]!r} and {pair[1]!r}, of which only one runs: by its "
                    f"trigger_rule {rule_of(task)!r} it never runs. Give it trigger_rule={rule!r}, or leave one out"
                )

    def _needed_states(self, task_id: str) -> list[str]:
        """Return the states that must have succeeded for a task to run."""
        waiting, found, seen = [task_id], set[str](), {task_id}
        while waiting:
            for near in self._tasks[waiting.pop()].upstream_task_ids - seen:
                seen.add(near)
                if near in self._flow.states:
                    found.add(near)
                elif self._tasks[near].trigger_rule == "all_success":
                    waiting.append(near)
        return sorted(found)

    def _exclude(self, one: str, other: str) -> bool:
        """Whether no run, or branch, has both of two states: they are in the same branch, and no way has both."""
        ones, others = self._around(one), self._around(other)
        place = next(place for place in ones if place in others)
        first, second = ones[place], others[place]
        return first != second and not (self._leads_to(first, second) or self._leads_to(second, first))

    def _around(self, task_id: str) -> dict[TaskBranch, str]:
        """Return the branches that a state is in, the innermost first, each with the task in it that has the state."""
        found: dict[TaskBranch, str] = {}
        while True:
            place = self._flow.places[task_id]
            found[place] = task_id
            if place is None:
                return found
            task_id = place[0]

    def _leads_to(self, task_id: str, other: str, without: str | None = None) -> bool:
        """Whether a way through the states leads from one to another, past a third."""
        waiting, seen = [task_id], {without}
        while waiting:
            near = waiting.pop()
            if near in seen:
                continue
            if near == other:
                return True
            seen.add(near)
            waiting += [*self._flow.after[near], *self._join_of(near)]
        return False

    # Failures that would leave a run green ----------------------------------------------------------------------------

    def _hidden_failures(self) -> Iterator[str]:
        hidden: dict[tuple[str, ...], list[str]] = {}
        shown: set[str] = set()
        for task_id in self._last_first():
            # A join task fails with the tasks in its branches, whatever Airflow's rules are.
            if self._flow.places.get(task_id, ()) is not None:
                continue
            # By an edge, a failure goes from state to state; so what shows one shows those of the states before, too.
            near = [*(self._tasks[task_id].downstream_task_ids & self._flow.states.keys()), *self._join_of(task_id)]
            if self._reddens[task_id] or not shown.isdisjoint(near):
                shown.add(task_id)
                continue
            blocking = tuple(self._reach_of_failure(task_id))
            if blocking:
                hidden.setdefault(blocking, []).insert(0, task_id)
            else:
                shown.add(task_id)
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
        if is_routed(task) or task.trigger_rule in _FAIL_WITH_ANY:
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
