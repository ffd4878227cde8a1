"""Numbers with their nouns."""

from __future__ import annotations

import pytest

from sfn_provider.plurals import count


@pytest.mark.parametrize(
    ("number", "nouns", "text"),
    [
        (0, ("state",), "0 states"),
        (1, ("state",), "1 state"),
        (1_000_000, ("state",), "1,000,000 states"),
        (2.5, ("task",), "2.5 tasks"),
        (1.0, ("task",), "1 task"),
        (2, ("retry", "retries"), "2 retries"),
    ],
)
def test_one_thing_is_in_the_singular(number: float, nouns: tuple[str, ...], text: str) -> None:
    assert count(number, *nouns) == text
