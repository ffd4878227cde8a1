from __future__ import annotations

import random
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_provider.exceptions import StatesError
from tests.asl.intrinsics.intrinsic_calls import evaluate

SUMS = {
    "whole numbers": ("States.MathAdd(4, -6)", -2),
    "half rounds up": ("States.MathAdd(4.5, 0)", 5),
    "negative half rounds up": ("States.MathAdd(-4.5, 0)", -4),
    "below half": ("States.MathAdd(4.49, 0)", 4),
    "beyond negative half": ("States.MathAdd(-4.51, 0)", -5),
    "both are rounded before they are added": ("States.MathAdd(0.4, 0.4)", 0),
    "nearly half": ("States.MathAdd(0.49999999999999994, 0)", 0),
    "largest": ("States.MathAdd(2147483646, 1)", 2147483647),
    "smallest": ("States.MathAdd(-2147483647, -1)", -2147483648),
}


@pytest.mark.parametrize(("call", "value"), SUMS.values(), ids=SUMS)
def test_math_add(call: str, value: int) -> None:
    found = evaluate(call)
    assert found == value
    assert type(found) is int


@pytest.mark.parametrize(
    "arguments",
    [
        "'1', 2",
        "1, '2'",
        "true, 1",
        "1, null",
        "$, 1",
        "2147483647, 1",
        "-2147483648, -1",
        "3000000000, -3000000000",
        "1e309, 0",
    ],
)
def test_math_add_refuses_what_is_no_32_bit_number(arguments: str) -> None:
    with pytest.raises(StatesError, match=r"Invalid arguments in States\.MathAdd"):
        evaluate(f"States.MathAdd({arguments})", [])


def test_math_random_takes_its_randomness_from_the_caller() -> None:
    drawn = [evaluate("States.MathRandom(1, 1000)", entropy=random.Random(seed)) for seed in range(20)]
    assert drawn == [evaluate("States.MathRandom(1, 1000)", entropy=random.Random(seed)) for seed in range(20)]
    assert len(set(drawn)) > 10
    assert all(type(number) is int and 1 <= number < 1000 for number in drawn)


def test_math_random_has_its_start_and_not_its_end() -> None:
    entropy = random.Random(5)
    assert {evaluate("States.MathRandom(-1, 2)", entropy=entropy) for _ in range(200)} == {-1, 0, 1}


def test_math_random_cuts_the_fractions_of_its_limits_off() -> None:
    entropy = random.Random(5)
    assert {evaluate("States.MathRandom(1.6, 3.9)", entropy=entropy) for _ in range(100)} == {1, 2}


@pytest.mark.parametrize("seed", [0, -3, 7, 12345678901])
def test_math_random_with_a_seed_always_gives_the_same(seed: int) -> None:
    call = f"States.MathRandom(0, 1000000, {seed})"
    assert evaluate(call, entropy=random.Random(1)) == evaluate(call, entropy=random.Random(2))


def test_math_random_gives_other_numbers_for_other_seeds() -> None:
    assert len({evaluate(f"States.MathRandom(0, 1000000, {seed})") for seed in range(10)}) > 5


@pytest.mark.parametrize("arguments", ["5, 5", "5, 4", "1.1, 1.9", "'1', 2", "1, true", "1, 2, '3'", "1, 2, null"])
def test_math_random_refuses(arguments: str) -> None:
    with pytest.raises(StatesError, match=r"Invalid arguments in States\.MathRandom"):
        evaluate(f"States.MathRandom({arguments})")


@given(st.integers(0, 2**32))
def test_uuid_is_of_version_4_and_comes_from_the_caller(seed: int) -> None:
    found = evaluate("States.UUID()", entropy=random.Random(seed))
    parsed = uuid.UUID(found)
    assert (str(parsed), parsed.version, parsed.variant) == (found, 4, uuid.RFC_4122)
    assert found == evaluate("States.UUID()", entropy=random.Random(seed))


def test_every_uuid_is_another() -> None:
    entropy = random.Random(1)
    assert len({evaluate("States.UUID()", entropy=entropy) for _ in range(50)}) == 50


def test_uuid_ignores_arguments() -> None:
    assert evaluate("States.UUID(1, 'x')") == evaluate("States.UUID()")
