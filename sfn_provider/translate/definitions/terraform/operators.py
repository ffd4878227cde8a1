"""Applies operators, attributes and indices to the values of Terraform expressions.

Source: https://developer.hashicorp.com/terraform/language/expressions/operators
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from sfn_provider.translate.definitions.terraform.unknown_values import Unknown, as_text, number

Json = Any


class Missing(Unknown):
    """The placeholder of a part that a known value does not have; ``try`` passes over it."""

    __slots__ = ()


class Index(str):
    """A text as an index, ``["nightly"]``; any other text is the name of an attribute, ``.name``."""

    __slots__ = ()


MAX_BITS = 20_000
"""Bits of the largest whole number that a product makes; Terraform's own have 512."""


def _multiply(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() > MAX_BITS:
        raise OverflowError("the product has too many digits")
    return left * right


def _divide(left: Any, right: Any) -> Any:
    return number(left / right)


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "+": operator.add,
    "-": operator.sub,
    "*": _multiply,
    "/": _divide,
    "%": operator.mod,
    "&&": lambda left, right: bool(left and right),
    "||": lambda left, right: bool(left or right),
}
"""The binary operators."""


def take_steps(value: Json, steps: tuple[Json, ...], source: str = "") -> Json:
    """Return the part of a value at attributes and indices; a placeholder if it is not known.

    Args:
        value: the value.
        steps: names of attributes, and values of indices.
        source: the expression, for the name of a part that the value does not have.
    """
    for position, step in enumerate(steps):
        if isinstance(value, Unknown):
            name = value.name
            rest = "".join(map(step_text, steps[position:]))
            return Unknown.of(name + rest if name is not None else f"{value}{rest}")
        try:
            value = value[step if isinstance(value, list) else as_text(step)]
        except (LookupError, TypeError):
            return Missing.of(source or "".join(map(step_text, steps)))
    return value


def step_text(step: Json) -> str:
    """Return the text of an attribute or index: ``.name``, ``[0]``, ``['a b']``."""
    if isinstance(step, Unknown):
        return f"[{step.name or step}]"
    if isinstance(step, Index):
        return f"['{step}']"
    if isinstance(step, str):
        return f".{step}"
    return f"[{as_text(step)}]"
