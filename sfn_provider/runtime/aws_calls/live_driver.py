"""Drives the engine with real calls to AWS and real time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import BaseTrigger, DateTimeTrigger, in_dag_test
from sfn_provider.engine.history.events import Record
from sfn_provider.engine.interpreter import Interpreter, StepResult
from sfn_provider.engine.progress.execution_state import ExecutionState
from sfn_provider.engine.requests import (
    CallTask,
    Cancel,
    Event,
    Request,
    RunBranches,
    RunChildExecutions,
    TaskFailed,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
    WakeAt,
)
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Caller, Completed
from sfn_provider.integrations.adapters.deadlines import end_calls_on_kill
from sfn_provider.links.console_pages import ConsolePage, console_page
from sfn_provider.runtime.aws_calls.running_calls import CallFuture, RunningCalls
from sfn_provider.runtime.aws_calls.running_jobs import RunningJobs
from sfn_provider.runtime.aws_calls.task_token_waits import TaskTokenWaits
from sfn_provider.runtime.routing.dag_run_execution import DagRunExecution
from sfn_provider.triggers.callback import CallbackTrigger
from sfn_provider.triggers.jobs import JobsTrigger

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.runtime.display.task_log import TaskLog
    from sfn_provider.runtime.state_task import StateTask

Json = Any

SHORT_WAIT = 2.0
"""Seconds up to which waiting in the worker costs less than a deferral."""

RESCHEDULE_INTERVAL = 60.0
"""Seconds between two polls for the answer of a worker where each poll is a start of the task."""

MAX_CALLS = 40
"""Calls that one task makes at once: as many iterations of an inline Map run at once."""

DISPLAY_DELAY = 1.0
"""Seconds for which a call is under way before Airflow's pages show it: most are over by then, and end the task."""

SNAPSHOT_INTERVAL = 5.0
"""Seconds of work that a lost worker may lose at most."""

SNAPSHOT_SHARE = 10
"""How many times as long as a snapshot took the next one waits, so that they take a tenth of the time at most."""


