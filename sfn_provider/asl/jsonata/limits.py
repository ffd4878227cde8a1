"""Defines the bounds of an evaluation, and explains by whose bound one has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

STACK_OVERFLOW: Final = (
    "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive"
)
TIMEOUT: Final = "Expression evaluation timeout: Check for infinite loop"
MEMORY_LIMIT: Final = "Expression evaluation memory limit exceeded: Check for excessive memory usage"

MAX_WORK: Final = 600_000
"""How much work an evaluation may take, where evaluating a node is 1: about as much as a second allows."""

WORK_OF_EVALUATION: Final = 10
"""The work of an evaluation besides that of its nodes, where those of many count together."""

MAX_MATCHING_SECONDS: Final = 1.0
"""How long one evaluation may match regular expressions: the library that matches them has no other bound."""

MAX_ARRAY_ITEMS: Final = 873_782
"""AWS refuses a longer array for its memory."""

MAX_STRING_LENGTH: Final = MAX_ARRAY_ITEMS * 8
"""AWS refuses a longer text for its memory."""

MAX_COMPILED_TOKENS: Final = 300_000
"""Names, values and operators of the expressions that stay compiled: some hundred megabytes at most."""


@dataclass(slots=True)
class EvaluationLimits:
    """What an evaluation may take, and what it has left once it has ended.

    Args:
        work: where evaluating a node is 1; less than nothing once an evaluation has ended for it.
        matching_seconds: the time for matching regular expressions.
    """

    work: int = MAX_WORK
    matching_seconds: float = MAX_MATCHING_SECONDS


_report: ContextVar[Callable[[int], None] | None] = ContextVar("report_work", default=None)


@contextmanager
def report_work(report: Callable[[int], None]) -> Iterator[None]:
    """Report the work of each evaluation within, for a bound on all of them together.

    Args:
        report: takes the work of an evaluation that has ended, as `EvaluationLimits` counts it; what it raises goes
            through the evaluation, and so through the engine.
    """
    token = _report.set(report)
    try:
        yield
    finally:
        _report.reset(token)


def add_work(work: int) -> None:
    """Report the work of an evaluation to the `report_work` around it, if there is one."""
    report = _report.get()
    if report is not None:
        report(work)


def is_timeout(cause: str | None) -> bool:
    """Return whether the cause of an error says that an expression took too long."""
    return cause is not None and TIMEOUT in cause


def explain_limit(cause: str | None) -> str | None:
    """Return a sentence about the bound by which an evaluation ended; None where it did not end by one of ours.

    Args:
        cause: the cause of a ``States.QueryEvaluationError``, which has AWS's words alone.
    """
    if not is_timeout(cause):
        return None
    return (
        f"This bound is sfn_provider's: {MAX_WORK:,} steps of an expression, or {MAX_MATCHING_SECONDS} seconds of "
        "matching regular expressions, in place of the second or so that AWS gives one. It cannot be changed; neither "
        "can AWS's. Where the expression does end, do its work in a task, or on fewer items"
    )
