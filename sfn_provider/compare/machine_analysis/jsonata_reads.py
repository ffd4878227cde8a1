"""Lists what JSONata expressions read, also in callbacks, filters and steps that are expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sfn_provider.asl.jsonata import JsonataSyntaxError, compile_jsonata
from sfn_provider.asl.jsonata.functions.names import BUILT_IN_FUNCTIONS
from sfn_provider.compare.machine_analysis.data_read_types import EACH, DataRead, Root, ValueKind

_OPERATOR_KINDS: Final[Mapping[str, ValueKind]] = {
    **dict.fromkeys(("+", "-", "*", "/", "%", "..", "<", ">", "<=", ">="), "number"),
    **dict.fromkeys(("and", "or"), "boolean"),
    "&": "text",
}
_FUNCTION_KINDS: Final[Mapping[str, ValueKind]] = {
    **dict.fromkeys(("count", "map", "filter", "reduce", "join", "sum", "max", "min", "average", "append"), "list"),
    **dict.fromkeys(("sort", "reverse", "shuffle", "distinct", "zip", "single"), "list"),
    **dict.fromkeys(("uppercase", "lowercase", "trim", "substring", "split", "length", "contains", "replace"), "text"),
    **dict.fromkeys(("substringBefore", "substringAfter", "match", "base64encode", "base64decode"), "text"),
    **dict.fromkeys(("keys", "merge", "lookup", "spread", "each", "sift"), "object"),
    **dict.fromkeys(("abs", "floor", "ceil", "round", "power", "sqrt", "fromMillis"), "number"),
    **dict.fromkeys(("toMillis",), "time"),
    **dict.fromkeys(("parse",), "json"),
    **dict.fromkeys(("not",), "boolean"),
}


def expression_reads(source: str, kind: ValueKind = "any") -> list[DataRead]:
    """Return what a JSONata expression reads; nothing for text that is none.

    Args:
        source: the text between ``{%`` and ``%}``.
        kind: what its value must be.
    """
    try:
        tree = compile_jsonata(source, "").syntax_tree
    except JsonataSyntaxError:
        return []
    reads = _ExpressionReads()
    reads.visit(tree, kind, _Names())
    return list(dict.fromkeys(reads.found))


_CALLBACK_ITEMS: Final[Mapping[str, tuple[int, ...]]] = {
    **dict.fromkeys(("map", "filter", "single", "each", "sift"), (0,)),
    "reduce": (1,),
    "sort": (0, 1),
}
"""The parameters of a callback that are entries of the first argument of a function, by their position."""

_Path = tuple[Any, ...]
"""The first variable's name, and the members, indices and `EACH` behind it."""


@dataclass(frozen=True, slots=True)
class _Names:
    """What names mean in a part of an expression.

    Args:
        context: what a path without a variable starts from; None where that is not known.
        variables: what variables of the expression itself stand for.
    """

    context: _Path | None = None
    variables: Mapping[str, _Path | None] = field(default_factory=dict)

    def within(self, context: _Path | None) -> _Names:
        """Return the names in a step of a path or in a filter."""
        return _Names(context, self.variables)

    def binding(self, variables: Mapping[str, _Path | None]) -> _Names:
        """Return the names where further variables are bound."""
        return _Names(self.context, {**self.variables, **variables})


