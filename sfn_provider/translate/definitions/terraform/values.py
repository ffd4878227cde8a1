"""Evaluates Terraform expressions; those without a known value become placeholders.

Source: https://developer.hashicorp.com/terraform/language/expressions
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.terraform.escapes import unescape
from sfn_provider.translate.definitions.terraform.functions import call_function
from sfn_provider.translate.definitions.terraform.operators import OPERATORS, Index, Missing, take_steps
from sfn_provider.translate.definitions.terraform.syntax import (
    Expression,
    Node,
    expressions,
    is_token,
    is_tree,
    parse_expression,
    trees,
)
from sfn_provider.translate.definitions.terraform.templates import render_template
from sfn_provider.translate.definitions.terraform.unknown_values import (
    Unknown,
    as_text,
    is_unknown,
    join_texts,
    number,
    pairs_of,
)

Json = Any

_TEXT_UNIT = 16
"""The characters that count as one piece of work."""


class Names(Protocol):
    """The names of a module, and the files of its folder."""

    def spend(self, work: int) -> None:
        """Count work.

        Raises:
            UsageError: it is more than a folder needs.
        """

    @property
    def has_overrides(self) -> bool:
        """Whether the user has given values for expressions."""

    def override(self, expression: str) -> Json | None:
        """Return the user's value for an expression; None if there is none."""

    def resolve(self, root: str, steps: tuple[Json, ...]) -> tuple[Json, tuple[Json, ...]]:
        """Return the value of the first steps of a name, and the steps that remain.

        Args:
            root: the first word, such as ``var`` or the type of a resource.
            steps: names of attributes, and the values of indices.
        """

    def read_file(self, path: str, place: str) -> tuple[str, str]:
        """Return the path of a file of the folder, for errors, and its text.

        Raises:
            UsageError: it is not in the folder, or cannot be read.
        """


