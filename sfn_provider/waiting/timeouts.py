"""Computes how long a deferral may last within the task's ``execution_timeout`` and other limits."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sfn_provider._compat import timezone

if TYPE_CHECKING:
    from sfn_provider._compat import Context

_MINIMUM = timedelta(seconds=1)


def remaining_timeout(context: Context, *limits: timedelta | None) -> timedelta | None:
    """Return the time until the first limit is reached, counted from the start of this try.

    Airflow 3 does not apply ``execution_timeout`` to a deferred task; a deferral must be given what is left of it.

    Args:
        context: of the running task.
        limits: the task's ``execution_timeout`` and others; None for one that is not set.

    Returns:
        At least one second, also where the limit has passed; None where no limit is set.
    """
    limits_set = [limit for limit in limits if limit is not None]
    if not limits_set:
        return None
    started = context["ti"].start_date
    elapsed = timezone.utcnow() - started if started else timedelta(0)
    return max(min(limits_set) - elapsed, _MINIMUM)
