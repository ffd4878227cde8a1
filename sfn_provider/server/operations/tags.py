"""Adds, removes and lists the tags of state machines and activities."""

from __future__ import annotations

from typing import Final

from sfn_provider.server.api_errors import VALIDATION, ApiError, resource_not_found
from sfn_provider.server.arns import check_arn
from sfn_provider.server.operations.operation_table import Json, OperationTable, Parameters, Response
from sfn_provider.server.service_state import ServiceState

MAX_TAGS: Final = 50
"""Tags of a resource (AWS's quotas)."""

RESERVED_PREFIX: Final = "aws:"
"""What no key of a user's tag begins with, in whatever case (AWS's rules for tags)."""


def read_tags(tags: list[dict[str, Json]], existing: dict[str, str]) -> dict[str, str]:
    """Return the tags of a resource after some were added.

    Args:
        tags: those that are added: objects with ``key`` and ``value``.
        existing: those that it has.

    Raises:
        ApiError: ``TooManyTags``, or ``ValidationException`` for a key that AWS keeps for its own tags.
    """
    reserved = next((tag["key"] for tag in tags if tag.get("key", "").lower().startswith(RESERVED_PREFIX)), None)
    if reserved is not None:
        raise ApiError(
            VALIDATION, f"The tag key {reserved!r} begins with {RESERVED_PREFIX!r}, which is reserved for AWS"
        )
    added = existing | {tag["key"]: tag.get("value", "") for tag in tags if "key" in tag}
    if len(added) > MAX_TAGS:
        raise ApiError("TooManyTags", f"A resource has at most {MAX_TAGS} tags, not {len(added)}")
    return added


def _find(state: ServiceState, arn: str) -> dict[str, str]:
    check_arn(arn, "stateMachine", "activity")
    if arn not in state.tags:
        raise resource_not_found(arn)
    return state.tags[arn]


def tag_resource(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Add tags."""
    arn = parameters["resourceArn"]
    state.tags[arn] = read_tags(parameters["tags"], _find(state, arn))
    return {}


def untag_resource(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Remove tags."""
    tags = _find(state, parameters["resourceArn"])
    for key in parameters["tagKeys"]:
        tags.pop(key, None)
    return {}


def list_tags_for_resource(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """List tags."""
    tags = _find(state, parameters["resourceArn"])
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}


OPERATIONS: Final[OperationTable] = {
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}
