"""Validates the event by which a trigger ends a wait, and reads the execution's description in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
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


def success_description(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the description of an execution that has succeeded, as DescribeExecution returns it; None without one.

    It is in the event where a message of the status queue has ended the wait. SUCCEEDED is final; one that has failed
    may have been redriven since, and its failure is read from its history, so that it must be described.
    """
    description = event.get("description")
    if description is None or description["status"] != "SUCCEEDED":
        return None
    dates = {name: datetime.fromisoformat(description[name]) for name in ("startDate", "stopDate")}
    return {**description, **dates}
