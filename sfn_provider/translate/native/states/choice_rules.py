"""Defines the base of what writes the rules of a Choice as conditions: in Python, or in Jinja.

A comparison with a value of another type matches nothing in Step Functions; where the language raises instead, the task
fails, which `sfn_provider.translate.native.report.differences` reports.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from sfn_provider.asl.comparison_operators import COMPARISONS, Comparison
from sfn_provider.asl.json_values.json_checks import is_jsonata
from sfn_provider.asl.model import ChoiceRule
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.jsonata import expression_value
from sfn_provider.translate.native.data_flow.templates import path_value
from sfn_provider.translate.native.data_flow.values import Absent, Unresolved, Value, constant, is_boolean
from sfn_provider.translate.native.expressions.writer import ExpressionWriter
from sfn_provider.translate.native.model import NotNative

Writer = TypeVar("Writer", bound=ExpressionWriter)


@dataclass(frozen=True, slots=True)
class ConditionWriter(Generic[Writer]):
    """Writes the rules of a Choice as conditions of a language.

    Args:
        flow: the Choice.
        writer: writes the values that the rules read.

    Attributes:
        language: how a message names the language.
        datetime: the language's name of Python's class.
        types: the tests of the type of ``{0}`` by the name of the comparison: that it is so, and that it is not.
    """

    language: ClassVar[str]
    datetime: ClassVar[str]
    types: ClassVar[Mapping[str, tuple[str, str]]]

    flow: StateFlow
    writer: Writer

    def condition(self, rule: ChoiceRule) -> str:
        """Return the condition of a rule, or of a part of one.

        Raises:
            NotNative: the language has nothing that means the same.
        """
        if isinstance(rule.condition, str):
            return self._jsonata(condition_value(rule.condition, self.flow))
        if rule.condition is not None:
            return self.writer.expression(constant(rule.condition))
        if rule.not_ is not None:
            return self._negated(rule.not_)
        for rules, word in ((rule.and_, "and"), (rule.or_, "or")):
            if rules is not None:
                return f" {word} ".join(self._operands(rules, word))
        if rule.comparison is None:
            raise NotNative("a rule has no comparison")  # AWS accepts a rule with a Variable alone
        comparison = COMPARISONS[rule.comparison]
        if comparison.kind == "test":
            return self._test(rule, comparison.name)
        return self._match(rule) if comparison.kind == "match" else self._compare(rule, comparison)

    def _compare(self, rule: ChoiceRule, comparison: Comparison) -> str:
        left, operand = self.writer.expression(variable_of(rule, self.flow)), constant(rule.operand)
        if comparison.operand_is_path:
            operand = path_value(str(rule.operand), self.flow.environment)
        right, relation = self.writer.expression(operand), str(comparison.relation)
        if comparison.kind == "timestamp":
            left, right = (f"{self.datetime}.fromisoformat({side})" for side in (left, right))
        elif comparison.kind == "boolean" and not comparison.operand_is_path:
            relation = "is"
        return f"{left} {relation} {right}"

    def _test(self, rule: ChoiceRule, name: str) -> str:
        variable = variable_of(rule, self.flow)
        if name == "IsPresent":
            return self._presence(variable, bool(rule.operand))
        if name not in self.types:
            raise NotNative(f"{name} has no {self.language} that means the same")
        test, contrary = self.types[name]
        return (test if rule.operand else contrary).format(self.writer.expression(variable))

    def _match(self, rule: ChoiceRule) -> str:
        """Return the condition of a StringMatches."""
        left = self.writer.expression(variable_of(rule, self.flow))
        pieces = [re.sub(r"\\([*\\])", r"\1", piece) for piece in re.split(r"(?<!\\)\*", str(rule.operand))]
        texts = [self.writer.expression(constant(piece)) for piece in pieces]
        if len(pieces) == 1:
            return f"{left} == {texts[0]}"
        if len(pieces) == 2 and not pieces[1]:
            return f"{left}.startswith({texts[0]})"
        if len(pieces) == 2 and not pieces[0]:
            return f"{left}.endswith({texts[1]})"
        if len(pieces) == 3 and not pieces[0] and not pieces[2]:
            return f"{texts[1]} in {left}"
        return self._with_wildcards(left, pieces)

    def _jsonata(self, value: Value) -> str:
        """Return the condition that is the value of a JSONata expression."""
        return self.writer.expression(value)

    def _negated(self, rule: ChoiceRule) -> str:
        """Return the condition of a Not."""
        raise NotImplementedError

    def _operands(self, rules: tuple[ChoiceRule, ...], word: str) -> list[str]:
        """Return the operands of an And or an Or."""
        raise NotImplementedError

    def _presence(self, value: Value, wanted: bool) -> str:
        """Return the test whether a value is there, or that it is not."""
        raise NotImplementedError

    def _with_wildcards(self, left: str, pieces: list[str]) -> str:
        """Return the condition of a StringMatches by the texts around its wildcards."""
        raise NotImplementedError


def variable_of(rule: ChoiceRule, flow: StateFlow) -> Value:
    """Return the value that a rule compares or tests."""
    return path_value(str(rule.variable), flow.environment)


def condition_value(condition: str, flow: StateFlow) -> Value:
    """Return the value of a JSONata condition.

    Raises:
        NotNative: it may be no Boolean.
    """
    source = jsonata_source(condition)
    value = expression_value(source, flow.environment)
    if not is_boolean(value) and not isinstance(value, Absent | Unresolved):
        raise NotNative(f"the condition {source} may be no Boolean, which fails in Step Functions")
    return value


def jsonata_source(condition: str) -> str:
    """Return the expression of a condition, without its delimiters."""
    return condition[2:-2].strip() if is_jsonata(condition) else condition
