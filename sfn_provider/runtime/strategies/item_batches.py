"""Strategies of an inline Map whose items run in batches: dispatch the items, run one batch."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from sfn_provider._compat import conf
from sfn_provider.engine.branches.external_branches import first_event
from sfn_provider.engine.branches.iteration_batches import IterationBatch, IterationOutcomes
from sfn_provider.engine.interpreter import StepResult
from sfn_provider.engine.limits import INLINE_CONCURRENCY
from sfn_provider.engine.progress.execution_state import ExecutionState
from sfn_provider.engine.requests import RunBranches
from sfn_provider.runtime.routing.branches import BATCH_END_KEY, GroupStart, skip_if_sibling_failed
from sfn_provider.runtime.routing.dag_run_execution import is_mocked
from sfn_provider.runtime.routing.group_tasks import find_start_task, first_task_of_map
from sfn_provider.runtime.routing.routing_token import TOKEN_KEY, BranchPosition, map_index_of
from sfn_provider.runtime.routing.task_routing import check_tasks_before
from sfn_provider.runtime.state_task import GroupStartTask
from sfn_provider.runtime.state_task_runner import StateTaskRunner, TaskStrategy
from sfn_provider.runtime.strategies.groups import pull_batch, push_branches

Json = Any

BATCH_KEY = "items_{}"
"""XCom key of what the start task pushes for one instance of the mapped task: the fields of an `IterationBatch`."""


def dispatch_item_batches(runner: StateTaskRunner, step: StepResult) -> Json:
    """Pushes the items in batches; returns the index of the first and the number of items of each."""
    start = find_start_task(runner.task)
    requested = push_branches(runner, step)
    number = len(requested.inputs)
    size = max(start.batch_size or 1, -(-number // conf.getint("core", "max_map_length", fallback=1024)))
    batches = _split(requested, size, _limit(start, size))
    for index, batch in enumerate(batches):
        runner.push(BATCH_KEY.format(index), asdict(batch))
    if batches:
        runner.log.batched(number, len(batches))
    return [{"first": batch.first, "items": len(batch.inputs)} for batch in batches]


def _split(requested: RunBranches, size: int, limit: int) -> list[IterationBatch]:
    inputs, values = requested.inputs, requested.values
    if values == inputs:
        values = None
    return [
        IterationBatch(
            first, limit, inputs[first : first + size], values[first : first + size] if values is not None else None
        )
        for first in range(0, len(inputs), size)
    ]


def _limit(start: GroupStartTask, size: int) -> int:
    """Return how many items of one batch may run at once: MaxConcurrency is shared by the batches that run at once."""
    limit = start.state_fields.get("MaxConcurrency") or 0
    if not limit or is_mocked():  # batches take no virtual time from one another
        return min(size, limit or INLINE_CONCURRENCY)
    at_once = first_task_of_map(start).max_active_tis_per_dagrun or 1
    return max(1, min(size, limit // at_once))


class ItemBatch(TaskStrategy):
    """Runs one batch of the items of an inline Map."""

    def start(self, runner: StateTaskRunner) -> Json:
        """Runs the items of this task's batch side by side, as far as that goes without waiting."""
        start, fields = pull_batch(runner, BATCH_KEY)
        batch = IterationBatch(**fields)
        runner.branch = _position(start, batch.first)
        skip_if_sibling_failed(runner.task, replace(start.token, branch=runner.branch), runner.context)
        check_tasks_before(runner.task, start.token, runner.context)
        runner.prepare_calls()
        now, deadline = runner.execution.now(start.token), runner.execution.deadline
        state = ExecutionState.from_json(start.shared["state"])
        stop = runner.stop_before
        return runner.run(runner.interpreter.run_iterations(state, batch, at=now, deadline=deadline, stop_before=stop))

    def finish(self, runner: StateTaskRunner, step: StepResult) -> Json:
        """Pushes how the items ended; returns how many have succeeded."""
        runner.record_history(step)
        outcomes = self.before_failure(runner, step)
        runner.push(TOKEN_KEY, asdict(runner.token(step.state, next=runner.task.state_name)))
        return {"SUCCEEDED": len(outcomes.succeeded)}

    def before_failure(self, runner: StateTaskRunner, step: StepResult) -> IterationOutcomes:
        """Pushes how the items ended that have succeeded; takes the position of the one that has failed."""
        outcomes = IterationOutcomes.from_json(step.state.output)
        instance = {"task_id": runner.task.task_id, "map_index": map_index_of(runner.context)}
        runner.push(BATCH_END_KEY, {**instance, **step.state.output})
        if outcomes.failed is not None and runner.branch is not None:
            start, _ = runner.branch.place[-1]
            runner.branch = replace(runner.branch, place=(*runner.branch.place[:-1], (start, outcomes.failed)))
        return outcomes


def _position(start: GroupStart, first: int) -> BranchPosition:
    """Return the position of a batch: that of its first item."""
    outer = start.token.branch
    return BranchPosition(
        place=(*(outer.place if outer else ()), (start.task.task_id, first)),
        map_item=outer.map_item if outer else None,
        first_event=first_event(start.shared["entered"], first),
        draws_from=f"{start.shared['place']}.{first}",
    )
