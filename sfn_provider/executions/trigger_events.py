"""Validates the event by which a trigger ends a wait."""

from __future__ import annotations

from typing import Any

from sfn_provider._compat import AirflowException, AirflowFailException


def validate_event(event: dict[str, Any] | None) -> dict[str, Any]:
    """Return a trigger's event if its ``status`` is ``success``.

    Raises:
        AirflowFailException: the wait has failed, and a retry cannot succeed.
        AirflowException: the wait has failed, or there is no event.
    """
    if event is None:
        raise AirflowException("Trigger error: event is None, the trigger has ended without an event.")
    if event["status"] == "success":
        return event
    raise (AirflowFailException if event.get("final") else AirflowException)(event["message"])
