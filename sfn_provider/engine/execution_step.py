"""Moves an execution on by one step: enters, leaves, retries, catches and ends states.

What a state type does between being entered and being left is in `sfn_provider.engine.states`, whose functions the
step is given as a table of `StateHandler`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.compiled_machine import CompiledMachine, CompiledState
from sfn_provider.engine.dataflow.data_flow import StateExit
from sfn_provider.engine.errors import catch
from sfn_provider.engine.errors.retry import choose_retrier, is_terminal, reported_error_name, retry_delay
from sfn_provider.engine.exit_sizes import check_sizes
from sfn_provider.engine.limits import OversizedOutput, history_full_error
from sfn_provider.engine.observations import CatchDecision, Observer, RetryDecision
from sfn_provider.engine.progress.execution_state import ROOT, ExecutionState, Frame
from sfn_provider.engine.progress.state_progress import DeferredFailure, IterationBatchProgress
from sfn_provider.engine.requests import Cancel, Event
from sfn_provider.engine.step_context import StepContext, TaskTokenFactory
from sfn_provider.exceptions import QueryEvaluationError, StatesError

# History events that end an execution without success.
_END_EVENTS = {"FAILED": "ExecutionFailed", "TIMED_OUT": "ExecutionTimedOut"}


class ExecutionStep(StepContext):
    """Works on an execution from one event to the point where all of its frames wait, or until it ends.

    Args:
        machine: the compiled machine.
        handlers: what each state type does, by the value of Type.
        execution: the execution's state, changed in place.
        task_token: makes task tokens.
        observer: gets observations; None where nobody observes.
    """

    def __init__(
        self,
        machine: CompiledMachine,
        handlers: Mapping[str, StateHandler],
        execution: ExecutionState,
        task_token: TaskTokenFactory | None = None,
        observer: Observer | None = None,
    ) -> None:
        super().__init__(machine, execution, task_token, observer)
        self._handlers = handlers
        self._ready: list[Frame] = []
        self._failed_frames: dict[int, Frame] | None = None

    def advance(self, max_turns: float) -> list[Frame]:
        """Run frames in turn until none is ready, or they have had as many turns; return those that are ready still."""
        execution, frames = self.execution, self.execution.frames
        while self._ready and not execution.is_suspended and (max_turns := max_turns - 1) >= 0:
            execution.turn += 1
            if execution.stop_before is not None and self.stop_if_due():
                return []
            ready, self._ready = self._ready, []
            if len(ready) == 1 and ready[0].id in frames:
                self._execute(ready[0])
                continue
            for frame in execution.in_order(ready):
                if frame.id in frames and not execution.is_suspended:
                    self._execute(frame)
        return [] if execution.is_suspended else self._ready

    def _execute(self, frame: Frame) -> None:
        state = self.machine.state(frame.scope, frame.state)
        self._current, self._entropy = frame, None
        try:
            if not frame.entered:
                self._enter(frame, state)
            self._handlers[state.type].execute(self, frame, state)
        except StatesError as error:
            self.fail_evaluation(frame, state, error)

    def schedule(self, frame: Frame) -> None:
        """Let the frame execute its state in the next turn."""
        self._ready.append(frame)

    def stop_if_due(self) -> bool:
        """Stop a branch that runs in another task where it has come to the moment at which another one failed."""
        stop_before = self.execution.stop_before
        is_due = stop_before is not None and self.execution.moment >= stop_before
        if is_due:
            self.stop()
        return is_due

    def stop(self) -> None:
        """Stop all there is, because another branch has failed."""
        self._end(self.execution.root)
        self.execution.is_stopped = True

    def handler(self, state: CompiledState) -> StateHandler:
        """Return the functions for the state's type."""
        return self._handlers[state.type]

    # Entering and leaving a state ------------------------------------------------------------------------------------

    def _enter(self, frame: Frame, state: CompiledState) -> None:
        frame.entered_at, frame.entered_after = self.execution.now, frame.previous
        frame.retry_counts = [0] * len(state.retriers)
        self.execution.transitions += 1
        if self.observer is not None:
            self.observe_entry(frame)
        frame.entered = self.emit(frame, state.entered_event, {"name": state.name, "input": frame.input})
        if frame.child_execution is not None:
            self.check_history(self.execution.frames[frame.child_execution])

    def succeed(self, frame: Frame, state: CompiledState, result: Json, scope: Scope) -> None:
        """Leave the state with the result of its work; ``scope`` is what its fields see."""
        self.leave(frame, state, state.data_flow.leave(scope, result, self.entropy), state.next)

    def succeed_children(self, frame: Frame, state: CompiledState, results: Json) -> None:
        """Leave the state with the outputs of its branches or iterations.

        The state's exit follows the last event of its children, a failure to evaluate its fields follows the event
        recorded here (observed on AWS).
        """
        last = frame.previous
        self.set_current_frame(frame)
        self.emit(frame, f"{state.type}StateSucceeded")
        exit = state.data_flow.leave(self.scope(frame), results, self.entropy)
        frame.previous = last
        self.leave(frame, state, exit, state.next)

    def leave(
        self, frame: Frame, state: CompiledState, exit: StateExit, next_state: str | None, *, is_caught: bool = False
    ) -> None:
        """Leave the state with an output for the next one, or end the frame where there is no next one.

        ``is_caught`` is True where a Catch of the state has made the output: none takes an error of that.
        """
        output, assigned = exit
        try:
            check_sizes(state.name, frame, exit)
        except OversizedOutput as error:
            if is_caught:
                self.observe_failure(frame, state.name, error)
                self.fail_frame(frame, error)
            else:
                self.fail(frame, state, error)
            return
        details: dict[str, Any] = {"name": state.name, "output": output}
        if assigned:
            details["assignedVariables"] = assigned
            frame.variables = {**frame.variables, **assigned}
        self.emit(frame, state.exited_event, details)
        frame.entered = frame.calls = frame.random_draws = 0
        frame.steps += 1
        frame.progress, frame.children = None, []
        frame.input = output
        if next_state is None:
            self.finish(frame, output)
        elif self.machine.has_state(frame.scope, next_state):
            frame.state = next_state
            self.schedule(frame)
        else:
            self._exit_region(frame, next_state, output)

    def _exit_region(self, frame: Frame, next_state: str, output: Json) -> None:
        """End a region whose execution goes on to a state outside of it."""
        if frame.id != ROOT:
            raise KeyError(f"state {next_state!r} is not in the scope {frame.scope!r}")
        self._end(frame)
        self.execution.exit, self.execution.output, self.execution.variables = next_state, output, frame.variables

    def finish(self, frame: Frame, output: Json) -> None:
        """End a frame with success: it is the execution, or a branch or iteration of its parent."""
        if frame.parent is None:
            self._end(frame)
            execution = self.execution
            execution.status, execution.output, execution.variables = "SUCCEEDED", output, frame.variables
            if not execution.is_branch:
                self.emit(frame, "ExecutionSucceeded", {"output": output})
            return
        parent, state = self._leave_for_parent(frame, frame.parent)
        try:
            self._handlers[state.type].child_succeeded(self, parent, state, frame, output)
        except StatesError as error:
            self.fail_evaluation(parent, state, error)

    def _leave_for_parent(self, frame: Frame, parent_id: int) -> tuple[Frame, CompiledState]:
        parent = self.execution.frames[parent_id]
        del self.execution.frames[frame.id]
        self._current, self._entropy = parent, None
        return parent, self.machine.state(parent.scope, parent.state)

    def _end(self, frame: Frame) -> None:
        """Drop all frames and withdraw all requests."""
        execution = self.execution
        execution.previous, execution.steps = frame.previous, frame.steps
        if isinstance(frame.progress, IterationBatchProgress):
            execution.output = frame.progress.output(execution.event_ids)
        self.requests += [Cancel(identity) for identity in execution.pending]
        execution.pending.clear()
        execution.frames.clear()

    # Failing ---------------------------------------------------------------------------------------------------------

    def fail_evaluation(self, frame: Frame, state: CompiledState, error: StatesError) -> None:
        """Fail the state because one of its fields could not be evaluated, which AWS words and records differently."""
        if self.execution.external_branches:
            self._defer_failure(frame, error, evaluation=True)
            return
        failure = catch.with_state_prefix(state, self._event_number(frame), error)
        if isinstance(error, QueryEvaluationError):
            if frame.previous == frame.entered:
                frame.previous = frame.entered_after
            self._emit_evaluation_failed(frame, state, failure, error.location)
        self.fail(frame, state, failure)

    def _event_number(self, frame: Frame) -> int:
        """Return the number of the event by which the frame's state was entered, as its own history counts."""
        return frame.entered - (self.execution.first_event if frame.child_execution is None else 0)

    def _defer_failure(self, frame: Frame, error: StatesError, *, evaluation: bool) -> None:
        """Leave a failure from before the branches to the task that joins them: it has the state's Catch."""
        self.observe_failure(frame, frame.state, error, join_decides=True)
        location = error.location if isinstance(error, QueryEvaluationError) else None
        is_oversized = isinstance(error, OversizedOutput)
        frame.progress = DeferredFailure(error.error, error.cause, evaluation, location, is_oversized)
        self.execution.awaits_branches = True

    def _emit_evaluation_failed(self, frame: Frame, state: CompiledState, error: StatesError, location: str) -> None:
        details = {"state": state.name, "error": error.error, "cause": error.cause, "location": location}
        self.emit(frame, "EvaluationFailed", details)

    def fail(self, frame: Frame, state: CompiledState, error: StatesError) -> None:
        """Fail the state: retry it, go on with a Catch, or let the error out of the frame."""
        if self.execution.external_branches:
            self._defer_failure(frame, error, evaluation=False)
            return
        if is_terminal(error.error):
            self.observe_failure(frame, state.name, error)
            self.fail_execution(frame, error)
            return
        self.set_current_frame(frame)
        self.abort_children(frame)
        self.cancel(frame)
        index = choose_retrier(state.retriers, frame.retry_counts, error)
        if index is not None:
            self._retry(frame, state, index, error)
        else:
            self._catch(frame, state, error)

    def _retry(self, frame: Frame, state: CompiledState, index: int, error: StatesError) -> None:
        retrier, at = state.retriers[index], self.execution.now
        seconds = retry_delay(retrier, frame.retry_counts[index], self.entropy)
        frame.retry_counts[index] += 1
        decision = RetryDecision(index, frame.retry_counts[index], retrier.max_attempts, seconds, at + seconds)
        self.observe_failure(frame, state.name, error, decision)
        self.execution.transitions += 1
        frame.progress, frame.children = None, []
        if seconds > 0:
            self.wake(frame, "retry", self.execution.now + seconds)
        else:
            self.schedule(frame)

    def _catch(self, frame: Frame, state: CompiledState, error: StatesError) -> None:
        failed_after = frame.previous
        self._emit_state_failed(frame, state)
        catcher = catch.find_catcher(state, error)
        decision = CatchDecision(state.model.catch.index(catcher), catcher.next) if catcher is not None else None
        self.observe_failure(frame, state.name, error, decision)
        if catcher is None:
            self.fail_frame(frame, error)
            return
        try:
            exit = catch.apply_catcher(catcher, state, self.scope(frame), error, self.entropy)
        except StatesError as second:
            self._fail_catch(frame, state, second, failed_after)
            return
        self.leave(frame, state, exit, catcher.next, is_caught=True)

    def _fail_catch(self, frame: Frame, state: CompiledState, error: StatesError, failed_after: int) -> None:
        """Fail the state once more, after the event of its first failure: a field of its Catch cannot be evaluated.

        Order and chain of the events: observed on AWS.
        """
        failure = catch.with_state_prefix(state, self._event_number(frame), error)
        self.observe_failure(frame, state.name, failure)
        if is_terminal(failure.error):
            self.fail_execution(frame, failure)
            return
        if isinstance(error, QueryEvaluationError):
            frame.previous = failed_after
            self._emit_evaluation_failed(frame, state, failure, error.location)
            self._emit_state_failed(frame, state)
        self.fail_frame(frame, failure)

    def _emit_state_failed(self, frame: Frame, state: CompiledState) -> None:
        """Record that a Parallel or Map failed; other types have no event of that kind."""
        if state.type in ("Parallel", "Map"):
            self.emit(frame, f"{state.type}StateFailed")

    def fail_execution(self, frame: Frame, error: StatesError) -> None:
        """Fail the whole execution or child execution: no Retry or Catch of the states around takes the error.

        These states leave no event either (recorded executions).
        """
        top = self.execution.frames[frame.child_execution or ROOT]
        top.previous = frame.previous
        if isinstance(top.progress, IterationBatchProgress):
            top.progress.failed = self.execution.path(frame)[0]
        if top.id != ROOT:
            self.abort_children(top)
            self.cancel(top)
        self.fail_frame(top, error)

    def fail_frame(self, frame: Frame, error: StatesError) -> None:
        """End a frame with an error: it is the execution, or a branch or iteration of its parent."""
        if self.on_failure is None or self._failed_frames is not None or frame.child_execution is not None:
            self._fail_frame(frame, error)
            return
        self._failed_frames = self.execution.copy_frames()
        self._fail_frame(frame, error)
        self._failed_frames = None

    def _fail_frame(self, frame: Frame, error: StatesError) -> None:
        is_branch = self.execution.is_branch
        if frame.execution_context is not None or (frame.parent is None and not is_branch):
            error = StatesError(reported_error_name(error.error), error.cause)
        if frame.parent is None:
            if is_branch:
                self.emit_task_aborted(frame)
            self.end_execution(frame, "FAILED", error)
            return
        parent, state = self._leave_for_parent(frame, frame.parent)
        self.handler(state).child_failed(self, parent, state, frame, error)

    def end_execution(self, frame: Frame, status: Literal["FAILED", "TIMED_OUT"], error: StatesError) -> None:
        """End the execution without success."""
        if self.on_failure is not None:
            self.on_failure(self._failed_frames or self.execution.copy_frames())
        self._end(frame)
        self.execution.status, self.execution.error, self.execution.cause = status, error.error, error.cause
        self.execution.is_oversized = isinstance(error, OversizedOutput)
        if not self.execution.is_branch:
            self.emit(frame, _END_EVENTS[status], error.details)

    def end_with_full_history(self) -> None:
        """Fail the execution by the last event that its history has room for."""
        frame = self.execution.root
        frame.previous = self.execution.first_event + self.execution.event_ids
        self.end_execution(frame, "FAILED", history_full_error(self.max_events))

    # Branches and iterations -----------------------------------------------------------------------------------------

    def start_child(self, parent: Frame, scope: str, start_at: str, input: Json, index: int) -> Frame:
        """Start a branch or iteration."""
        child = self.add_child(parent, scope, start_at, input, index)
        child.map_item, child.previous, child.child_execution = parent.map_item, parent.previous, parent.child_execution
        child.variables_bytes = parent.variables_bytes
        child.place = f"{parent.children_place}.{index}"
        self._ready.append(child)
        return child

    def abort_children(self, frame: Frame) -> None:
        """Stop all branches and iterations of a frame, and theirs."""
        parent = self.current_state(frame)
        inline_map = parent.type == "Map" and not parent.distributed
        for child in self.children(frame):
            child.previous = frame.previous  # each one's events follow the failure (recorded executions)
            if inline_map:
                self.emit(child, "MapIterationAborted", {"name": parent.name, "index": child.index}, chain=False)
            self.abort_children(child)
            self.cancel(child)
            self.cancel(child, "execution")
            state = self.current_state(child)
            if child.entered and state.type != "Fail":
                self.emit(child, f"{state.type}StateAborted", chain=False)
            del self.execution.frames[child.id]


def _refuse(_step: ExecutionStep, frame: Frame, state: CompiledState, *args: Any) -> None:
    raise AssertionError(f"{state.type} state {frame.state!r} cannot take {args!r}")


@dataclass(frozen=True, slots=True)
class StateHandler:
    """The functions that make up a state type.

    Args:
        execute: does the state's work; ends by leaving the state, or with open requests, or with children. It is called
            again for a retry.
        handle_event: takes the answer to a request of the state, with the request's purpose.
        child_succeeded: takes the output of a branch or iteration.
        child_failed: takes the error of a branch or iteration.
    """

    execute: Callable[[ExecutionStep, Frame, CompiledState], None]
    handle_event: Callable[[ExecutionStep, Frame, CompiledState, str, Event], None] = _refuse
    child_succeeded: Callable[[ExecutionStep, Frame, CompiledState, Frame, Json], None] = _refuse
    child_failed: Callable[[ExecutionStep, Frame, CompiledState, Frame, StatesError], None] = _refuse
