"""Makes Airflow's arguments of Retry and TimeoutSeconds."""

from __future__ import annotations

from typing import Any

from sfn_provider.asl.model import Retrier, Task
from sfn_provider.translate.emit.literals import Code
from sfn_provider.translate.native.model import NotNative, Versions

BACKOFF_RATE = (3, 2)
"""The first Airflow whose tasks take the rate of the backoff; before, it doubles."""


def seconds(value: float) -> Code:
    """Return the text of a duration."""
    for unit, factor in (("hours", 3600), ("minutes", 60)):
        if value >= factor and value % factor == 0:
            return Code(f"timedelta({unit}={int(value // factor)})")
    return Code(f"timedelta(seconds={int(value) if value == int(value) else value})")


def effective_retrier(retriers: tuple[Retrier, ...]) -> Retrier | None:
    """Return the retrier that becomes the task's retries: the one for all errors, else the one with most attempts."""
    retrying = [retrier for retrier in retriers if retrier.max_attempts]
    general = [retrier for retrier in retrying if {"States.ALL", "States.TaskFailed"} & set(retrier.error_equals)]
    return max(general or retrying, key=lambda retrier: retrier.max_attempts, default=None)


def final_retriers(retriers: tuple[Retrier, ...]) -> tuple[Retrier, ...]:
    """Return the retriers whose errors are not tried again, while others that come after them are."""
    used = effective_retrier(retriers)
    before = retriers[: retriers.index(used)] if used is not None else ()
    return tuple(retrier for retrier in before if not retrier.max_attempts)


def retry_arguments(retriers: tuple[Retrier, ...], versions: Versions) -> dict[str, Any]:
    """Return the arguments of a task that is tried again as Retry says.

    Args:
        retriers: the state's Retry.
        versions: Airflow's.
    """
    retrier = effective_retrier(retriers)
    if retrier is None:
        return {}
    arguments: dict[str, Any] = {"retries": retrier.max_attempts, "retry_delay": seconds(retrier.interval_seconds)}
    if retrier.backoff_rate != 1 and retrier.max_attempts > 1:
        takes_rate = versions.airflow >= BACKOFF_RATE
        arguments["retry_exponential_backoff"] = retrier.backoff_rate if takes_rate else True
        if retrier.max_delay_seconds is not None:
            arguments["max_retry_delay"] = seconds(retrier.max_delay_seconds)
    return arguments


def timeout_arguments(state: Task) -> dict[str, Any]:
    """Return the argument of a task's time limit.

    Raises:
        NotNative: the limit is known only in a run.
    """
    if state.timeout_seconds_path is not None or state.heartbeat_seconds_path is not None:
        raise NotNative("the time limit is known only in a run")
    # Without a task token no heartbeat comes, so that HeartbeatSeconds is a time limit, too.
    limits = [limit for limit in (state.timeout_seconds, state.heartbeat_seconds) if limit is not None]
    if any(isinstance(limit, str) for limit in limits):
        raise NotNative("the time limit is known only in a run")
    numbers = [float(limit) for limit in limits]
    return {"execution_timeout": seconds(min(numbers))} if numbers else {}
