"""Compiles the JSONata expressions of a definition once, with one bound for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from sfn_provider.asl.definition_index.expression_walk import JsonataUse, jsonata_uses
from sfn_provider.asl.definition_index.index import DefinitionIndex, is_placeholder
from sfn_provider.asl.jsonata import Expression, JsonataSyntaxError, compile_jsonata

MAX_TOKENS: Final = 100_000
"""Upper limit of the names, values and operators of all different expressions: less than a second's worth."""

TOKENS_OF_EXPRESSION: Final = 3
"""As how many of them an expression counts besides those in it."""

TOKENS_OF_FAULT: Final = 15
"""As how many of them a fault counts, which takes an exception and its message."""


@dataclass(frozen=True, slots=True)
class CompiledExpressions:
    """The expressions of a definition, without those that have a placeholder.

    Args:
        valid: where each stands, and what it was compiled to.
        faulty: those that are no JSONata, and what is wrong.
        unchecked: the first that was not compiled, because those before it have more than `MAX_TOKENS`; None if all
            were.
    """

    valid: tuple[tuple[JsonataUse, Expression], ...]
    faulty: tuple[tuple[JsonataUse, str], ...]
    unchecked: JsonataUse | None


_compiled: WeakKeyDictionary[DefinitionIndex, CompiledExpressions] = WeakKeyDictionary()
"""Those of the definitions that rules are at work on."""


def compiled_expressions(definition: DefinitionIndex) -> CompiledExpressions:
    """Return the expressions of a definition; compiled with the first call."""
    found = _compiled.get(definition)
    if found is None:
        found = _compiled[definition] = _compile(definition)
    return found


def _compile(definition: DefinitionIndex) -> CompiledExpressions:
    valid: list[tuple[JsonataUse, Expression]] = []
    faulty: list[tuple[JsonataUse, str]] = []
    known: set[str] = set()
    left = MAX_TOKENS
    for use in jsonata_uses(definition):
        if use.source is None or is_placeholder(use.source):
            continue
        if left <= 0:
            return CompiledExpressions(tuple(valid), tuple(faulty), use)
        try:
            expression = compile_jsonata(use.source, use.field)
            valid.append((use, expression))
            left -= 0 if expression.source in known else expression.tokens
            known.add(expression.source)
        except JsonataSyntaxError as problem:
            faulty.append((use, f"{problem.reason} (character {problem.position} of the expression)"))
            left -= problem.tokens + TOKENS_OF_FAULT
        left -= TOKENS_OF_EXPRESSION
    return CompiledExpressions(tuple(valid), tuple(faulty), None)
