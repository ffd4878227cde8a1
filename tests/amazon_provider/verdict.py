"""Compares what became of the tests with what is expected of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

PASSED: Final = "passed"
FAILED: Final = "failed"
OUTCOMES: Final = (PASSED, FAILED, "skipped")
"""What may become of a test, in pytest's words."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a test.

    Args:
        outcome: one of ``OUTCOMES``.
        error: the last lines of the failure; empty if it has not failed.
    """

    outcome: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class ExpectedFailure:
    """A test that does not pass here.

    Args:
        test: its id, as in pytest's report.
        error: a part of the failure: another failure is not the expected one.
        reason: why it does not pass.
    """

    test: str
    error: str
    reason: str


@dataclass(frozen=True, slots=True)
class StandIn:
    """Something that a file of tests needs, that is not in the sdist, and what stands in for it.

    Args:
        file: the file, below the sdist's folder ``tests``.
        needs: what it needs.
        instead: what it gets.
    """

    file: str
    needs: str
    instead: str


def compare(outcomes: Mapping[str, Outcome], expected: Iterable[ExpectedFailure], files: Iterable[str]) -> list[str]:
    """Return what is wrong, a line for each problem.

    Args:
        outcomes: what became of each test, by its id.
        expected: the tests that are expected to fail.
        files: the files that must have tests.
    """
    if not outcomes:
        return ["no tests have run"]
    by_test = {each.test: each for each in expected}
    run = {test.partition("::")[0] for test in outcomes}
    return [
        *(
            f"{test} {outcome.outcome}: mend the code, or list it with its reason in expectations.py"
            for test, outcome in sorted(outcomes.items())
            if outcome.outcome != PASSED and test not in by_test
        ),
        *filter(None, (_compare_expected(each, outcomes.get(each.test)) for each in by_test.values())),
        *(f"{file}: none of its tests has run; if it is gone, strike it" for file in files if file not in run),
    ]


def _compare_expected(expected: ExpectedFailure, outcome: Outcome | None) -> str:
    if outcome is None or outcome.outcome != FAILED:
        what = "has not run" if outcome is None else outcome.outcome
        return f"{expected.test} {what}: strike it from expectations.py"
    if expected.error not in outcome.error:
        return f"{expected.test} failed, but not with {expected.error!r}: {outcome.error}"
    return ""


def summarize(
    outcomes: Mapping[str, Outcome], expected: Iterable[ExpectedFailure], stand_ins: Iterable[StandIn]
) -> str:
    """Return a text with the number of tests that pass, and the lists of those of which there is more to say."""
    all_outcomes = [each.outcome for each in outcomes.values()]
    lines = [", ".join(f"{all_outcomes.count(each)} {each}" for each in OUTCOMES)]
    for failure in expected:
        lines += [f"{failure.test} is expected to fail:", f"  {failure.reason}"]
    for each in stand_ins:
        lines.append(f"{each.file} needs {each.needs}; it gets {each.instead}:")
        lines += [f"  {test}: {outcome.outcome}" for test, outcome in outcomes.items() if _is_in(test, each.file)]
    return "\n".join(lines)


def _is_in(test: str, file: str) -> bool:
    return test.startswith(f"{file}::")
