"""Strategies of a distributed Map's tasks: dispatch child executions in batches, run and join them.

Each of the three tasks runs the engine on the whole state, whose fields are spread over them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from sfn_provider._compat import AirflowFailException, conf
from sfn_provider.engine.interpreter import StepResult
from sfn_provider.engine.limits import CHILDREN_PER_TASK
from sfn_provider.engine.map_run.child_batches import BatchOutput, ChildBatch, split_into_batches
from sfn_provider.engine.progress.execution_state import ExecutionState
from sfn_provider.engine.progress.map_run_progress import MapRunProgress
from sfn_provider.engine.requests import RunChildExecutions
from sfn_provider.exceptions import UsageError
from sfn_provider.formatting import count
from sfn_provider.runtime.routing.branches import GroupStart, skip_if_sibling_failed
from sfn_provider.runtime.routing.dag_run_execution import is_mocked
from sfn_provider.runtime.routing.group_tasks import tasks_in_group
from sfn_provider.runtime.routing.routing_token import TOKEN_KEY, CurrentXComs, map_index_of, pull_xcoms
from sfn_provider.runtime.routing.task_routing import check_tasks_before
from sfn_provider.runtime.state_task_runner import StateTaskRunner, TaskStrategy
from sfn_provider.runtime.strategies.groups import pull_batch, push_group_start
from sfn_provider.secret_masking import mask_value, one_line

Json = Any

BATCH_KEY = "part_{}"
"""XCom key of what the start task pushes for one instance of the mapped task: the fields of a `ChildBatch`."""

OUTCOMES_KEY = "children"
"""XCom key of how the child executions of one batch ended: ``{"map_index", "output": fields of a BatchOutput}``."""

FAILURES_KEY = "failed"
"""XCom key of how many items of one batch have failed so far: ``{"map_index", "items"}``."""

_STARTED_STATES = ("running", "deferred", "up_for_reschedule", "success", "failed")
"""States of a task instance that has run since it was cleared, if it was."""


def dispatch_child_executions(runner: StateTaskRunner, step: StepResult) -> Json:
    """Pushes the child executions in batches; returns the index of the first and the number of children of each."""
    none = RunChildExecutions((), 1, 0)
    requested = next((request for request in step.requests if isinstance(request, RunChildExecutions)), none)
    batches = split_into_batches(requested, CHILDREN_PER_TASK, conf.getint("core", "max_map_length", fallback=1024))
    for number, batch in enumerate(batches):
        runner.push(BATCH_KEY.format(number), asdict(batch))
    if batches:
        runner.log.dispatched(requested.count, len(batches))
    push_group_start(runner, step.state, {"batches": [[batch.first, batch.count] for batch in batches]})
    return [{"first": batch.first, "children": batch.count} for batch in batches]


class ChildExecutionBatch(TaskStrategy):
    """Runs one batch of the child executions."""

    def start(self, runner: StateTaskRunner) -> Json:
        """Runs the child executions of this task's batch, as far as that goes without waiting."""
        start, fields = pull_batch(runner, BATCH_KEY)
        runner.branch = start.token.branch
        skip_if_sibling_failed(runner.task, start.token, runner.context)
        check_tasks_before(runner.task, start.token, runner.context)
        runner.prepare_calls()
        batch = replace(ChildBatch(**fields), failed_in_other_batches=_failures_of_other_batches(runner))
        now, deadline = runner.execution.now(start.token), runner.execution.deadline
        state = ExecutionState.from_json(start.shared["state"])
        stop = runner.stop_before
        return runner.run(runner.interpreter.run_children(state, batch, at=now, deadline=deadline, stop_before=stop))

    def resume(self, runner: StateTaskRunner, state: ExecutionState) -> StepResult:
        """Passes on the failures of other batches: too many of them end this one."""
        return runner.interpreter.set_failed_in_other_batches(state, _failures_of_other_batches(runner))

    def before_deferral(self, runner: StateTaskRunner, state: ExecutionState) -> None:
        """Pushes how many items of this batch have failed."""
        progress = state.root.progress_as(MapRunProgress)
        _push_failures(runner, progress.failed_in_batch)

    def finish(self, runner: StateTaskRunner, step: StepResult) -> Json:
        """Pushes how the child executions ended; returns how many ended in which status."""
        output = BatchOutput.from_json(step.state.output)
        failed = [child for child in output.outcomes if child.status in ("FAILED", "TIMED_OUT")]
        _push_failures(runner, sum(items for *_, items in output.failures))
        for child in failed:
            error = {name: (child.record or {}).get(name) for name in ("Error", "Cause")}
            runner.task.log.error(
                "Child execution %s of %s: %s", child.index, runner.task.state_name, one_line(str(mask_value(error)))
            )
        runner.push(OUTCOMES_KEY, {"map_index": map_index_of(runner.context), "output": step.state.output})
        runner.push(TOKEN_KEY, asdict(runner.token(step.state, next=runner.task.state_name)))
        if len(output.failures) > len(failed):
            runner.task.log.error(
                "%s of %s failed, whose results are written or dropped: see the ResultWriter's files",
                count(len(output.failures) - len(failed), "more child execution"),
                runner.task.state_name,
            )
        statuses = Counter(output.statuses)
        statuses["PENDING"] += output.count - statuses.total()
        return {status: number for status, number in sorted(statuses.items()) if number}


