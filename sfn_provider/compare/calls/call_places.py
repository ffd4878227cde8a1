"""Orders the calls of an execution by their places: what comes first, what runs side by side.

A place is `sfn_provider.engine.requests.CallTask.place`: for each Parallel or Map around the call
``/steps.retries.index``, and at the end ``/steps.attempt``, where ``steps`` counts the states that the frame entered.
"""

from __future__ import annotations

from collections.abc import Sequence

Segments = tuple[tuple[int, ...], ...]


def parse_place(place: str) -> Segments:
    """Return the numbers of a place, a tuple for each frame."""
    return tuple(tuple(int(number) for number in part.split(".")) for part in place.split("/") if part)


def next_pairs(places: Sequence[str]) -> list[tuple[int, int]]:
    """Return the pairs of calls of which one comes next after the other: those with no third one between them.

    Args:
        places: the places of an execution's calls.

    Returns:
        Pairs of indexes into ``places``.
    """
    parsed = [parse_place(place) for place in places]
    latest_first = sorted(range(len(places)), key=lambda index: parsed[index], reverse=True)
    pairs = []
    for other in range(len(places)):
        nearest: list[int] = []
        for one in latest_first:
            if precedes(parsed[one], parsed[other]) and not any(
                precedes(parsed[one], parsed[near]) for near in nearest
            ):
                nearest.append(one)
        pairs += [(one, other) for one in nearest]
    return sorted(pairs)


def precedes(first: Segments, second: Segments) -> bool:
    """Return whether a call at one place has always ended when the call at another one begins.

    Args:
        first: a place.
        second: another one of the same execution.
    """
    for one, other in zip(first, second, strict=False):
        if one[:2] != other[:2]:
            return one[:2] < other[:2]
        if one != other:  # branches or items, side by side
            return False
    return False
