"""Runs the states of one task on the engine: calls AWS, waits by deferral, hands over to the next task."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import AirflowFailException, AirflowRescheduleException, conf, timezone
from sfn_provider.asl.model import StateMachine
from sfn_provider.engine.dataflow.context_object import execution_context
from sfn_provider.engine.execution_state import ExecutionState
from sfn_provider.engine.history import Record
from sfn_provider.engine.interpreter import Interpreter, ResumePoint, StepResult
from sfn_provider.engine.simulation.mock_files import load_mocks
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.engine.simulation.recorded_results import RecordedResults
from sfn_provider.engine.simulation.simulator import EPOCH, NAME, advance
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.runtime.routing import execution_input, resolve_entry, route_to_successor
from sfn_provider.runtime.snapshots import TaskSnapshotStore
from sfn_provider.runtime.token import ERROR, MOCKS_VARIABLE, Arrival, Branch, Token
from sfn_provider.runtime.wait_mode import get_wait_mode
from sfn_provider.xcom_json import decode_xcom, encode_xcom

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.runtime.live_driver import LiveDriver
    from sfn_provider.runtime.state_operator import StateOperator
    from sfn_provider.runtime.task_token_waits import TaskTokenWaits

Json = Any

HISTORY = "history"
"""XCom key of a task's history events, kept where ``SFN_PROVIDER_HISTORY`` or ``[sfn_provider] history`` says so."""

IMMEDIATE = frozenset({"Pass", "Choice", "Succeed", "Fail"})
"""The types of states that neither call nor wait: what these need is imported for the others only, it takes long."""

HISTORY_VARIABLE = "SFN_PROVIDER_HISTORY"
"""Environment variable that makes tasks keep their history: in the XCom, or as lines of the file whose path it is."""


