"""Builds the lines for the task's log about a wait: what is waited for, and how the wait ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sfn_provider.executions.argument_types import Passage, WaitFor
from sfn_provider.formatting import count, format_seconds, format_times

_SHOWN: Final = 3
"""Maximum texts of a list in a line."""


def begin_line(subject: str, console_address: str = "") -> str:
    """Return the line at a wait's begin: ``Waiting for execution ARN, in the console: https://...``.

    Args:
        subject: what is waited for: the return value of a function of this module whose name begins with ``subject``.
        console_address: its page of the AWS console; "" for none.
    """
    return f"Waiting for {subject}{f', in the console: {console_address}' if console_address else ''}"


def end_line(outcome: str, seconds: float) -> str:
    """Return the line at a wait's end: ``3 executions: 3 SUCCEEDED; waited for 2 min 5 s``.

    Args:
        outcome: the status.
        seconds: from the wait's begin to its end.
    """
    return f"{outcome}; waited for {format_seconds(seconds)}"


def subject_of_executions(execution_arns: Sequence[str], wait_for: WaitFor) -> str:
    """Return what a wait for several executions waits for."""
    first, total = execution_arns[0], len(execution_arns)
    if total == 1:
        return f"execution {first}"
    return f"{'one' if wait_for == 'any' else 'all'} of {total:,} executions, the first one {first}"


def subject_of_state(state_name: str, passage: Passage, times: int, execution_arn: str) -> str:
    """Return what a wait for a state waits for."""
    return f"state {state_name!r} to be {passage} {format_times(times)} in execution {execution_arn}"


def subject_of_map_run(map_run_arn: str | None, execution_arn: str | None) -> str:
    """Return what a wait for a Map Run waits for."""
    return f"Map Run {map_run_arn}" if map_run_arn else f"the latest Map Run of execution {execution_arn}"


def list_some(texts: Sequence[str]) -> str:
    """Join texts, the first 3 of them: ``a; b; c; and 7 others``."""
    rest = len(texts) - _SHOWN
    return "; ".join([*texts[:_SHOWN], *([f"and {count(rest, 'other')}"] if rest > 0 else [])])
