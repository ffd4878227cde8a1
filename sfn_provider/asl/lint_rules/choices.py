"""Rules: a Choice rule makes one test, its operand has the right type, and a Choice has a Default."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sfn_provider.asl.comparison_operators import COMPARISONS, Comparison, Kind
from sfn_provider.asl.definition_index.index import DefinitionIndex, Fields, is_placeholder
from sfn_provider.asl.diagnostics import Diagnostic, pointer
from sfn_provider.asl.json_values.json_checks import is_jsonata
from sfn_provider.asl.lint_rules.fields import is_timestamp
from sfn_provider.asl.lint_rules.reporting import error, join_words, warning
from sfn_provider.asl.scope import Json

_TESTS = ("Variable", "And", "Or", "Not", "Condition")
_OPERANDS: dict[Kind, tuple[type | tuple[type, ...], str]] = {
    "boolean": (bool, "true or false"),
    "numeric": ((int, float), "a number"),
    "string": (str, "a string"),
    "timestamp": (str, "a time such as 2030-01-31T12:00:00Z"),
    "test": (bool, "true or false"),
    "match": (str, "a string"),
}


def rule_tests(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Every rule tests one thing."""
    for state in definition.of_type("Choice"):
        for at, rule, outermost in state.rules:
            yield from _test_problems(rule, at, outermost)
            if not outermost:
                for name in ("Assign", "Output"):
                    if name in rule:
                        message = f"{name} inside And, Or or Not is not used; move it to the outermost rule"
                        yield warning("UNUSED_FIELD", message, at + pointer(name))


def _test_problems(rule: Fields, at: str, outermost: bool) -> Iterator[Diagnostic]:
    present = [name for name in _TESTS if name in rule]
    compared = [name for name in rule if name in COMPARISONS]
    if len(present) > 1:
        yield error(f"a rule has only one of {join_words(map(repr, present))}", at + pointer(present[1]))
    elif not present and compared:
        yield error(f"{compared[0]} needs Variable: the path to what it compares", at)
    elif not present:
        yield error(f"a rule needs one of {join_words(map(repr, _TESTS), 'or')}", at)
    elif compared and present != ["Variable"]:
        yield error(f"{compared[0]} belongs beside Variable, not beside {present[0]}", at + pointer(compared[0]))
    elif present == ["Variable"] and not compared:
        message = "the rule compares nothing: add a comparison such as StringEquals"
        # Other linters' own cases have outermost rules without, and docs/definitions.md lists that.
        yield warning("CHOICE_RULE_WITHOUT_COMPARISON", message, at) if outermost else error(message, at)


def rule_operands(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """What a comparison compares with has the comparison's type."""
    for state in definition.of_type("Choice"):
        for at, rule, _ in state.rules:
            for name in ("And", "Or"):
                if rule.get(name) == []:
                    yield error(f"{name} cannot be empty", at + pointer(name))
            for name, operand in rule.items():
                if name in COMPARISONS and not _fits(operand, COMPARISONS[name]):
                    yield error(f"{name} takes {_expected(COMPARISONS[name])}, not {operand!r:.60}", at + pointer(name))


def _expected(comparison: Comparison) -> str:
    return "a path" if comparison.operand_is_path else _OPERANDS[comparison.kind][1]


def _fits(operand: Json, comparison: Comparison) -> bool:
    if is_placeholder(operand):
        return True
    if comparison.operand_is_path:
        return isinstance(operand, str)
    types, _ = _OPERANDS[comparison.kind]
    if comparison.kind == "numeric" and isinstance(operand, bool):
        return False
    if comparison.kind == "timestamp":
        return isinstance(operand, str) and is_timestamp(operand)
    return isinstance(operand, types)


def conditions(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A JSONata rule's Condition is true, false, or an expression."""
    for state in definition.of_type("Choice"):
        for at, rule, _ in state.rules:
            value = rule.get("Condition")
            if isinstance(value, str) and not is_jsonata(value) and not is_placeholder(value):
                message = f"Condition takes a JSONata expression: write {{% {value.strip()} %}}"
                yield error(message, at + "/Condition")


def pattern_backslashes(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A backslash in StringMatches stands before a star or a backslash: no other escape has a meaning.

    Source: https://states-language.net/#choice-state
    """
    for state in definition.of_type("Choice"):
        for at, rule, _ in state.rules:
            pattern = rule.get("StringMatches")
            if isinstance(pattern, str) and "\\" in re.sub(r"\\[*\\]", "", pattern):
                message = "a backslash escapes only * and itself: write \\\\ (in JSON four of them) where one is meant"
                yield warning("LONE_BACKSLASH", message, at + "/StringMatches")


def choices_without_default(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A Choice has a Default: without one the execution fails where no rule matches."""
    for state in definition.of_type("Choice"):
        if "Default" not in state.fields:
            message = "where no rule holds the execution ends with States.Runtime, uncaught; add a Default"
            yield warning("CHOICE_WITHOUT_DEFAULT", message, state.at)
