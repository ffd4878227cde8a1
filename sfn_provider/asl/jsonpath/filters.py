"""Tests whether the filter of a JSONPath holds for a value, comparing as Jayway JsonPath 2.0.0 does.

Text is compared with numbers and booleans by what it spells, in the order written only: the right side is converted to
the type of the left one. What cannot be compared makes the condition false, ``!=`` too.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.asl.json_values.java_values import java_text, utf16_units
from sfn_provider.asl.json_values.json_checks import is_number
from sfn_provider.asl.jsonpath.errors import Inapplicable, PathSyntaxError, TooMuchWork
from sfn_provider.asl.jsonpath.syntax import (
    Criterion,
    DefiniteSelector,
    Filter,
    FilterOperand,
    FilterPath,
    FilterPattern,
    FromEnd,
    Names,
)
from sfn_provider.asl.scope import MISSING, Json

if TYPE_CHECKING:
    import regex

Test = Callable[[Json, Json], bool]
"""Tests a value, with the document that it is in."""

MAX_SECONDS: Final = 1.0
"""How long the regular expressions of a path may take, all matches of one evaluation together."""

_time = threading.local()

_Read = Callable[[Json, Json], Any]
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,9})?")


def compile_filter(condition: Filter) -> Test:
    """Create the test for a filter. It raises Inapplicable where Jayway fails on the value.

    Raises:
        PathSyntaxError: a regular expression is wrong.
    """
    alternatives = [[_compile_criterion(criterion) for criterion in each] for each in condition.alternatives]
    return lambda value, root: any(all(test(value, root) for test in tests) for tests in alternatives)


def read_definite(selectors: tuple[DefiniteSelector, ...], node: Json) -> Json:
    """Return what selectors name from a node, or MISSING.

    Raises:
        Inapplicable: an index is applied to something else than an array, or several names are not the last selector.
    """
    for position, selector in enumerate(selectors):
        if isinstance(selector, str):
            node = node.get(selector, MISSING) if isinstance(node, dict) else MISSING
        elif isinstance(selector, Names):
            node = select_members(node, selector, last=position == len(selectors) - 1)
        else:
            node = get_item(node, selector)
        if node is MISSING:
            return MISSING
    return node


def get_item(node: Json, selector: int | FromEnd) -> Json:
    """Return an item of an array; MISSING where there is none, as at every negative index, or the node is null.

    Raises:
        Inapplicable: the node is something else.
    """
    if isinstance(node, list):
        index = len(node) - selector.distance if isinstance(selector, FromEnd) else selector
        return node[index] if 0 <= index < len(node) else MISSING
    if node is None:
        return MISSING
    raise Inapplicable


def select_members(node: Json, selector: Names, *, last: bool) -> Json:
    """Return the members of an object that it has, as one object; MISSING where the node is none.

    Raises:
        Inapplicable: the selector is not the last one.
    """
    if not isinstance(node, dict):
        return MISSING
    if not last:
        raise Inapplicable
    return {name: node[name] for name in selector.names if name in node}


def _compile_criterion(criterion: Criterion) -> Test:
    if isinstance(criterion.left, FilterPath) and criterion.operator.endswith("exists"):
        selectors, exists = criterion.left.selectors, criterion.operator == "exists"
        # Jayway tests the value here for $, too, and takes null for nothing.
        return lambda value, _root: (read_definite(selectors, value) not in (MISSING, None)) == exists
    left, right = _compile_operand(criterion.left), _compile_operand(criterion.right)
    holds = _RELATIONS[criterion.operator]

    def test(value: Json, root: Json) -> bool:
        actual = left(value, root)
        if actual is MISSING:
            return False
        expected = right(value, root)
        return expected is not MISSING and holds(expected, actual)

    return test


def _compile_operand(operand: FilterOperand) -> _Read:
    if isinstance(operand, FilterPath):
        selectors = operand.selectors
        if operand.from_root:
            return lambda _value, root: read_definite(selectors, root)
        return lambda value, _root: read_definite(selectors, value)
    constant = _compile_pattern(operand) if isinstance(operand, FilterPattern) else operand
    return lambda _value, _root: constant


def _compile_pattern(operand: FilterPattern) -> regex.Pattern[str]:
    import regex

    flags = regex.ASCII | (regex.IGNORECASE if operand.ignores_case else 0)
    try:
        return regex.compile(operand.expression, flags)
    except regex.error as error:
        raise PathSyntaxError(f"/{operand.expression}/ is no regular expression: {error}") from error


def _relation(holds: Callable[[int], bool], *, of_values: bool = True) -> Callable[[Any, Any], bool]:
    """Create a comparison; one of values is false where only one side is null."""

    def compare(expected: Any, actual: Any) -> bool:
        if of_values and (expected is None) != (actual is None):
            return False
        order = _order(expected, actual)
        return order is not None and holds(order)

    return compare


def _order(expected: Any, actual: Any) -> int | None:
    """Return below, at or above 0 as the expected value is less than, equal to or greater than the actual one.

    None where they cannot be compared: two arrays, two objects, or a text where the expected value is none. The text
    ``null`` is null.

    Raises:
        Inapplicable: a number is compared with a text that is none.
    """
    if expected is actual:
        return 0
    expected_null, actual_null = _is_null(expected), _is_null(actual)
    if expected_null or actual_null:
        return actual_null - expected_null if expected_null != actual_null else 0
    if isinstance(expected, str):
        return _text_order(expected, actual)
    if isinstance(expected, bool) and isinstance(actual, bool):
        return expected - actual
    if is_number(expected) and is_number(actual):
        return _sign(_decimal(expected), _decimal(actual))
    return None


def _text_order(expected: str, actual: Any) -> int | None:
    if isinstance(actual, str):
        return _sign(utf16_units(expected.replace("\\'", "'")), utf16_units(actual))
    if isinstance(actual, bool):
        return (expected.lower() == "true") - actual
    return _sign(_decimal(expected), _decimal(actual)) if is_number(actual) else None


def _is_null(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value == "null")


def _sign(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def _decimal(value: Any) -> Decimal:
    """Convert a number, or a text that spells one, as Java's BigDecimal does."""
    if isinstance(value, int):
        return Decimal(value)
    text = str(value)
    if not _NUMBER.fullmatch(text):
        raise Inapplicable
    return Decimal(text)


def _matches(expected: Any, actual: Any) -> bool:
    """Match a pattern on either side against the whole text of the other side, as Java writes it."""
    pattern, value = (expected, actual) if _is_pattern(expected) else (actual, expected)
    if not _is_pattern(pattern):
        raise Inapplicable
    if value is None:
        return False
    started = time.thread_time()
    left = getattr(_time, "left", MAX_SECONDS)
    try:
        if left <= 0:
            raise TimeoutError
        matched = bool(pattern.fullmatch(java_text(value), timeout=left))
    except TimeoutError:
        raise TooMuchWork(f"the regular expression /{pattern.pattern}/ takes longer than {MAX_SECONDS:g} s") from None
    _time.left = left - (time.thread_time() - started)
    return matched


def start_matching() -> None:
    """Give the evaluation of a path that begins in this thread its time for regular expressions."""
    _time.left = MAX_SECONDS


def _is_pattern(value: Any) -> bool:
    return hasattr(value, "fullmatch")


_RELATIONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": _relation(lambda order: order == 0, of_values=False),
    "!=": _relation(lambda order: order != 0, of_values=False),
    ">": _relation(lambda order: order < 0),
    ">=": _relation(lambda order: order <= 0),
    "<": _relation(lambda order: order > 0),
    "<=": _relation(lambda order: order >= 0),
    "=~": _matches,
}
