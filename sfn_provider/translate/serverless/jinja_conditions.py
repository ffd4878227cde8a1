"""Writes the rules of a Choice as Jinja conditions.

As in a native DAG, a comparison with a value of another type may fail the task where Step Functions' matches nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sfn_provider.asl.comparisons import Comparison
from sfn_provider.asl.model import ChoiceRule
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.templates import path_value
from sfn_provider.translate.native.data_flow.values import Absent, Source, Value, constant, steps_of
from sfn_provider.translate.native.expressions.jinja import JinjaWriter
from sfn_provider.translate.native.model import NotNative
from sfn_provider.translate.native.states.choice_rules import (
    comparison_of,
    condition_value,
    match_condition,
    match_pieces,
    variable_of,
)

_TYPES: Final = {
    "IsNull": "{} is none",
    "IsString": "{} is string",
    "IsBoolean": "{} is boolean",
    "IsNumeric": "({0} is number and {0} is not boolean)",
}


def rule_condition(rule: ChoiceRule, flow: StateFlow, writer: JinjaWriter) -> str:
    """Return the condition of a rule.

    Args:
        rule: the rule, or a part of one.
        flow: the Choice.
        writer: writes the values that it reads.

    Raises:
        NotNative: a comparison has no Jinja that means the same.
    """
    if rule.condition is not None:
        return _jsonata_condition(rule.condition, flow, writer)
    if rule.not_ is not None:
        return f"not ({rule_condition(rule.not_, flow, writer)})"
    for rules, word in ((rule.and_, " and "), (rule.or_, " or ")):
        if rules is not None:
            return word.join(f"({rule_condition(part, flow, writer)})" for part in rules)
    comparison = comparison_of(rule)
    return _WRITERS[comparison.kind](comparison, rule, flow, writer)


def _jsonata_condition(condition: str | bool, flow: StateFlow, writer: JinjaWriter) -> str:
    if isinstance(condition, bool):
        return "true" if condition else "false"
    return writer.expression(condition_value(condition, flow))


def _sides(comparison: Comparison, rule: ChoiceRule, flow: StateFlow, writer: JinjaWriter) -> tuple[str, str]:
    right = path_value(str(rule.operand), flow.environment) if comparison.operand_is_path else constant(rule.operand)
    return writer.expression(variable_of(rule, flow)), writer.expression(right)


def _compare(comparison: Comparison, rule: ChoiceRule, flow: StateFlow, writer: JinjaWriter) -> str:
    left, right = _sides(comparison, rule, flow, writer)
    if comparison.kind == "boolean" and not comparison.operand_is_path:
        return f"{left} is {right}"
    return f"{left} {comparison.relation} {right}"


def _compare_times(comparison: Comparison, rule: ChoiceRule, flow: StateFlow, writer: JinjaWriter) -> str:
    left, right = _sides(comparison, rule, flow, writer)
    return f"macros.datetime.fromisoformat({left}) {comparison.relation} macros.datetime.fromisoformat({right})"


def _test(comparison: Comparison, rule: ChoiceRule, flow: StateFlow, writer: JinjaWriter) -> str:
    variable = variable_of(rule, flow)
    if comparison.name == "IsPresent":
        text = _is_present(variable, writer)
    elif comparison.name in _TYPES:
        text = _TYPES[comparison.name].format(writer.expression(variable))
    else:
        raise NotNative(f"{comparison.name} has no Jinja that means the same")
    return text if rule.operand else f"not ({text})"


def _is_present(variable: Value, writer: JinjaWriter) -> str:
    start, keys = steps_of(variable)
    if isinstance(variable, Absent):
        return "false"
    if not isinstance(start, Source) or not keys:
        return "true"
    if len(keys) > 1:
        raise NotNative("IsPresent of a member within another one has no short Jinja that means the same")
    return f"{writer.expression(variable)} is defined"


def _match(comparison: Comparison, rule: ChoiceRule, flow: StateFlow, writer: JinjaWriter) -> str:
    left = writer.expression(variable_of(rule, flow))
    condition = match_condition(left, match_pieces(rule), lambda text: writer.expression(constant(text)))
    if condition is None:
        raise NotNative("its StringMatches has no Jinja that means the same")
    return condition


_WRITERS: Final[dict[str, Callable[[Comparison, ChoiceRule, StateFlow, JinjaWriter], str]]] = {
    "boolean": _compare,
    "numeric": _compare,
    "string": _compare,
    "timestamp": _compare_times,
    "test": _test,
    "match": _match,
}
