"""A fixed sample of ``make test-attack``: bombs of each kind, and mutated definitions; ten seconds of processor time."""

from __future__ import annotations

import sys

import pytest

from tests.attack.all_bombs import all_bombs
from tests.attack.bombs.bomb import Bomb
from tests.attack.limited_child import run_limited
from tests.attack.mutations import make_mutation, try_mutations
from tests.attack.warm_up import import_all

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="its limits of processor time and memory are Linux's")

SAMPLE = (
    "quotes not closed: lint",
    "control characters in names: lint",
    "many unknown fields: lint",
    "members that are not there: lint",
    "variables with long names: lint",
    "calls of services that do not exist: lint",
    "yaml brackets: lint",
    "yaml aliases: lint",
    "yaml surrogates: lint",
    "openings of placeholders: lint",
    "filters of exclamation marks: lint",
    "path of a regular expression: simulate",
    "path with a placeholder: translate --style native",
    "path of steps: translate --style native",
    "ResultPath 1,100 deep: simulate",
    "Items 5: simulate",
    "twenty megabytes: lint",
    "intrinsic with data format: simulate",
    "stars: simulate",
    "a value repeated: simulate",
    "template with Fn::Sub that doubles: lint",
    "template with Fn::Sub without its end: lint",
    "template with merge keys: lint",
    "template with a definition outside: lint",
    "template with a definition that is a device: lint",
    "template with substitutions that repeat: lint",
    "template with rate(99999999999 days): translate",
    "template with an input of NaN: translate",
    "template with Fn::Select with a huge index: lint",
    "serverless.json with commas: lint",
    "serverless.json with a file with a null byte: lint",
    "main.tf with jsonencode of nothing: lint",
    "main.tf with locals that double texts: lint",
    "main.tf with each function of large numbers: lint",
    "main.tf with distinct texts: lint",
    "mock file: depth",
    "mock file with keys 0-9999999999",
    "mock file with an object that is a device",
    "history: lists for objects",
    "prices: depth",
    "input: 1e999",
    "object of JSON, deep",
    "input that is copied again and again: lint",
    "input that is copied again and again: translate --style native",
    "CSV headers: lint",
    "ways back: translate --style native",
    "constants of ranges: lint",
    "catchers: translate --style native",
    "JSONata spread: simulate",
    "expressions that are none: lint",
    "option: schedule of commas",
)
"""Names of bombs: one for each kind of fault that was found."""

BOMBS = {bomb.name: bomb for bomb in all_bombs()}


def test_bombs_have_names_of_their_own() -> None:
    names = [bomb.name for bomb in all_bombs()]
    assert len(names) == len(set(names)) >= 300


@pytest.fixture(scope="module", autouse=True)
def imported() -> None:
    import_all()


@pytest.mark.parametrize("bomb", [BOMBS[name] for name in SAMPLE], ids=lambda bomb: bomb.name)
def test_a_bomb_costs_bounded_work_and_ends_in_a_sentence(bomb: Bomb) -> None:
    outcome = run_limited(bomb.explode, bomb.seconds)
    assert outcome.problem == "", outcome


def test_mutated_definitions_end_in_diagnostics_and_errors_of_the_language() -> None:
    assert try_mutations(range(100)) == []
    assert make_mutation(7) == make_mutation(7) != make_mutation(8)


def test_the_limits_are_found() -> None:
    """What a bomb that goes off looks like: none of these may pass for one that held."""

    def recurse() -> int:
        return recurse() + 1

    assert run_limited(recurse).problem == "exception"
    assert run_limited(lambda: len([0] * 10**9) and None).problem == "exception"
    assert run_limited(lambda: sum(range(10**10)) and None, seconds=0.1).problem == "time"
    assert run_limited(lambda: print("\x1b[2J")).problem == "output"
    assert run_limited(lambda: print("Traceback (most recent call last)")).problem == "traceback"
    assert run_limited(lambda: 3).problem == "exit code"
