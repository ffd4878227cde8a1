"""Drives one execution: gives the engine's requests to clock and task runner, takes their answers."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, NamedTuple, Protocol

from sfn_provider.asl.scope import Json
from sfn_provider.engine.history.events import Record
from sfn_provider.engine.interpreter import Interpreter, PausedStep, StepResult
from sfn_provider.engine.progress.execution_state import ExecutionState, Frame
from sfn_provider.engine.requests import CallTask, Cancel, Event, Request, TaskSucceeded, TimerFired, WakeAt
from sfn_provider.server.driver.clocks import Clock
from sfn_provider.server.resources.execution import Execution, RedrivePoint
from sfn_provider.server.resources.map_runs import MapRunRecorder
from sfn_provider.server.resources.task_tokens import MakeEvent, TaskTokens

LOG: Final = logging.getLogger("sfn_provider.server")

EVENTS_IN_A_ROW: Final = 100
"""How many events an execution has before others have their turn; they take about 10 ms."""

MAX_LOGGED: Final = 1_000
"""Maximum characters of an error and its cause in a log line."""

Start = Callable[[Interpreter], StepResult]
"""Makes the first step of an execution, or of its redrive."""


class CallAnswer(NamedTuple):
    """What a call has come to.

    Args:
        event: the event for the engine; None for none.
        is_final: False where somebody answers later, by the call's task token. A final answer without an event means
            that nobody answers: only a timeout can come.
    """

    event: Event | None
    is_final: bool = True


Emit = Callable[[Event], None]
"""Takes an event of a call that goes on."""


class TaskCalls(Protocol):
    """Makes the calls of tasks; `sfn_provider.server.driver.task_calls` has the one that there is."""

    def perform(
        self, execution: Execution, call: CallTask, clock: Clock, emit: Emit
    ) -> Coroutine[Any, Any, CallAnswer]:
        """Make a call to its end."""


class ExecutionDriver:
    """Drives one execution.

    Args:
        execution: the execution, which is changed.
        make_interpreter: makes the interpreter of its state machine, of a function that takes the frames of a failure.
        clock: its time.
        calls: makes the calls of its tasks.
        tokens: the task tokens of all executions.
        map_runs: records its Map Runs.
        on_end: called once it has ended.
        known_results: the results of calls that an earlier run of the execution has made, by their place.
    """

    def __init__(
        self,
        execution: Execution,
        make_interpreter: Callable[[Callable[[dict[int, Frame]], None]], Interpreter],
        clock: Clock,
        calls: TaskCalls,
        tokens: TaskTokens,
        map_runs: MapRunRecorder,
        on_end: Callable[[Execution], None],
        known_results: Mapping[str, Json] | None = None,
    ) -> None:
        self.execution = execution
        self.clock = clock
        self.state: ExecutionState | None = None
        self._interpreter, self._calls, self._tokens = make_interpreter(self._set_failed_frames), calls, tokens
        self._map_runs, self._on_end = map_runs, on_end
        self._known_results = known_results or {}
        self._results: dict[str, Json] = dict(self._known_results)
        self._failed_frames: dict[int, Frame] | None = None
        self._agenda: list[tuple[float, int, Event]] = []
        self._order = 0
        self._cancelled: set[str] = set()
        self._open: dict[str, CallTask] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._has_new_calls = False
        self._events_in_a_row = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def _set_failed_frames(self, frames: dict[int, Frame]) -> None:
        self._failed_frames = frames

    def start(self, start: Start) -> None:
        """Begin to drive the execution, in a task of the running event loop.

        Args:
            start: makes the first step.
        """
        self._task = asyncio.get_running_loop().create_task(self._run(start))

    # The loop --------------------------------------------------------------------------------------------------------

    async def _run(self, start: Start) -> None:
        execution = self.execution
        try:
            step = await self._advance(start(self._interpreter))
        except Exception as error:  # a fault of this package, or a machine that none of its limits stops
            LOG.exception("%s: the execution cannot go on", execution.arn)
            self._fail(f"The server could not run this execution, please report it: {error!r}")
        else:
            state = step.state
            if self._failed_frames is not None:
                execution.redrive_point = RedrivePoint(state, self._failed_frames, self._results)
            execution.end(state.status, state.now, output=state.output, error=state.error, cause=state.cause)
            self._on_end(execution)

    async def _advance(self, step: StepResult) -> StepResult:
        while True:
            self._take(step)
            if step.state.is_suspended:
                return step
            await self._give_way(step)
            if isinstance(step, PausedStep):
                step = self._interpreter.go_on(step)
                continue
            events = await self._next_events()
            self.clock.advance(events[0].at)
            step = self._interpreter.resume(step.state, *events)

    async def _give_way(self, step: StepResult) -> None:
        """Let requests and other executions have their turn after some events: in virtual time a loop never waits."""
        self._events_in_a_row += len(step.records)
        if self._events_in_a_row >= EVENTS_IN_A_ROW:
            self._events_in_a_row = 0
            await asyncio.sleep(0)

    def _take(self, step: StepResult) -> None:
        self.state = step.state
        self._map_runs.take(step.state, step.records)
        self.execution.records += step.records
        if LOG.isEnabledFor(logging.INFO):
            log_transitions(self.execution, step.records)
        for request in step.requests:
            self._handle(request)

    def _handle(self, request: Request) -> None:
        if isinstance(request, Cancel):
            self._cancel(request.id)
        elif isinstance(request, WakeAt):
            self._schedule(TimerFired(request.id, request.at))
        elif isinstance(request, CallTask):
            self._call(request)
        else:
            raise TypeError(f"unknown request {request!r}")

    def _schedule(self, event: Event) -> None:
        self._order += 1
        heapq.heappush(self._agenda, (event.at, self._order, event))

    async def _next_events(self) -> tuple[Event, ...]:
        """Return all events of the next time that has any, once it has come."""
        if self._has_new_calls:
            # Those that are answered without awaiting anything are, after this.
            self._has_new_calls = False
            await asyncio.sleep(0)
        while True:
            self._wake.clear()
            self._drop_cancelled()
            at = self._agenda[0][0] if self._agenda else float("inf")
            delay = self.clock.delay(at, awaits_others=bool(self._open))
            if delay <= 0:
                return self._take_due(at)
            await self._sleep(delay)

    def _drop_cancelled(self) -> None:
        while self._agenda and self._agenda[0][2].id in self._cancelled:
            self._cancelled.discard(heapq.heappop(self._agenda)[2].id)

    def _take_due(self, at: float) -> tuple[Event, ...]:
        events = []
        while self._agenda and self._agenda[0][0] == at:
            event = heapq.heappop(self._agenda)[2]
            if event.id not in self._cancelled:
                events.append(event)
        if not events:
            raise RuntimeError("the execution waits for nothing")
        return tuple(events)

    async def _sleep(self, seconds: float) -> None:
        timer = None
        if seconds < float("inf"):
            timer = asyncio.get_running_loop().call_later(seconds, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            if timer is not None:
                timer.cancel()

    # Calls -----------------------------------------------------------------------------------------------------------

    def _call(self, call: CallTask) -> None:
        if call.place in self._known_results:
            self._schedule(TaskSucceeded(call.id, self._known_results[call.place], self.clock.now()))
            return
        self._open[call.id] = call
        if call.token is not None:
            self._tokens.open(call.token, self, call)
        self._tasks[call.id] = asyncio.get_running_loop().create_task(self._perform(call))
        self._has_new_calls = True

    async def _perform(self, call: CallTask) -> None:
        answer = await self._calls.perform(self.execution, call, self.clock, self._emit)
        self._tasks.pop(call.id, None)
        if call.id not in self._open:  # its token was answered meanwhile
            return
        if answer.is_final:
            self._close(call)
        if answer.event is not None:
            self._schedule(answer.event)
            if self._map_runs.has_runs and isinstance(answer.event, TaskSucceeded):
                self._results[call.place] = answer.event.result
        self._wake.set()

    def _emit(self, event: Event) -> None:
        if event.id in self._open:
            self._schedule(event)
            self._wake.set()

    def _close(self, call: CallTask) -> None:
        self._open.pop(call.id, None)
        if call.token is not None:
            self._tokens.close(call.token)

    def receive(self, call: CallTask, make_event: MakeEvent) -> None:
        """Take a worker's answer to a call, or its heartbeat.

        Args:
            call: the call.
            make_event: makes the event.
        """
        if call.id not in self._open:
            return
        if call.token is not None and self._tokens.waits.get(call.token) is None:
            del self._open[call.id]
        self._schedule(make_event(call.id, self.clock.now()))
        self._wake.set()

    def start_work(self, call: CallTask, worker: str | None) -> None:
        """Take note that a worker has taken the task of an activity.

        Args:
            call: the call.
            worker: the worker's name; None where it gave none.
        """
        pending = self.state.pending.get(call.id) if self.state is not None else None
        if worker is None or pending is None or self.state is None:
            return
        frame = self.state.frames[pending.frame]
        if frame.child_execution is None:
            # The event before what comes next is ActivityStarted.
            index = frame.previous - 1
            record = self.execution.records[index]
            self.execution.records[index] = record._replace(details={"workerName": worker})

    def _cancel(self, identity: str) -> None:
        call = self._open.get(identity)
        if call is not None:
            self._close(call)
        self._stop_task(identity)
        self._cancelled.add(identity)

    def _stop_task(self, identity: str) -> None:
        task = self._tasks.pop(identity, None)
        if task is not None:
            task.cancel()

    # Ends from outside -----------------------------------------------------------------------------------------------

    def abort(self, error: str | None, cause: str | None) -> float:
        """Stop the execution.

        Args:
            error: the error that StopExecution has.
            cause: its cause.

        Returns:
            When it was stopped, seconds since the epoch.
        """
        if self._task is not None:
            self._task.cancel()
        details = {name: text for name, text in (("error", error), ("cause", cause)) if text is not None}
        return self._end("ABORTED", "ExecutionAborted", details, error, cause)

    def _fail(self, cause: str) -> None:
        details = {"error": "States.Runtime", "cause": cause}
        self._end("FAILED", "ExecutionFailed", details, "States.Runtime", cause)

    def _end(self, status: Any, event: str, details: dict[str, Any], error: str | None, cause: str | None) -> float:
        for call in [*self._open.values()]:
            self._cancel(call.id)
        execution, at = self.execution, self.clock.now()
        if status == "ABORTED" and self.state is not None:
            execution.redrive_point = RedrivePoint(self.state, self.state.copy_frames(), self._results)
        at = max(at, execution.records[-1].at if execution.records else at)
        # AWS's event has no predecessor (recorded).
        execution.records.append(Record(len(execution.records) + 1, 0, event, at, details))
        self._map_runs.abort_all(at)
        execution.end(status, at, error=error, cause=cause)
        self._on_end(execution)
        return at


def log_transitions(execution: Execution, records: list[Record]) -> None:
    """Log a line for each state that was entered or left, and for the start and the end, with error and cause."""
    for record in records:
        kind, name = record.type, record.details.get("name", "")
        if kind.endswith(("StateEntered", "StateExited", "StateFailed", "StateAborted")):
            LOG.info("%s:%s %s %s", execution.machine_name, execution.name, kind, name)
        elif kind.startswith("Execution"):
            told = ": ".join(record.details[name] for name in ("error", "cause") if record.details.get(name))
            LOG.info("%s:%s %s %s", execution.machine_name, execution.name, kind, told[:MAX_LOGGED])
