"""Reads a part of JSONata as symbolic values: paths, operators, conditions, constructors.

A path is taken to lead through objects: JSONata would map an array on the way, which stays unresolved only where the
path says so with brackets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sfn_provider.asl.json_values.json_checks import is_jsonata
from sfn_provider.translate.native.data_flow.expression_budget import compile_bounded
from sfn_provider.translate.native.data_flow.templates import Environment
from sfn_provider.translate.native.data_flow.values import (
    Absent,
    Array,
    Call,
    Constant,
    Json,
    Object,
    OneOf,
    Source,
    Unresolved,
    Value,
    constant,
    is_boolean,
    read,
    steps_of,
)

OPERATORS = frozenset({"=", "!=", "<", "<=", ">", ">=", "and", "or", "+", "-", "*", "/", "&", "in"})
"""The operators that are resolved; `expressions` has their Python."""

FUNCTIONS = frozenset({"count", "exists", "not", "lowercase", "uppercase", "contains", "length", "string"})
"""The functions that are resolved, without the dollar sign."""


def jsonata_template_value(template: Json, environment: Environment) -> Value:
    """Return what a value with JSONata expressions makes.

    Args:
        template: Arguments, Output, Assign or a part of them.
        environment: what it can read.
    """
    if isinstance(template, dict):
        return Object(tuple((name, jsonata_template_value(item, environment)) for name, item in template.items()))
    if isinstance(template, list):
        return Array(tuple(jsonata_template_value(item, environment) for item in template))
    if is_jsonata(template):
        return expression_value(template[2:-2].strip(), environment)
    return constant(template)


def expression_value(source: str, environment: Environment) -> Value:
    """Return what an expression makes.

    Args:
        source: the text between ``{%`` and ``%}``.
        environment: what it can read.
    """
    compiled = compile_bounded(source)
    return compiled if isinstance(compiled, Unresolved) else _Reader(source, environment).value(compiled.syntax_tree)


class _Reader:
    """Turns the nodes of an expression's syntax tree into values."""

    def __init__(self, source: str, environment: Environment) -> None:
        self.source = source
        self.environment = environment

    def value(self, node: Any) -> Value:
        if node.type != "path" and (node.predicate or node.group):
            return self.unresolved()
        return _READERS.get(node.type, _Reader.unresolved)(self, node)

    def unresolved(self, node: Any = None) -> Value:
        return Unresolved(f"the expression {self.source} is beyond the part of JSONata that becomes Python")

    def literal(self, node: Any) -> Value:
        return constant(node.value)

    def word(self, node: Any) -> Value:
        return constant({"true": True, "false": False, "null": None}.get(node.value, node.value))

    def variable(self, node: Any) -> Value:
        known = self.environment.variables.get(node.value)
        return self.unresolved() if known is None else known

    def path(self, node: Any) -> Value:
        plain = getattr(node, "plain_steps", 0)
        if 0 < plain < len(node.steps):
            return self.item(node, plain)
        names = [step.value for step in node.steps]
        if plain != len(names):
            return self.unresolved()
        return self.names(node, names)

    def item(self, node: Any, position: int) -> Value:
        """Return what a path reads of an item of an array whose items are all known.

        Of another value, JSONata's [0] may be itself.

        Args:
            node: the path.
            position: the number of its steps before the one with the index.
        """
        step, behind = node.steps[position], node.steps[position + 1 :]
        found = _filters(step)
        if step.type != "name" or len(found) != 1 or found[0].expr.type != "number":
            return self.unresolved()
        if any(each.type != "name" or _filters(each) or each.group for each in behind):
            return self.unresolved()
        array, index = self.names(node, [each.value for each in node.steps[: position + 1]]), found[0].expr.value
        known = isinstance(array, Array) and isinstance(index, int) and 0 <= index < len(array.items)
        if not isinstance(array, Array) or not known:
            return self.unresolved()
        return read(array.items[index], tuple(each.value for each in behind))

    def names(self, node: Any, names: list[str]) -> Value:
        """Return what a variable and plain names behind it read."""
        if names[0] != "states":
            start = self.variable(node.steps[0])
            return start if isinstance(start, Unresolved) else read(start, tuple(names[1:]))
        fields = {
            "input": self.environment.document,
            "context": self.environment.context,
            "result": self.environment.result,
            "errorOutput": self.environment.error,
        }
        root = fields.get(names[1]) if len(names) > 1 else None
        return self.unresolved() if root is None else read(root, tuple(names[2:]))

    def binary(self, node: Any) -> Value:
        if node.value not in OPERATORS:
            return self.unresolved()
        operands = (self.value(node.lhs), self.value(node.rhs))
        refused = self.tested(*operands) if node.value in ("and", "or") else None
        return refused or Call(node.value, operands)

    def tested(self, *values: Value) -> Unresolved | None:
        """Return why the truth of values is not that of Python; None where it is."""
        if all(is_boolean(value) or isinstance(value, Absent | Unresolved) for value in values):
            return None
        return Unresolved(
            f"the expression {self.source} tests what may be no Boolean, of which Python has another truth"
        )

    def unary(self, node: Any) -> Value:
        if node.value == "[":
            return Array(tuple(map(self.value, node.expressions)))
        if node.value != "{" or any(key.type != "string" for key, _ in node.lhs_object):
            return self.unresolved()
        return Object(tuple((key.value, self.value(entry)) for key, entry in node.lhs_object))

    def condition(self, node: Any) -> Value:
        if node._else is None:
            return self.unresolved()
        tested = self.value(node.condition)
        if isinstance(tested, Constant) and isinstance(tested.value, bool):
            return self.value(node.then if tested.value else node._else)
        return self.tested(tested) or Call("?", (tested, self.value(node.then), self.value(node._else)))

    def function(self, node: Any) -> Value:
        if node.procedure.type != "variable" or node.procedure.value not in FUNCTIONS:
            return self.unresolved()
        arguments = tuple(map(self.value, node.arguments))
        if node.procedure.value == "not" and (refused := self.tested(*arguments)) is not None:
            return refused
        if node.procedure.value == "exists" and len(arguments) == 1 and (known := _exists(arguments[0])) is not None:
            return constant(known)
        return Call(f"${node.procedure.value}", arguments)

    def block(self, node: Any) -> Value:
        return self.value(node.expressions[0]) if len(node.expressions) == 1 else self.unresolved()


def _filters(step: Any) -> list[Any]:
    return [*(step.predicate or ()), *(step.stages or ())]


def _exists(value: Value) -> bool | None:
    """Return whether a value is there; None where that is known only in a run."""
    if isinstance(value, OneOf):
        found = {_exists(entry) for _, entry in value.alternatives}
        return found.pop() if len(found) == 1 else None
    start, keys = steps_of(value)
    if isinstance(start, Source) and start.kind == "error" and len(keys) == 1:
        return True
    return False if isinstance(value, Absent) else None


_READERS: dict[str, Callable[[_Reader, Any], Value]] = {
    "string": _Reader.literal,
    "number": _Reader.literal,
    "value": _Reader.word,
    "variable": _Reader.variable,
    "path": _Reader.path,
    "binary": _Reader.binary,
    "unary": _Reader.unary,
    "condition": _Reader.condition,
    "function": _Reader.function,
    "block": _Reader.block,
}
