"""What a task of a translated DAG leaves in its XComs for the tasks that come after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from sfn_provider.engine.external_branches import BranchContext
from sfn_provider.xcom_json import decode_xcom

if TYPE_CHECKING:
    from sfn_provider._compat import Context

Json = Any

TOKEN = "token"
"""XCom key of the token."""

ERROR = "error"
"""XCom key of the error of a failed state: ``{"Error", "Cause", "Status", "Transitions", "Token"}``, or ``{"Message"}``
where the task cannot run at all."""


MOCKS_VARIABLE = "SFN_PROVIDER_MOCK_CONFIG"
"""Environment variable that names mocks; where it is set, time is virtual."""


@dataclass(frozen=True, slots=True)
class Branch:
    """Where a task is that runs within a Parallel or Map.

    Args:
        place: for each Parallel and Map around it, the outermost first, the id of its start task and the index of the
            branch or iteration.
        map_item: what ``$$.Map.Item`` shows; None outside of a Map.
        first_event: the ids of the branch's events are greater than this.
        draws_from: what tells the branch from others, for randomness.
    """

    place: tuple[tuple[str, int], ...]
    map_item: dict[str, Json] | None = None
    first_event: int = 0
    draws_from: str = ""

    @property
    def inherited(self) -> BranchContext:
        """What the engine must know of it."""
        return BranchContext(self.place[-1][1], self.map_item, self.first_event, self.draws_from)

    @classmethod
    def from_json(cls, data: dict[str, Json] | None) -> Self | None:
        """Read a branch as JSON keeps it."""
        if data is None:
            return None
        return cls(**{**data, "place": tuple((start, index) for start, index in data["place"])})


@dataclass(frozen=True, slots=True)
class Token:
    """What a task hands to the task that comes next, beside its output.

    Args:
        task_id: the task that leaves it.
        next: name of the state that comes next; None where the execution, or the branch, has ended.
        variables: the variables so far, by name.
        now: time at which the state was left, seconds since the epoch. With mocks time is virtual and goes on from
            here.
        events: number of events in the execution's history so far.
        previous: id of the event that the next one follows.
        transitions: states entered by the task, each retry counted as one more.
        steps: states left so far, in the branch where the task is in one.
        branch: the branch or iteration that the task is in; None outside of every Parallel and Map.
    """

    task_id: str
    next: str | None
    variables: dict[str, Json] = field(default_factory=dict)
    now: float = 0.0
    events: int = 0
    previous: int = 0
    transitions: int = 0
    steps: int = 0
    branch: Branch | None = None

    @classmethod
    def from_json(cls, data: dict[str, Json]) -> Self:
        """Read a token as JSON keeps it."""
        return cls(**{**data, "branch": Branch.from_json(data.get("branch"))})


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a task is entered.

    Args:
        state: name of the state to enter.
        input: the state's input.
        token: what the task before left; None at the start of the execution.
    """

    state: str
    input: Json
    token: Token | None = None


def pull(context: Context, task_ids: list[str], key: str, map_index: int | None = None) -> list[Json]:
    """The XComs that tasks have left, those that are null left out.

    Args:
        context: the asking task's context.
        task_ids: the tasks.
        key: the XComs' key.
        map_index: the map index of the tasks, -1 for tasks that are not mapped; None for all that there are.
    """
    if not task_ids:
        return []
    # A list of ids: for one id given as text, Airflow 3 returns a bare value, or a list, depending on the rows.
    instance: Any = context["ti"]
    one = {} if map_index is None else {"map_indexes": [map_index]}
    found = instance.xcom_pull(task_ids=task_ids, key=key, **one)
    return [decode_xcom(value) for value in found if value is not None]
