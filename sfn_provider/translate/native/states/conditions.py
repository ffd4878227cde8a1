"""Writes the rules of a Choice as Python conditions.

A comparison with a value of another type matches nothing in Step Functions; where Python raises instead, the task
fails, which `sfn_provider.translate.native.report.differences` reports.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sfn_provider.asl.comparisons import COMPARISONS, Comparison
from sfn_provider.asl.model import Choice, ChoiceRule
from sfn_provider.translate.emit.literals import inline, string
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
from sfn_provider.translate.native.model import NotNative
from sfn_provider.translate.native.states.choice_rules import (
    comparison_of,
    condition_value,
    jsonata_source,
    match_condition,
    match_pieces,
    variable_of,
)

_KNOWN = ("True", "False")
"""Conditions that are known before a run."""

_TYPES = {
    "IsString": "isinstance({}, str)",
    "IsBoolean": "isinstance({}, bool)",
    "IsNumeric": "type({}) in (int, float)",
}


def rule_condition(rule: ChoiceRule, flow: StateFlow, writer: PythonWriter) -> str:
    """Return the condition of a rule.

    Args:
        rule: the rule, or a part of one.
        flow: the Choice.
        writer: writes the values that it reads.

    Raises:
        NotNative: a comparison has no Python that means the same.
    """
    if rule.condition is not None:
        return _jsonata_condition(rule.condition, flow, writer)
    if rule.not_ is not None:
        return _negated(rule.not_, flow, writer)
    for rules, word in ((rule.and_, "and"), (rule.or_, "or")):
        if rules is not None:
            return f" {word} ".join(_operands(rules, word, flow, writer))
    comparison = comparison_of(rule)
    return _WRITERS[comparison.kind](comparison, rule, flow, writer)


def undecided_rules(flow: StateFlow, writer: PythonWriter) -> tuple[list[tuple[int, str]], int | None]:
    """Return the rules of a Choice of which only a run knows whether they match, by position, with their conditions.

    Args:
        flow: the Choice.
        writer: writes the values that they read.

    Returns:
        The rules, and the position of the one that always matches where they do not: that of the Default is the number
        of rules. None where there is no such one.
    """
    state: Choice = flow.state  # type: ignore[assignment]
    found: list[tuple[int, str]] = []
    for position, rule in enumerate(state.choices):
        condition = rule_condition(rule, flow, writer)
        if condition == "True":
            return found, position
        if condition != "False":
            found.append((position, condition))
    return found, None if state.default is None else len(state.choices)


def rule_operands(rule: ChoiceRule, flow: StateFlow, writer: PythonWriter) -> list[str]:
    """Return the condition of a rule in lines: an operand of And or Or each, the word in front of it.

    Args:
        rule: the rule.
        flow: the Choice.
        writer: writes the values that it reads.
    """
    for rules, word in ((rule.and_, "and "), (rule.or_, "or ")):
        if rules is not None:
            texts = _operands(rules, word.strip(), flow, writer)
            return [(word if number else "") + text for number, text in enumerate(texts)]
    return [rule_condition(rule, flow, writer)]


def _operands(rules: tuple[ChoiceRule, ...], word: str, flow: StateFlow, writer: PythonWriter) -> list[str]:
    """Return the operands of And or Or, without those that change nothing."""
    neutral, absorbing = ("True", "False") if word == "and" else ("False", "True")
    texts: list[str] = []
    for part in rules:
        text = rule_condition(part, flow, writer)
        texts += [] if text == neutral else [text]
        if text == absorbing:
            break
    return joined_conditions(texts, word) or [neutral]


def _negated(rule: ChoiceRule, flow: StateFlow, writer: PythonWriter) -> str:
    if rule.comparison is not None and isinstance(rule.operand, bool) and rule.comparison.startswith("Is"):
        return rule_condition(rule.model_copy(update={"operand": not rule.operand}), flow, writer)
    text = rule_condition(rule, flow, writer)
    return str(text != "True") if text in _KNOWN else negated(text)


def _jsonata_condition(condition: str | bool, flow: StateFlow, writer: PythonWriter) -> str:
    if isinstance(condition, bool):
        return str(condition)
    return without_brackets(writer.expression(condition_value(condition, flow)))


def _compare(comparison: Comparison, rule: ChoiceRule, flow: StateFlow, writer: PythonWriter) -> str:
    left, right = _sides(comparison, rule, flow, writer)
    if comparison.kind == "boolean" and not comparison.operand_is_path:
        return f"{left} is {right}"
    return f"{left} {comparison.relation} {right}"


def _sides(comparison: Comparison, rule: ChoiceRule, flow: StateFlow, writer: PythonWriter) -> tuple[str, str]:
    left = writer.expression(variable_of(rule, flow))
    if not comparison.operand_is_path:
        return left, inline(rule.operand)
    return left, writer.expression(path_value(str(rule.operand), flow.environment))


def _compare_times(comparison: Comparison, rule: ChoiceRule, flow: StateFlow, writer: PythonWriter) -> str:
    left, right = _sides(comparison, rule, flow, writer)
    return f"datetime.fromisoformat({left}) {comparison.relation} datetime.fromisoformat({right})"


def _test(comparison: Comparison, rule: ChoiceRule, flow: StateFlow, writer: PythonWriter) -> str:
    variable = variable_of(rule, flow)
    if comparison.name == "IsPresent":
        return _is_present(variable, bool(rule.operand), writer)
    if comparison.name == "IsNull":
        return f"{writer.expression(variable)} is {'' if rule.operand else 'not '}None"
    if comparison.name not in _TYPES:
        raise NotNative(f"{comparison.name} has no short Python that means the same")
    text = _TYPES[comparison.name].format(writer.expression(variable))
    return text if rule.operand else f"not {text}"


def _is_present(variable: Value, wanted: bool, writer: PythonWriter) -> str:
    text = writer.is_present(variable)
    if text in _KNOWN:
        return str(text == str(wanted))
    return text if wanted else negated(text)


def _needed_for_presence(value: Value) -> Value:
    """Return what has to be read to know whether a value is there: of a member the value that may have it."""
    if isinstance(value, OneOf):
        return OneOf(tuple((mark, _needed_for_presence(entry)) for mark, entry in value.alternatives))
    return value.base if isinstance(value, Member) else EMPTY


def _match(comparison: Comparison, rule: ChoiceRule, flow: StateFlow, writer: PythonWriter) -> str:
    left, pieces = writer.expression(variable_of(rule, flow)), match_pieces(rule)
    condition = match_condition(left, pieces, string)
    if condition is not None:
        return condition
    writer.imports.add(("re", ""))
    return f"re.fullmatch({string('(?s)' + '.*'.join(map(re.escape, pieces)))}, {left})"


_WRITERS: dict[str, Callable[[Comparison, ChoiceRule, StateFlow, PythonWriter], str]] = {
    "boolean": _compare,
    "numeric": _compare,
    "string": _compare,
    "timestamp": _compare_times,
    "test": _test,
    "match": _match,
}


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
