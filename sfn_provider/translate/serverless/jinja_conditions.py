"""Writes the rules of a Choice as Jinja conditions."""

from __future__ import annotations

from typing import ClassVar

from sfn_provider.asl.model import ChoiceRule
from sfn_provider.translate.native.data_flow.values import Absent, Source, Value, steps_of
from sfn_provider.translate.native.expressions.jinja import JinjaWriter
from sfn_provider.translate.native.model import NotNative
from sfn_provider.translate.native.states.choice_rules import ConditionWriter


class JinjaConditions(ConditionWriter[JinjaWriter]):
    """Writes the rules of a Choice as Jinja conditions."""

    language = "Jinja"
    datetime = "macros.datetime"
    types: ClassVar = {
        test: (condition, f"not ({condition})")
        for test, condition in (
            ("IsNull", "{} is none"),
            ("IsString", "{} is string"),
            ("IsBoolean", "{} is boolean"),
            ("IsNumeric", "({0} is number and {0} is not boolean)"),
        )
    }

    def _negated(self, rule: ChoiceRule) -> str:
        return f"not ({self.condition(rule)})"

    def _operands(self, rules: tuple[ChoiceRule, ...], word: str) -> list[str]:
        return [f"({self.condition(part)})" for part in rules]

    def _presence(self, value: Value, wanted: bool) -> str:
        text = self._is_present(value)
        return text if wanted else f"not ({text})"

    def _is_present(self, value: Value) -> str:
        start, keys = steps_of(value)
        if isinstance(value, Absent):
            return "false"
        if not isinstance(start, Source) or not keys:
            return "true"
        if len(keys) > 1:
            raise NotNative("IsPresent of a member within another one has no short Jinja that means the same")
        return f"{self.writer.expression(value)} is defined"

    def _with_wildcards(self, left: str, pieces: list[str]) -> str:
        raise NotNative("its StringMatches has no Jinja that means the same")
