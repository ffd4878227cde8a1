"""Answers an execution's requests with real calls to AWS and real time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import BaseTrigger, DateTimeTrigger, in_dag_test
from sfn_provider.engine.dataflow.context_object import execution_context
from sfn_provider.engine.execution_state import ExecutionState
from sfn_provider.engine.history import Record
from sfn_provider.engine.interpreter import Interpreter, StepResult
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
from sfn_provider.integrations import Caller, Completed, Submitted
from sfn_provider.integrations.job_recovery import Resubmission, is_recoverable
from sfn_provider.runtime.idempotency import idempotency_key
from sfn_provider.runtime.running_jobs import RunningJobs
from sfn_provider.runtime.task_token_waits import TaskTokenWaits, is_activity
from sfn_provider.runtime.wait_mode import get_wait_mode
from sfn_provider.triggers.callback import CallbackTrigger
from sfn_provider.triggers.jobs import JobsTrigger

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.runtime.state_operator import StateOperator

Json = Any

SHORT_WAIT = 2.0
"""Seconds up to which waiting in the worker costs less than a deferral."""

ANSWERS_EVERY = 60.0
"""Seconds between two looks for the answer of a worker where each look is a start of the task."""

MAX_CALLS = 40
"""Calls that one task makes at once: as many iterations of an inline Map run at once."""

KEEP_EVERY = 5.0
"""Seconds of work that a lost worker may lose at most."""


class LiveDriver:
    """Runs one task's part of an execution against AWS.

    Calls that end at once are made in threads. A ``.sync`` job is submitted and then asked for its state; between two
    questions the task is deferred, and so it is for Wait, for the delays of Retry, and for workers outside.

    Where a worker is lost, the task's next try goes on from what was kept last: that is at every deferral, as soon as
    jobs were submitted, and every few seconds of other work. What must outlast a worker goes into `snapshot` and
    `restore`; whatever may not happen twice, as the submission of a job, sets ``_must_keep`` when it has happened.

    Args:
        interpreter: the interpreter of the task's states.
        operator: the task's operator.
        context: the task's context.
        callbacks: the task's waits for workers outside.
        keep: keeps what `snapshot` gives where the task's next try finds it.
    """

    def __init__(
        self,
        interpreter: Interpreter,
        operator: StateOperator,
        context: Context,
        callbacks: TaskTokenWaits,
        keep: Callable[[], None],
    ) -> None:
        self._keep = keep
        self._kept_at = time.time()
        self._must_keep = False
        self._changed = False
        self._interpreter = interpreter
        self._callbacks = callbacks
        named = execution_context(None, 0.0, machine=operator.dag.dag_id, name=context["dag_run"].run_id)
        self._calls_as = {
            "aws_conn_id": operator.aws_conn_id,
            "region_name": operator.region_name,
            "execution_arn": named["Execution"]["Id"],
            "machine_arn": named["StateMachine"]["Id"],
        }
        self._caller = Caller(**self._calls_as)
        interpreter.check_calls(self._caller.check)
        self._task = operator.task_id
        self._key = idempotency_key(operator, context)
        self._log = operator.log
        self._state: ExecutionState | None = None
        self._records: list[Record] = []
        self._timers: dict[str, float] = {}
        self._jobs = RunningJobs(self._caller, operator.log)
        self._calls: dict[Future[Completed | Submitted], CallTask] = {}
        self._to_call: dict[str, CallTask] = {}
        self._asked: dict[str, float] = {}
        self._again: dict[str, Resubmission] = {}
        self._unwanted: set[str] = set()

    # Running ---------------------------------------------------------------------------------------------------------

    def advance(self, step: StepResult) -> StepResult | None:
        """Answer requests until the task's part is done, or until there is something to wait for.

        Returns:
            The last step with all history records, or None where the task should be deferred.
        """
        with ThreadPoolExecutor(MAX_CALLS) as pool:
            while True:
                self._take(step, pool)
                if step.state.is_suspended:
                    self._end_calls()
                    return step._replace(records=self._records)
                event = self._next_event()
                if event is None:
                    return None
                self._changed = True
                step = self._interpreter.resume(step.state, event)

    def _take(self, step: StepResult, pool: ThreadPoolExecutor) -> None:
        self._state = step.state
        self._records += step.records
        for request in step.requests:
            self._handle(request)
        if any(is_recoverable(call.resource) for call in self._to_call.values()):
            # If this worker is lost over such a call, the next one must know that it may have been made.
            self._keep()
        for identity in list(self._to_call):
            self._call(self._to_call.pop(identity), pool)

    def _call(self, call: CallTask, pool: ThreadPoolExecutor) -> None:
        self._log.info("State %s calls %s", call.state, call.resource)
        self._callbacks.open(call, time.time())
        if is_activity(call):
            return
        key, again = f"{self._key}/{call.place}", self._again.pop(call.id, None)
        self._calls[pool.submit(self._caller.submit, call, idempotency_key=key, resubmission=again)] = call

    def _handle(self, request: Request) -> None:
        if isinstance(request, CallTask):
            self._to_call[request.id] = request
            self._asked.setdefault(request.id, time.time())
        elif isinstance(request, WakeAt):
            self._timers[request.id] = request.at
        elif isinstance(request, Cancel):
            self._cancel(request.id)
        elif not isinstance(request, RunBranches | RunChildExecutions):  # these are for other tasks
            raise TypeError(f"unknown request {request!r}")

    def _next_event(self) -> Event | None:
        """The next answer; None where none comes within a short time."""
        patience = time.time() + SHORT_WAIT
        while True:
            event = next(self._due_events(), None)
            if event is not None:
                return event
            pause = max(0.0, self._next_time() - time.time())
            look = min(pause, self._callbacks.pause(time.time()))
            if self._calls:
                self._keep_if_due()
                done, _ = wait(self._calls, timeout=min(look, KEEP_EVERY), return_when=FIRST_COMPLETED)
                for future in done:
                    return self._answer(future)
            elif self._gives_way() and (pause > SHORT_WAIT or self._only_jobs_until(patience)):
                return None
            else:
                self._keep_if_due(look)
                time.sleep(look)

    def _due_events(self) -> Iterator[Event]:
        now = time.time()
        # An answer that was taken was in time, however late the task looks at it.
        alone = get_wait_mode() != "defer" or in_dag_test()
        if alone:
            self._keep_if_due()  # looks take their time
        yield from self._callbacks.look(now, alone=alone)
        for identity, at in sorted(self._timers.items(), key=lambda timer: timer[1]):
            if at <= now:
                del self._timers[identity]
                yield TimerFired(identity, at)
        yield from self._jobs.look(now)

    def _keep_if_due(self, pause: float = 0.0) -> None:
        since = time.time() - self._kept_at + pause
        if self._must_keep or (self._changed and since >= KEEP_EVERY):
            self._keep()
            self._kept_at = time.time()
            self._must_keep = self._changed = False
            self._callbacks.settle()

    def _next_time(self) -> float:
        return min([*self._timers.values(), *self._jobs.polls.values()], default=time.time() + 3600.0)

    def _only_jobs_until(self, patience: float) -> bool:
        """Has nothing happened for a while, and does nothing come soon but looks at jobs, which a triggerer does?"""
        return time.time() >= patience < min(self._timers.values(), default=patience + 3600.0) - SHORT_WAIT

    @staticmethod
    def _gives_way() -> bool:
        """May the task give its worker slot back while it waits?"""
        return get_wait_mode() != "block" and not in_dag_test()

    # Calls and jobs --------------------------------------------------------------------------------------------------

    def _answer(self, future: Future[Completed | Submitted]) -> Event:
        call = self._calls.pop(future)
        self._asked.pop(call.id, None)
        try:
            outcome = future.result()
        except StatesError as error:
            self._callbacks.close(call.id)
            return TaskFailed(call.id, error.error, error.cause, time.time())
        if isinstance(outcome, Completed):
            if self._callbacks.holds(call.id):
                self._callbacks.accept(call.id)
                self._must_keep = True
                return TaskSubmitted(call.id, outcome.result, time.time())
            return TaskSucceeded(call.id, outcome.result, time.time())
        if call.id not in self._unwanted:
            self._jobs.keep(call.id, outcome)
            self._must_keep = True
        return TaskSubmitted(call.id, outcome.output, time.time())

    def _cancel(self, identity: str) -> None:
        """Give up a timer, a job, or a call: a job that the call starts meanwhile is stopped when it answers."""
        self._timers.pop(identity, None)
        self._callbacks.close(identity)
        self._to_call.pop(identity, None)
        for future, call in self._calls.items():
            if call.id == identity and identity not in self._unwanted:
                self._unwanted.add(identity)
                # In the thread of the call: it answers even where the task is ended meanwhile.
                future.add_done_callback(self._stop_started)
        self._jobs.stop(identity)

    def _stop_started(self, future: Future[Completed | Submitted]) -> None:
        outcome = future.result() if future.exception() is None else None
        if isinstance(outcome, Submitted):
            self._jobs.stop_one(outcome.job)

    def _end_calls(self) -> None:
        """Wait for the calls that nobody waits for any more, and stop the jobs that they start."""
        for call in list(self._calls.values()):
            self._cancel(call.id)
        wait(self._calls)
        self._calls.clear()

    def cancel_all(self) -> None:
        """Cancel every job that was submitted and has not ended."""
        for identity in [*self._jobs.jobs, *(call.id for call in self._calls.values())]:
            self._cancel(identity)
        self._callbacks.close_all()

    # Deferral --------------------------------------------------------------------------------------------------------

    def due(self) -> datetime:
        """When a task that no triggerer watches over must look again at what it waits for."""
        answers = time.time() + ANSWERS_EVERY if self._callbacks.to_watch() else math.inf
        return datetime.fromtimestamp(min(self._next_time(), answers), UTC)

    def trigger(self) -> BaseTrigger:
        """The trigger that ends the deferral: when a job has ended, a worker has answered, or a timer is due."""
        # The trigger follows heartbeats itself: the task need not wake up for each.
        beats = self._callbacks.heartbeats()
        moment = min((at for at in self._timers.values() if at not in beats), default=None)
        waits = self._callbacks.to_watch()
        if self._jobs.jobs:
            jobs = {identity: job | {"kept": None} for identity, job in self._jobs.jobs.items()}
            return JobsTrigger(jobs=jobs, polls=self._jobs.polls, moment=moment, waits=waits, **self._calls_as)
        if waits:
            return CallbackTrigger(waits=waits, moment=moment)
        return DateTimeTrigger(moment=datetime.fromtimestamp(self._next_time(), UTC))

    def woken(self, event: Json) -> None:
        """Take up what a trigger says of the jobs; other triggers say nothing that matters."""
        if isinstance(event, dict) and "over" in event:
            self._jobs.woken(event)

    @property
    def state(self) -> ExecutionState:
        """The execution's state as it is now.

        Raises:
            RuntimeError: where the region has not started.
        """
        if self._state is None:
            raise RuntimeError("there is nothing to keep: the region has not started")
        return self._state

    def snapshot(self) -> dict[str, Json]:
        """Everything that is needed to go on in another process, as JSON."""
        return {
            "state": self.state.to_json(),
            "records": [list(record) for record in self._records],
            "timers": self._timers,
            "jobs": self._jobs.jobs,
            "polls": self._jobs.polls,
            "calls": [
                {"call": asdict(call), "asked": self._asked[call.id]}
                for call in (*self._calls.values(), *self._to_call.values())
                if call.id not in self._unwanted
            ],
            "callbacks": self._callbacks.to_json(),
        }

    def restore(self, snapshot: dict[str, Json]) -> StepResult:
        """Take up what `snapshot` kept. The step that it gives makes the calls again that had not been answered."""
        self._records = [Record(*record) for record in snapshot["records"]]
        self._timers = dict(snapshot["timers"])
        self._jobs.restore(snapshot["jobs"], snapshot["polls"])
        self._callbacks.restore(snapshot["callbacks"])
        self._asked = {kept["call"]["id"]: kept["asked"] for kept in snapshot["calls"]}
        known = tuple(self._jobs.jobs.values())
        self._again = {identity: Resubmission(asked, known) for identity, asked in self._asked.items()}
        calls: list[Request] = [CallTask(**kept["call"]) for kept in snapshot["calls"]]
        return StepResult(ExecutionState.from_json(snapshot["state"]), calls, [])
