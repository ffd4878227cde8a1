"""Strategies of the start and join tasks of Parallel and Map: dispatch branches, join outcomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sfn_provider._compat import AirflowFailException, AirflowSkipException, conf, task_states
from sfn_provider.engine.branches.external_branches import previous_events
from sfn_provider.engine.interpreter import StepResult
from sfn_provider.engine.progress.execution_state import ExecutionState
from sfn_provider.engine.requests import RunBranches
from sfn_provider.runtime.routing.branches import GROUP_START_KEY, GroupStart, collect_branch_outcomes, pull_group_start
from sfn_provider.runtime.routing.group_tasks import find_start_task, other_tasks_before_join, other_tasks_of_items
from sfn_provider.runtime.routing.routing_token import TOKEN_KEY, map_index_of, pull_xcoms
from sfn_provider.runtime.state_task import GroupStartTask, StateTask
from sfn_provider.runtime.state_task_runner import StateTaskRunner, TaskStrategy
from sfn_provider.runtime.task_definitions import own_definition, rebuild_map_state
from sfn_provider.xcom_json import encode_xcom

Json = Any


class GroupEntry(TaskStrategy):
    """Enters a Parallel or Map up to its branches, and pushes what the tasks of the branches need.

    Args:
        dispatch: pushes that, and returns what the task returns.
        definition: makes the definition that the engine runs.
        resumed_by: the strategy that resumes the task after a deferral; None for this one.
    """

    def __init__(
        self,
        dispatch: Callable[[StateTaskRunner, StepResult], Json],
        definition: Callable[[StateTask], dict[str, Json]] = own_definition,
        resumed_by: TaskStrategy | None = None,
    ) -> None:
        super().__init__(definition)
        self._dispatch = dispatch
        self._resumed_by = resumed_by

    def after_deferral(self) -> TaskStrategy:
        """Return the strategy that resumes the task after a deferral."""
        return self._resumed_by or self

    def start(self, runner: StateTaskRunner) -> Json:
        """Evaluates what the branches get as input; returns it."""
        try:
            step = runner.enter(external_branches=True)
        except AirflowSkipException:
            if runner.task.skippable:
                raise
            return _start_without_items(runner)
        return runner.run(step)

    def finish(self, runner: StateTaskRunner, step: StepResult) -> Json:
        """Dispatches the branches, or hands over where the state was left without any."""
        if not step.state.awaits_branches:
            return runner.hand_over(step)
        runner.record_history(step)
        return self._dispatch(runner, step)


def _start_without_items(runner: StateTaskRunner) -> Json:
    """Lists no items for a task that no task chose but that must not be skipped; the join skips itself."""
    before = frozenset(task.task_id for task in runner.task.get_direct_relatives(upstream=True))
    for (task_id, _), state in sorted(task_states(runner.context, before).items()):
        if state in ("failed", "upstream_failed"):
            raise AirflowFailException(f"state {runner.task.state_name!r} was not entered: {task_id!r} is {state}")
    runner.push(GROUP_START_KEY, {"entered": None})
    return []


class WholeMap(TaskStrategy):
    """Runs an inline Map within its start task, where it has more items than Airflow maps a task for.

    Airflow maps the tasks of the group over nothing then, and the join continues with the state that this task pushes.
    """

    def finish(self, runner: StateTaskRunner, step: StepResult) -> Json:
        """Pushes the execution's state after the Map; lists no items."""
        runner.record_history(step)
        push_group_start(runner, step.state, {"left": True})
        return []


WHOLE_MAP = WholeMap(rebuild_map_state)


def dispatch_branches(runner: StateTaskRunner, step: StepResult) -> Json:
    """Pushes what the branches of a Parallel need; returns their input, which is the same for all."""
    inputs = push_branches(runner, step).inputs
    return encode_xcom(inputs[0]) if inputs else None


def dispatch_iterations(runner: StateTaskRunner, step: StepResult) -> Json:
    """Pushes what the iterations of an inline Map need; returns their inputs. Runs too many of them itself."""
    limit = conf.getint("core", "max_map_length", fallback=1024)
    count = len(_requested_branches(step).inputs)
    others = other_tasks_of_items(find_start_task(runner.task)) if count > limit else []
    if others:
        raise runner.usage_failure(
            f"{count} items are more than the {limit} of [core] max_map_length: this task would run their states "
            f"itself, and {others[0]!r} for none of them. Raise the limit, or move that task out of the mapped group"
        )
    if count <= limit:
        return [encode_xcom(value) for value in push_branches(runner, step).inputs]
    runner.task.log.info(
        "%s items are more than the %s of [core] max_map_length: this task runs all of them", count, limit
    )
    return runner.restart(WHOLE_MAP)


