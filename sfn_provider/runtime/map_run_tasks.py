"""What the tasks of a distributed Map do: read the items, run child executions, join them.

Each of the three runs the engine on the whole state, which their arguments make up together.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import AirflowFailException, AirflowSkipException, conf
from sfn_provider.engine.execution_state import ExecutionState
from sfn_provider.engine.interpreter import StepResult
from sfn_provider.engine.map_run.child_batches import ChildBatch, split_into_batches
from sfn_provider.engine.requests import ChildOutcome, RunChildExecutions
from sfn_provider.engine.state_progress import MapRunProgress
from sfn_provider.exceptions import UsageError
from sfn_provider.operators.distributed_map import ChildExecutionsOperator
from sfn_provider.runtime.branches import STARTED, start_of, stop_with_siblings, tasks_between
from sfn_provider.runtime.group_runs import JoinRun, StartRun
from sfn_provider.runtime.map_definition import rebuild_map_state
from sfn_provider.runtime.task_run import RegionRun
from sfn_provider.runtime.token import MOCKS_VARIABLE, TOKEN, Token, pull
from sfn_provider.xcom_json import encode_xcom

if TYPE_CHECKING:
    from sfn_provider.operators.groups import StartOperator

Json = Any

CHILDREN_PER_TASK = 40
"""Child executions that one task gets, unless that makes too many tasks: as many calls it makes at once."""

PART = "part_{}"
"""XCom key of what the start task leaves for one instance of the mapped task: ``{"first", "inputs", "limit"}``."""

CHILDREN = "children"
"""XCom key of how the child executions of one task ended: a list of `ChildOutcome`."""

FAILED = "failed"
"""XCom key of how many items of one task have failed so far: ``{"first", "items"}``."""


class ReaderRun(StartRun):
    """One run of the first task of a distributed Map."""

    def _region(self) -> dict[str, Json]:
        return rebuild_map_state(self._start)

    def _hand_out(self, step: StepResult) -> Json:
        asked = next(
            (request for request in step.requests if isinstance(request, RunChildExecutions)), RunChildExecutions((), 1)
        )
        parts = split_into_batches(asked, CHILDREN_PER_TASK, conf.getint("core", "max_map_length", fallback=1024))
        for number, part in enumerate(parts):
            left = {"first": part.first, "inputs": list(part.inputs), "limit": part.limit}
            self._context["ti"].xcom_push(key=PART.format(number), value=encode_xcom(left))
        self._leave_started(step.state, {"count": len(asked.inputs)})
        return [{"first": part.first, "children": len(part.inputs)} for part in parts]


class PartRun(RegionRun):
    """One run of the task that runs some of the child executions."""

    def _region(self) -> dict[str, Json]:
        self._reader = start_of(self._operator)
        return rebuild_map_state(self._reader)

    def start(self) -> Json:
        """Run the child executions of this task's part, as far as that goes without waiting."""
        map_index = self._context["ti"].map_index
        keys = (TOKEN, STARTED, PART.format(map_index))
        tokens, started, parts = (pull(self._context, [self._reader.task_id], key, -1) for key in keys)
        if not tokens or not started or not parts:
            raise AirflowSkipException(f"no task chose state {self._operator.state_name!r}")
        token = Token.from_json(tokens[0])
        self._branch = token.branch
        if token.branch is not None:
            stop_with_siblings(self._operator, token, token.branch, self._context)
        self._have_calls_checked()
        part = ChildBatch(**parts[0], failed_in_other_batches=self._failed_elsewhere(parts[0]["first"]))
        now = self._now(token, self._start_time())
        state = ExecutionState.from_json(started[0]["state"])
        return self._run(self._interpreter.run_children(state, part, at=now, deadline=self._deadline()))

    def _failed_elsewhere(self, first: int) -> int:
        """The items of other tasks that have failed. In virtual time those may lie ahead: the join looks at them."""
        if MOCKS_VARIABLE in os.environ:
            return 0
        told = pull(self._context, [self._operator.task_id], FAILED)
        return sum(part["items"] for part in told if part["first"] != first)

    def _before_waiting(self, state: ExecutionState) -> None:
        progress = state.root.progress_as(MapRunProgress)
        self._tell_failures(progress.first, progress.failed_in_batch)

    def _resumed(self, state: ExecutionState) -> StepResult:
        first = state.root.progress_as(MapRunProgress).first
        return self._interpreter.set_failed_in_other_batches(state, self._failed_elsewhere(first))

    def _tell_failures(self, first: int, items: int) -> None:
        """Tell the other tasks how many items have failed here."""
        self._context["ti"].xcom_push(key=FAILED, value={"first": first, "items": items})

    def _leave(self, step: StepResult) -> Json:
        if step.state.status != "SUCCEEDED":
            return super()._leave(step)
        found = [ChildOutcome(**outcome) for outcome in step.state.output]
        failed = [child for child in found if child.status in ("FAILED", "TIMED_OUT")]
        self._tell_failures(found[0].index, sum(child.items for child in failed))
        for child in failed:
            told = {name: (child.record or {}).get(name) for name in ("Error", "Cause")}
            self._operator.log.error("Child execution %s of %s: %s", child.index, self._operator.state_name, told)
        instance = self._context["ti"]
        instance.xcom_push(key=CHILDREN, value=encode_xcom(step.state.output))
        token = self._token(step.state, next=self._operator.state_name)
        instance.xcom_push(key=TOKEN, value=encode_xcom(asdict(token)))
        statuses = [child.status for child in found]
        return {status: statuses.count(status) for status in sorted(set(statuses))}


class MapRunJoin(JoinRun):
    """One run of the last task of a distributed Map."""

    def _region(self) -> dict[str, Json]:
        return rebuild_map_state(start_of(self._operator))

    def _bring_in(
        self, start: StartOperator, token: Token, started: dict[str, Json], state: ExecutionState
    ) -> StepResult:
        tasks = [task.task_id for task in tasks_between(start) if isinstance(task, ChildExecutionsOperator)]
        found = [ChildOutcome(**child) for part in pull(self._context, tasks, CHILDREN) for child in part]
        missing = sorted(set(range(started["count"])) - {child.index for child in found})
        if missing:
            if token.branch is not None:
                stop_with_siblings(self._operator, token, token.branch, self._context)
            raise AirflowFailException(
                f"child execution {missing[0]} of {start.state_name!r} has no outcome: look for a task of "
                f"{tasks[0]!r} that failed, clear it"
            )
        try:
            return self._interpreter.join_children(state, found)
        except UsageError as error:
            raise self._refused(f"{error}: clear {tasks[0]!r}") from error