class RegionRun:
    """One run of a task's states.

    Args:
        operator: the task's operator.
        context: the task's context.
    """

    def __init__(self, operator: StateOperator, context: Context) -> None:
        self._operator = operator
        self._context = context
        self._interpreter = self._interpreter_of(self._region())
        self._kept = TaskSnapshotStore(context)
        self._live: LiveDriver | None = None
        self._branch: Branch | None = None

    @cached_property
    def _callbacks(self) -> TaskTokenWaits:
        from sfn_provider.runtime.task_token_waits import TaskTokenWaits

        return TaskTokenWaits(self._operator, self._context)

    def _task_token(self, place: str) -> str:
        return self._callbacks.token(place)

    def _region(self) -> dict[str, Json]:
        """What the task runs on the engine: a state machine, or a part of one."""
        states = self._operator.states
        return {"QueryLanguage": self._operator.query_language, "StartAt": next(iter(states)), "States": states}

    def _interpreter_of(self, region: dict[str, Json]) -> Interpreter:
        # With mocks nobody answers from outside, and two runs of the same thing are the same.
        tokens = None if MOCKS_VARIABLE in os.environ else self._task_token
        return Interpreter(StateMachine.model_validate(region), task_token=tokens)

    def start(self) -> Json:
        """Enter the task's state and run as far as that goes without waiting."""
        self._have_calls_checked()
        return self._run(self._enter(resolve_entry(self._operator, self._context)))

    def _have_calls_checked(self) -> None:
        """Make the live driver, which checks calls, before the engine asks for the first one."""
        states = self._operator.states.values()
        if MOCKS_VARIABLE not in os.environ and any(state["Type"] not in IMMEDIATE for state in states):
            self._live_driver()

    def execute(self) -> Json:
        """Do a try of the task: where a worker was lost at it, go on from what that kept; otherwise start."""
        snapshot = self._kept.load()
        if snapshot is None:
            return self.start()
        self._operator.log.info("Going on from what was kept before")
        return self._go_on_from(snapshot)

    def resume(self, snapshot: Json, event: Json = None) -> Json:
        """Go on after a deferral from what was kept with it, and from the trigger's event."""
        kept = decode_xcom(snapshot)
        self._kept.is_there = True
        return self._go_on_from(kept, event) if self._kept.is_good(kept) else self.start()

    def _resumed(self, state: ExecutionState) -> StepResult:
        """How the engine goes on after a deferral."""
        return StepResult(state, [], [])

    def _before_waiting(self, state: ExecutionState) -> None:
        """Tell other tasks what they may want to know of this one while it waits."""

    def cancel(self) -> None:
        """Cancel what was started and not finished; a next try starts anew."""
        if self._live is not None:
            self._live.cancel_all()
            self._kept.drop()

    def _enter(self, arrival: Arrival, *, outside: bool = False) -> StepResult:
        token = arrival.token
        self._branch = token.branch if token else None
        started = self._start_time()
        run = self._context["dag_run"]
        dag_id = self._operator.dag.dag_id
        given = execution_input(self._context)
        recorded = self._recorded()
        if recorded is not None:
            context = recorded.execution_context(given)
        else:
            context = execution_context(given, started, machine=dag_id, name=run.run_id)
        return self._interpreter.start(
            arrival.input,
            at=self._now(token, started),
            context=context,
            # With mocks randomness is that of `simulate`: two runs of the same thing are the same.
            seed=NAME if MOCKS_VARIABLE in os.environ else run.run_id,
            variables=token.variables if token else None,
            start_at=arrival.state,
            deadline=self._deadline() if not outside else None,
            continues=ResumePoint(token.events, token.previous, token.steps) if token else None,
            branch=self._branch.inherited if self._branch else None,
            external_branches=outside,
        )

    def _deadline(self) -> float | None:
        limit = self._operator.dag.dagrun_timeout
        return self._start_time() + limit.total_seconds() if limit is not None else None

    def _start_time(self) -> float:
        if MOCKS_VARIABLE in os.environ:
            recorded = self._recorded()
            return recorded.start if recorded is not None else EPOCH
        started = self._context["dag_run"].start_date
        return started.timestamp() if started is not None else timezone.utcnow().timestamp()

    def _now(self, token: Token | None, started: float) -> float:
        """With mocks time is virtual: it goes on where the task before left it."""
        if MOCKS_VARIABLE in os.environ:
            return token.now if token else started
        return timezone.utcnow().timestamp()

    def _run(self, step: StepResult) -> Json:
        """Go on from a step until the task's states are left, or until there is something to wait for."""
        mocks = self._mocks()
        if mocks is not None:
            return self._leave(self._advance_mocked(step, mocks))
        return self._end(step) if step.state.is_suspended else self._go_on(self._live or self._live_driver(), step)

    def _advance_mocked(self, step: StepResult, mocks: Mocks) -> StepResult:
        try:
            return advance(self._interpreter, step, mocks)
        except UsageError as error:
            raise self._refused(str(error)) from error

    def _refused(self, message: str) -> AirflowFailException:
        """The task fails for a reason that is no state's error."""
        self._context["ti"].xcom_push(key=ERROR, value={"Message": message})
        return AirflowFailException(message)

    def _recorded(self) -> RecordedResults | None:
        mocks = self._mocks()
        return mocks.recorded if mocks is not None else None

    def _mocks(self) -> Mocks | None:
        reference = os.environ.get(MOCKS_VARIABLE)
        return mocks_of_run(reference, self._context["dag_run"].run_id) if reference else None

    def _live_driver(self) -> LiveDriver:
        from sfn_provider.runtime.live_driver import LiveDriver

        def keep() -> None:
            self._kept.save(self._snapshot(driver))

        driver = self._live = LiveDriver(self._interpreter, self._operator, self._context, self._callbacks, keep)
        return driver

    def _go_on_from(self, snapshot: dict[str, Json], event: Json = None) -> Json:
        driver = self._live_driver()
        self._branch = Branch.from_json(snapshot["branch"])
        restored = driver.restore(snapshot)
        driver.woken(event)
        step = self._resumed(restored.state)
        return self._go_on(driver, step._replace(requests=[*restored.requests, *step.requests]))

    def _go_on(self, driver: LiveDriver, step: StepResult) -> Json:
        last = driver.advance(step)
        if last is not None:
            return self._end(last)
        self._before_waiting(driver.state)
        snapshot = self._snapshot(driver)
        self._kept.save(snapshot)
        self._callbacks.settle()
        if get_wait_mode() == "reschedule":
            raise AirflowRescheduleException(driver.due())  # type: ignore[no-untyped-call]
        kwargs = {"snapshot": encode_xcom(snapshot)}
        return self._operator.defer(trigger=driver.trigger(), method_name="resume", kwargs=kwargs)

    def _snapshot(self, driver: LiveDriver) -> dict[str, Json]:
        branch = asdict(self._branch) if self._branch else None
        return {**driver.snapshot(), **self._kept.stamp(), "branch": branch}

    def _end(self, step: StepResult) -> Json:
        self._kept.drop()
        if self._live is not None:
            self._callbacks.settle()
        return self._leave(step)

    def _leave(self, step: StepResult) -> Json:
        """The task's part is done: hand over to the task that comes next, or fail."""
        state = step.state
        self._keep_history(step.records)
        if state.status not in ("RUNNING", "SUCCEEDED"):
            self._fail(state)
        return route_to_successor(self._operator, self._context, state.output, self._token(state, next=state.exit))

    def _token(self, state: ExecutionState, next: str | None) -> Token:
        return Token(
            task_id=self._operator.task_id,
            next=next,
            variables=state.variables,
            now=state.now,
            events=state.event_ids,
            previous=state.previous,
            transitions=state.transitions,
            steps=state.steps,
            branch=self._branch,
        )

    def _fail(self, state: ExecutionState) -> None:
        error = {
            "Error": state.error,
            "Cause": state.cause,
            "Status": state.status,
            "Transitions": state.transitions,
            "Token": asdict(self._token(state, next=None)),
        }
        self._context["ti"].xcom_push(key=ERROR, value=encode_xcom(error))
        told = str(StatesError(state.error, state.cause)) or "the state failed without naming an error"
        if state.status == "TIMED_OUT":
            told = f"the execution ran longer than the {self._operator.dag.dagrun_timeout} that it may take"
        raise AirflowFailException(told)

    def _keep_history(self, records: list[Record]) -> None:
        where = os.environ.get(HISTORY_VARIABLE, "")
        if os.path.isabs(where):
            instance = self._context["ti"]
            line = json.dumps([instance.task_id, instance.map_index, records])
            with open(where, "a", encoding="utf-8") as file:
                file.write(line + "\n")
        elif where or conf.getboolean("sfn_provider", "history", fallback=False):
            self._context["ti"].xcom_push(key=HISTORY, value=encode_xcom([list(record) for record in records]))


@lru_cache(maxsize=8)
def mocks_of_run(reference: str, run_id: str) -> Mocks:
    """The mocks of a DAG run: its tasks share one count of calls, as far as they run in one process."""
    return load_mocks(reference)
