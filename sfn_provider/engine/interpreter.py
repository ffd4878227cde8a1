"""Interprets a state machine: takes its execution state and an event, returns requests and history.

It never sleeps, calls nothing and reads no clock. A driver answers its requests: `simulate` with mocks and virtual
time, an Airflow task with real calls and deferrals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from sfn_provider.asl.model import StateMachine
from sfn_provider.asl.scope import Json
from sfn_provider.engine.branches.external_branches import BranchContext, join_branches
from sfn_provider.engine.branches.iteration_batches import IterationBatch, start_batch
from sfn_provider.engine.child_histories import ChildHistories
from sfn_provider.engine.compiled_machine import CompiledMachine
from sfn_provider.engine.execution_step import ExecutionStep
from sfn_provider.engine.history.events import Record
from sfn_provider.engine.limits import MAX_EVENTS
from sfn_provider.engine.map_run.child_batches import BatchOutput, ChildBatch
from sfn_provider.engine.observations import Observer
from sfn_provider.engine.progress.execution_state import ROOT, ExecutionState, Frame, Moment
from sfn_provider.engine.redrive import begin_redrive, resume_frames
from sfn_provider.engine.requests import (
    BranchOutcome,
    CallTask,
    Event,
    Request,
    TaskFailed,
    TaskSucceeded,
)
from sfn_provider.engine.states import STATE_HANDLERS, distributed_map
from sfn_provider.engine.step_context import HistoryFull, TaskTokenFactory
from sfn_provider.exceptions import StatesError


class ResumePoint(NamedTuple):
    """A place in an execution's history from which a region goes on.

    Args:
        events: how many events there have been.
        previous: id of the last event.
        steps: how many states have been left.
        phase: the phase of the moment at which it goes on.
        turn: the turn of that moment.
    """

    events: int
    previous: int
    steps: int = 0
    phase: int = 0
    turn: int = 0


class StepResult(NamedTuple):
    """What came of an event.

    Args:
        state: the execution's state; the same object that went in, changed.
        requests: what to do now, in order.
        records: what happened, for the history.
    """

    state: ExecutionState
    requests: list[Request]
    records: list[Record]


class PausedStep(StepResult):
    """A step that has had its ``max_turns``: `Interpreter.go_on` goes on with the frames that are ready still."""

    ready: Sequence[Frame] = ()


class Interpreter:
    """Runs executions of one state machine, or of a region of one.

    A region is a machine that lacks some states: where a state goes on to one that is not there, the execution's
    ``exit`` names it.

    Args:
        machine: a machine that `sfn_provider.asl.parse` accepted, or a region of one; compiled where several
            interpreters run the same one.
        task_token: makes task tokens; None for placeholders.
        observer: gets observations while an execution goes on; None where nobody observes.
        child_histories: records the histories of child executions; None where nobody asks for them.
        execution_type: ``STANDARD`` or ``EXPRESS``, whose history has no limit (AWS's quotas).
        max_events: how many events a history has at most; None for AWS's quota.
        max_turns: how many turns a step has at most: in each turn every frame that is ready runs one state.
        on_failure: gets copies of the frames that were live when an execution failed, for `redrive`; None where nobody
            redrives any.
    """

    def __init__(
        self,
        machine: StateMachine | CompiledMachine,
        *,
        task_token: TaskTokenFactory | None = None,
        observer: Observer | None = None,
        child_histories: ChildHistories | None = None,
        execution_type: str = "STANDARD",
        max_events: float | None = None,
        max_turns: float = math.inf,
        on_failure: Callable[[dict[int, Frame]], None] | None = None,
    ) -> None:
        quota = math.inf if execution_type == "EXPRESS" else MAX_EVENTS
        self._max_events = quota if max_events is None else max_events
        self._max_turns = max_turns
        self._machine = machine if isinstance(machine, CompiledMachine) else CompiledMachine(machine)
        self._task_token = task_token
        self._observer = observer
        self._child_histories = child_histories
        self._on_failure = on_failure

    def check_calls(self, check: Callable[[CallTask], None]) -> None:
        """Have calls checked before their tasks start.

        Args:
            check: raises StatesError for a call that cannot be made; a ``States.Runtime`` ends the execution without
                an event of the task, as on AWS (recorded executions). It is a function of the call alone.
        """
        self._machine.check_call = check

    def start(
        self,
        input: Json,
        *,
        at: float,
        context: dict[str, Any],
        seed: str = "",
        variables: dict[str, Json] | None = None,
        start_at: str | None = None,
        deadline: float | None = None,
        continues: ResumePoint | None = None,
        branch: BranchContext | None = None,
        external_branches: bool = False,
        stop_before: Moment | None = None,
    ) -> StepResult:
        """Start an execution, or go on with one in another region.

        Args:
            input: the execution's input, any JSON value.
            at: the time, seconds since the epoch.
            context: the ``Execution`` and ``StateMachine`` parts of the context object.
            seed: text from which all randomness (jitter, ``States.UUID``, ``$random``) is made.
            variables: variables that are already set, for a region.
            start_at: the state to start at, for a region; the machine's StartAt by default.
            deadline: when the execution times out, seconds since the epoch; by default the machine's TimeoutSeconds
                from now.
            continues: where the history stands when a region goes on with an execution; None starts one.
            branch: what it takes over, where this is a branch of an execution that runs in another task.
            external_branches: True where the state is a Parallel or Map whose branches run in other tasks: go on as
                far as the request `RunBranches`, then by `join`; for a distributed Map `RunChildExecutions` and
                `join_children`.
            stop_before: for a branch, the moment at which it stops because another one fails then.
        """
        machine = self._machine.machine
        execution = ExecutionState(
            context=context, seed=seed, now=at, is_branch=branch is not None, external_branches=external_branches
        )
        execution.stop_before = stop_before
        frame = Frame(ROOT, None, "", start_at or machine.start_at, input, dict(variables or {}))
        execution.frames[ROOT] = frame
        if branch is not None:
            frame.index, frame.map_item, frame.place = branch.index, branch.map_item, branch.place
            execution.first_event = branch.first_event
        step = self._step(execution)
        if continues is None:
            started = {"input": input, "roleArn": context["Execution"]["RoleArn"]}
            step.emit(frame, "ExecutionStarted", started, chain=False)
        else:
            execution.event_ids, frame.previous, frame.steps, execution.phase, execution.turn = continues
        if deadline is None and machine.timeout_seconds is not None:
            deadline = at + machine.timeout_seconds
        if deadline is not None:
            step.wake(frame, "execution", deadline)
        step.schedule(frame)
        return self._proceed(step)

    def resume(self, state: ExecutionState, *events: Event) -> StepResult:
        """Take answers to requests. The answer to a request that was withdrawn changes nothing.

        Args:
            state: the state that the last step returned, or one read back from JSON.
            events: the answer, or all answers that are due at the same time.
        """
        step = self._step(state)
        expected = [event for event in events if event.id in state.pending]
        if not expected:
            state.now = max(state.now, *(event.at for event in events))
            return self._proceed(step)
        state.take_events_at(max(event.at for event in expected))
        if step.stop_if_due():
            return self._proceed(step)
        return self._proceed(step, lambda: self._take_events(step, expected))

    def stop_branch(self, state: ExecutionState) -> StepResult:
        """Stop a branch that nothing else ends before ``stop_before``, the moment at which another one fails."""
        step = self._step(state)
        step.stop()
        return self._proceed(step)

    def go_on(self, previous: PausedStep) -> StepResult:
        """Go on where a step has had its ``max_turns`` and frames are ready still.

        Args:
            previous: what that step returned.
        """
        step = self._step(previous.state)
        for frame in previous.ready:
            step.schedule(frame)
        return self._proceed(step)

    def _take_events(self, step: ExecutionStep, events: list[Event]) -> None:
        state = step.execution
        answers = [(event, state.pending[event.id]) for event in events]
        if len(answers) > 1:
            answers.sort(key=lambda answer: state.path(state.frames[answer[1].frame]))
        for event, pending in answers:
            if event.id not in state.pending or state.is_suspended:  # an event before it has withdrawn the request
                continue
            frame = state.frames[pending.frame]
            step.set_current_frame(frame)
            self._machine.add_scope(frame.scope)
            if pending.purpose not in ("task", "read", "write") or isinstance(event, (TaskSucceeded, TaskFailed)):
                step.close_request(frame, event.id)
            _handle_event(step, frame, pending.purpose, event)

    def redrive(
        self, state: ExecutionState, frames: dict[int, Frame], *, at: float, deadline: float, redrives: int
    ) -> StepResult:
        """Go on with an execution that has ended without success, where it has failed.

        Args:
            state: its state, as it has ended.
            frames: what ``on_failure`` was given.
            at: the time, seconds since the epoch.
            deadline: when it times out, seconds since the epoch.
            redrives: how often it was redriven, with this time.
        """
        begin_redrive(state, frames, at, redrives)
        step = self._step(state)
        return self._proceed(step, lambda: resume_frames(step, deadline, redrives))

    def stop(self, state: ExecutionState) -> StepResult:
        """Stop a branch that runs in another task, because another branch has failed.

        Args:
            state: the state that the last step returned, or one read back from JSON.
        """
        step = self._step(state)
        return self._proceed(step, step.stop)

    def join(self, state: ExecutionState, outcomes: Sequence[BranchOutcome | None]) -> StepResult:
        """Take how the branches ended that `RunBranches` asked for, and go on.

        Args:
            state: the state that asked, or one read back from JSON.
            outcomes: by index; None for a branch that was stopped because another one failed.
        """
        step = self._step(state)
        return self._proceed(step, lambda: join_branches(step, state.root, outcomes))

    def run_iterations(
        self,
        state: ExecutionState,
        batch: IterationBatch,
        *,
        at: float,
        deadline: float | None = None,
        stop_before: Moment | None = None,
    ) -> StepResult:
        """Run some of the iterations that `RunBranches` asked for; the output is an `IterationOutcomes`, as JSON.

        Args:
            state: the state that asked, for this batch alone: read it back from JSON for each.
            batch: which ones.
            at: the time, seconds since the epoch.
            deadline: when the execution times out, seconds since the epoch.
            stop_before: the moment at which it stops because an iteration elsewhere, or a branch around, fails then.
        """
        step = self._step_of_batch(state, at, deadline, stop_before)
        return self._proceed(step, lambda: start_batch(step, state.root, batch))

    def run_children(
        self,
        state: ExecutionState,
        batch: ChildBatch,
        *,
        at: float,
        deadline: float | None = None,
        stop_before: Moment | None = None,
    ) -> StepResult:
        """Run some of the child executions that `RunChildExecutions` asked for; the output is a `BatchOutput`, as JSON.

        Args:
            state: the state that asked, for this batch alone: read it back from JSON for each.
            batch: which ones.
            at: the time, seconds since the epoch.
            deadline: when the execution times out, seconds since the epoch.
            stop_before: where the Map is in a branch, the moment at which it stops because another one fails then.
        """
        step = self._step_of_batch(state, at, deadline, stop_before)
        return self._proceed(step, lambda: distributed_map.start_batch(step, state.root, batch))

    def set_failed_in_other_batches(self, state: ExecutionState, failed: int) -> StepResult:
        """Set how many items of all other batches have failed: the batch ends where that is too much."""
        step = self._step(state)
        return self._proceed(step, lambda: distributed_map.set_failed_in_other_batches(step, state.root, failed))

    def join_children(self, state: ExecutionState, outputs: Iterable[BatchOutput]) -> StepResult:
        """Take how the child executions ended that `RunChildExecutions` asked for, and go on.

        Args:
            state: the state that asked, or one read back from JSON.
            outputs: of all batches; iterated twice where results are exported.

        Raises:
            UsageError: if one has not ended although too few failed to stop it.
        """
        step = self._step(state)
        return self._proceed(step, lambda: distributed_map.join_children(step, state.root, outputs))

    def _step(self, execution: ExecutionState) -> ExecutionStep:
        step = ExecutionStep(self._machine, STATE_HANDLERS, execution, self._task_token, self._observer)
        step.child_histories, step.max_events = self._child_histories, self._max_events
        step.on_failure = self._on_failure
        return step

    def _step_of_batch(
        self, state: ExecutionState, at: float, deadline: float | None, stop_before: Moment | None
    ) -> ExecutionStep:
        state.now, state.stop_before = max(state.now, at), stop_before
        step = self._step(state)
        if deadline is not None:
            step.wake(state.root, "execution", deadline)
        return step

    def _proceed(self, step: ExecutionStep, action: Callable[[], None] | None = None) -> StepResult:
        ready: list[Frame] = []
        try:
            if action is not None:
                action()
            ready = step.advance(self._max_turns)
        except HistoryFull:
            step.end_with_full_history()
        if not ready:
            return StepResult(step.execution, step.requests, step.records)
        paused = PausedStep(step.execution, step.requests, step.records)
        paused.ready = ready
        return paused


def _handle_event(step: ExecutionStep, frame: Frame, purpose: str, event: Event) -> None:
    if purpose == "execution" and frame.id != ROOT:
        distributed_map.time_out_child(step, frame)
    elif purpose == "execution":
        # A machine's own timeout ends the execution without an error name (recorded executions).
        step.end_execution(frame, "TIMED_OUT", StatesError(None))
    elif purpose == "retry":
        step.schedule(frame)
    else:
        state = step.current_state(frame)
        try:
            step.handler(state).handle_event(step, frame, state, purpose, event)
        except StatesError as error:
            step.fail_evaluation(frame, state, error)
