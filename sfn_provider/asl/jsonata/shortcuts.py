"""Expressions simple enough to answer without the library: constants, ``$variable`` and ``$states.input.a.b``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sfn_provider.asl.jsonata.result_values import plain
from sfn_provider.asl.scope import MISSING, Json, Scope

NO_SHORTCUT: Final = object()
"""Says that only the evaluator can tell."""


@dataclass(frozen=True, slots=True)
class Constant:
    """An expression that is a number, a text, true, false or null."""

    value: Json

    def __call__(self, scope: Scope) -> Json:
        """Return the value."""
        return self.value


@dataclass(frozen=True, slots=True)
class Member:
    """An expression that is a variable, perhaps with names after it.

    Args:
        variable: its name without dollar sign.
        keys: the names after it.
    """

    variable: str
    keys: tuple[str, ...]

    def __call__(self, scope: Scope) -> Json:
        """Read the value.

        Returns:
            A copy of the value; MISSING for undefined; NO_SHORTCUT where an array has to be mapped over.
        """
        value, keys = (_states(scope), self.keys) if self.variable == "states" else self._start(scope)
        for key in keys:
            if isinstance(value, list):
                return NO_SHORTCUT
            if not isinstance(value, dict) or key not in value:
                return MISSING
            value = value[key]
        return MISSING if value is MISSING else plain(value)

    def _start(self, scope: Scope) -> tuple[Json, tuple[str, ...]]:
        return scope.variables.get(self.variable, MISSING), self.keys


def states_of(scope: Scope) -> dict[str, Json]:
    """Return ``$states``: input and context, and result and errorOutput where there is one."""
    return _states(scope)


def _states(scope: Scope) -> dict[str, Json]:
    context = scope.context if isinstance(scope.context, dict) else dict(scope.context)
    states: dict[str, Any] = {"input": scope.input, "context": context}
    if scope.result is not MISSING:
        states["result"] = scope.result
    if scope.error_output is not MISSING:
        states["errorOutput"] = scope.error_output
    return states


def shortcut(tree: Any) -> Constant | Member | None:
    """Find the shortcut for an expression.

    Args:
        tree: the library's syntax tree, prepared by ``parsing.parse``.

    Returns:
        Something that gives the value for a scope, or None where the library is needed.
    """
    if tree.predicate or tree.group or tree.keep_array:
        return None
    if tree.type in ("string", "number", "value"):
        return Constant(plain(tree.value))
    if tree.type == "variable" and tree.value not in ("", "$"):
        return Member(tree.value, ())
    if tree.type == "path" and 0 < tree.plain_steps == len(tree.steps) and tree.steps[0].value not in ("", "$"):
        return Member(tree.steps[0].value, tuple(step.value for step in tree.steps[1:]))
    return None
