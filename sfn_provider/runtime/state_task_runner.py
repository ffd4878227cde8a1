"""Runs one task of a translated DAG on the engine: enter, call AWS, wait by deferral, hand over.

`StateTaskRunner` has what all tasks share. What differs between kinds of tasks is the `TaskStrategy` that it is given.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import cached_property
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from sfn_provider._compat import AirflowException, AirflowFailException, AirflowRescheduleException, timezone
from sfn_provider.engine.history.visited_states import visited_json
from sfn_provider.engine.interpreter import Interpreter, ResumePoint, StepResult
from sfn_provider.engine.limits import check_execution_input
from sfn_provider.engine.progress.execution_state import ExecutionState, Moment
from sfn_provider.engine.simulation.simulator import advance
from sfn_provider.exceptions import UsageError
from sfn_provider.runtime.aws_calls.idempotency import idempotency_key
from sfn_provider.runtime.display.task_history import record_history
from sfn_provider.runtime.display.task_log import TaskLog
from sfn_provider.runtime.routing.branches import SiblingFailure, find_sibling_failure, stopped_branch_skip
from sfn_provider.runtime.routing.dag_run_execution import DagRunExecution, is_mocked
from sfn_provider.runtime.routing.routing_token import (
    STOPPED_KEY,
    BranchPosition,
    EntryState,
    RoutingToken,
    map_index_of,
    usage_failure,
)
from sfn_provider.runtime.routing.task_routing import resolve_entry, route_to_successor
from sfn_provider.runtime.state_failures import push_state_failure
from sfn_provider.runtime.stores.snapshots import KillReason, TaskSnapshotStore
from sfn_provider.runtime.task_definitions import own_definition, parse_task_definition
from sfn_provider.xcom_json import decode_xcom, encode_xcom

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.engine.history.events import Record
    from sfn_provider.runtime.aws_calls.live_driver import LiveDriver
    from sfn_provider.runtime.aws_calls.task_token_waits import TaskTokenWaits
    from sfn_provider.runtime.state_task import StateTask

Json = Any
_Result = TypeVar("_Result")

IMMEDIATE = frozenset({"Pass", "Choice", "Succeed", "Fail"})
"""The types of states that neither call nor wait. Only for the others is the live driver imported, which takes long."""

MAX_KILL_SECONDS = 4.0
"""Seconds for which ``on_kill`` blocks at most: Airflow ends the process five seconds after it has begun to kill it."""


class TaskStrategy:
    """What the runner does for one kind of task; this one is for a task of plain states.

    A strategy is the same for all runs: it stores nothing of a run.

    Args:
        definition: makes the definition that the engine runs from the task.
    """

    def __init__(self, definition: Callable[[StateTask], dict[str, Json]] = own_definition) -> None:
        self.definition = definition

    def find_entry(self, runner: StateTaskRunner) -> EntryState:
        """Return the state at which the task is entered; see `StateTaskRunner.entry`."""
        return resolve_entry(runner.task, runner.context)

    def start(self, runner: StateTaskRunner) -> Json:
        """Starts the task and runs as far as that goes without waiting; returns what the task returns."""
        runner.prepare_calls()
        return runner.run(runner.enter())

    def finish(self, runner: StateTaskRunner, step: StepResult) -> Json:
        """Pushes the results of a task that has not failed; returns what the task returns."""
        return runner.hand_over(step)

    def before_failure(self, runner: StateTaskRunner, step: StepResult) -> object:
        """Pushes what other tasks need of a task that has failed, or stopped because another branch has failed."""

    def after_deferral(self) -> TaskStrategy:
        """Return the strategy that resumes the task after a deferral."""
        return self

    def resume(self, runner: StateTaskRunner, state: ExecutionState) -> StepResult:
        """Return the step by which the engine continues after a deferral."""
        return StepResult(state, [], [])

    def before_deferral(self, runner: StateTaskRunner, state: ExecutionState) -> None:
        """Pushes what other tasks read while this one is deferred."""


class StateTaskRunner:
    """One run of a task.

    Args:
        task: the task.
        context: the task's context.
        strategy: how this kind of task starts, resumes and finishes.

    Attributes:
        execution: the execution that the DAG run stands for.
        branch: the task's position within Parallels and Maps; None outside of them.
        interpreter: the interpreter of the strategy's definition.
        log: the task's log.
    """

    interpreter: Interpreter

    def __init__(self, task: StateTask, context: Context, strategy: TaskStrategy) -> None:
        self.task = task
        self.context = context
        self.execution = DagRunExecution(task, context)
        self.branch: BranchPosition | None = None
        self.log = TaskLog(task, context, mocked=is_mocked())
        self._snapshots = TaskSnapshotStore(context)
        self._driver: LiveDriver | None = None
        self._killing: Thread | None = None
        self._kill_reason: KillReason | None = None
        self._set_strategy(strategy)

    def _set_strategy(self, strategy: TaskStrategy) -> None:
        self._strategy = strategy
        # With mocks nobody answers from outside, and two runs of the same thing are the same.
        factory = None if is_mocked() else lambda place: self.token_waits.make_token(place)
        definition = json.dumps(strategy.definition(self.task))
        self.interpreter = Interpreter(parse_task_definition(definition), task_token=factory, observer=self.log.observe)

    @cached_property
    def token_waits(self) -> TaskTokenWaits:
        """The task's waits for workers outside of Airflow."""
        from sfn_provider.runtime.aws_calls.task_token_waits import TaskTokenWaits

        return TaskTokenWaits(self.task, self.context, self._idempotency_key)

    # Called by the operator ------------------------------------------------------------------------------------------

    def execute(self) -> Json:
        """Runs a try of the task: resumes from the snapshot of a try whose worker was lost, or starts."""
        stored = self._snapshots.load()
        if stored is not None and stored.is_current:
            self.task.log.info("Resuming from the snapshot of an earlier try")
            self.log.display.restore(stored.content.get("display", {}), restarted=True)
            return self._resume(stored.content, jobs_stopped=stored.jobs_stopped)
        if stored is not None:
            self.task.log.info("The task was cleared: it starts again")
            self._make_driver().stop_abandoned(stored.content)
            self._snapshots.delete_snapshot()
        return self._strategy.start(self)

    def resume(self, snapshot: Json, event: Json = None) -> Json:
        """Continues after a deferral from its snapshot and the trigger's event."""
        decoded = decode_xcom(snapshot)
        if not self._snapshots.is_of_this_try(decoded):
            return self.execute()  # Airflow has kept the arguments of an earlier try's deferral
        self._snapshots.exists = True
        self.log.display.restore(decoded.get("display", {}), restarted=False)
        return self._resume(decoded, event)

    def kill(self) -> None:
        """Stops what was started and has not ended, because the task is killed.

        A next try resumes from the last snapshot and starts again what was stopped; after a clear it starts from the
        beginning.
        """
        if self._driver is None or self._driver.is_killed:
            return
        self._driver.stop_advancing()
        # A signal may have interrupted a request to Airflow, whose lock this thread would wait for without end.
        self._killing = Thread(target=self._kill, args=(self._driver,))
        self._killing.start()
        self._killing.join(MAX_KILL_SECONDS)

    def _kill(self, driver: LiveDriver) -> None:
        try:
            self._kill_reason = self._snapshots.kill_reason()
            self.task.log.info("The task is killed: it was %s", self._kill_reason)
            # Before the jobs are stopped: Airflow ends the process some seconds after it has begun to kill the task.
            self._snapshots.record_kill(self._kill_reason)
        except Exception:  # of whatever kind: no job must go on because Airflow cannot be reached
            self.task.log.exception("The next try will not know that this one was killed, and its jobs were stopped")
        if self._kill_reason == "replaced":
            return
        driver.stop_all()
        if self._kill_reason != "interrupted":
            self.token_waits.close_all()

    def end_deferral(self, *, timed_out: bool) -> None:
        """Stops what the task waited for in a deferral that has ended without an event of its trigger.

        Args:
            timed_out: True where it has taken too long; False where the trigger has failed.
        """
        stored = self._snapshots.load_last()
        if stored is None or (not timed_out and self._snapshots.is_retried):
            return
        self.log.display.restore(stored.get("display", {}), restarted=False)
        driver = self._make_driver()
        driver.restore(stored)
        self._kill(driver)

    # Called by the strategies ----------------------------------------------------------------------------------------

    @cached_property
    def entry(self) -> EntryState:
        """The state at which the task is entered.

        Raises:
            AirflowSkipException: where no task before chose a state of this task.
        """
        return self._strategy.find_entry(self)

    def enter(self, *, external_branches: bool = False) -> StepResult:
        """Enters the task's state.

        Args:
            external_branches: True where other tasks run the branches of the task's Parallel or Map.
        """
        token = self.entry.token
        if token is None:
            self._or_usage_failure(check_execution_input, self.entry.input)
        self.branch = token.branch if token else None
        return self.interpreter.start(
            self.entry.input,
            at=self.execution.now(token),
            context=self.execution.context_object,
            seed=self.execution.seed,
            variables=token.variables if token else None,
            start_at=self.entry.state,
            deadline=self.execution.deadline if not external_branches else None,
            continues=ResumePoint(token.events, token.previous, token.steps, *token.moment[1:]) if token else None,
            branch=self.branch.engine_context if self.branch else None,
            external_branches=external_branches,
            stop_before=self.stop_before,
        )

    @property
    def stop_before(self) -> Moment | None:
        """With mocks, the virtual moment at which another branch fails; None where none does so far."""
        failure = self._find_sibling_failure() if is_mocked() else None
        return failure.moment if failure is not None else None

    def _find_sibling_failure(self) -> SiblingFailure | None:
        """Return the failure of another branch of a Parallel or Map around, which stops the task."""
        return find_sibling_failure(self.task, self.branch, self.context) if self.branch is not None else None

    def restart(self, strategy: TaskStrategy) -> Json:
        """Starts the task again, by another strategy."""
        self._set_strategy(strategy)
        return strategy.start(self)

    def prepare_calls(self) -> None:
        """Makes the live driver where states call or wait: it checks calls, before the engine asks for the first."""
        if not is_mocked() and any(state["Type"] not in IMMEDIATE for state in self.task.states.values()):
            self._make_driver()

    def run(self, step: StepResult) -> Json:
        """Continues from a step until the task's states are left, or until there is something to wait for."""
        if self.execution.mocks is not None:
            return self.finish(self._or_usage_failure(advance, self.interpreter, step, self.execution.mocks))
        if step.state.is_suspended:
            return self._end(step)
        return self._advance(self._driver or self._make_driver(), step)

    def finish(self, step: StepResult) -> Json:
        """Pushes the results of the task, or fails or skips it."""
        self.log.display.flush(at_end=True)
        if step.state.status in ("RUNNING", "SUCCEEDED") and not step.state.is_stopped:
            return self._strategy.finish(self, step)
        self.record_history(step)
        self._strategy.before_failure(self, step)
        if step.state.is_stopped:
            self.push(STOPPED_KEY, {"transitions": step.state.transitions})
            raise stopped_branch_skip()
        token = self.token(step.state, next=None, records=step.records)
        raise push_state_failure(self.context, step.state, token, self.execution.max_seconds)

    def record_history(self, step: StepResult) -> None:
        """Records the history events of the task: for its lineage, and where a setting asks for it."""
        self.task.history_records = step.records
        record_history(self.context, step.records)

    def hand_over(self, step: StepResult) -> Json:
        """Pushes output and token for the state that comes next. Returns the output."""
        self.record_history(step)
        self.log.left(step.state.exit, in_branch=self.branch is not None)
        token = self.token(step.state, next=step.state.exit, records=step.records)
        return route_to_successor(self.task, self.context, step.state.output, token)

    def push(self, key: str, value: Json) -> None:
        """Pushes an XCom."""
        self.context["ti"].xcom_push(key=key, value=encode_xcom(value))

    def token(self, state: ExecutionState, next: str | None, records: Sequence[Record] = ()) -> RoutingToken:
        """Return the token that names the next state, None for the end; with ``records``, what they visit."""
        return RoutingToken(
            task_id=self.task.task_id,
            next=next,
            variables=state.variables,
            now=state.now,
            phase=state.phase,
            turn=state.turn,
            events=state.event_ids,
            previous=state.previous,
            transitions=state.transitions,
            steps=state.steps,
            branch=self.branch,
            map_index=map_index_of(self.context),
            visited=visited_json(records, self.task.state_name),
        )

    def usage_failure(self, message: str) -> AirflowFailException:
        """Return the exception that fails the task for a reason that is not a state's error."""
        return usage_failure(self.context, message)

    def _or_usage_failure(self, function: Callable[..., _Result], *arguments: Any) -> _Result:
        try:
            return function(*arguments)
        except UsageError as error:
            raise self.usage_failure(str(error)) from error

    @cached_property
    def _idempotency_key(self) -> str:
        return idempotency_key(self.task, self.context, self._snapshots.stops)

    # Advancing -------------------------------------------------------------------------------------------------------

    def _make_driver(self) -> LiveDriver:
        from sfn_provider.runtime.aws_calls.live_driver import LiveDriver

        def save() -> None:
            if not driver.is_killed:
                self._snapshots.save(self._snapshot(driver))

        driver = self._driver = LiveDriver(
            self.interpreter, self.task, self.context, self.token_waits, save, self._idempotency_key, self.log
        )
        driver.must_stop = lambda: self._find_sibling_failure() is not None
        return driver

    def _resume(self, snapshot: dict[str, Json], event: Json = None, *, jobs_stopped: bool = False) -> Json:
        strategy = self._strategy.after_deferral()
        if strategy is not self._strategy:
            self._set_strategy(strategy)
        driver = self._make_driver()
        self.branch = BranchPosition.from_json(snapshot["branch"])
        restored = driver.restore(snapshot, jobs_stopped=jobs_stopped)
        driver.apply_trigger_event(event)
        step = self._strategy.resume(self, restored.state)
        return self._advance(driver, step._replace(requests=[*restored.requests, *step.requests]))

    def _advance(self, driver: LiveDriver, step: StepResult) -> Json:
        last = driver.advance(step)
        if last is not None:
            return self._end(last)
        self._strategy.before_deferral(self, driver.state)
        snapshot = self._snapshot(driver)
        if driver.is_killed:
            raise self._kill_failure(driver, snapshot)
        self._snapshots.save(snapshot)
        self.token_waits.delete_answered()
        self.log.display.flush(now=True)
        if self.task.wait_mode == "reschedule":
            raise AirflowRescheduleException(driver.due())  # type: ignore[no-untyped-call]
        kwargs = {"snapshot": encode_xcom(snapshot)}
        timeout = self._until_execution_timeout()
        return self.task.defer(trigger=driver.trigger(), method_name="resume", kwargs=kwargs, timeout=timeout)

    def _kill_failure(self, driver: LiveDriver, snapshot: dict[str, Json]) -> AirflowException:
        """Return the exception that ends a task that was killed. Saves its snapshot where it is retried."""
        if self._killing is not None:
            self._killing.join()
        if self._kill_reason != "replaced":
            driver.stop_all()  # what was submitted while it was killed
        if self._kill_reason == "interrupted":
            self._snapshots.save(snapshot)
        return AirflowException("The task was killed")

    def _until_execution_timeout(self) -> timedelta | None:
        """Return how long the task may be deferred; Airflow 3 applies ``execution_timeout`` to its workers alone."""
        limit, started = self.task.execution_timeout, self.context["ti"].start_date
        if limit is None or started is None:
            return limit
        return max(started + limit - timezone.utcnow(), timedelta())

    def _snapshot(self, driver: LiveDriver) -> dict[str, Json]:
        branch = asdict(self.branch) if self.branch else None
        return {**driver.snapshot(), **self._snapshots.stamp(), "branch": branch, "display": self.log.display.to_json()}

    def _end(self, step: StepResult) -> Json:
        self._snapshots.delete()
        if self._driver is not None:
            self.token_waits.delete_answered()
        return self.finish(step)
