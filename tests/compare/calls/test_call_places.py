"""The order of calls by their places."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from sfn_provider.compare.calls.call_places import next_pairs, parse_place, precedes


@dataclass(frozen=True)
class Case:
    name: str
    first: str
    second: str
    ordered: bool


CASES = (
    Case("a later state", "/0.0", "/1.0", True),
    Case("an earlier state", "/1.0", "/0.0", False),
    Case("a retry of the same state", "/0.0", "/0.1", True),
    Case("the tenth state after the second", "/2.0", "/10.0", True),
    Case("states of one branch", "/0.0.1/0.0", "/0.0.1/1.0", True),
    Case("states of two branches", "/0.0.0/0.0", "/0.0.1/5.0", False),
    Case("a branch and what follows the Parallel", "/0.0.1/3.0", "/1.0", True),
    Case("the branch of a Parallel that is tried again", "/0.0.1/3.0", "/0.1.0/0.0", True),
    Case("items of a Map within a branch", "/0.0.1/2.0.0/0.0", "/0.0.1/2.0.1/0.0", False),
    Case("a Map within a branch, and another branch", "/0.0.1/2.0.0/0.0", "/0.0.0/9.0", False),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_places_are_ordered_within_a_frame_and_not_between_branches(case: Case) -> None:
    assert precedes(parse_place(case.first), parse_place(case.second)) is case.ordered


def test_only_neighbours_are_pairs() -> None:
    places = ["/0.0", "/1.0.0/0.0", "/1.0.0/1.0", "/1.0.1/0.0", "/2.0"]
    assert next_pairs(places) == [(0, 1), (0, 3), (1, 2), (2, 4), (3, 4)]
