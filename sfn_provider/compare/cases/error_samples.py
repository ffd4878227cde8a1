"""Chooses the error by which a task fails so that a certain catcher or retrier takes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sfn_provider.asl.model import Map, Task
from sfn_provider.asl.resources import parse_resource
from sfn_provider.engine.errors.retry import matches_error
from sfn_provider.exceptions import StatesError

_RESERVED = ("States.ALL", "States.TaskFailed")
READER_FAILED = "States.ItemReaderFailed"
THRESHOLD = "States.ExceedToleratedFailureThreshold"


def takes(names: Iterable[str], error: str) -> bool:
    """Return whether an ErrorEquals matches an error."""
    return matches_error(names, StatesError(error))


def find_error(entries: Sequence[Any], index: int, state: Any) -> str | None:
    """Return an error that an entry of Retry or Catch takes, and none before it; None where there is none.

    Args:
        entries: the state's Retry or Catch.
        index: the entry's index.
        state: the state, whose task the error should be typical of.
    """
    for error in _candidates(entries[index].error_equals, state):
        if takes(entries[index].error_equals, error) and not any(
            takes(entry.error_equals, error) for entry in entries[:index]
        ):
            return error
    return None


def _candidates(names: Sequence[str], state: Any) -> Iterator[str]:
    yield from (name for name in names if name not in _RESERVED)
    if isinstance(state, Task):
        resource = parse_resource(state.resource)
        if resource.service == "lambda":
            yield "Lambda.ServiceException"
    if isinstance(state, Map) and state.distributed:
        yield THRESHOLD
    yield from ("States.TaskFailed", "States.Timeout", "States.Permissions", "SampleError")
