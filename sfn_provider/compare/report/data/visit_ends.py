"""Finds how visits of states ended: left, caught, failed, or stopped by another branch's failure."""

from __future__ import annotations

from collections.abc import Iterable

from sfn_provider.compare.diff.history_flow import VisitPlace
from sfn_provider.compare.diff.state_visits import StateVisit
from sfn_provider.compare.report.model import VisitEnd

_CONTAINERS = ("Parallel", "Map")


def find_visit_ends(visits: Iterable[StateVisit]) -> dict[VisitPlace, VisitEnd]:
    """Return how each visit of one side ended, by its place.

    Args:
        visits: all visits of that side.
    """
    found: dict[VisitPlace, VisitEnd] = {}
    # What is inside of a Parallel or Map has a longer place, and says how that ended.
    for visit in sorted(visits, key=lambda visit: -len(visit.place)):
        found[visit.place] = _end_of_container(visit, found) if visit.type in _CONTAINERS else _end(visit)
    return found


def _end(visit: StateVisit) -> VisitEnd:
    last = visit.attempts[-1].outcome if visit.attempts else None
    if visit.exited:
        return "caught" if last == "failed" else "left"
    in_progress = last == "unanswered" or visit.type == "Wait"
    return "stopped" if in_progress and visit.containers else "failed"


def _end_of_container(visit: StateVisit, found: dict[VisitPlace, VisitEnd]) -> VisitEnd:
    """A Parallel or Map, by the last of its attempts: the second part of the places inside counts its retries."""
    size = len(visit.place)
    inside = [place for place in found if place[:size] == visit.place and len(place) > size]
    last = max((place[size] for place in inside), default=0)
    failed = any(found[place] == "failed" for place in inside if place[size] == last)
    if visit.exited:
        return "caught" if failed else "left"
    return "failed" if failed or not inside or not visit.containers else "stopped"
