"""Strategy of the join tasks of Parallel and Map: applies the outcomes of the branches and continues after them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sfn_provider._compat import AirflowFailException, AirflowSkipException, task_state
from sfn_provider.engine.execution_state import ExecutionState
from sfn_provider.engine.interpreter import StepResult
from sfn_provider.runtime.branches import GROUP_START_KEY, collect_branch_outcomes
from sfn_provider.runtime.group_tasks import find_start_task
from sfn_provider.runtime.routing_token import TOKEN_KEY, RoutingToken, pull_xcoms
from sfn_provider.runtime.state_task import GroupStartTask, StateTask
from sfn_provider.runtime.task_definitions import own_definition
from sfn_provider.runtime.task_runner import TaskRunner, TaskStrategy

Json = Any


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


class GroupJoin(TaskStrategy):
    """Continues after the branches of a Parallel or Map with their outputs or a Catch, or fails as they did.

    Args:
        apply_outcomes: applies the outcomes of the branches to the execution's state at the start task.
        definition: makes the definition that the engine runs.
    """

    def __init__(
        self,
        apply_outcomes: Callable[[TaskRunner, GroupStart, ExecutionState], StepResult],
        definition: Callable[[StateTask], dict[str, Json]] = own_definition,
    ) -> None:
        super().__init__(definition)
        self._apply_outcomes = apply_outcomes

    def start(self, runner: TaskRunner) -> Json:
        """Collects how the branches ended and continues, or fails."""
        start = _pull_group_start(runner)
        runner.branch = start.token.branch
        state = ExecutionState.from_json(start.shared["state"])
        if start.shared.get("left"):
            return runner.finish(StepResult(state, [], []))
        return runner.run(self._apply_outcomes(runner, start, state))

    def finish(self, runner: TaskRunner, step: StepResult) -> Json:
        """Hands over to the next task."""
        return runner.hand_over(step)


def join_branches(runner: TaskRunner, start: GroupStart, state: ExecutionState) -> StepResult:
    """Applies the outcomes of the branches of a Parallel, or of the iterations of an inline Map."""
    count = len(start.shared["previous"])
    outcomes = collect_branch_outcomes(start.task, start.token, count, runner.context)
    return runner.interpreter.join(state, outcomes)


def _pull_group_start(runner: TaskRunner) -> GroupStart:
    task = find_start_task(runner.task)
    tokens = pull_xcoms(runner.context, [task.task_id], TOKEN_KEY, -1)
    shared = pull_xcoms(runner.context, [task.task_id], GROUP_START_KEY, -1)
    if tokens and shared:
        return GroupStart(task, RoutingToken.from_json(tokens[0]), shared[0])
    name = runner.task.state_name
    state = "skipped" if shared else task_state(runner.context, task.task_id)
    if state == "skipped":
        raise AirflowSkipException(f"no task chose state {name!r}")
    # This task runs although tasks before it failed; where it is the run's last one, the run must not be green.
    raise AirflowFailException(f"state {name!r} was not entered: {task.task_id!r} is {state}")
