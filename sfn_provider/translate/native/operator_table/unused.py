"""Operators that do more, or other things, than the integration: they are not used."""

from __future__ import annotations

from typing import Final

UNUSED: Final[dict[str, str]] = {
    "athena:startQueryExecution": "AthenaOperator always waits for the end of the query.",
    "aws-sdk:athena:startQueryExecution": "AthenaOperator always waits for the end of the query.",
    "aws-sdk:eventbridge:putEvents": "EventBridgePutEventsOperator fails where an event is refused; the state goes on.",
}
"""Why, by resource."""
