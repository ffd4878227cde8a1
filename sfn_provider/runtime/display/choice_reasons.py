"""Writes why a Choice has gone where it goes: the rule that matches, and the values that it compares."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from sfn_provider.asl.comparison_operators import COMPARISONS
from sfn_provider.asl.model import ChoiceRule
from sfn_provider.asl.paths import PathNotFound, compile_path
from sfn_provider.asl.scope import MISSING, Scope
from sfn_provider.engine.observations import ChoiceMade
from sfn_provider.exceptions import StatesError
from sfn_provider.formatting import cut
from sfn_provider.secret_masking import excerpt, mask_value, quote

Json = Any

_MAX_VALUES: Final = 10
"""Maximum values in a line."""

_MAX_VALUE: Final = 80
_MAX_RULE: Final = 300
"""Maximum characters of a value, and of a rule."""

_MASKED_CHARACTERS: Final = 10_000
"""Characters of a value that are masked, of which `_MAX_VALUE` are shown."""

_NAME: Final = r"(?:\.(?:\w+|`[^`]*`))*"
_JSONATA_REFERENCE: Final = re.compile(
    rf"\$(?:states\.(?:input|context){_NAME}|(?!states\b)[A-Za-z_]\w*+{_NAME}(?!\s*\())"
)
"""A reference to the state's input, the context object, or a variable, with the names behind it."""

_LAST_NAME: Final = re.compile(r"([\w-]+)[^\w]*$")


def choice_reason(choice: ChoiceMade) -> str:
    """Return why a Choice has gone where it goes, on one line and without secrets."""
    rules = choice.state.choices
    seen = rules if choice.rule is None else rules[choice.rule : choice.rule + 1]
    values = list(dict.fromkeys(_values(seen, choice)))
    compared = ", ".join(values[:_MAX_VALUES])
    if len(values) > _MAX_VALUES:
        compared += f", and {len(values) - _MAX_VALUES} more"
    if choice.rule is None:
        matched = "no rule matches"
    else:
        text = _rule_text(rules[choice.rule])
        matched = f"Choices[{choice.rule}] matches: {cut(text, _MAX_RULE)}"
    return f"{matched}{f'; {compared}' if compared else ''}"


def _rule_text(rule: ChoiceRule) -> str:
    """Write a rule as the definition has it, but on one line; what it compares with is cut and masked."""
    for word, parts in (("And", rule.and_), ("Or", rule.or_)):
        if parts is not None:
            return f" {word} ".join(_inner_text(part) for part in parts)
    if rule.not_ is not None:
        return f"Not {_inner_text(rule.not_)}"
    if rule.variable is None:
        return excerpt(rule.condition, _MAX_RULE)
    operand = _shown(rule.variable, rule.operand)
    return f"{excerpt(rule.variable, _MAX_VALUE)} {rule.comparison} {operand}"


def _inner_text(rule: ChoiceRule) -> str:
    is_simple = rule.and_ is None and rule.or_ is None
    return _rule_text(rule) if is_simple else f"({_rule_text(rule)})"


def _values(rules: Iterable[ChoiceRule], choice: ChoiceMade) -> Iterator[str]:
    """Yield ``$.score = 0.97`` for each value that the rules compare."""
    for rule in rules:
        yield from _values((*(rule.and_ or ()), *(rule.or_ or ()), *((rule.not_,) if rule.not_ else ())), choice)
        if isinstance(rule.condition, str):
            for reference in _JSONATA_REFERENCE.findall(rule.condition):
                yield _value_text(reference, _read_reference(reference, choice.scope))
        for path in _paths(rule):
            yield _value_text(path, _read_path(path, choice.scope))


def _value_text(name: str, value: Json) -> str:
    return f"{excerpt(name, _MAX_VALUE)} = {_shown(name, value)}"


def _paths(rule: ChoiceRule) -> Iterator[str]:
    if rule.variable is None or rule.comparison is None:
        return
    yield rule.variable
    if COMPARISONS[rule.comparison].operand_is_path:
        yield str(rule.operand)


def _shown(name: str, value: Json) -> str:
    """Return a value for the log, masked where the name that it goes by is sensitive."""
    if value is MISSING:
        return "missing"
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value):,}"
    if isinstance(value, str):
        value = value[:_MASKED_CHARACTERS]
    last = _LAST_NAME.search(name)
    return quote(next(iter(mask_value({last[1]: value}).values())) if last else value, _MAX_VALUE)


def _read_path(path: str, scope: Scope) -> Json:
    try:
        return compile_path(path).read(scope)
    except (PathNotFound, StatesError):
        return MISSING


def _read_reference(reference: str, scope: Scope) -> Json:
    names = [name.strip("`") for name in re.findall(r"[^.`]+|`[^`]*`", reference[1:])]
    roots: dict[str, Json] = {"states": {"input": scope.input, "context": scope.context}}
    value: Json = roots if names[0] == "states" else scope.variables
    for name in names:
        value = value[name] if isinstance(value, dict) and name in value else MISSING
    return value
