"""Answers constants, ``$variable`` and ``$states.input.a.b`` without the evaluator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sfn_provider.asl.jsonata.functions.names import BUILT_IN_FUNCTIONS
from sfn_provider.asl.jsonata.normalized_json import normalize_json
from sfn_provider.asl.jsonata.values import from_value
from sfn_provider.asl.scope import MISSING, Json, Scope, TracedJson

NO_SHORTCUT: Final = object()
"""Says that the evaluator is needed."""


@dataclass(frozen=True, slots=True)
class Constant:
    """An expression that is a number, a text, true, false or null."""

    value: Json

    def __call__(self, scope: Scope) -> Json:
        """Return the value."""
        return self.value


@dataclass(frozen=True, slots=True)
class VariablePath:
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
            A copy of the value, a `TracedJson` itself; MISSING for undefined; NO_SHORTCUT where an array has to be
            mapped over, or where the name is a function's.
        """
        if self.variable == "states":
            value: Json = states_variable(scope, with_context=self.keys[:1] in ((), ("context",)))
        elif self.variable in scope.variables:
            value = scope.variables[self.variable]
        else:
            return NO_SHORTCUT if self.variable in BUILT_IN_FUNCTIONS else MISSING
        for key in self.keys:
            if isinstance(value, list):
                return NO_SHORTCUT
            if not isinstance(value, dict) or key not in value:
                return MISSING
            value = value[key]
        return value if value is MISSING or isinstance(value, TracedJson) else normalize_json(value)


def states_variable(scope: Scope, *, with_context: bool = True) -> dict[str, Json]:
    """Return ``$states``: input and context, and result and errorOutput where there is one.

    Args:
        scope: the data.
        with_context: False for an expression that does not read the context, which is made where it is read first.
    """
    states: dict[str, Any] = {"input": scope.input}
    if with_context:
        states["context"] = scope.context if isinstance(scope.context, dict) else dict(scope.context)
    if scope.result is not MISSING:
        states["result"] = scope.result
    if scope.error_output is not MISSING:
        states["errorOutput"] = scope.error_output
    return states


def find_shortcut(tree: Any) -> Constant | VariablePath | None:
    """Find the shortcut for an expression.

    Args:
        tree: the library's syntax tree, prepared by ``parser.parse``.

    Returns:
        A function from a scope to the value, or None where the evaluator is needed.
    """
    if tree.predicate or tree.group or tree.keep_array:
        return None
    if tree.type in ("string", "number", "value"):
        return Constant(from_value(tree.value))
    if tree.type == "variable" and tree.value not in ("", "$"):
        return VariablePath(tree.value, ())
    if tree.type == "path" and 0 < tree.plain_steps == len(tree.steps) and tree.steps[0].value not in ("", "$"):
        return VariablePath(tree.steps[0].value, tuple(step.value for step in tree.steps[1:]))
    return None
