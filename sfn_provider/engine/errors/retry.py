"""Matches error names, chooses the retrier of an error, and computes its delay.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html and recorded executions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sfn_provider.asl.model import Retrier
from sfn_provider.asl.scope import Randomness
from sfn_provider.engine.limits import OversizedOutput
from sfn_provider.exceptions import StatesError

_TERMINAL = frozenset({"States.Runtime"})
"""Errors that end the execution regardless of Retry and Catch."""

_MAX_DELAY_SECONDS = 31_622_400
"""The longest delay that MaxDelaySeconds takes, in seconds: no execution lasts longer."""


def matches_error(names: Iterable[str], failure: StatesError) -> bool:
    """Return True if one of the names in an ErrorEquals matches an error.

    ``States.ALL`` matches all but the terminal errors, ``States.TaskFailed`` all of these but ``States.Timeout``.
    Neither matches ``States.DataLimitExceeded`` of a state's own output; of a task's result they do (recorded
    executions). A missed heartbeat is reported as ``States.Timeout`` and also answers to ``States.HeartbeatTimeout``.
    """
    error = failure.error
    if error in _TERMINAL:
        return False
    for name in names:
        if name == error:
            return True
        if isinstance(failure, OversizedOutput):
            continue
        if name == "States.ALL" or (name == "States.TaskFailed" and not is_timeout(error)):
            return True
        if name == "States.Timeout" and is_timeout(error):
            return True
    return False


def is_terminal(error: str | None) -> bool:
    """Return True if the error ends the execution regardless of Retry and Catch."""
    return error in _TERMINAL


def reported_error_name(error: str | None) -> str | None:
    """Return the name that an execution or a Catch shows for an error: a missed heartbeat is a timeout."""
    return "States.Timeout" if is_timeout(error) else error


def is_timeout(error: str | None) -> bool:
    """Return True for the two errors of a task that took too long."""
    return error in ("States.Timeout", "States.HeartbeatTimeout")


def choose_retrier(retriers: Sequence[Retrier], counts: Sequence[int], error: StatesError) -> int | None:
    """Return the index of the retrier that handles an error; None where the error is not retried.

    Args:
        retriers: the state's Retry.
        counts: how often each of them has retried during this visit of the state.
        error: the error.
    """
    for index, retrier in enumerate(retriers):
        if matches_error(retrier.error_equals, error):
            # ASL: MaxAttempts counts retries, not runs. The first retrier that matches decides, even if it is used up.
            return index if counts[index] < retrier.max_attempts else None
    return None


def retry_delay(retrier: Retrier, count: int, entropy: Randomness) -> float:
    """Return the seconds to wait before retry number ``count`` (counted from 0) of this retrier."""
    longest = float(_MAX_DELAY_SECONDS if retrier.max_delay_seconds is None else retrier.max_delay_seconds)
    try:
        seconds = min(retrier.interval_seconds * float(retrier.backoff_rate) ** count, longest)
    except OverflowError:
        seconds = longest
    return entropy.uniform(0, seconds) if retrier.jitter_strategy == "FULL" else seconds
