"""Assigns the events of a history to state visits, and the visits to their places in the flow.

GetExecutionHistory links each event to the one before it by ``previousEventId``; where branches run side by side, this
is the only order there is. Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfn_provider.engine.history.events import details_key
from sfn_provider.exceptions import UsageError

Event = Mapping[str, Any]

VisitPlace = tuple[int, ...]
"""The position of a visit: its number among those of the machine. Within a Parallel or Map: that one's place, the
number of its retry, the index of the branch or iteration, and the number of the visit in it."""

_STARTED = ("ParallelStateStarted", "MapStateStarted")
_FAILED = ("ParallelStateFailed", "MapStateFailed")


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the first event of a visit says.

    Args:
        name: the state's name.
        type: the state's type.
        place: its place.
        container: the first event of the Parallel or Map around it; 0 for none.
    """

    name: str
    type: str
    place: VisitPlace
    container: int


class HistoryFlow:
    """The state visits of a history.

    Args:
        events: as GetExecutionHistory returns them, in any order.
        branches: for the first state of each branch of a Parallel the branch's index; branches of states that are not
            in it are numbered in the order in which they were entered.

    Raises:
        UsageError: where the events do not follow one another as those of an execution do.
    """

    def __init__(self, events: Sequence[Event], branches: Mapping[str, int] | None = None) -> None:
        self._events = {int(event["id"]): event for event in events}
        self._owners: dict[int, int] = {}
        self._entries: dict[int, _Entry] = {}
        self._branches = _number_branches(self._events, branches or {})
        self._entered = _index_entered(self._events)
        for identity in sorted(self._events):
            self._find_owners(identity)

    def owner(self, event: Event) -> int:
        """Return the id of the StateEntered event that an event belongs to; 0 for the execution's own events."""
        return self._owners[int(event["id"])]

    def place(self, entered: int) -> VisitPlace:
        """Return the place of a visit, by the id of its first event."""
        return self._entries[entered].place

    def _find_owners(self, identity: int) -> None:
        """Find the owner of an event and of those before it."""
        for known in self._chain_without_owner(identity):
            self._owners[known] = self._find_owner(self._events[known])

    def _chain_without_owner(self, identity: int) -> Iterable[int]:
        """The event and those before it that have no owner yet, the oldest first."""
        chain = []
        while identity in self._events and identity not in self._owners:
            chain.append(identity)
            identity = int(self._events[identity]["previousEventId"])
        return reversed(chain)

    def _find_owner(self, event: Event) -> int:
        type_, identity, before = event["type"], int(event["id"]), int(event["previousEventId"])
        owner = self._owners.get(before, 0)
        if type_.endswith("StateEntered"):
            self._entries[identity] = self._enter(event, before, owner)
            return identity
        name = _state_of(event)
        if type_ == "EvaluationFailed" and (entered := self._entered.get((before, name))) is not None:
            # Of a state that fails as it is entered: it follows what came before the state (recorded).
            self._find_owners(entered)
            return entered
        if name is not None:
            return self._enclosing_visit(owner, name)
        if type_ in _STARTED or type_ in _FAILED:
            return self._container_of(event, before, owner)
        return owner

    def _container_of(self, event: Event, before: int, owner: int) -> int:
        """The Parallel or Map that starts or fails; what comes before may be of a state within it."""
        type_ = event["type"]
        failed_before = before in self._events and self._events[before]["type"] == type_
        if owner and (failed_before or self._entries[owner].type != type_.partition("State")[0]):
            return self._entries[owner].container
        return owner

    def _enclosing_visit(self, owner: int, name: str) -> int:
        while owner and self._entries[owner].name != name:
            owner = self._entries[owner].container
        return owner

    def _enter(self, event: Event, before: int, owner: int) -> _Entry:
        name, type_ = event["stateEnteredEventDetails"]["name"], event["type"].removesuffix("StateEntered")
        if not owner:
            return _Entry(name, type_, (0,), 0)
        last = self._events[before]
        if last["type"].endswith("StateExited"):
            *container, number = self._entries[owner].place
            return _Entry(name, type_, (*container, number + 1), self._entries[owner].container)
        if last["type"] == "MapIterationStarted":
            index = int(last["mapIterationStartedEventDetails"]["index"])
        elif last["type"] == "ParallelStateStarted":
            index = self._branches[int(event["id"])]
        else:
            raise UsageError(f"the history is broken: {name!r} is entered in event {event['id']} after {last['type']}")
        retry = self._count_retries(before, owner)
        return _Entry(name, type_, (*self._entries[owner].place, retry, index, 0), owner)

    def _count_retries(self, identity: int, container: int) -> int:
        """How often a Parallel or Map had been retried when one of its branches started."""
        starts = 0
        while identity != container:
            event = self._events[identity]
            starts += event["type"] in _STARTED and self._owners[identity] == container
            identity = int(event["previousEventId"])
        return starts - 1


def _number_branches(events: Mapping[int, Event], known: Mapping[str, int]) -> dict[int, int]:
    """The index of each branch of a Parallel, by the event by which its first state was entered."""
    counts: dict[int, int] = {}
    indexes = {}
    for identity, event in sorted(events.items()):
        before = events.get(int(event["previousEventId"]))
        if event["type"].endswith("StateEntered") and before is not None and before["type"] == "ParallelStateStarted":
            number = counts[before["id"]] = counts.get(before["id"], -1) + 1
            indexes[identity] = known.get(event["stateEnteredEventDetails"]["name"], number)
    return indexes


def _index_entered(events: Mapping[int, Event]) -> dict[tuple[int, str | None], int]:
    """The events by which states were entered, by the event before and the state's name."""
    return {
        (int(event["previousEventId"]), _state_of(event)): identity
        for identity, event in events.items()
        if event["type"].endswith("StateEntered")
    }


def _state_of(event: Event) -> str | None:
    """The state that an event names."""
    details = event.get(details_key(event["type"]), {})
    name = details.get("name", details.get("state"))
    return name if isinstance(name, str) else None
