"""Reads the rules of a Choice for those that write them as conditions, in Python or in Jinja."""

from __future__ import annotations

import re
from collections.abc import Callable

from sfn_provider.asl.comparisons import COMPARISONS, Comparison
from sfn_provider.asl.json_values.json_checks import is_jsonata
from sfn_provider.asl.model import ChoiceRule
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.jsonata import expression_value
from sfn_provider.translate.native.data_flow.templates import path_value
from sfn_provider.translate.native.data_flow.values import Absent, Unresolved, Value, is_boolean
from sfn_provider.translate.native.model import NotNative


def comparison_of(rule: ChoiceRule) -> Comparison:
    """Return the comparison of a rule that is no And, Or, Not or JSONata.

    Raises:
        NotNative: it has none: AWS accepts a rule with a Variable alone.
    """
    if rule.comparison is None:
        raise NotNative("a rule has no comparison")
    return COMPARISONS[rule.comparison]


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


def match_pieces(rule: ChoiceRule) -> list[str]:
    """Return the texts around the wildcards of a StringMatches, without its escapes."""
    return [re.sub(r"\\([*\\])", r"\1", piece) for piece in re.split(r"(?<!\\)\*", str(rule.operand))]


def match_condition(left: str, pieces: list[str], write: Callable[[str], str]) -> str | None:
    """Return the condition of a StringMatches as Python and Jinja both have it; None where it has more wildcards.

    Args:
        left: the expression of the text that is matched.
        pieces: the texts around the wildcards.
        write: writes a text as an expression.
    """
    if len(pieces) == 1:
        return f"{left} == {write(pieces[0])}"
    if len(pieces) == 2 and not pieces[1]:
        return f"{left}.startswith({write(pieces[0])})"
    if len(pieces) == 2 and not pieces[0]:
        return f"{left}.endswith({write(pieces[1])})"
    if len(pieces) == 3 and not pieces[0] and not pieces[2]:
        return f"{write(pieces[1])} in {left}"
    return None
