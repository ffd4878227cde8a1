"""Makes the rows of the calls that AWS sees, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from sfn_provider.compare.diff.state_comparison import StateComparison
from sfn_provider.compare.diff.state_visits import Attempt
from sfn_provider.compare.report.data.diffs import format_value
from sfn_provider.compare.report.model import CallRow


def make_call_rows(state: StateComparison, within: str) -> Iterator[CallRow]:
    """Yield the calls of a visit on both sides.

    Args:
        state: the visit.
        within: the branches or items around it, as text.
    """
    sides = [visit.attempts if visit is not None else () for visit in (state.expected, state.actual)]
    for number, (one, other) in enumerate(zip_longest(*sides), 1):
        first = one or other
        if first is None:
            raise AssertionError("one of the sides is the longer one")
        differs = any(f"of call {number}" in text.partition(":")[0] for text in state.differences)
        yield CallRow(
            state=state.state,
            within=within,
            number=number,
            call=first.resource,
            agrees=one is not None and other is not None and not differs,
            step_functions=format_value(one.arguments) if one is not None else None,
            airflow=format_value(other.arguments) if other is not None else None,
            outcome=_outcome(first),
        )


def _outcome(attempt: Attempt) -> str:
    if attempt.outcome != "failed":
        return attempt.outcome
    return f"failed: {attempt.error}" if attempt.error else "failed"
