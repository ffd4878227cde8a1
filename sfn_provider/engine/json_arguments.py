"""Refuses arguments of the Python interface that are no JSON: inputs, mocks, variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sfn_provider.asl.json_values.json_checks import find_invalid_json, kind_of
from sfn_provider.exceptions import UsageError

MAX_DEPTH: Final = 500
"""How many lists and objects of an input or a result may lie in one another; Python's encoder goes little deeper."""

_MAX_INTEGER: Final = 10**4_299
"""The largest integer that Python writes as text without being told to."""


def require_json(value: object, what: str) -> None:
    """Refuse a value that is no JSON.

    Args:
        value: any Python value.
        what: names it in the message: ``the execution's input``.

    Raises:
        UsageError: if it is none, with the place and the problem.
    """
    found = find_invalid_json(value, MAX_DEPTH, _MAX_INTEGER)
    if found is None:
        return
    place = found.location if len(found.location) <= 80 else f"{found.location[:77]}..."
    hint = "" if found.is_depth else "; JSON has None, bool, int, float, str, list, and dict with str keys"
    raise UsageError(f"{what} is no JSON{f' at {place}' if place else ''}: {found.problem}{hint}")


def require_mapping(value: object, what: str, example: str) -> Mapping[str, Any]:
    """Return an argument that must be a mapping with text for keys.

    Args:
        value: the argument.
        what: names it in the message: ``mocks``.
        example: what it should look like.

    Raises:
        UsageError: if it is another value.
    """
    if not isinstance(value, Mapping):
        raise UsageError(f"{what} must be a dict such as {example}, not {kind_of(value)}")
    for key in value:
        if not isinstance(key, str):
            raise UsageError(f"{what} has the key {key!r}: keys are texts, as in {example}")
    return value
