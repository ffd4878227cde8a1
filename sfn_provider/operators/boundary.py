"""What the start and the join task of a Parallel or Map do: the engine's part before and after the branches."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import AirflowFailException, AirflowSkipException, conf, task_state
from sfn_provider.engine.requests import RunBranches
from sfn_provider.engine.run import place_of
from sfn_provider.engine.state import ExecutionState
from sfn_provider.operators.branches import STARTED, outcomes, start_of
from sfn_provider.operators.carried import for_airflow
from sfn_provider.operators.region import RegionRun
from sfn_provider.operators.routing import arrive
from sfn_provider.operators.token import TOKEN, Token, pull

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.engine.interpreter import Step
    from sfn_provider.operators.groups import JoinOperator

Json = Any


class StartRun(RegionRun):
    """One run of a start task."""

    def start(self) -> Json:
        """Make what the branches get, and leave it for them; return the inputs."""
        try:
            arrival = arrive(self._operator, self._context)
        except AirflowSkipException:
            if self._operator.skippable:
                raise
            return self._list_nothing()
        step = self._enter(arrival, outside=True)
        if step.state.status != "RUNNING":
            return self._leave(step)
        self._keep_history(step.records)
        asked = next((request for request in step.requests if isinstance(request, RunBranches)), RunBranches((), None))
        self._check_length(len(asked.inputs))
        self._leave_for_branches(step, asked)
        if self._operator.state_type == "Parallel":
            return for_airflow(asked.inputs[0]) if asked.inputs else None
        return [for_airflow(value) for value in asked.inputs]

    def _list_nothing(self) -> Json:
        """Nobody chose the state, but the task must not be skipped: list no items, and let the join skip itself."""
        before = [task.task_id for task in self._operator.get_direct_relatives(upstream=True)]
        for name in before:
            if (state := task_state(self._context, name)) in ("failed", "upstream_failed"):
                raise AirflowFailException(f"state {self._operator.state_name!r} was not entered: {name!r} is {state}")
        self._context["ti"].xcom_push(key=STARTED, value={"entered": None})
        return []

    def _leave_for_branches(self, step: Step, asked: RunBranches) -> None:
        state = step.state
        frame = state.frames[0]
        # A Parallel's branches see what $$.Map.Item shows around it.
        values = asked.values if asked.values != asked.inputs else None
        started = {
            "entered": frame.entered,
            "place": place_of(frame),
            "previous": frame.memo.get("previous", []),
            "values": list(values) if values is not None else None,
        }
        state.previous, state.variables = frame.previous, frame.variables
        token = self._token(state, next=self._operator.state_name)
        state.transitions = 0
        started["state"] = state.to_json()
        instance = self._context["ti"]
        instance.xcom_push(key=TOKEN, value=for_airflow(asdict(token)))
        instance.xcom_push(key=STARTED, value=for_airflow(started))

    def _check_length(self, length: int) -> None:
        if self._operator.state_type == "Parallel":
            return
        most = conf.getint("core", "max_map_length", fallback=1024)
        if length > most:
            told = (
                f"{self._operator.state_name!r} has {length} items, and Airflow maps a task at most {most} times: "
                "raise [core] max_map_length, or make the Map a distributed one"
            )
            raise self._refused(told)


class JoinRun(RegionRun):
    """One run of a join task."""

    def __init__(self, join: JoinOperator, context: Context) -> None:
        super().__init__(join, context)
        self._join = join

    def start(self) -> Json:
        """Collect how the branches ended and go on, or fail as they did."""
        start = start_of(self._join)
        tokens, started = self._pull_start(start.task_id)
        token = Token.from_json(tokens[0])
        self._branch = token.branch
        found = outcomes(start, token, len(started[0]["previous"]), self._context)
        step = self._interpreter.join(ExecutionState.from_json(started[0]["state"]), found)
        return self._leave(step)

    def _pull_start(self, start: str) -> tuple[list[Json], list[Json]]:
        tokens, started = pull(self._context, [start], TOKEN, -1), pull(self._context, [start], STARTED, -1)
        if tokens and started:
            return tokens, started
        state = "skipped" if started else task_state(self._context, start)
        if state == "skipped":
            raise AirflowSkipException(f"no task chose state {self._operator.state_name!r}")
        # This task runs although tasks before it failed; where it is the run's last one, the run must not be green.
        raise AirflowFailException(f"state {self._operator.state_name!r} was not entered: {start!r} is {state}")