def _requested_branches(step: StepResult) -> RunBranches:
    """Return the engine's request; one for no branches where an error was found before them."""
    return next((request for request in step.requests if isinstance(request, RunBranches)), RunBranches((), None))


def push_branches(runner: StateTaskRunner, step: StepResult) -> RunBranches:
    """Pushes what the branches or iterations need beside their inputs; returns the engine's request for them."""
    requested = _requested_branches(step)
    frame = step.state.root
    # A Parallel's branches see what $$.Map.Item shows around it.
    values = requested.values if requested.values != requested.inputs else None
    shared = {
        "entered": frame.entered,
        "place": frame.children_place,
        "previous": previous_events(step.state),
        "values": list(values) if values is not None else None,
    }
    step.state.previous, step.state.variables = frame.previous, frame.variables
    push_group_start(runner, step.state, shared)
    return requested


def pull_batch(runner: StateTaskRunner, key: str) -> tuple[GroupStart, dict[str, Json]]:
    """Return what the start task pushed for the group, and for this instance of the mapped task.

    Args:
        runner: runs the mapped task.
        key: the XCom's key, with a place for the map index.

    Raises:
        AirflowSkipException: no task chose the state.
    """
    task = find_start_task(runner.task)
    start = pull_group_start(task, runner.context)
    batches = pull_xcoms(runner.context, [task.task_id], key.format(map_index_of(runner.context)), -1)
    if start is None or not batches:
        raise AirflowSkipException(f"no task chose state {runner.task.state_name!r}")
    return start, batches[0]


def push_group_start(runner: StateTaskRunner, state: ExecutionState, shared: dict[str, Json]) -> None:
    """Pushes the token for the tasks of a group, and the execution's state for its join.

    Args:
        runner: the start task's runner.
        state: the execution's state.
        shared: what else the tasks of the group and the join need.
    """
    token = runner.token(state, next=runner.task.state_name)
    state.transitions = 0  # the token has them
    runner.push(TOKEN_KEY, asdict(token))
    runner.push(GROUP_START_KEY, {**shared, "state": state.to_json()})


class GroupJoin(TaskStrategy):
    """Continues after the branches of a Parallel or Map with their outputs or a Catch, or fails as they did.

    Args:
        apply_outcomes: applies the outcomes of the branches to the execution's state at the start task.
        definition: makes the definition that the engine runs.
    """

    def __init__(
        self,
        apply_outcomes: Callable[[StateTaskRunner, GroupStart, ExecutionState], StepResult],
        definition: Callable[[StateTask], dict[str, Json]] = own_definition,
    ) -> None:
        super().__init__(definition)
        self._apply_outcomes = apply_outcomes

    def start(self, runner: StateTaskRunner) -> Json:
        """Collects how the branches ended and continues, or fails."""
        task = find_start_task(runner.task)
        start = pull_group_start(task, runner.context)
        if start is None:
            raise _not_entered(runner, task)
        runner.branch = start.token.branch
        _check_other_tasks(runner, task)
        state = ExecutionState.from_json(start.shared["state"])
        if start.shared.get("left"):
            return runner.finish(StepResult(state, [], []))
        return runner.run(self._apply_outcomes(runner, start, state))


def _check_other_tasks(runner: StateTaskRunner, start: GroupStartTask) -> None:
    """Fails the join where a task that runs no state has failed before it: no branch's outcome shows it."""
    others = other_tasks_before_join(start)
    for (task_id, _), state in sorted(task_states(runner.context, others).items()) if others else ():
        if state == "failed":
            raise AirflowFailException(f"{task_id!r}, which {runner.task.task_id!r} waits for, has failed; clear it")


def join_branches(runner: StateTaskRunner, start: GroupStart, state: ExecutionState) -> StepResult:
    """Applies the outcomes of the branches of a Parallel, or of the iterations of an inline Map."""
    return runner.interpreter.join(state, collect_branch_outcomes(start, runner.context))


def _not_entered(runner: StateTaskRunner, start: GroupStartTask) -> Exception:
    """Return the exception that ends a join whose start task has not entered the Parallel or Map."""
    name = runner.task.state_name
    state = task_states(runner.context, {start.task_id}).get((start.task_id, -1))
    listed_nothing = state == "success" and pull_xcoms(runner.context, [start.task_id], GROUP_START_KEY, -1)
    if state == "skipped" or listed_nothing:
        return AirflowSkipException(f"no task chose state {name!r}")
    # This task runs although tasks before it failed; where it is the run's last one, the run must not be green.
    return AirflowFailException(f"state {name!r} was not entered: {start.task_id!r} is {state}")
