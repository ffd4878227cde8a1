"""Records the history events and requests of one step, and makes the scope of its expressions.

A step goes from an event to the point where every frame waits again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.child_histories import ChildHistories
from sfn_provider.engine.compiled_machine import CompiledMachine, CompiledState
from sfn_provider.engine.dataflow.context_object import frame_context, state_context
from sfn_provider.engine.history.events import Record, make_record
from sfn_provider.engine.limits import HISTORY_FULL_ERROR, MAX_EVENTS
from sfn_provider.engine.observations import (
    CatchDecision,
    Observer,
    Place,
    RetryDecision,
    RoundBegun,
    StateEntered,
    StateFailure,
    begins_round,
    place_of,
)
from sfn_provider.engine.progress.execution_state import ExecutionState, Frame, Pending
from sfn_provider.engine.randomness import SeededRandomness
from sfn_provider.engine.requests import Cancel, Request, WakeAt
from sfn_provider.exceptions import StatesError

TaskTokenFactory = Callable[[str], str]
"""Makes a call's task token from the call's place, which no other call of the execution has."""


class HistoryFull(Exception):
    """The history has room for one more event, which must be the last one."""


class StepContext:
    """Return access to the execution during one step.

    Args:
        machine: the compiled machine.
        execution: the execution's state, changed in place.
        task_token: makes task tokens.
        observer: gets observations; None where nobody observes.

    Attributes:
        requests: the requests that the step has made.
        records: the history events that it has recorded.
        child_histories: records the events of child executions; None where nobody asks for them.
        on_failure: gets copies of the live frames as they were when the failure came that has ended the execution;
            None where nobody asks for them.
    """

    child_histories: ChildHistories | None = None

    def __init__(
        self,
        machine: CompiledMachine,
        execution: ExecutionState,
        task_token: TaskTokenFactory | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.machine = machine
        self.execution = execution
        self.requests: list[Request] = []
        self.records: list[Record] = []
        self.observer = observer
        self.max_events: float = MAX_EVENTS
        self.on_failure: Callable[[dict[int, Frame]], None] | None = None
        self._task_token = task_token
        self._current: Frame | None = None
        self._entropy: SeededRandomness | None = None

    # What expressions see --------------------------------------------------------------------------------------------

    def current_state(self, frame: Frame) -> CompiledState:
        """Return the state that the frame is in."""
        return self.machine.state(frame.scope, frame.state)

    def check_history(self, child: Frame) -> None:
        """Check the number of events of a child execution; the history of one of the type EXPRESS has no limit.

        Raises:
            StatesError: there are too many.
        """
        if child.events < MAX_EVENTS or child.parent is None:
            return
        _, branch = self.machine.branch(self.current_state(self.execution.frames[child.parent]))
        if branch.processor_config is None or branch.processor_config.execution_type != "EXPRESS":
            raise HISTORY_FULL_ERROR

    def scope(self, frame: Frame, token: str | None = None) -> Scope:
        """Return what the expressions of the frame's state see; ``token`` is the task token, where there is one."""
        retry_count = sum(frame.retry_counts) if self.current_state(frame).has_retry else None
        context = frame_context(self.execution, frame)
        make = partial(state_context, context, frame.state, frame.entered_at, retry_count, frame.map_item, token)
        return Scope(frame.input, make, frame.variables)

    @property
    def entropy(self) -> SeededRandomness:
        """Random values made from the execution's seed and the place of the current frame.

        The same seed and states give the same values, also where regions or branches run in other tasks.
        """
        if self._entropy is None:
            frame = self._current or self.execution.root
            frame.random_draws += 1
            self._entropy = SeededRandomness(self.execution.seed, frame.place, frame.steps, frame.random_draws)
        return self._entropy

    def set_current_frame(self, frame: Frame) -> None:
        """Set the frame that random values are made for from now on.

        Each part of a state's work that may run in a task of its own begins with it: where one task runs all of them,
        the values are the same.
        """
        self._current, self._entropy = frame, None

    def task_token(self, place: str, *, is_awaited: bool = True) -> str:
        """Return the task token of the call at a place.

        Args:
            place: the call's place.
            is_awaited: False where an answer to the token has no effect, as in a task with ``.sync``.
        """
        if self._task_token is not None and is_awaited:
            return self._task_token(place)
        return f"{self.execution.context['Execution']['Id']}#{place}"

    # Branches and iterations -----------------------------------------------------------------------------------------

    def add_child(self, parent: Frame, scope: str, state: str, input: Json, index: int) -> Frame:
        """Add the frame of a branch or iteration."""
        self.execution.frame_ids += 1
        child = Frame(self.execution.frame_ids, parent.id, scope, state, input, parent.variables, index)
        self.execution.frames[child.id] = child
        parent.children.append(child.id)
        return child

    def children(self, frame: Frame) -> list[Frame]:
        """Return the branches or iterations of a frame that have not ended, oldest first."""
        frames = self.execution.frames
        return [frames[identity] for identity in frame.children if identity in frames]

    # History ---------------------------------------------------------------------------------------------------------

    def emit(self, frame: Frame, type: str, details: dict[str, Any] | None = None, *, chain: bool = True) -> int:
        """Record a history event after the frame's previous one; with ``chain`` the frame's next one follows it.

        Events of the child executions of a distributed Map belong to other histories: they are counted, and recorded
        where somebody asks for those.

        Returns:
            The event's id.

        Raises:
            HistoryFull: if only the event that ends the execution can be recorded now.
        """
        execution = self.execution
        if frame.child_execution is not None:
            child = execution.frames[frame.child_execution]
            identity = child.events = child.events + 1
            if self.child_histories is not None:
                record = Record(identity, frame.previous, type, execution.now, details or {})
                self.child_histories.add(child, record)
        else:
            if execution.event_ids >= self.max_events - 1 and not type.startswith("Execution"):
                raise HistoryFull
            execution.event_ids = number = execution.event_ids + 1
            identity = execution.first_event + number
            self.records.append(make_record((identity, frame.previous, type, execution.now, details or {})))
        if chain:
            frame.previous = identity
        return identity

    def emit_task_aborted(self, frame: Frame) -> None:
        """Record a Task whose failure ends its branch or iteration as aborted, as AWS does (recorded executions)."""
        if self.current_state(frame).type == "Task":
            self.emit(frame, "TaskStateAborted", chain=False)

    # Observations ----------------------------------------------------------------------------------------------------

    def place(self, frame: Frame) -> Place:
        """Return where a frame is, for observations."""
        return place_of(self.execution.frames, frame)

    def observe_entry(self, frame: Frame) -> None:
        """Tell the observer that the frame's state is entered, and where it begins a round of a loop."""
        if self.observer is None:
            return
        place = self.place(frame)
        self.observer(StateEntered(frame.state, place, self.scope(frame)))
        if (number := begins_round(frame.visits, frame.state)) is not None:
            self.observer(RoundBegun(frame.state, place, number))

    def observe_failure(
        self,
        frame: Frame,
        state: str,
        error: StatesError,
        decision: RetryDecision | CatchDecision | None = None,
        *,
        join_decides: bool = False,
    ) -> None:
        """Tell the observer that a state, or an attempt of it, has failed, and what follows."""
        if self.observer is not None:
            attempt = sum(frame.retry_counts) + (0 if isinstance(decision, RetryDecision) else 1)
            place = self.place(frame)
            self.observer(StateFailure(state, place, attempt, error.error, error.cause, decision, join_decides))

    # Requests --------------------------------------------------------------------------------------------------------

    def new_request(self, frame: Frame, purpose: str) -> str:
        """Return the id of a new request whose answer is for the frame."""
        self.execution.request_ids += 1
        identity = str(self.execution.request_ids)
        self.execution.pending[identity] = Pending(frame.id, purpose)
        frame.requests.append(identity)
        return identity

    def close_request(self, frame: Frame, identity: str) -> None:
        """Remove a request of the frame that was answered, withdrawn or never sent."""
        del self.execution.pending[identity]
        frame.requests.remove(identity)

    def wake(self, frame: Frame, purpose: str, at: float) -> None:
        """Request a TimerFired at a time."""
        self.requests.append(WakeAt(self.new_request(frame, purpose), at))

    def cancel(self, frame: Frame, purpose: str | None = None) -> None:
        """Withdraw the frame's open requests for a purpose; for None all but the timeout of the execution."""
        for identity in tuple(frame.requests):
            found = self.execution.pending[identity].purpose
            if found == purpose or (purpose is None and found != "execution"):
                self.close_request(frame, identity)
                self.requests.append(Cancel(identity))