@dataclass(slots=True)
class _ExpressionReads:
    """Collects what an expression reads."""

    found: list[DataRead] = field(default_factory=list)

    def visit(self, node: Any, kind: ValueKind, names: _Names) -> _Path | None:
        """Collect what a node reads; return the path that it is, None where it is none."""
        if node.type == "path":
            return self._visit_path(node, kind, names)
        if node.type == "variable":
            return self._visit_variable(node, kind, names)
        if node.type == "block":
            return self._visit_block(node, kind, names)
        if node.type == "lambda":
            unknown = {str(parameter.value): None for parameter in node.arguments or ()}
            self.visit(node.body, "any", names.binding({**unknown, **names.variables}))
            return None
        if node.type in ("function", "partial") and node.arguments:
            self._visit_call(node, names)
        else:
            self._visit_others(node, kind, names)
        return None

    def _visit_others(self, node: Any, kind: ValueKind, names: _Names) -> None:
        from sfn_provider.asl.jsonata.syntax.parser import children  # the library takes a tenth of a second

        inner = _kinds_of_children(node, kind)
        for child in children(node):
            self.visit(child, inner.get(id(child), "any"), names)

    def _visit_variable(self, node: Any, kind: ValueKind, names: _Names) -> _Path | None:
        known = _start_of_path(node, names)
        if node.predicate:
            return self._visit_filters(node.predicate, known, names)
        if known is not None:
            _add(known, kind, self.found)
        return known

    def _visit_block(self, node: Any, kind: ValueKind, names: _Names) -> _Path | None:
        """``(a; $b := c; d)``: its value is that of the last part."""
        known: _Path | None = None
        for number, part in enumerate(node.expressions or (), 1):
            is_last = number == len(node.expressions)
            if part.type == "bind":
                known = self.visit(part.rhs, "any", names)
                names = names.binding({str(part.lhs.value): known})
            else:
                known = self.visit(part, kind if is_last else "any", names)
        return known

    def _visit_call(self, node: Any, names: _Names) -> None:
        function, first = str(node.procedure.value), node.arguments[0]
        before = len(self.found)
        if function == "merge" and first.type == "unary" and first.value == "[":
            known = None
            for merged in first.expressions or ():
                self.visit(merged, "object", names)
        else:
            known = self.visit(first, _FUNCTION_KINDS.get(function, "any"), names)
        if function == "exists":
            self.found[before:] = [replace(read, optional=True) for read in self.found[before:]]
        items = _CALLBACK_ITEMS.get(function, ())
        for argument in node.arguments[1:]:
            if argument.type == "lambda" and items:
                entry = (*known, EACH) if known is not None else None
                named = dict(enumerate(str(parameter.value) for parameter in argument.arguments or ()))
                bound = {name: entry if place in items else None for place, name in named.items()}
                self.visit(argument.body, "any", names.binding(bound))
            else:
                self.visit(argument, "list" if function == "append" else "any", names)
        for part in node.predicate or ():
            self.visit(part, "any", names.within(None))

    def _visit_path(self, node: Any, kind: ValueKind, names: _Names) -> _Path | None:
        first, *rest = node.steps
        is_name = first.type in ("variable", "name")
        known = _start_of_path(first, names) if is_name else self.visit(first, "any", names)
        known = self._visit_filters([*(first.predicate or ()), *(first.stages or ())], known, names)
        for step in rest:
            if step.type == "name":
                known = (*known, step.value) if known is not None else None
                known = self._visit_filters([*(step.predicate or ()), *(step.stages or ())], known, names)
            else:
                self._visit_step(step, known, kind, names)
                known = None
        if known is not None and known[-1] != EACH:
            _add(known, kind, self.found)
        return known

    def _visit_step(self, step: Any, known: _Path | None, kind: ValueKind, names: _Names) -> None:
        """A step that is an expression, as ``lines.(price * pieces)``: what it names are members of what is before it.

        Where a list is asked for, they are members of its entries.
        """
        if known is not None and known[-1] != EACH:
            _add(known, kind if kind == "list" else "any", self.found)
        if known is not None and kind == "list" and known[-1] != EACH:
            known = (*known, EACH)
        self.visit(step, "any", names.within(known if step.type == "block" else None))

    def _visit_filters(self, filters: Sequence[Any], known: _Path | None, names: _Names) -> _Path | None:
        """``[0]`` and ``[status = 'open']``; return what is left of the path behind them."""
        for found in filters:
            expression = found.expr if found.type == "filter" else found
            index = expression.value if expression.type == "number" else None
            if known is None:
                self.visit(expression, "any", names.within(None))
            elif isinstance(index, int | float) and index >= 0:
                known = (*known, int(index))
            else:
                _add(known, "list", self.found)
                known = known if known[-1] == EACH else (*known, EACH)
                self.visit(expression, "any", names.within(known))
        return known


def _start_of_path(node: Any, names: _Names) -> _Path | None:
    """What the first step of a path stands for."""
    name = node.value
    if node.type == "name":
        return (*names.context, name) if names.context is not None else None
    if not name:
        return names.context
    return names.variables.get(name, (name,))


def _kinds_of_children(node: Any, kind: ValueKind) -> dict[int, ValueKind]:
    if node.type == "binary":
        one = _OPERATOR_KINDS.get(str(node.value), "any")
        return {id(node.lhs): one, id(node.rhs): one}
    if node.type == "condition":
        return {id(node.condition): "boolean", id(node.then): kind, id(node._else): kind}
    return {}


def _add(names: tuple[Any, ...], kind: ValueKind, found: list[DataRead]) -> None:
    if names[0] == "states":
        fields: dict[Any, Root] = {"input": "input", "result": "result"}
        root = fields.get(names[1]) if len(names) > 1 else None
        if root is not None:
            found.append(DataRead(root, names[2:], kind))
        elif names[1:5] == ("context", "Map", "Item", "Value"):
            found.append(DataRead("item", names[5:], kind))
        elif names[1:4] == ("context", "Execution", "Input"):
            found.append(DataRead("execution input", names[4:], kind))
    elif names[0] and names[0] not in BUILT_IN_FUNCTIONS:
        found.append(DataRead("variables", names, kind))
