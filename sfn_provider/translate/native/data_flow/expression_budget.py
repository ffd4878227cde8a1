"""Compiles JSONata for a native DAG, within bounds for each expression and for all of a machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from sfn_provider.asl.jsonata import Expression, JsonataSyntaxError, compile_jsonata
from sfn_provider.translate.native.data_flow.values import Unresolved

MAX_LENGTH: Final = 4_000
"""Upper limit of the characters of an expression that becomes Python."""

MAX_TOKENS: Final = 30_000
"""Upper limit of the names, values and operators of all expressions that become Python: some thousand expressions.

Lint has read as many already, and each pass of the planner evaluates them again."""

_TOO_MANY: Final = Unresolved(f"the expressions have more than {MAX_TOKENS:,} names, values and operators together")


class _Budget:
    """The expressions that were compiled, and how many tokens are left for others."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.left = MAX_TOKENS


_budget: ContextVar[_Budget | None] = ContextVar("expression_budget", default=None)


@contextmanager
def bounded_expressions() -> Iterator[None]:
    """Bound all expressions that are compiled within together: those of one machine."""
    token = _budget.set(_Budget())
    try:
        yield
    finally:
        _budget.reset(token)


def compile_bounded(source: str) -> Expression | Unresolved:
    """Compile an expression; what is beyond the bounds, or no JSONata, cannot be said in Python.

    Args:
        source: the text between ``{%`` and ``%}``, stripped.
    """
    if len(source) > MAX_LENGTH:
        return Unresolved(f"the expression {source[:40]}... has more than {MAX_LENGTH:,} characters")
    budget = _budget.get() or _Budget()
    if source not in budget.known and budget.left <= 0:
        return _TOO_MANY
    try:
        found: Expression | Unresolved = (expression := compile_jsonata(source, ""))
        tokens = expression.tokens
    except JsonataSyntaxError as error:
        found = Unresolved(f"the expression {source} is no JSONata: {error.reason}")
        tokens = error.tokens
    if source not in budget.known:
        budget.known.add(source)
        budget.left -= tokens
    return found
