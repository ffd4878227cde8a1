"""Tests which nodes of a graph are reached from others."""

from __future__ import annotations

import pytest

from sfn_provider.reachability import reached

EDGES = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["b"], "e": ["a"]}


@pytest.mark.parametrize(
    ("starts", "found"),
    [([], ""), (["a"], "abcd"), (["d"], "bd"), (["c", "e"], "abcde"), (["unknown"], ["unknown"])],
)
def test_what_is_reached_has_the_starts_and_what_lies_behind_them(starts: list[str], found: str) -> None:
    assert reached(starts, EDGES) == set(found)
