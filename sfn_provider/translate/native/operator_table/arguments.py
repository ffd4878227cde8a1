"""Assigns a Task's parameters to an operator's arguments, and finds parts of its result."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from sfn_provider.translate.native.operator_table.kinds import KINDS, NotExpressible
from sfn_provider.translate.native.operator_table.row import OperatorRow, Returned

Step = str | int

_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


def assign_arguments(row: OperatorRow, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Make an operator's arguments of a Task's parameters.

    Args:
        row: of `find_operator`.
        parameters: a tree of dicts and lists; whatever else is in it is a literal or stands for a value that is known
            only when the DAG runs, and is not changed.

    Returns:
        The arguments by name, constants first. `JsonText` and `TextOf` in them are for the caller to write.

    Raises:
        NotExpressible: the operator cannot be used with these parameters.
    """
    others = {name: value for name, value in parameters.items() if value is not None}
    _check(row, others)
    arguments = dict(row.constants)
    for parameter, argument in row.arguments.items():
        value, others = _take(others, parameter.split("."))
        if value is not None:
            arguments[argument.name] = KINDS[argument.kind](value)
    for parameter, fixed in row.fixed.items():
        value, others = _take(others, parameter.split("."))
        if value is not None and value != fixed:
            raise NotExpressible(f"{row.class_name} sends {parameter} as {fixed!r}")
    others = _without_opened(others, tuple(place.split(".") for place in (*row.arguments, *row.fixed) if "." in place))
    if others and row.passthrough is None:
        raise NotExpressible(f"{row.class_name} has no argument for {', '.join(sorted(others))}")
    if others:
        arguments[str(row.passthrough)] = KINDS[row.passthrough_kind](others)
    return arguments


def read_result(row: OperatorRow, path: tuple[Step, ...]) -> tuple[Returned, tuple[Step, ...]] | None:
    """Find a path of Step Functions' result after an operator.

    Args:
        row: of `find_operator`.
        path: keys and indexes, for example ``("Payload", "score")``.

    Returns:
        Where the longest known part of the path is found, and the rest of it; None where it cannot be read.
    """
    for end in range(len(path), -1, -1):
        for text, returned in row.returns.items():
            if parse_path(text) == path[:end]:
                return returned, path[end:]
    return None


def parse_path(text: str) -> tuple[Step, ...]:
    """Parse a path of a row: ``$.Tasks[0].TaskArn``.

    Args:
        text: ``$`` followed by names and indexes.
    """
    return tuple(name or int(index) for name, index in _STEP.findall(text.removeprefix("$")))


def _check(row: OperatorRow, parameters: Mapping[str, Any]) -> None:
    present = {name for name in (*row.required, *row.unsupported) if _find(parameters, name.split(".")) is not None}
    if missing := [name for name in row.required if name not in present]:
        raise NotExpressible(f"{row.class_name} needs {', '.join(missing)}")
    if refused := sorted(row.unsupported & present):
        raise NotExpressible(f"{row.class_name} cannot be used with {', '.join(refused)}")


def _find(parameters: Any, names: list[str]) -> Any:
    for name in names:
        if not isinstance(parameters, Mapping):
            return None
        parameters = parameters.get(name)
    return parameters


def _take(parameters: dict[str, Any], names: list[str]) -> tuple[Any, dict[str, Any]]:
    """Return the value at a place and the parameters without it."""
    name, *inner = names
    if name not in parameters:
        return None, parameters
    value = parameters[name]
    if not inner:
        return value, {key: entry for key, entry in parameters.items() if key != name}
    if not isinstance(value, dict):
        return None, parameters
    found, rest = _take(value, inner)
    return found, parameters | {name: rest}


def _without_opened(values: dict[str, Any], places: tuple[list[str], ...]) -> dict[str, Any]:
    """Remove objects whose parts have all become arguments.

    Args:
        values: parameters that are left.
        places: places within them that became arguments.
    """
    opened = {place[0] for place in places if len(place) > 1}
    left = {}
    for name, value in values.items():
        if name in opened and isinstance(value, dict):
            value = _without_opened(value, tuple(place[1:] for place in places if place[0] == name))
            if not value:
                continue
        left[name] = value
    return left
