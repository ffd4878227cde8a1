"""Defines the type of an operation's function, and of a table of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sfn_provider.server.service_state import ServiceState

Json = Any
Parameters = dict[str, Json]
Response = dict[str, Json]

Operation = Callable[[ServiceState, Parameters, float], Response | Awaitable[Response]]
"""Answers a valid request, of the service, its parameters and the time; raises RequestRefused."""

OperationTable = dict[str, Operation]
"""Operations by their names."""


def without_missing(members: dict[str, Json]) -> Response:
    """Return the members of a response that have a value."""
    return {name: value for name, value in members.items() if value is not None}
