"""The interpreter: an execution's state and an event in, the next state and requests out.

It never sleeps, calls nothing and reads no clock. Whoever drives it answers its requests: `simulate` with mocks and
virtual time, an Airflow task with real calls and deferrals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sfn_provider.asl.model import StateMachine
from sfn_provider.asl.scope import Json
from sfn_provider.engine import external_branches as outside_branches
from sfn_provider.engine.compiled import Program
from sfn_provider.engine.execution_state import ExecutionState, Frame
from sfn_provider.engine.history import Record
from sfn_provider.engine.journal import HistoryFull
from sfn_provider.engine.map_run.child_batches import Part
from sfn_provider.engine.requests import (
    BranchOutcome,
    CallTask,
    ChildOutcome,
    Event,
    Request,
    TaskFailed,
    TaskSucceeded,
)
from sfn_provider.engine.states import distributed_map as distributed
from sfn_provider.engine.step import ROOT, Run, TokenMaker
from sfn_provider.exceptions import StatesError


class Position(NamedTuple):
    """A place in an execution's history from which a region goes on.

    Args:
        events: how many events there have been.
        previous: id of the event that led here.
        steps: how many states have been left.
    """

    events: int
    previous: int
    steps: int = 0


class Step(NamedTuple):
    """What came of an event.

    Args:
        state: the execution's state; the same object that went in, changed.
        requests: what to do now, in order.
        records: what happened, for the history.
    """

    state: ExecutionState
    requests: list[Request]
    records: list[Record]


class Interpreter:
    """Runs executions of one state machine, or of a region of one.

    A region is a machine that lacks some states: where a state goes on to one that is not there, the execution's
    ``exit`` names it.

    Args:
        machine: a machine that `sfn_provider.asl.parse` accepted, or a region of one.
        task_token: makes task tokens; None for tokens that nobody can answer.
    """

    def __init__(self, machine: StateMachine, *, task_token: TokenMaker | None = None) -> None:
        self._program = Program(machine)
        self._machine = machine
        self._task_token = task_token

    def check_calls(self, check: Callable[[CallTask], None]) -> None:
        """Have calls checked before their tasks start.

        Args:
            check: raises StatesError for a call that cannot be made; a ``States.Runtime`` ends the execution without
                an event of the task, as on AWS (recorded executions). It is a function of the call alone.
        """
        self._program.check = check

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
        continues: Position | None = None,
        branch: outside_branches.BranchContext | None = None,
        outside: bool = False,
    ) -> Step:
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
            branch: what is inherited, where this is a branch of an execution that goes on elsewhere.
            outside: True where the state is a Parallel or Map whose branches run elsewhere: go on as far as the
                request `RunBranches`, then by `join`; for a distributed Map `RunChildren` and `join_children`.
        """
        state = ExecutionState(context=context, seed=seed, now=at, branch=branch is not None, outside=outside)
        frame = Frame(ROOT, None, "", start_at or self._machine.start_at, input, dict(variables or {}))
        state.frames[ROOT] = frame
        if branch is not None:
            frame.index, frame.map_item, frame.place = branch.index, branch.map_item, branch.place
            state.first_event = branch.first_event
        run = Run(self._program, state, self._task_token)
        if continues is None:
            started = {"input": input, "roleArn": context["Execution"]["RoleArn"]}
            run.emit(frame, "ExecutionStarted", started, chain=False)
        else:
            state.event_ids, frame.previous, frame.steps = continues
        if deadline is None and self._machine.timeout_seconds is not None:
            deadline = at + self._machine.timeout_seconds
        if deadline is not None:
            run.wake(frame, "execution", deadline)
        run.ready(frame)
        return self._proceed(run)

    def resume(self, state: ExecutionState, event: Event) -> Step:
        """Take the answer to a request. An answer that nobody waits for any more changes nothing.

        Args:
            state: the state that the last step returned, or one read back from JSON.
            event: the answer.
        """
        state.now = max(state.now, event.at)
        run = Run(self._program, state, self._task_token)
        pending = state.pending.get(event.id)
        if pending is None or state.status != "RUNNING":
            return self._proceed(run)
        frame = state.frames[pending.frame]
        run.turn_to(frame)
        self._program.resume(frame.scope)
        if pending.purpose not in ("task", "read", "write") or isinstance(event, (TaskSucceeded, TaskFailed)):
            run.close_request(frame, event.id)
        return self._proceed(run, lambda: self._answer(run, frame, pending.purpose, event))

    def join(self, state: ExecutionState, outcomes: Sequence[BranchOutcome | None]) -> Step:
        """Bring in how the branches ended that `RunBranches` asked for, and go on.

        Args:
            state: the state that asked, or one read back from JSON.
            outcomes: by index; None for a branch that was stopped because another one failed.
        """
        run = Run(self._program, state, self._task_token)
        return self._proceed(run, lambda: outside_branches.join(run, state.frames[ROOT], outcomes))

    def run_children(self, state: ExecutionState, part: Part, *, at: float, deadline: float | None = None) -> Step:
        """Run some of the child executions that `RunChildren` asked for; the output is a `ChildOutcome` of each.

        Args:
            state: the state that asked, for this part alone: read it back from JSON for each.
            part: which ones.
            at: the time, seconds since the epoch.
            deadline: when the execution times out, seconds since the epoch.
        """
        state.now = max(state.now, at)
        run, frame = Run(self._program, state, self._task_token), state.frames[ROOT]
        if deadline is not None:
            run.wake(frame, "execution", deadline)
        return self._proceed(run, lambda: distributed.start_part(run, frame, part))

    def tell_failures(self, state: ExecutionState, failed: int) -> Step:
        """Tell a part how many items of other parts have failed: it ends where that is too much."""
        run = Run(self._program, state, self._task_token)
        return self._proceed(run, lambda: distributed.stop_part(run, state.frames[ROOT], failed))

    def join_children(self, state: ExecutionState, outcomes: Sequence[ChildOutcome]) -> Step:
        """Bring in how the child executions ended that `RunChildren` asked for, and go on.

        Args:
            state: the state that asked, or one read back from JSON.
            outcomes: of all child executions.

        Raises:
            UsageError: where one has not ended although too few failed to stop it.
        """
        run = Run(self._program, state, self._task_token)
        return self._proceed(run, lambda: distributed.join(run, state.frames[ROOT], outcomes))

    def _answer(self, run: Run, frame: Frame, purpose: str, event: Event) -> None:
        from sfn_provider.engine.states import BEHAVIOURS

        if purpose == "execution" and frame.id != ROOT:
            distributed.child_timed_out(run, frame)
        elif purpose == "execution":
            # A machine's own timeout ends the execution without an error name (recorded executions).
            run.end_execution(frame, "TIMED_OUT", StatesError(None))
        elif purpose == "retry":
            run.ready(frame)
        else:
            compiled = run.compiled(frame)
            try:
                BEHAVIOURS[compiled.model.type].answered(run, frame, compiled, purpose, event)
            except StatesError as error:
                run.fail_evaluation(frame, compiled, error)

    @staticmethod
    def _proceed(run: Run, answer: Callable[[], None] | None = None) -> Step:
        try:
            if answer is not None:
                answer()
            run.advance()
        except HistoryFull:
            run.end_full()
        return Step(run.state, run.requests, run.records)
