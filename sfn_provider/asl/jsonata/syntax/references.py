"""Finds the variables and the fields of ``$states`` that an expression reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Final

from sfn_provider.asl.jsonata.syntax.parser import children

Names = set[str]


@dataclass(slots=True)
class References:
    """What an expression reads from outside.

    Args:
        variables: names, without dollar sign, that it reads and does not bind; built-in functions and ``states``
            included.
        states_fields: names directly behind ``$states``.
        any_states_field: whether it reads ``$states`` other than by such a name.
        context_paths: the names behind ``$states.context``, but for those that it asks for with ``$exists``.
        top_level: bare names, ``$`` and ``$$`` where they would mean the top-level context, in order.
    """

    variables: Names = field(default_factory=set)
    states_fields: Names = field(default_factory=set)
    any_states_field: bool = False
    context_paths: list[tuple[str, ...]] = field(default_factory=list)
    top_level: list[str] = field(default_factory=list)


class _ReferenceCollector:
    """Visits a syntax tree. Bodies of lambdas come last: they also see what is bound after them."""

    def __init__(self) -> None:
        self.found = References()
        self.pending: list[tuple[Any, Names, Names, bool]] = []
        self.asks_existence = False

    def visit(self, node: Any, bound: Names, top: bool) -> None:
        """Visit a node.

        Args:
            node: of the syntax tree.
            bound: names bound in the node's frame; grows with what the node binds.
            top: whether the node's context is the top-level one.
        """
        _VISITORS.get(node.type, _visit_children)(self, node, bound, top)
        if node.type != "path":
            self.visit_filters(node, bound)

    def visit_filters(self, node: Any, bound: Names) -> None:
        """Visit what a node has in brackets and braces behind it."""
        for item in node.predicate or ():
            self.visit(item.expr, bound, False)
        for pair in node.group.lhs_object if node.group else ():
            for part in pair:
                self.visit(part, bound, False)

    def variable(self, name: str, bound: Names, top: bool) -> None:
        """Note a variable that is read."""
        if name == "$" or (name == "" and top):
            self.found.top_level.append(f"${name}")
        elif name and name not in bound:
            self.found.variables.add(name)

    def context_path(self, path: Any) -> None:
        """Note the names behind ``$states.context``."""
        names = [step.value for step in takewhile(_is_plain_name, path.steps[1:])]
        if names and names[0] == "context" and not self.asks_existence:
            self.found.context_paths.append(tuple(names[1:]))

    def finish(self) -> References:
        """Visit the lambdas' bodies and return what was found."""
        while self.pending:
            body, bound, parameters, top = self.pending.pop(0)
            self.visit(body, bound | parameters, top)
        return self.found


def find_references(tree: Any) -> References:
    """Find what an expression reads from outside.

    Args:
        tree: the library's syntax tree.
    """
    collector = _ReferenceCollector()
    collector.visit(tree, set(), True)
    return collector.finish()


def _visit_children(collector: _ReferenceCollector, node: Any, bound: Names, top: bool) -> None:
    own = [item.expr for item in node.predicate or ()]
    for child in children(node):
        if child is not node.group and child not in (node.predicate or ()) and child not in own:
            collector.visit(child, bound, top)


def _visit_variable(collector: _ReferenceCollector, node: Any, bound: Names, top: bool) -> None:
    if node.value == "states" and "states" not in bound:
        collector.found.any_states_field = True
    collector.variable(node.value, bound, top)


def _visit_name(collector: _ReferenceCollector, node: Any, bound: Names, top: bool) -> None:
    if top:
        collector.found.top_level.append(node.value)


def _visit_bind(collector: _ReferenceCollector, node: Any, bound: Names, top: bool) -> None:
    collector.visit(node.rhs, bound, top)
    bound.add(node.lhs.value)


def _visit_block(collector: _ReferenceCollector, node: Any, bound: Names, top: bool) -> None:
    inner = set(bound)
    for expression in node.expressions:
        collector.visit(expression, inner, top)


def _visit_lambda(collector: _ReferenceCollector, node: Any, bound: Names, top: bool) -> None:
    collector.pending.append((node.body, bound, {argument.value for argument in node.arguments}, top))


def _visit_partial(collector: _ReferenceCollector, node: Any, bound: Names, top: bool) -> None:
    collector.visit(node.procedure, bound, top)
    for argument in node.arguments:
        if argument.type != "operator":
            collector.visit(argument, bound, top)


def _visit_transform(collector: _ReferenceCollector, node: Any, bound: Names, top: bool) -> None:
    for part in (node.pattern, node.update, node.delete):
        if part is not None:
            collector.visit(part, bound, False)


def _visit_path(collector: _ReferenceCollector, node: Any, bound: Names, top: bool) -> None:
    # What @ and # bind is seen by the rest of the path only.
    inner = set(bound) if any(step.tuple for step in node.steps) else bound
    for index, step in enumerate(node.steps):
        if index == 0 and _reads_states_field(node, inner):
            collector.found.variables.add("states")
            collector.found.states_fields.add(node.steps[1].value)
            collector.context_path(node)
        elif step.type == "sort":
            for term in step.terms:
                collector.visit(term.expression, inner, False)
        else:
            collector.visit(step, inner, top and index == 0)
        inner.update(name for name in (step.focus, step.index) if name)
        for stage in step.stages or ():
            if stage.type == "index":
                inner.add(stage.value)
            else:
                collector.visit(stage.expr, inner, False)
    collector.visit_filters(node, inner)


def _visit_function(collector: _ReferenceCollector, node: Any, bound: Names, top: bool) -> None:
    before = collector.asks_existence
    collector.asks_existence = before or (node.procedure.type == "variable" and node.procedure.value == "exists")
    _visit_children(collector, node, bound, top)
    collector.asks_existence = before


def _is_plain_name(step: Any) -> bool:
    return step.type == "name" and not (step.predicate or step.stages or step.group)


def _reads_states_field(path: Any, bound: Names) -> bool:
    first = path.steps[0]
    return (
        first.type == "variable"
        and first.value == "states"
        and "states" not in bound
        and not (first.predicate or first.stages)
        and len(path.steps) > 1
        and path.steps[1].type == "name"
    )


_VISITORS: Final[dict[str, Callable[[_ReferenceCollector, Any, Names, bool], None]]] = {
    "variable": _visit_variable,
    "name": _visit_name,
    "bind": _visit_bind,
    "block": _visit_block,
    "function": _visit_function,
    "lambda": _visit_lambda,
    "partial": _visit_partial,
    "transform": _visit_transform,
    "path": _visit_path,
}
