"""Numbers, durations and cut texts, as people read them."""

from __future__ import annotations

import pytest

from sfn_provider.formatting import count, cut, cut_long, format_dollars, format_rate, format_seconds, format_times


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


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0 s"),
        (0.0002, "1 ms"),
        (0.44, "440 ms"),
        (0.9996, "1 s"),
        (15.0, "15 s"),
        (59.9, "59.9 s"),
        (59.96, "1 min 0 s"),
        (125, "2 min 5 s"),
        (11_400, "3 h 10 min"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert format_seconds(seconds) == text


def test_a_number_of_times() -> None:
    assert [*map(format_times, (0, 1, 2, 1_200))] == ["0 times", "once", "twice", "1,200 times"]


@pytest.mark.parametrize(("length", "text"), [(10, "0123456789"), (9, "012345..."), (3, "...")])
def test_a_cut_text_is_no_longer_than_allowed(length: int, text: str) -> None:
    assert cut("0123456789", length) == text


def test_a_long_text_says_how_much_was_cut() -> None:
    assert cut_long("x" * 5, 5) == "xxxxx"
    assert cut_long("x" * 1_204, 3) == "xxx... (1,201 more characters)"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "$0.00"),
        (0.0999, "$0.10"),
        (0.0046, "$0.0046"),
        (3.2, "$3.20"),
        (999.999, "$1,000"),
        (1e-5, "under $0.0001"),
    ],
)
def test_amounts(amount: float, text: str) -> None:
    assert format_dollars(amount) == text


@pytest.mark.parametrize(("rate", "text"), [(0.00871, "0.0087"), (4.23, "4.2"), (99.6, "100"), (114, "110")])
def test_rates(rate: float, text: str) -> None:
    assert format_rate(rate) == text
