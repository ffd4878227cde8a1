"""Defines what an observer of an execution gets: states, failures, choices, waits, rounds of a loop.

The interpreter calls the observer while it works, in order. An observation is for people: nothing depends on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sfn_provider.asl.model import Choice
from sfn_provider.asl.scope import Scope
from sfn_provider.engine.progress.execution_state import Frame
from sfn_provider.engine.requests import CallTask

Place = tuple[tuple[str, int], ...]
"""The Parallels and Maps around a state, the outermost first: name, and index of the branch or iteration."""


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """The state is retried.

    Args:
        retrier: index in the state's Retry.
        count: which retry of this retrier it is, counted from 1.
        maximum: how many it does at most.
        delay: seconds until then.
        at: when that is, seconds since the epoch.
    """

    retrier: int
    count: int
    maximum: int
    delay: float
    at: float


@dataclass(frozen=True, slots=True)
class CatchDecision:
    """A Catch takes the error.

    Args:
        catcher: index in the state's Catch.
        next: name of the state that comes next.
    """

    catcher: int
    next: str


@dataclass(frozen=True, slots=True)
class StateFailure:
    """A state, or one of its attempts, has failed.

    Args:
        state: the state's name.
        place: where it is.
        attempt: which attempt, counted from 1.
        error: the error's name; None where it has none.
        cause: text beside it.
        decision: what follows; None where neither Retry nor Catch takes the error.
        join_decides: True where the task that joins the state's branches decides what follows.
    """

    state: str
    place: Place
    attempt: int
    error: str | None
    cause: str | None
    decision: RetryDecision | CatchDecision | None = None
    join_decides: bool = False


@dataclass(frozen=True, slots=True)
class BranchEnd:
    """A branch or iteration that ran in another task has ended without success.

    Args:
        state: name of the Parallel or Map.
        index: the branch's index.
        status: FAILED or TIMED_OUT.
        error: its error.
        cause: text beside it.
    """

    state: str
    index: int
    status: str
    error: str | None
    cause: str | None


@dataclass(frozen=True, slots=True)
class ChoiceMade:
    """A Choice has evaluated its rules.

    Args:
        name: the state's name.
        state: the state.
        language: its query language.
        place: where it is.
        scope: what the rules see.
        rule: index of the rule that matches; None for Default.
        next: name of the state that comes next; None where no rule matches and there is no Default.
    """

    name: str
    state: Choice
    language: str
    place: Place
    scope: Scope
    rule: int | None
    next: str | None


@dataclass(frozen=True, slots=True)
class CallRequested:
    """A Task calls its resource."""

    place: Place
    call: CallTask


@dataclass(frozen=True, slots=True)
class WaitBegun:
    """A Wait ends ``at`` a time, seconds since the epoch, in so many seconds."""

    state: str
    place: Place
    seconds: float
    at: float


@dataclass(frozen=True, slots=True)
class ItemsListed:
    """A Map has its items.

    Args:
        state: the state's name.
        place: where it is.
        items: how many.
        child_executions: of a distributed Map, how many child executions they are grouped to; None of an inline one.
    """

    state: str
    place: Place
    items: int
    child_executions: int | None = None


@dataclass(frozen=True, slots=True)
class StateEntered:
    """A state is entered; none of its fields is evaluated yet.

    Args:
        state: the state's name.
        place: where it is.
        scope: what its expressions see, the input before InputPath.
    """

    state: str
    place: Place
    scope: Scope


@dataclass(frozen=True, slots=True)
class RoundBegun:
    """A loop enters a state for the ``number``-th time, and none so often before."""

    state: str
    place: Place
    number: int


Observation = (
    StateFailure | BranchEnd | ChoiceMade | CallRequested | WaitBegun | ItemsListed | StateEntered | RoundBegun
)
Observer = Callable[[Observation], None]


def place_of(frames: dict[int, Frame], frame: Frame) -> Place:
    """Return the Parallels and Maps around a frame's state."""
    found: list[tuple[str, int]] = []
    while frame.parent is not None and frame.parent in frames:
        parent = frames[frame.parent]
        found.append((parent.state, frame.child_index))
        frame = parent
    return tuple(reversed(found))


def begins_round(visits: dict[str, int], state: str) -> int | None:
    """Count a visit of a state; return the number of the round of the loop that it begins, None where it begins none.

    Args:
        visits: how often each state was entered, by name; changed in place.
        state: the state that is entered.
    """
    most = max(visits.values(), default=0)
    visits[state] = count = visits.get(state, 0) + 1
    return count if count > max(1, most) else None
