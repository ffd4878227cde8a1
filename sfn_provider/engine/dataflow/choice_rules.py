"""Compiles the JSONPath rules of a Choice to predicates.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html and recorded executions.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

from sfn_provider.asl.comparison_operators import COMPARISONS, Kind, Relation
from sfn_provider.asl.json_values.java_values import utf16_units
from sfn_provider.asl.json_values.json_checks import is_number
from sfn_provider.asl.model import ChoiceRule
from sfn_provider.asl.paths import JsonPath, PathNotFound, compile_path, require_input
from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.history.timestamps import parse_nanoseconds
from sfn_provider.exceptions import StatesError

RulePredicate = Callable[[Scope], bool]


def is_timestamp(value: Json) -> bool:
    """Return True for text that holds an RFC 3339 timestamp."""
    return isinstance(value, str) and parse_nanoseconds(value) is not None


_RELATIONS: dict[Relation, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}

_ACCEPTS: dict[Kind, Callable[[Json], bool]] = {
    "boolean": lambda value: isinstance(value, bool),
    "numeric": is_number,
    "string": lambda value: isinstance(value, str),
    "timestamp": is_timestamp,
}
"""What both sides of a comparison must be, or the comparison is false."""

_CONVERSIONS: dict[Kind, Callable[[Any], Any]] = {"timestamp": parse_nanoseconds, "string": utf16_units}
"""What is compared in place of the values, where it is not they themselves."""

_TESTS: dict[str, Callable[[Json], bool]] = {
    "IsNull": lambda value: value is None,
    "IsNumeric": is_number,
    "IsString": lambda value: isinstance(value, str),
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": is_timestamp,
}


def compile_rule(rule: ChoiceRule) -> RulePredicate:
    """Compile a JSONPath rule to a function that returns True if the rule matches.

    The function raises StatesError ``States.Runtime`` if a path of the rule finds nothing; only IsPresent does not.
    It does where the input is null, too.
    """
    if rule.and_ is not None:
        return _all(tuple(map(compile_rule, rule.and_)))
    if rule.or_ is not None:
        return _any(tuple(map(compile_rule, rule.or_)))
    if rule.not_ is not None:
        inner = compile_rule(rule.not_)
        return lambda scope: not inner(scope)
    if rule.variable is None or rule.comparison is None:
        return _incomplete
    return _comparison(compile_path(rule.variable), rule.comparison, rule.operand)


def _incomplete(_scope: Scope) -> bool:
    """Evaluate a rule without a comparison: lint warns of it, and a Choice that evaluates it fails."""
    raise StatesError("States.Runtime", "A choice rule has no comparison.")


def _all(tests: Sequence[RulePredicate]) -> RulePredicate:
    return lambda scope: all(test(scope) for test in tests)


def _any(tests: Sequence[RulePredicate]) -> RulePredicate:
    return lambda scope: any(test(scope) for test in tests)


def _comparison(variable: JsonPath, name: str, operand: Json) -> RulePredicate:
    comparison = COMPARISONS[name]
    if name == "IsPresent":
        return lambda scope: _present(variable, scope) == operand
    if comparison.kind == "test":
        holds = _TESTS[name]
        return lambda scope: holds(_read(variable, scope)) == operand
    if comparison.kind == "match":
        parts = _literal_parts(operand)
        return lambda scope: isinstance(value := _read(variable, scope), str) and _matches(parts, value)
    accepts, relation = _ACCEPTS[comparison.kind], _RELATIONS[comparison.relation]
    convert = _CONVERSIONS.get(comparison.kind, lambda value: value)

    def compare(left: Json, right: Json) -> bool:
        return accepts(left) and accepts(right) and relation(convert(left), convert(right))

    if comparison.operand_is_path:
        other = compile_path(operand)
        return lambda scope: compare(_read(variable, scope), _read(other, scope))
    return lambda scope: compare(_read(variable, scope), operand)


def _present(path: JsonPath, scope: Scope) -> bool:
    require_input(path, scope)
    try:
        found = path.read(scope)
    except PathNotFound:
        return False
    return path.definite or bool(found)


def _read(path: JsonPath, scope: Scope) -> Json:
    require_input(path, scope)
    try:
        return path.read(scope)
    except PathNotFound as missing:
        # Wording from https://docs.aws.amazon.com/step-functions/latest/dg/troubleshooting-workflows.html
        raise StatesError(
            "States.Runtime",
            f"Invalid path '{path.text}': The choice state's condition path references an invalid value.",
        ) from missing


def _literal_parts(pattern: str) -> tuple[str, ...]:
    r"""Split a StringMatches pattern at its stars, which are any text: ``\*`` is a star, ``\\`` a backslash."""
    parts = [""]
    for token in re.findall(r"\\[*\\]|\*|[^*\\]+|\\", pattern):
        if token == "*":
            parts.append("")
        else:
            parts[-1] += token[1:] if token in ("\\*", "\\\\") else token
    return tuple(parts)


def _matches(parts: tuple[str, ...], text: str) -> bool:
    """Return whether a text consists of the parts with any text between them; a part is best where it first occurs."""
    first, *between = parts
    if not between:
        return text == first
    last = between.pop()
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    position, end = len(first), len(text) - len(last)
    for part in between:
        position = text.find(part, position, end)
        if position < 0:
            return False
        position += len(part)
    return True
