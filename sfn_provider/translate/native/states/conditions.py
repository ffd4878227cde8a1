"""Writes the rules of a Choice as Python conditions, and finds the values that they read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from sfn_provider.asl.comparison_operators import COMPARISONS
from sfn_provider.asl.model import Choice, ChoiceRule
from sfn_provider.translate.emit.literals import string
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.jsonata import expression_value
from sfn_provider.translate.native.data_flow.templates import path_value
from sfn_provider.translate.native.data_flow.values import (
    EMPTY,
    Key,
    Member,
    OneOf,
    Source,
    Value,
    reads_of,
)
from sfn_provider.translate.native.expressions.conditions import joined_conditions, negated, without_brackets
from sfn_provider.translate.native.expressions.python import PythonWriter
from sfn_provider.translate.native.states.choice_rules import ConditionWriter, jsonata_source, variable_of

_KNOWN = ("True", "False")
"""Conditions that are known before a run."""


class PythonConditions(ConditionWriter[PythonWriter]):
    """Writes the rules of a Choice as Python conditions; ``True`` and ``False`` are those that are known."""

    language = "short Python"
    datetime = "datetime"
    types: ClassVar = {
        "IsNull": ("{} is None", "{} is not None"),
        "IsString": ("isinstance({}, str)", "not isinstance({}, str)"),
        "IsBoolean": ("isinstance({}, bool)", "not isinstance({}, bool)"),
        "IsNumeric": ("type({}) in (int, float)", "not type({}) in (int, float)"),
    }

    def undecided(self) -> tuple[list[tuple[int, str]], int | None]:
        """Return the rules of which only a run knows whether they match, by position, with their conditions.

        Returns:
            The rules, and the position of the one that always matches where they do not: that of the Default is the
            number of rules. None where there is no such one.
        """
        state: Choice = self.flow.state  # type: ignore[assignment]
        found: list[tuple[int, str]] = []
        for position, rule in enumerate(state.choices):
            condition = self.condition(rule)
            if condition == "True":
                return found, position
            if condition != "False":
                found.append((position, condition))
        return found, None if state.default is None else len(state.choices)

    def lines(self, rule: ChoiceRule) -> list[str]:
        """Return the condition of a rule in lines: an operand of And or Or each, the word in front of it."""
        for rules, word in ((rule.and_, "and"), (rule.or_, "or")):
            if rules is not None:
                texts = self._operands(rules, word)
                return [(f"{word} " if number else "") + text for number, text in enumerate(texts)]
        return [self.condition(rule)]

    def _operands(self, rules: tuple[ChoiceRule, ...], word: str) -> list[str]:
        """Return the operands of And or Or, without those that change nothing."""
        neutral, absorbing = ("True", "False") if word == "and" else ("False", "True")
        texts: list[str] = []
        for part in rules:
            text = self.condition(part)
            texts += [] if text == neutral else [text]
            if text == absorbing:
                break
        return joined_conditions(texts, word) or [neutral]

    def _negated(self, rule: ChoiceRule) -> str:
        if rule.comparison is not None and isinstance(rule.operand, bool) and rule.comparison.startswith("Is"):
            return self.condition(rule.model_copy(update={"operand": not rule.operand}))
        text = self.condition(rule)
        return str(text != "True") if text in _KNOWN else negated(text)

    def _jsonata(self, value: Value) -> str:
        return without_brackets(self.writer.expression(value))

    def _presence(self, value: Value, wanted: bool) -> str:
        text = self.writer.is_present(value)
        if text in _KNOWN:
            return str(text == str(wanted))
        return text if wanted else negated(text)

    def _with_wildcards(self, left: str, pieces: list[str]) -> str:
        self.writer.imports.add(("re", ""))
        return f"re.fullmatch({string('(?s)' + '.*'.join(map(re.escape, pieces)))}, {left})"


def _needed_for_presence(value: Value) -> Value:
    """Return what has to be read to know whether a value is there: of a member the value that may have it."""
    if isinstance(value, OneOf):
        return OneOf(tuple((mark, _needed_for_presence(entry)) for mark, entry in value.alternatives))
    return value.base if isinstance(value, Member) else EMPTY


def rule_reads(flow: StateFlow) -> Iterator[tuple[Source, tuple[Key, ...]]]:
    """Iterate over the sources that the rules of a Choice read, with the paths into them."""
    for value in rule_values(flow):
        yield from reads_of(value)


def rule_values(flow: StateFlow) -> Iterator[Value]:
    """Iterate over the values that the rules of a Choice read."""
    if isinstance(flow.state, Choice):
        for rule in flow.state.choices:
            yield from values_of_rule(rule, flow)


def compared_values(flow: StateFlow) -> Iterator[Value]:
    """Iterate over the values that the rules of a Choice compare, but not those whose presence alone they test."""
    pending = list(flow.state.choices) if isinstance(flow.state, Choice) else []
    while pending:
        rule = pending.pop()
        pending += [*(rule.and_ or ()), *(rule.or_ or ()), *((rule.not_,) if rule.not_ else ())]
        if rule.condition is not None or (rule.comparison is not None and rule.comparison != "IsPresent"):
            yield from values_of_rule(rule, flow)


def values_of_rule(rule: ChoiceRule, flow: StateFlow) -> Iterator[Value]:
    """Iterate over the values that a rule reads; of a member that IsPresent tests, the object around it."""
    for part in (*(rule.and_ or ()), *(rule.or_ or ()), *((rule.not_,) if rule.not_ else ())):
        yield from values_of_rule(part, flow)
    if isinstance(rule.condition, str):
        yield expression_value(jsonata_source(rule.condition), flow.environment)
    if rule.variable is not None:
        variable = variable_of(rule, flow)
        yield _needed_for_presence(variable) if rule.comparison == "IsPresent" else variable
        # AWS accepts a rule with a Variable alone.
        if rule.comparison is not None and COMPARISONS[rule.comparison].operand_is_path:
            yield path_value(str(rule.operand), flow.environment)