class LiveDriver:
    """Runs one task's part of an execution against AWS.

    Calls that end at once are made in threads. A ``.sync`` job is submitted and then polled; between two polls the task
    is deferred, and so it is for Wait, for the delays of Retry, and for workers outside.

    Where a worker is lost, the task's next try resumes from the last snapshot: one is saved at every deferral, as soon
    as jobs were submitted or a call has answered while the task goes on with others, and every few seconds of other
    work. What must outlast a worker goes into `snapshot` and `restore`; whatever must not happen twice, as the
    submission of a job, sets ``_must_save`` when it has happened.

    Args:
        interpreter: the interpreter of the task's states.
        task: the task.
        context: the task's context.
        token_waits: the task's waits for workers outside.
        save: saves `snapshot` for the task's next try.
        key: the task's idempotency key.
        log: the task's log.

    Attributes:
        is_killed: True once the task is killed: no more calls are made.
        must_stop: returns True where another branch of a Parallel or Map around the task has failed: asked before each
            state that calls or waits.
    """

    def __init__(
        self,
        interpreter: Interpreter,
        task: StateTask,
        context: Context,
        token_waits: TaskTokenWaits,
        save: Callable[[], None],
        key: str,
        log: TaskLog,
    ) -> None:
        self._task = task
        self._save = save
        self._saved_at = time.time()
        self._save_seconds = 0.0
        self._must_save = False
        self._has_answers = False
        self._changed = False
        self._interpreter = interpreter
        self._token_waits = token_waits
        arns = DagRunExecution(task, context).context_object
        self._caller_arguments = {
            "aws_conn_id": task.aws_conn_id,
            "region_name": task.region_name,
            "execution_arn": arns["Execution"]["Id"],
            "machine_arn": arns["StateMachine"]["Id"],
        }
        self._caller = caller = Caller(**self._caller_arguments)
        interpreter.check_calls(caller.check)
        self._state: ExecutionState | None = None
        self._records: list[Record] = []
        self._timers: dict[str, float] = {}
        self._jobs = RunningJobs(caller, log)
        self._calls = RunningCalls(caller, self._jobs, token_waits, key, log)
        self._resubmitted: set[str] = set()
        self._log = log
        log.find_page = self._find_page
        self.is_killed = False
        self.must_stop: Callable[[], bool] = lambda: False

    # Running ---------------------------------------------------------------------------------------------------------

    def advance(self, step: StepResult) -> StepResult | None:
        """Answers requests until the task's part is done, or until there is something to wait for.

        Returns:
            The last step with all history records, or None where the task should be deferred, or was killed.
        """
        with ThreadPoolExecutor(MAX_CALLS) as pool, end_calls_on_kill():
            while True:
                self._apply(step, pool)
                if step.state.is_suspended:
                    self._end_calls()
                    return step._replace(records=self._records)
                event = self._next_event()
                if event is None:
                    return None
                self._changed = True
                step = self._interpreter.resume(step.state, event)
                if _acts(step) and self.must_stop():
                    step = self._stop(step)

    def _stop(self, step: StepResult) -> StepResult:
        """Stop the task in place of what a step asks for."""
        stopped = self._interpreter.stop(step.state)
        withdrawn = [request for request in step.requests if isinstance(request, Cancel)]
        return StepResult(stopped.state, [*withdrawn, *stopped.requests], [*step.records, *stopped.records])

    def _apply(self, step: StepResult, pool: ThreadPoolExecutor) -> None:
        self._state = step.state
        self._records += step.records
        for request in step.requests:
            self._handle(request)
        if self._calls.any_is_recoverable:
            # If this worker is lost over such a call, the next one must know that it may have been made.
            self._save()
        if not self.is_killed:
            self._calls.submit_requested(pool)

    def _handle(self, request: Request) -> None:
        if isinstance(request, CallTask):
            self._calls.request(request)
        elif isinstance(request, WakeAt):
            self._timers[request.id] = request.at
        elif isinstance(request, Cancel):
            self._cancel(request.id)
        elif not isinstance(request, RunBranches | RunChildExecutions):  # these are for other tasks
            raise TypeError(f"unknown request {request!r}")

    def _next_event(self) -> Event | None:
        """Return the next answer; None where none comes within a short time, or where the task was killed."""
        short_wait_ends = time.time() + SHORT_WAIT
        while True:
            if self.is_killed:
                return None
            event = next(self._due_events(), None)
            if event is not None:
                return event
            until_next = max(0.0, self._next_time() - time.time())
            pause = min(until_next, self._token_waits.until_next_poll(time.time()))
            if self._calls.submitted:
                self._save_if_due()
                outcome = self._calls.next_outcome(min(pause, self._longest_pause()))
                if outcome is None:
                    self._log.display.flush()
                elif (event := self._answer(*outcome)) is not None:
                    return event
            elif self._may_defer() and (until_next > SHORT_WAIT or self._only_job_polls_due(short_wait_ends)):
                return None
            else:
                self._save_if_due(pause)
                self._log.display.flush(now=pause > DISPLAY_DELAY)
                time.sleep(pause)

    def _longest_pause(self) -> float:
        longest = DISPLAY_DELAY if self._log.display.has_changes else SNAPSHOT_INTERVAL
        if not self._has_answers:
            return longest
        return max(0.0, min(longest, self._saved_at + self._snapshot_interval() - time.time()))

    def _due_events(self) -> Iterator[Event]:
        now = time.time()
        # An answer that was received was in time, however late the task polls for it.
        without_triggerer = self._task.wait_mode != "defer" or in_dag_test()
        if without_triggerer:
            self._save_if_due()  # polls take their time
        yield from self._token_waits.poll(now, without_triggerer=without_triggerer)
        for identity, at in sorted(self._timers.items(), key=lambda timer: timer[1]):
            if at <= now:
                del self._timers[identity]
                yield TimerFired(identity, at)
        yield from self._jobs.poll_due(now)

    def _save_if_due(self, pause: float = 0.0) -> None:
        began = time.time()
        if self._must_save or (self._changed and began - self._saved_at + pause >= self._snapshot_interval()):
            self._save()
            self._saved_at = time.time()
            self._save_seconds = self._saved_at - began
            self._must_save = self._has_answers = self._changed = False
            self._token_waits.delete_answered()

    def _snapshot_interval(self) -> float:
        """Return the seconds between two snapshots: few where a call has answered that must not be made again."""
        if not self._has_answers:
            return SNAPSHOT_INTERVAL
        return min(SNAPSHOT_INTERVAL, SNAPSHOT_SHARE * self._save_seconds)

    def _next_time(self) -> float:
        return min([*self._timers.values(), *self._jobs.polls.values()], default=time.time() + 3600.0)

    def _only_job_polls_due(self, short_wait_ends: float) -> bool:
        """Return True where the short wait is over and only job polls are due soon: a triggerer can make those."""
        next_timer = min(self._timers.values(), default=short_wait_ends + 3600.0)
        return time.time() >= short_wait_ends < next_timer - SHORT_WAIT

    def _may_defer(self) -> bool:
        """Return True where the task may free its worker slot while it waits."""
        return self._task.wait_mode != "block" and not in_dag_test()

    # Calls and jobs --------------------------------------------------------------------------------------------------

    def _answer(self, call: CallTask, future: CallFuture) -> Event | None:
        """Return the event of a call's outcome; None for a job that takes the place of one that was stopped."""
        self._has_answers = self._has_answers or call.purpose == "task"
        try:
            outcome = future.result()
        except StatesError as error:
            self._token_waits.close(call.id)
            return TaskFailed(call.id, error.error, error.cause, time.time())
        if isinstance(outcome, Completed):
            if not self._token_waits.has(call.id):
                return TaskSucceeded(call.id, outcome.result, time.time())
            self._token_waits.accept(call.id)
            self._log.awaits_answer(call)
            self._must_save = True
            return TaskSubmitted(call.id, outcome.result, time.time())
        if not self._calls.is_cancelled(call.id):
            self._jobs.add(call, outcome)
            self._must_save = True
            if call.id in self._resubmitted:
                self._resubmitted.remove(call.id)
                return None
        return TaskSubmitted(call.id, outcome.output, time.time())

    def _cancel(self, identity: str) -> None:
        """Gives up a timer, a job, a call, or a wait for a worker."""
        self._timers.pop(identity, None)
        self._token_waits.close(identity)
        self._calls.cancel(identity)
        self._jobs.stop(identity)

    def _end_calls(self) -> None:
        """Waits for the calls that the ended states have left, and stops the jobs that they start."""
        for identity in self._calls.submitted:
            self._cancel(identity)
        self._calls.join()

    def stop_advancing(self) -> None:
        """Makes no more calls: the task is killed. Airflow 3 lets it go on until it ends the process."""
        self.is_killed = True

    def stop_all(self) -> None:
        """Stops every job that was submitted and has not ended; a `snapshot` still has them."""
        self._jobs.stop_all()
        self._calls.stop_all()

    def stop_abandoned(self, snapshot: dict[str, Json]) -> None:
        """Stops what tries before a clear have left: before Airflow 3.3 nothing stops it while a task is deferred."""
        self._jobs.restore(snapshot)
        for identity in [*self._jobs.jobs]:
            self._jobs.stop(identity)
        self._token_waits.restore(snapshot["token_waits"])
        self._token_waits.close_all()

    def _find_page(self, call: CallTask, result: Json) -> ConsolePage | None:
        return console_page(call.resource, call.arguments, result, lambda: self._caller.find_region(call))

    # Deferral --------------------------------------------------------------------------------------------------------

    def due(self) -> datetime:
        """Return when a task that the scheduler restarts, without a triggerer, must poll again."""
        answers = time.time() + RESCHEDULE_INTERVAL if self._token_waits.for_trigger() else math.inf
        return datetime.fromtimestamp(min(self._next_time(), answers), UTC)

    def trigger(self) -> BaseTrigger:
        """Return the trigger that ends the deferral: a job has ended, a worker has answered, or a timer is due."""
        # The trigger follows heartbeats itself: the task need not wake up for each.
        heartbeats = self._token_waits.heartbeats()
        moment = min((at for at in self._timers.values() if at not in heartbeats), default=None)
        waits = self._token_waits.for_trigger()
        if self._jobs.jobs:
            jobs = {identity: job | {"known_result": None} for identity, job in self._jobs.jobs.items()}
            polls = self._jobs.polls
            return JobsTrigger(jobs=jobs, polls=polls, moment=moment, waits=waits, **self._caller_arguments)
        if waits:
            return CallbackTrigger(waits=waits, moment=moment)
        return DateTimeTrigger(moment=datetime.fromtimestamp(self._next_time(), UTC))

    def apply_trigger_event(self, event: Json) -> None:
        """Applies the event of a `JobsTrigger`; those of other triggers say nothing that matters."""
        if isinstance(event, dict) and "over" in event:
            self._jobs.apply_trigger_event(event)

    @property
    def state(self) -> ExecutionState:
        """The execution's state as it is now.

        Raises:
            RuntimeError: where the region has not started.
        """
        if self._state is None:
            raise RuntimeError("there is no state yet: the region has not started")
        return self._state

    def snapshot(self) -> dict[str, Json]:
        """Return everything that is needed to resume in another process, as JSON."""
        return {
            "state": self.state.to_json(),
            "records": [list(record) for record in self._records],
            "timers": self._timers,
            **self._jobs.to_json(),
            "calls": self._calls.to_json(),
            "token_waits": self._token_waits.to_json(),
        }

    def restore(self, snapshot: dict[str, Json], *, jobs_stopped: bool = False) -> StepResult:
        """Restores a `snapshot`; returns the step that makes the calls again that had no outcome.

        Args:
            snapshot: the snapshot.
            jobs_stopped: True where its jobs were stopped: those that had not succeeded before are started again.
        """
        self._records = [Record(*record) for record in snapshot["records"]]
        self._timers = dict(snapshot["timers"])
        self._jobs.restore(snapshot)
        self._token_waits.restore(snapshot["token_waits"])
        calls: list[Request] = [*self._calls.restore(snapshot["calls"], jobs_stopped=jobs_stopped)]
        if jobs_stopped:
            stopped = self._jobs.remove_stopped()
            self._resubmitted = {call.id for call in stopped}
            calls += stopped
        return StepResult(ExecutionState.from_json(snapshot["state"]), calls, [])


def _acts(step: StepResult) -> bool:
    """Return True where a step enters or repeats a state that calls or waits."""
    pending = step.state.pending
    return any(
        isinstance(request, CallTask | WakeAt)
        and request.id in pending
        and pending[request.id].purpose not in ("execution", "timeout", "heartbeat")
        for request in step.requests
    )
