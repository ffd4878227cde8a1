"""Similar words are found in bounded time, and for the first unknown words of a rule alone."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from sfn_provider.asl.suggestions import MAX_SUGGESTIONS, Suggestions, closest_word, did_you_mean

RARE = "".join(chr(0x4E00 + number) for number in range(300))
"""Characters of which difflib leaves none out as frequent."""


@dataclass(frozen=True)
class Case:
    name: str
    word: str
    known: list[str]
    expected: str | None


CASES = [
    Case("a letter is missing", "Pol", ["Wait", "Poll"], "Poll"),
    Case("other case", "poll", ["Wait", "Poll"], "Poll"),
    Case("nothing is similar", "Poll", ["Wait"], None),
    Case(
        "among thousands, by its beginning",
        "Notfy",
        [*(f"State{number}" for number in range(5_000)), "Notify"],
        "Notify",
    ),
    Case("a long word", "x" * 81, ["x" * 80], None),
    Case("a long known word", "x" * 80, ["x" * 81], None),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_closest_word(case: Case) -> None:
    assert closest_word(case.word, case.known) == case.expected
    assert did_you_mean(case.word, case.known) == (f"; did you mean {case.expected!r}?" if case.expected else "")


def test_long_words_are_not_compared() -> None:
    before = time.process_time()
    assert closest_word(RARE * 700, [RARE * 700 + "x"]) is None  # took minutes
    assert time.process_time() - before < 1


def test_a_rule_has_so_many_suggestions() -> None:
    suggestions = Suggestions()
    hints = [suggestions.did_you_mean(f"Pol{number}", ["Poll"]) for number in range(MAX_SUGGESTIONS + 2)]
    assert hints == [*["; did you mean 'Poll'?"] * MAX_SUGGESTIONS, "", ""]
    assert suggestions.are_used_up