def _push_failures(runner: StateTaskRunner, items: int) -> None:
    runner.push(FAILURES_KEY, {"map_index": map_index_of(runner.context), "items": items})


def _failures_of_other_batches(runner: StateTaskRunner) -> int:
    """Return how many items of other batches have failed; 0 in virtual time, where the join counts them in order."""
    if is_mocked():
        return 0
    task_id, own = runner.task.task_id, map_index_of(runner.context)
    pushed = pull_xcoms(runner.context, [task_id], FAILURES_KEY)
    current = CurrentXComs(runner.context, [task_id] if pushed else [])
    others = {batch["map_index"]: batch["items"] for batch in pushed if batch["map_index"] != own}
    return sum(items for index, items in others.items() if current.are_of(task_id, index, *_STARTED_STATES))


def join_child_executions(runner: StateTaskRunner, start: GroupStart, state: ExecutionState) -> StepResult:
    """Applies the outcomes of all child executions.

    Raises:
        AirflowFailException: where one has no outcome.
        AirflowSkipException: where that is because another branch of a Parallel or Map around has failed.
    """
    tasks = [task.task_id for task in tasks_in_group(start.task) if task.role == "children"]
    outputs = _BatchOutputs(runner, start, tasks[0])
    try:
        return runner.interpreter.join_children(state, outputs)
    except UsageError as error:
        raise runner.usage_failure(f"{error}: clear {tasks[0]!r}") from error


class _BatchOutputs:
    """The outputs of all batches, pulled one after another: together they may be too large for a worker.

    Args:
        runner: the join task's runner.
        start: what the start task has pushed.
        task_id: the task that runs the batches.
    """

    def __init__(self, runner: StateTaskRunner, start: GroupStart, task_id: str) -> None:
        self._runner = runner
        self._start = start
        self._task_id = task_id
        self._current = CurrentXComs(runner.context, [task_id])

    def __iter__(self) -> Iterator[BatchOutput]:
        """Pulls the outputs in the order of the batches.

        Raises:
            AirflowFailException: where a batch has none.
            AirflowSkipException: where that is because another branch of a Parallel or Map around has failed.
        """
        for number, (first, children) in enumerate(self._start.shared["batches"]):
            pulled = pull_xcoms(self._runner.context, [self._task_id], OUTCOMES_KEY, number)
            if not pulled or not self._current.are_of(self._task_id, number, "success"):
                raise self._missing(first)
            output = BatchOutput.from_json(pulled[0]["output"])
            if (output.first, output.count) != (first, children):
                raise self._missing(first)
            yield output

    def _missing(self, first: int) -> AirflowFailException:
        skip_if_sibling_failed(self._runner.task, self._start.token, self._runner.context)
        return AirflowFailException(
            f"child execution {first} of {self._start.task.state_name!r} has no outcome: look for a task of "
            f"{self._task_id!r} that failed, clear it"
        )