@dataclass(frozen=True)
class Evaluation:
    """Evaluates expressions with the names of a module.

    Args:
        names: the names of the module.
        variables: the variables of loops, templates and instances: ``each``, ``count``.
        only_variables: a template knows its variables alone.
    """

    names: Names
    variables: Mapping[str, Json] = field(default_factory=dict)
    only_variables: bool = False

    def value(self, expression: Expression) -> Json:
        """Return the JSON value of an expression; a placeholder if it is not known.

        Raises:
            UsageError: it cannot be read, such as a file outside of the folder.
        """
        inner = unwrap(expression)
        if not self.only_variables and self.names.has_overrides:
            override = self.names.override(inner.source)
            if override is not None:
                return override
        reader = READERS.get(str(getattr(inner.node, "data", "")))
        value = Unknown.of(inner.source) if reader is None else reader(self, inner)
        self.names.spend(1 + (len(value) // (_TEXT_UNIT if isinstance(value, str) else 1) if _has_size(value) else 0))
        return value

    def text(self, expression: Expression) -> str:
        """Return the text of an expression."""
        return as_text(self.value(expression))

    def with_variables(self, variables: Mapping[str, Json]) -> Evaluation:
        """Return an evaluation with more variables."""
        return replace(self, variables={**self.variables, **variables})

    def render(self, template: str, file: str, first_line: int = 1) -> str:
        """Return the text of a template."""

        def evaluate(text: str, line: int, loop: Mapping[str, Json]) -> Json:
            return self.with_variables(loop).value(parse_expression(text.strip(), file, line))

        return render_template(template, file, evaluate, first_line)


def _has_size(value: Json) -> bool:
    return isinstance(value, (str, list, dict))


def unwrap(expression: Expression) -> Expression:
    """Return an expression without parentheses around it."""
    node = expression.node
    while is_tree(node, "expr_term") and len(inner := expressions(node)) == 1:
        node = inner[0]
    return expression.at(node)


def call_of(expression: Expression) -> tuple[str, list[Expression]]:
    """Return the name and the arguments of a function call; an empty name for any other expression."""
    inner = unwrap(expression)
    if not is_tree(inner.node, "function_call"):
        return "", []
    arguments = next(trees(inner.node, "arguments"), None)
    name = inner.origin.source(inner.node.children[0])
    return name, [inner.at(node) for node in expressions(arguments)] if arguments is not None else []


# Texts, numbers and collections ---------------------------------------------------------------------------------------


def _object(context: Evaluation, expression: Expression) -> Json:
    fields = {}
    for element in trees(expression.node, "object_elem"):
        key = next(trees(element, "object_elem_key")).children[0]
        name = key.children[0] if is_tree(key, "expr_term") and len(key.children) == 1 else key
        is_name = is_tree(name, "identifier") or is_tree(name, "keyword")
        text = expression.origin.source(key) if is_name else context.text(expression.at(key))
        fields[text] = context.value(expression.at(element.children[2]))
    return fields


def _tuple(context: Evaluation, expression: Expression) -> Json:
    return [context.value(expression.at(entry)) for entry in expressions(expression.node)]


def _string(context: Evaluation, expression: Expression) -> Json:
    parts: list[Json] = []
    for part in trees(expression.node, "string_part"):
        content = part.children[0]
        if is_tree(content, "interpolation"):
            parts.append(context.value(expression.at(content.children[1])))
        elif is_token(content):
            text = str(content)
            parts.append(text[1:] if text.startswith(("$${", "%%{")) else unescape(text, expression.place))
        else:
            raise UsageError(f"{expression.place}: a text with %{{ ... }} must be rendered by Terraform first")
    # A text that is one interpolation has the type of its value.
    return parts[0] if len(parts) == 1 else join_texts(parts)


def _number(context: Evaluation, expression: Expression) -> Json:
    try:
        return number(float(expression.source)) if is_tree(expression.node, "float_lit") else int(expression.source)
    except (ValueError, OverflowError):  # more digits than Python converts
        raise UsageError(f"{expression.place}: {expression.source[:60]} is no number that can be read") from None


def _heredoc(context: Evaluation, expression: Expression) -> Json:
    raw = str(expression.node.children[0])
    head, _, rest = raw.partition("\n")
    body = rest[: rest.rstrip().rfind("\n") + 1]
    text = textwrap.dedent(body) if head.startswith("<<-") else body
    return context.render(text, expression.origin.file, expression.line + 1)


# Names ----------------------------------------------------------------------------------------------------------------


def _name(context: Evaluation, expression: Expression) -> Json:
    literals = {"true": True, "false": False, "null": None}
    source = expression.source
    return literals[source] if source in literals else _chain(context, expression)


def _chain(context: Evaluation, expression: Expression) -> Json:
    """Evaluate a name with attributes and indices: ``var.jobs["nightly"].name``."""
    node, steps = expression.node, []
    while is_tree(node, "get_attr_expr_term") or is_tree(node, "index_expr_term"):
        steps.append(_step(context, expression, node.children[1]))
        node = node.children[0]
        while is_tree(node, "expr_term") and len(expressions(node)) == 1:
            node = expressions(node)[0]
    steps.reverse()
    if not is_tree(node, "identifier"):
        return take_steps(context.value(expression.at(node)), tuple(steps), expression.source)
    root = expression.origin.source(node)
    if root in context.variables:
        return take_steps(context.variables[root], tuple(steps), expression.source)
    if context.only_variables:
        return Unknown.of(expression.source)
    return take_steps(*context.names.resolve(root, tuple(steps)), expression.source)


def _step(context: Evaluation, expression: Expression, node: Node) -> Json:
    if is_tree(node, "get_attr"):
        return expression.origin.source(node.children[1])
    if is_tree(node, "short_index"):
        return int(expression.origin.source(node.children[1]))
    index = number(context.value(expression.at(expressions(node)[0])))
    return Index(index) if isinstance(index, str) and not isinstance(index, Unknown) else index


def _splat(context: Evaluation, expression: Expression) -> Json:
    base, splat = expression.node.children
    value = context.value(expression.at(base))
    if isinstance(value, Unknown):
        return Unknown.of(expression.source)
    steps = tuple(_step(context, expression, node) for node in expressions(splat))
    return [take_steps(entry, steps, expression.source) for entry in (value if isinstance(value, list) else [value])]


# Operators, conditions and loops -------------------------------------------------------------------------------------


def _unary(context: Evaluation, expression: Expression) -> Json:
    value = context.value(expression.at(expression.node.children[-1]))
    sign = str(expression.node.children[0])
    if sign == "-" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return -value
    return not value if sign == "!" and isinstance(value, bool) else Unknown.of(expression.source)


def _binary(context: Evaluation, expression: Expression) -> Json:
    left_node, term = expressions(expression.node)
    sign, right_node = expressions(term)
    left, right = (context.value(expression.at(node)) for node in (left_node, right_node))
    name = expression.origin.source(sign)
    absorbing = {"&&": False, "||": True}.get(name)
    if absorbing is not None and absorbing in [side for side in (left, right) if isinstance(side, bool)]:
        return absorbing
    if is_unknown([left, right]):
        return Unknown.of(expression.source)
    if name not in ("==", "!=") and isinstance(left, str) != isinstance(right, str):
        return Unknown.of(expression.source)
    try:
        return OPERATORS[name](left, right)
    except (TypeError, ArithmeticError):
        return Unknown.of(expression.source)


def _conditional(context: Evaluation, expression: Expression) -> Json:
    condition, chosen, other = (expression.at(node) for node in expressions(expression.node))
    value = context.value(condition)
    if value in (True, "true") or value in (False, "false"):
        return context.value(chosen if value in (True, "true") else other)
    values = [context.value(chosen), context.value(other)]
    return values[0] if values[0] == values[1] else Unknown.of(expression.source)


def _for(context: Evaluation, expression: Expression) -> Json:
    intro, *results = expressions(expression.node)
    condition = results.pop() if is_tree(results[-1], "for_cond") else None
    names = [expression.origin.source(node) for node in trees(intro, "identifier")]
    collection = context.value(expression.at(expressions(intro)[-1]))
    if isinstance(collection, Unknown) or not isinstance(collection, (list, dict)):
        return Unknown.of(expression.source)
    found: list[list[Json]] = []
    for inner in _loop_contexts(context, names, collection):
        chosen = True if condition is None else inner.value(expression.at(expressions(condition)[0]))
        if isinstance(chosen, Unknown):
            return Unknown.of(expression.source)
        if chosen in (True, "true"):
            found.append([inner.value(expression.at(node)) for node in results])
    if len(results) == 1:
        return [value for [value] in found]
    return _grouped(found) if _has_ellipsis(expression.node) else {as_text(key): value for key, value in found}


def _loop_contexts(context: Evaluation, names: list[str], collection: Any) -> Iterator[Evaluation]:
    for key, value in pairs_of(collection):
        yield context.with_variables(dict(zip(names, [key, value] if len(names) == 2 else [value], strict=True)))


def _has_ellipsis(node: Node) -> bool:
    return any(is_token(child) and str(child) == "..." for child in node.children)


def _grouped(pairs: list[list[Json]]) -> dict[str, list[Json]]:
    groups: dict[str, list[Json]] = {}
    for key, value in pairs:
        groups.setdefault(as_text(key), []).append(value)
    return groups


# Functions ------------------------------------------------------------------------------------------------------------


def _call(context: Evaluation, expression: Expression) -> Json:
    name, arguments = call_of(expression)
    special = _SPECIAL.get(name)
    if special is not None:
        return special(context, arguments, expression)
    values = [context.value(argument) for argument in arguments]
    node = next(trees(expression.node, "arguments"), None)
    if node is not None and _has_ellipsis(node):
        if not isinstance(values[-1], list):
            return Unknown.of(expression.source)
        values = [*values[:-1], *values[-1]]
    try:
        return call_function(name, values)
    except LookupError:
        return Unknown.of(expression.source)
    except ValueError:
        return Missing.of(expression.source)


def _try(context: Evaluation, arguments: list[Expression], expression: Expression) -> Json:
    values = (context.value(argument) for argument in arguments)
    return next((value for value in values if not isinstance(value, Missing)), Unknown.of(expression.source))


def _can(context: Evaluation, arguments: list[Expression], expression: Expression) -> Json:
    return not isinstance(context.value(arguments[0]), Missing) if arguments else Unknown.of(expression.source)


def _file(context: Evaluation, arguments: list[Expression], expression: Expression) -> Json:
    path = context.value(arguments[0]) if arguments else Unknown.of("")
    if not isinstance(path, str) or isinstance(path, Unknown):
        return Unknown.of(expression.source)
    return context.names.read_file(path, expression.place)[1]


def _templatefile(context: Evaluation, arguments: list[Expression], expression: Expression) -> Json:
    path = context.value(arguments[0]) if arguments else Unknown.of("")
    values = context.value(arguments[1]) if len(arguments) > 1 else {}
    if isinstance(path, Unknown) or not isinstance(values, dict):
        return Unknown.of(expression.source)
    file, text = context.names.read_file(as_text(path), expression.place)
    return Evaluation(context.names, values, only_variables=True).render(text, file)


_SPECIAL: dict[str, Callable[[Evaluation, list[Expression], Expression], Json]] = {
    "try": _try,
    "can": _can,
    "file": _file,
    "templatefile": _templatefile,
    "sensitive": lambda context, arguments, expression: Unknown.of(expression.source),
}
"""Functions that need more than the values of their arguments."""


READERS: dict[str, Callable[[Evaluation, Expression], Json]] = {
    "object": _object,
    "tuple": _tuple,
    "string": _string,
    "int_lit": _number,
    "float_lit": _number,
    "heredoc_template": _heredoc,
    "heredoc_template_trim": _heredoc,
    "identifier": _name,
    "keyword": _name,
    "literal_value": _name,
    "get_attr_expr_term": _chain,
    "index_expr_term": _chain,
    "attr_splat_expr_term": _splat,
    "full_splat_expr_term": _splat,
    "unary_op": _unary,
    "binary_op": _binary,
    "conditional": _conditional,
    "for_tuple_expr": _for,
    "for_object_expr": _for,
    "function_call": _call,
}
"""The readers of expressions, by the parser's name."""
