"""One step of an execution: from an event to the point where everything waits again.

What every state type shares is here: entering, leaving, retrying, catching, ending. What a type does in between is in
`sfn_provider.engine.states`.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Any

from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine import external_branches as outside
from sfn_provider.engine.compiled import Compiled, Program
from sfn_provider.engine.dataflow.context_object import state_context
from sfn_provider.engine.dataflow.flow import Exit
from sfn_provider.engine.errors import catch
from sfn_provider.engine.errors.retry import choose_retrier, delay, is_terminal, reported
from sfn_provider.engine.execution_state import ExecutionState, Frame
from sfn_provider.engine.journal import Journal
from sfn_provider.engine.limits import HISTORY_IS_FULL, MAX_EVENTS, too_large
from sfn_provider.engine.requests import Cancel
from sfn_provider.exceptions import QueryEvaluationError, StatesError

ROOT = 0
"""Id of the frame that is the execution itself."""

TokenMaker = Callable[[str], str]
"""Makes the task token of a call, of its place: what tells it from all others of the execution."""


class Run(Journal):
    """Works on an execution's state; collects the requests and the history records that come of it.

    Args:
        program: the compiled machine.
        state: the execution's state, changed in place.
        task_token: makes task tokens.
    """

    def __init__(self, program: Program, state: ExecutionState, task_token: TokenMaker | None = None) -> None:
        super().__init__(state)
        self.program = program
        self._task_token = task_token
        self._ready: deque[Frame] = deque()
        self._current: Frame | None = None
        self._entropy: random.Random | None = None

    # Moving on ------------------------------------------------------------------------------------------------------

    def advance(self) -> None:
        """Run every frame that can go on, in turn, until all wait or the execution has ended."""
        from sfn_provider.engine.states import BEHAVIOURS

        while self._ready and not self.state.is_suspended:
            frame = self._ready.popleft()
            if frame.id not in self.state.frames:
                continue
            state = self.compiled(frame)
            self.turn_to(frame)
            try:
                if not frame.entered:
                    self._enter(frame, state)
                BEHAVIOURS[state.model.type].execute(self, frame, state)
            except StatesError as error:
                self.fail_evaluation(frame, state, error)

    def ready(self, frame: Frame) -> None:
        """Let the frame execute its state once its turn comes."""
        self._ready.append(frame)

    def compiled(self, frame: Frame) -> Compiled:
        """The state that the frame is in."""
        return self.program.state(frame.scope, frame.state)

    @property
    def entropy(self) -> random.Random:
        """Randomness made from the execution's seed and the place in the flow.

        The same seed and states give the same values, also where regions or branches run elsewhere.
        """
        frame = self._current or self.state.frames[ROOT]
        if self._entropy is None:
            frame.draws += 1
            self._entropy = random.Random(f"{self.state.seed}/{frame.place}/{frame.steps}/{frame.draws}")
        return self._entropy

    def turn_to(self, frame: Frame) -> None:
        """What follows is done for a frame."""
        self._current, self._entropy = frame, None

    def task_token(self, place: str) -> str:
        """The task token of the call at a place."""
        if self._task_token is not None:
            return self._task_token(place)
        return f"{self.state.context['Execution']['Id']}#{place}"

    def scope(self, frame: Frame, token: str | None = None) -> Scope:
        """What the expressions of the frame's state see."""
        return Scope(
            frame.input,
            state_context(self.state, frame, retries=self.compiled(frame).retries, token=token),
            frame.variables,
        )

    # Entering and leaving a state -----------------------------------------------------------------------------------

    def _enter(self, frame: Frame, state: Compiled) -> None:
        frame.entered_at, frame.entered_after = self.state.now, frame.previous
        frame.counts = [0] * len(getattr(state.model, "retry", ()))
        self.state.transitions += 1
        frame.entered = self.emit(frame, state.entered_event, {"name": state.name, "input": frame.input})
        if frame.child_execution is not None and self.state.frames[frame.child_execution].events >= MAX_EVENTS:
            raise HISTORY_IS_FULL

    def succeed(self, frame: Frame, state: Compiled, result: Json, scope: Scope) -> None:
        """The state's work is done: make output and variables, and go on."""
        self.leave(frame, state, state.flow.leave(scope, result, self.entropy), state.next)

    def succeed_children(self, frame: Frame, state: Compiled, results: Json) -> None:
        """All branches or iterations of the frame have succeeded: record it, make output and variables, and go on.

        The state's exit follows the last event of its children, a failure to evaluate its fields follows the event
        recorded here (observed on AWS).
        """
        last = frame.previous
        self.emit(frame, f"{state.model.type}StateSucceeded")
        exit = state.flow.leave(self.scope(frame), results, self.entropy)
        frame.previous = last
        self.leave(frame, state, exit, state.next)

    def leave(self, frame: Frame, state: Compiled, exit: Exit, next_state: str | None) -> None:
        """Leave the state with an output for the next one, or end the frame."""
        output, assigned = exit
        error = too_large(state.name, output) if output is not frame.input else None
        if error is not None:
            self.fail(frame, state, error)
            return
        details: dict[str, Any] = {"name": state.name, "output": output}
        if assigned:
            details["assignedVariables"] = assigned
            frame.variables = {**frame.variables, **assigned}
        self.emit(frame, state.exited_event, details)
        self.go(frame, next_state, output)

    def go(self, frame: Frame, next_state: str | None, output: Json) -> None:
        """Move the frame to the next state, or end it."""
        frame.entered = frame.calls = frame.draws = 0
        frame.steps += 1
        frame.memo, frame.children = {}, []
        frame.input = output
        if next_state is None:
            self.finish(frame, output)
        elif self.program.has(frame.scope, next_state):
            frame.state = next_state
            self._ready.append(frame)
        else:
            self._exit_region(frame, next_state, output)

    def _exit_region(self, frame: Frame, next_state: str, output: Json) -> None:
        """A region ends where its execution leaves to a state outside of it."""
        if frame.id != ROOT:
            raise KeyError(f"state {next_state!r} is not in the scope {frame.scope!r}")
        self._end(frame)
        self.state.exit, self.state.output, self.state.variables = next_state, output, frame.variables

    def finish(self, frame: Frame, output: Json) -> None:
        """The frame has walked to its end: the execution has succeeded, or a branch or iteration has."""
        from sfn_provider.engine.states import BEHAVIOURS

        if frame.parent is None:
            self._end(frame)
            self.state.status, self.state.output, self.state.variables = "SUCCEEDED", output, frame.variables
            if not self.state.branch:
                self.emit(frame, "ExecutionSucceeded", {"output": output})
            return
        parent = self.state.frames[frame.parent]
        state = self.compiled(parent)
        del self.state.frames[frame.id]
        self.turn_to(parent)
        try:
            BEHAVIOURS[state.model.type].child_succeeded(self, parent, state, frame, output)
        except StatesError as error:
            self.fail_evaluation(parent, state, error)

    def _end(self, frame: Frame) -> None:
        """Drop all frames and withdraw all requests."""
        self.state.previous, self.state.steps = frame.previous, frame.steps
        for identity in self.state.pending:
            self.requests.append(Cancel(identity))
        self.state.pending.clear()
        self.state.frames.clear()

    # Failing ---------------------------------------------------------------------------------------------------------

    def fail_evaluation(self, frame: Frame, state: Compiled, error: StatesError) -> None:
        """A field of the state could not be evaluated: say so as AWS does, then fail."""
        if self.state.outside:
            outside.hold(self, frame, error, evaluation=True)
            return
        told = catch.with_state_prefix(state, frame.entered - self.state.first_event, error)
        if isinstance(error, QueryEvaluationError):
            if frame.previous == frame.entered:
                frame.previous = frame.entered_after
            self._emit_evaluation_failed(frame, state, told, error.location)
        self.fail(frame, state, told)

    def _emit_evaluation_failed(self, frame: Frame, state: Compiled, told: StatesError, location: str) -> None:
        details = {"state": state.name, "error": told.error, "cause": told.cause, "location": location}
        self.emit(frame, "EvaluationFailed", details)

    def fail(self, frame: Frame, state: Compiled, error: StatesError) -> None:
        """The state failed: retry it, catch it, or let the failure out of the frame."""
        if self.state.outside:
            outside.hold(self, frame, error, evaluation=False)
            return
        if is_terminal(error.error):
            self.fail_outright(frame, error)
            return
        self.abort_children(frame)
        self.cancel(frame)
        retriers = getattr(state.model, "retry", ())
        place = choose_retrier(retriers, frame.counts, error.error)
        if place is not None:
            self._retry(frame, state, place)
            return
        failed_after = frame.previous
        self._state_failed(frame, state)
        caught = catch.find(state, error.error)
        if caught is None:
            self.fail_frame(frame, error)
            return
        try:
            exit = catch.apply(caught, state, self.scope(frame), error, self.entropy)
        except StatesError as second:
            self._fail_again(frame, state, second, failed_after)
            return
        refused = too_large(state.name, exit.output)
        if refused is not None:  # what a Catch makes is not for the same Catch
            self.fail_frame(frame, refused)
            return
        self.leave(frame, state, exit, caught.next)

    def _fail_again(self, frame: Frame, state: Compiled, error: StatesError, failed_after: int) -> None:
        """A field of a Catch could not be evaluated: the state fails once more, from where it had failed first.

        Order and chain of the events: observed on AWS.
        """
        told = catch.with_state_prefix(state, frame.entered - self.state.first_event, error)
        if is_terminal(told.error):
            self.fail_outright(frame, told)
            return
        if isinstance(error, QueryEvaluationError):
            frame.previous = failed_after
            self._emit_evaluation_failed(frame, state, told, error.location)
            self._state_failed(frame, state)
        self.fail_frame(frame, told)

    def fail_outright(self, frame: Frame, error: StatesError) -> None:
        """End the whole execution, or child execution: no Retry or Catch on the way takes the error.

        The states around it leave no event either (recorded executions).
        """
        top = self.state.frames[frame.child_execution or ROOT]
        top.previous = frame.previous
        if top.id != ROOT:
            self.abort_children(top)
            self.cancel(top)
        self.fail_frame(top, error)

    def _state_failed(self, frame: Frame, state: Compiled) -> None:
        """Record that a Parallel or Map failed; other types have no event of that kind."""
        if state.model.type in ("Parallel", "Map"):
            self.emit(frame, f"{state.model.type}StateFailed")

    def _retry(self, frame: Frame, state: Compiled, place: int) -> None:
        seconds = delay(state.model.retry[place], frame.counts[place], self.entropy)
        frame.counts[place] += 1
        self.state.transitions += 1
        frame.memo, frame.children = {}, []
        if seconds > 0:
            self.wake(frame, "retry", self.state.now + seconds)
        else:
            self._ready.append(frame)

    def fail_frame(self, frame: Frame, error: StatesError) -> None:
        """The failure leaves the frame: it ends the execution, or reaches the Parallel or Map that runs the frame."""
        from sfn_provider.engine.states import BEHAVIOURS

        whole = frame.parent is None and not self.state.branch
        if whole or frame.execution is not None:
            error = StatesError(reported(error.error), error.cause)
        if frame.parent is None:
            if self.state.branch:
                self.task_aborted(frame)
            self.end_execution(frame, "FAILED", error)
            return
        parent = self.state.frames[frame.parent]
        del self.state.frames[frame.id]
        self.turn_to(parent)
        state = self.compiled(parent)
        BEHAVIOURS[state.model.type].child_failed(self, parent, state, frame, error)

    def end_execution(self, frame: Frame, status: Any, error: StatesError) -> None:
        """End the execution without success."""
        self._end(frame)
        self.state.status, self.state.error, self.state.cause = status, error.error, error.cause
        if self.state.branch:
            return
        details = {"error": error.error, "cause": error.cause}
        event = {"FAILED": "ExecutionFailed", "TIMED_OUT": "ExecutionTimedOut", "ABORTED": "ExecutionAborted"}[status]
        self.emit(frame, event, {key: value for key, value in details.items() if value is not None})

    # Children --------------------------------------------------------------------------------------------------------

    def spawn(self, parent: Frame, scope: str, start_at: str, input: Json, index: int) -> Frame:
        """Start a branch or an iteration under a frame."""
        self.state.frame_ids += 1
        child = Frame(
            self.state.frame_ids,
            parent.id,
            scope,
            start_at,
            input,
            parent.variables,
            index,
            parent.map_item,
            parent.previous,
        )
        child.child_execution = parent.child_execution
        child.place = f"{place_of(parent)}.{index}"
        self.state.frames[child.id] = child
        parent.children.append(child.id)
        self._ready.append(child)
        return child

    def children(self, frame: Frame) -> list[Frame]:
        """The live branches or iterations of a frame, oldest first."""
        frames = self.state.frames
        return [frames[identity] for identity in frame.children if identity in frames]

    def abort_children(self, frame: Frame) -> None:
        """Stop all branches and iterations of a frame, and theirs."""
        parent = self.compiled(frame)
        inline_map = parent.model.type == "Map" and not parent.model.distributed
        for child in self.children(frame):
            child.previous = frame.previous  # each one's events follow the failure (recorded executions)
            if inline_map:
                self.emit(child, "MapIterationAborted", {"name": parent.name, "index": child.index}, chain=False)
            self.abort_children(child)
            self.cancel(child)
            self.cancel(child, "execution")
            state = self.compiled(child)
            if child.entered and state.model.type != "Fail":
                self.emit(child, f"{state.model.type}StateAborted", chain=False)
            del self.state.frames[child.id]

    def task_aborted(self, frame: Frame) -> None:
        """Record a Task whose failure ends its branch or iteration as aborted, as AWS does (recorded executions)."""
        if self.compiled(frame).model.type == "Task":
            self.emit(frame, "TaskStateAborted", chain=False)

    def end_full(self) -> None:
        """The history has room for one event only: the execution fails with it."""
        frame = self.state.frames[ROOT]
        frame.previous = self.state.first_event + self.state.event_ids
        self.end_execution(frame, "FAILED", HISTORY_IS_FULL)


def place_of(frame: Frame) -> str:
    """The place of a frame's children, but for their index."""
    return f"{frame.place}/{frame.steps}.{sum(frame.counts)}"
