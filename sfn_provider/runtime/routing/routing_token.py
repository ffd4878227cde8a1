"""Defines the XComs by which a task of a translated DAG hands over to the next task, and pulls them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from sfn_provider._compat import AirflowFailException, task_states
from sfn_provider.engine.branches.external_branches import BranchContext
from sfn_provider.engine.progress.execution_state import Moment
from sfn_provider.xcom_json import decode_xcom, encode_xcom

if TYPE_CHECKING:
    from sfn_provider._compat import Context

Json = Any

TOKEN_KEY = "token"
"""XCom key of the `RoutingToken`."""

ERROR_KEY = "error"
"""XCom key of the error of a failed state: ``{"Error", "Cause", "Status", "Transitions", "Token"}``, or ``{"Message",
"task_id", "map_index"}`` where the task cannot run at all."""


STOPPED_KEY = "stopped"
"""XCom key of a task that has stopped because another branch failed: ``{"transitions"}``, as in the `RoutingToken`."""


@dataclass(frozen=True, slots=True)
class BranchPosition:
    """The position of a task that runs within a Parallel or Map.

    Args:
        place: for each Parallel and Map around it, the outermost first, the id of its start task and the index of the
            branch or iteration.
        map_item: what ``$$.Map.Item`` shows; None outside of a Map.
        first_event: the ids of the branch's events are greater than this.
        draws_from: seed of the branch's randomness, different for each branch.
    """

    place: tuple[tuple[str, int], ...]
    map_item: dict[str, Json] | None = None
    first_event: int = 0
    draws_from: str = ""

    @property
    def engine_context(self) -> BranchContext:
        """The same as the engine takes it."""
        return BranchContext(self.place[-1][1], self.map_item, self.first_event, self.draws_from)

    @classmethod
    def from_json(cls, data: dict[str, Json] | None) -> Self | None:
        """Reads a position from JSON, which turns tuples into lists."""
        if data is None:
            return None
        return cls(**{**data, "place": tuple((start, index) for start, index in data["place"])})


@dataclass(frozen=True, slots=True)
class RoutingToken:
    """Names the state that comes next, and carries the execution's data other than the state's output.

    Args:
        task_id: the task that pushed it.
        next: name of the state that comes next; None where the execution, or the branch, has ended.
        variables: the variables so far, by name.
        now: time at which the state was left, seconds since the epoch. With mocks time is virtual and continues from
            here.
        phase: the phase of that moment; see `sfn_provider.engine.progress.execution_state.Moment`.
        turn: the turn of that moment.
        events: number of events in the execution's history so far.
        previous: id of the event that the next one follows.
        transitions: states entered by the task, each retry counted as one more.
        steps: states left so far, in the branch where the task is in one.
        branch: the branch or iteration that the task is in; None outside of every Parallel and Map.
        map_index: the map index of the task instance that pushed it, -1 where it is not mapped.
        visited: what of the task's states ran, for pages, as `sfn_provider.engine.history.visited_states.visited_json`
            returns it; None where that is its only state, once, whose error no catcher took.
    """

    task_id: str
    next: str | None
    variables: dict[str, Json] = field(default_factory=dict)
    now: float = 0.0
    phase: int = 0
    turn: int = 0
    events: int = 0
    previous: int = 0
    transitions: int = 0
    steps: int = 0
    branch: BranchPosition | None = None
    map_index: int = -1
    visited: dict[str, Json] | None = None

    @classmethod
    def from_json(cls, data: dict[str, Json]) -> Self:
        """Reads a token from JSON."""
        return cls(**{**data, "branch": BranchPosition.from_json(data.get("branch"))})

    @property
    def moment(self) -> Moment:
        """When the state was left."""
        return Moment(self.now, self.phase, self.turn)


@dataclass(frozen=True, slots=True)
class EntryState:
    """The state at which a task is entered, with its input.

    Args:
        state: name of the state to enter.
        input: the state's input.
        token: the token of the task before; None at the start of the execution.
    """

    state: str
    input: Json
    token: RoutingToken | None = None


def map_index_of(context: Context) -> int:
    """Return the map index of the task instance, -1 where it is not mapped."""
    index = context["ti"].map_index
    return -1 if index is None else index


def usage_failure(context: Context, message: str) -> AirflowFailException:
    """Pushes why a task cannot run, which is no state's error; returns the exception that fails it."""
    instance = context["ti"]
    error = {"Message": message, "task_id": instance.task_id, "map_index": map_index_of(context)}
    instance.xcom_push(key=ERROR_KEY, value=encode_xcom(error))
    return AirflowFailException(message)


class CurrentXComs:
    """Tells the XComs of the DAG run as it is now from those of task instances that did not run again after a clear.

    Airflow removes the XComs of a task instance when it starts again, not when it is cleared. One that ran before the
    clear, and is skipped after it, still has its XComs: a token of it must not choose a state, an error not fail a
    join.

    Args:
        context: the pulling task's context.
        task_ids: the tasks that have pushed the XComs.
    """

    def __init__(self, context: Context, task_ids: list[str]) -> None:
        # No task of a run that nobody has cleared runs twice, and asking takes a request.
        was_cleared = bool(task_ids) and bool(context["dag_run"].clear_number)
        self._states = task_states(context, frozenset(task_ids)) if was_cleared else None

    def are_of(self, task_id: str, map_index: int, *states: str) -> bool:
        """Return True for the XComs of a task instance that is in one of these states."""
        return self._states is None or self._states.get((task_id, map_index)) in states


def pull_xcoms(context: Context, task_ids: list[str], key: str, map_index: int | None = None) -> list[Json]:
    """Return the XComs that tasks have pushed, without those that are null.

    Args:
        context: the pulling task's context.
        task_ids: the tasks.
        key: the XComs' key.
        map_index: the map index of the tasks, -1 for tasks that are not mapped; None for all that there are.
    """
    if not task_ids:
        return []
    # A list of ids: for one id given as text, Airflow 3 returns a bare value, or a list, depending on the rows.
    instance: Any = context["ti"]
    selection = {} if map_index is None else {"map_indexes": [map_index]}
    values = instance.xcom_pull(task_ids=task_ids, key=key, **selection)
    return [decode_xcom(value) for value in values if value is not None]
