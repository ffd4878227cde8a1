"""What the start and the join task of a Parallel or Map do: the engine's part before and after the branches."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import AirflowFailException, AirflowSkipException, conf, task_state
from sfn_provider.engine.execution_state import ExecutionState
from sfn_provider.engine.execution_step import children_place
from sfn_provider.engine.external_branches import previous_events
from sfn_provider.engine.interpreter import StepResult
from sfn_provider.engine.requests import RunBranches
from sfn_provider.runtime.branches import STARTED, outcomes, start_of
from sfn_provider.runtime.map_definition import rebuild_map_state
from sfn_provider.runtime.routing import resolve_entry
from sfn_provider.runtime.task_run import RegionRun
from sfn_provider.runtime.token import TOKEN, Arrival, Token, pull
from sfn_provider.xcom_json import encode_xcom

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.operators.groups import JoinOperator, StartOperator

Json = Any


class StartRun(RegionRun):
    """One run of a start task."""

    def __init__(self, start: StartOperator, context: Context) -> None:
        self._start = start
        super().__init__(start, context)
        self._arrival: Arrival | None = None

    def start(self) -> Json:
        """Make what the branches get, and leave it for them; return the inputs."""
        try:
            self._arrival = resolve_entry(self._operator, self._context)
        except AirflowSkipException:
            if self._operator.skippable:
                raise
            return self._list_nothing()
        return self._run(self._enter(self._arrival, outside=True))

    def _list_nothing(self) -> Json:
        """Nobody chose the state, but the task must not be skipped: list no items, and let the join skip itself."""
        before = [task.task_id for task in self._operator.get_direct_relatives(upstream=True)]
        for name in before:
            if (state := task_state(self._context, name)) in ("failed", "upstream_failed"):
                raise AirflowFailException(f"state {self._operator.state_name!r} was not entered: {name!r} is {state}")
        self._context["ti"].xcom_push(key=STARTED, value={"entered": None})
        return []

    def _leave(self, step: StepResult) -> Json:
        if not step.state.awaits_branches:
            return super()._leave(step)
        self._keep_history(step.records)
        return self._hand_out(step)

    def _hand_out(self, step: StepResult) -> Json:
        """Leave what the branches get."""
        asked = next((request for request in step.requests if isinstance(request, RunBranches)), RunBranches((), None))
        frame = step.state.root
        # A Parallel's branches see what $$.Map.Item shows around it.
        values = asked.values if asked.values != asked.inputs else None
        for_branches = {
            "entered": frame.entered,
            "place": children_place(frame),
            "previous": previous_events(step.state),
            "values": list(values) if values is not None else None,
        }
        step.state.previous, step.state.variables = frame.previous, frame.variables
        self._leave_started(step.state, for_branches)
        return self._returned(asked)

    def _returned(self, asked: RunBranches) -> Json:
        """All branches of a Parallel have the same input."""
        return encode_xcom(asked.inputs[0]) if asked.inputs else None

    def _leave_started(self, state: ExecutionState, more: dict[str, Json]) -> None:
        """Leave the token for the tasks inside, and the state for the join."""
        token = self._token(state, next=self._operator.state_name)
        state.transitions = 0  # the token has them
        instance = self._context["ti"]
        instance.xcom_push(key=TOKEN, value=encode_xcom(asdict(token)))
        instance.xcom_push(key=STARTED, value=encode_xcom({**more, "state": state.to_json()}))


class MapStartRun(StartRun):
    """One run of the start task of an inline Map.

    Where there are more items than Airflow maps a task for, this task runs the whole Map on the engine. Airflow maps
    the tasks inside over nothing then, and the join goes on with what this task leaves.
    """

    _whole = False
    """Does this task run all of it?"""

    def _go_on_from(self, snapshot: dict[str, Json], event: Json = None) -> Json:
        """Go on: only the whole Map waits for anything."""
        self._take_whole()
        return super()._go_on_from(snapshot, event)

    def _take_whole(self) -> None:
        self._interpreter = self._interpreter_of(rebuild_map_state(self._start))
        self._whole = True
        self._have_calls_checked()

    def _hand_out(self, step: StepResult) -> Json:
        most = conf.getint("core", "max_map_length", fallback=1024)
        asked = next((request for request in step.requests if isinstance(request, RunBranches)), None)
        if asked is None or len(asked.inputs) <= most or self._arrival is None:
            return super()._hand_out(step)
        self._operator.log.info(
            "%s items are more than the %s of [core] max_map_length: this task runs all of them",
            len(asked.inputs),
            most,
        )
        self._take_whole()
        return self._run(self._enter(self._arrival))

    def _returned(self, asked: RunBranches) -> Json:
        return [encode_xcom(value) for value in asked.inputs]

    def _leave(self, step: StepResult) -> Json:
        if not self._whole or step.state.status not in ("RUNNING", "SUCCEEDED"):
            return super()._leave(step)
        self._keep_history(step.records)
        self._leave_started(step.state, {"left": True})
        return []


class JoinRun(RegionRun):
    """One run of a join task."""

    def __init__(self, join: JoinOperator, context: Context) -> None:
        super().__init__(join, context)
        self._join = join

    def start(self) -> Json:
        """Collect how the branches ended and go on, or fail as they did."""
        start = start_of(self._join)
        token, started = self._pull_start(start.task_id)
        self._branch = token.branch
        state = ExecutionState.from_json(started["state"])
        if started.get("left"):
            return self._leave(StepResult(state, [], []))
        return self._run(self._bring_in(start, token, started, state))

    def _bring_in(
        self, start: StartOperator, token: Token, started: dict[str, Json], state: ExecutionState
    ) -> StepResult:
        """Bring in how the branches ended."""
        return self._interpreter.join(state, outcomes(start, token, len(started["previous"]), self._context))

    def _pull_start(self, start: str) -> tuple[Token, dict[str, Json]]:
        tokens, started = pull(self._context, [start], TOKEN, -1), pull(self._context, [start], STARTED, -1)
        if tokens and started:
            return Token.from_json(tokens[0]), started[0]
        state = "skipped" if started else task_state(self._context, start)
        if state == "skipped":
            raise AirflowSkipException(f"no task chose state {self._operator.state_name!r}")
        # This task runs although tasks before it failed; where it is the run's last one, the run must not be green.
        raise AirflowFailException(f"state {self._operator.state_name!r} was not entered: {start!r} is {state}")
