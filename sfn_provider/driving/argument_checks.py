"""Checks of arguments that are read when the DAG file is parsed, in constructors and in ``partial``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from math import inf
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[str, Any], Any]
"""Takes an argument's name and value, returns the value to keep, or raises ValueError with the name."""


def require_literal(field: str, value: Any) -> None:
    """Refuse a value that Airflow would only know when the task runs.

    Args:
        field: an argument that is no template field.
        value: the argument's value.

    Raises:
        ValueError: it is, or contains, a template or the output of a task.
    """
    if isinstance(value, str):
        # A definition is JSON or YAML text, in which braces may follow each other, or a file's name.
        is_template = ("{{" in value or "{%" in value) and (field != "definition" or _is_file_name(value))
        items: Iterable[Any] = ()
    else:
        is_template = hasattr(value, "iter_references")
        items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple | set) else ()
    if is_template:
        raise ValueError(
            f"{field}: cannot be a template or the output of a task; it is read when the DAG file is parsed"
        )
    for item in items:
        if field != "definition" or not isinstance(item, str):
            require_literal(field, item)


def _is_file_name(definition: str) -> bool:
    return "\n" not in definition and not definition.lstrip().startswith('{"')


def merge_checks(cls: type) -> dict[str, Check]:
    """Return the checks that a class and its bases declare as ``argument_checks``, by the arguments' names."""
    declared = [vars(base).get("argument_checks", {}) for base in reversed(cls.__mro__)]
    return {name: check for checks in declared for name, check in checks.items()}


def literal(field: str, value: Any) -> Any:
    """Refuse a template or the output of a task."""
    require_literal(field, value)
    return value


def required(field: str, value: Any) -> Any:
    """Refuse None; it holds for template fields, too."""
    if value is None:
        raise ValueError(f"{field}: None is no value; give a text, a template or the output of a task")
    return value


def true_or_false(field: str, value: Any) -> Any:
    """Refuse what is no bool: a text such as ``"false"`` would be true."""
    if value is not True and value is not False:
        require_literal(field, value)
        raise ValueError(f"{field}: {value!r} is not True or False")
    return value


def is_dict(field: str, value: Any) -> Any:
    """Refuse what is no dict."""
    require_literal(field, value)
    if not isinstance(value, dict):
        raise ValueError(f"{field}: {value!r} is no dict")
    return value


def one_of(choices: Iterable[str]) -> Check:
    """Make a check for one of some texts."""

    def check(field: str, value: Any) -> Any:
        if value not in choices:
            require_literal(field, value)
            raise ValueError(f"{field}: {value!r} is none of {', '.join(choices)}")
        return value

    return check


def number(minimum: float, maximum: float = inf, *, kind: type[int | float] = float) -> Check:
    """Make a check for a number in a range; ``kind`` is ``int`` for whole numbers."""

    def check(field: str, value: Any) -> Any:
        is_number = isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
        if not (is_number and minimum <= value <= maximum):
            require_literal(field, value)
            noun = "whole number" if kind is int else "number"
            span = f"of {minimum} or more" if maximum == inf else f"from {minimum} to {maximum}"
            raise ValueError(f"{field}: {value!r} is no {noun} {span}")
        return value

    return check


def statuses(known: Set[str], subject: str) -> Check:
    """Make a check for a list of statuses, which it returns as a tuple.

    Args:
        known: all statuses.
        subject: the thing that has them, for the error: ``an execution``.
    """

    def check(field: str, value: Any) -> tuple[str, ...]:
        require_literal(field, value)
        if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
            raise ValueError(f"{field}: {value!r} is no list of statuses")
        given = tuple(value)
        if unknown := [each for each in given if not isinstance(each, str) or each not in known]:
            raise ValueError(f"{field}: no status of {subject}: {unknown}; there are {sorted(known)}")
        if not given:
            raise ValueError(f"{field}: there is no status to wait for; there are {sorted(known)}")
        return given

    return check


def or_none(check: Check) -> Check:
    """Make a check that takes None besides."""
    return lambda field, value: None if value is None else check(field, value)
