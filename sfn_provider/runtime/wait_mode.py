"""Reads ``[sfn_provider] waiting``: whether tasks defer, are rescheduled, or block their worker."""

from __future__ import annotations

from functools import cache

from sfn_provider._compat import AirflowException, conf

MODES = ("defer", "reschedule", "block")
"""Wait in the triggerer; in nothing, as the scheduler starts the task again when it is time; in the worker."""


def get_wait_mode() -> str:
    """Return the option: one of `MODES`.

    Raises:
        AirflowException: where it is none of them.
    """
    mode: str = conf.get("sfn_provider", "waiting", fallback="defer")
    if mode not in MODES:
        raise AirflowException(f"[sfn_provider] waiting is {mode!r}: it must be one of {', '.join(MODES)}")
    return mode


@cache
def is_reschedule_mode() -> bool:
    """Return True where the scheduler starts waiting tasks again. Read once in a process: each parse of a task asks.

    Raises:
        AirflowException: where the option is none of `MODES`.
    """
    return get_wait_mode() == "reschedule"
