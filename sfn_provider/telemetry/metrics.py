"""Sends metrics by Airflow's Stats: calls of AWS, throttled ones, waits, delays of detection."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

log = logging.getLogger(__name__)

CALLS: Final = "sfn_provider.aws_calls"
"""Counter: calls of AWS, by ``service`` and ``operation``."""

FAILED_CALLS: Final = "sfn_provider.aws_calls.failed"
"""Counter: those that AWS has answered with an error, by ``service``, ``operation`` and ``error``."""

THROTTLED_CALLS: Final = "sfn_provider.aws_calls.throttled"
"""Counter: those that AWS has throttled, by ``service`` and ``operation``."""

WAITS: Final = "sfn_provider.waits"
"""Gauge: executions and jobs that a triggerer waits for."""

DETECTION_DELAY: Final = "sfn_provider.detection_delay"
"""Timer: from the end of an execution, as AWS dates it, to the task that goes on after it."""

HANDLER_ID: Final = "sfn_provider.metrics"
"""botocore's ``unique_id`` of `count_response`, so that a session counts no call twice."""

_waits = 0


def _send(method: str, name: str, *values: object, **tags: str) -> None:
    """Call a method of Airflow's Stats; an error of its backend fails neither a call nor a task."""
    try:
        from sfn_provider._compat import Stats

        getattr(Stats, method)(name, *values, tags=tags)
    except Exception:  # of whatever kind: what a metrics client raises is its own
        log.debug("%s could not be sent", name, exc_info=True)


def count_call(service: str, operation: str, error_code: str | None = None, *, is_throttled: bool = False) -> None:
    """Count a call of AWS.

    Args:
        service: botocore's name of the service: ``stepfunctions``.
        operation: the operation: ``DescribeExecution``.
        error_code: AWS's code of the error that it has answered; None for none.
        is_throttled: whether that says that there are too many calls.
    """
    _send("incr", CALLS, service=service, operation=operation)
    if error_code is not None:
        _send("incr", FAILED_CALLS, service=service, operation=operation, error=error_code)
    if is_throttled:
        _send("incr", THROTTLED_CALLS, service=service, operation=operation)


def count_response(parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
    """Count a call that has been answered: a handler of botocore's event ``after-call``.

    Args:
        parsed: the answer.
        model: the operation's model.
    """
    from sfn_provider.executions.aws_errors import THROTTLING_CODES

    code = parsed.get("Error", {}).get("Code")
    count_call(model.service_model.service_name, model.name, code, is_throttled=code in THROTTLING_CODES)


def change_waits(by: int) -> None:
    """Change the number of waits of this process.

    Args:
        by: 1 for a wait that begins, -1 for one that ends.
    """
    global _waits
    _waits += by
    _send("gauge", WAITS, _waits)


def observe_end(ended: datetime | None) -> None:
    """Measure how long after the end of an execution its task goes on.

    Args:
        ended: the execution's ``stopDate``; None where its description has none.
    """
    if not isinstance(ended, datetime):  # in a user's unit test it may be a mock
        return
    # AWS's clock and this host's may differ by more than the delay.
    _send("timing", DETECTION_DELAY, max(timedelta(0), datetime.now(UTC) - ended))
