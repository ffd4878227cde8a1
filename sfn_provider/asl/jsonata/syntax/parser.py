"""Parses an expression into the library's syntax tree, with the reference's error messages."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any, Final

from sfn_provider.asl.jsonata.errors import error_message
from sfn_provider.asl.jsonata.library import JException, Symbol
from sfn_provider.asl.jsonata.syntax.nodes import NodeParser
from sfn_provider.asl.jsonata.syntax.tokens import MAX_TOKENS, Tokens, TooManyTokens, strip_padding
from sfn_provider.asl.jsonata.values import INTEGRAL_FLOAT_LIMIT, join_surrogates

_CHILD_FIELDS: Final = (
    *("condition", "then", "_else", "procedure", "lhs", "rhs", "expression", "body"),
    *("pattern", "update", "delete", "expr", "group"),
)
_CHILD_LIST_FIELDS: Final = ("steps", "arguments", "expressions", "terms", "stages", "predicate")
"""Attributes of the library's nodes that hold one node, or a list of them."""

_LEAVES: Final = frozenset({"name", "variable", "string", "number", "value"})
_FIELDS_OF_TOKEN: Final = 3
"""Type, value and position: a leaf with more has filters, for example."""

_THREAD: Final = threading.local()
_FUNCTION: Final = re.compile(r"(?:function|\u03bb)\s*\(")
_VARIABLES: Final = re.compile(r"(?:\s*\$\w*\s*,)*")
_NUMBER: Final = re.compile(r"-?[0-9]*(\.[0-9]+)?([Ee][-+]?[0-9]+)?")


class ParseError(Exception):
    """An expression that is no JSONata.

    Args:
        reason: what is wrong, in the words of the reference implementation.
        code: the reference's code, for example ``S0202``; empty where it has none.
        position: index of the character in the text at which it was noticed.
        tokens: how many names, values and operators were read until then.
    """

    def __init__(self, reason: str, code: str, position: int, tokens: int) -> None:
        super().__init__(reason, code, position, tokens)
        self.reason = reason
        self.code = code
        self.position = position
        self.tokens = tokens


def parse(source: str) -> Any:
    """Parse an expression.

    Args:
        source: the text between ``{%`` and ``%}``.

    Returns:
        The library's syntax tree, with the attribute ``plain_steps`` on every path: how many of its first steps are
        a variable and plain names after it; and with ``tokens`` on its root: how many names, values and operators
        were read.

    Raises:
        ParseError: it is no JSONata.
    """
    parser = _parser()
    parser.source = source
    parser.lexer = tokens = Tokens(source)
    try:
        tree = _parse_tree(parser)
    except TooManyTokens as error:
        text = f"The expression has more than {MAX_TOKENS:,} names, values and operators"
        raise ParseError(text, "", error.position, tokens.count) from error
    except RecursionError as error:
        raise ParseError("The expression is nested too deeply", "", 0, tokens.count) from error
    except (JException, LookupError, RuntimeError, re.error, AttributeError, TypeError, ValueError) as error:
        raise _parse_error(error, source, parser) from error
    _normalize_tree(tree)
    tree.tokens = tokens.count
    return tree


def _parser() -> Any:
    """Return this thread's parser, at its start.

    Every node refers to its parser: one for each expression would take 70 KB and most of the time of a short one.
    """
    parser = getattr(_THREAD, "parser", None)
    if parser is None:
        parser = _THREAD.parser = NodeParser()
    parser.ancestor_label = parser.ancestor_index = 0
    parser.ancestry = []
    return parser


def _parse_tree(parser: Any) -> Any:
    """Parse as the library does, with the tokens of JSONata 2.0.6."""
    parser.advance()
    tree = parser.expression(0)
    if parser.node.id != "(end)":
        raise JException("S0201", parser.node.position, parser.node.value)
    tree = parser.process_ast(tree)
    if tree.type == "parent" or tree.seeking_parent is not None:
        raise JException("S0217", tree.position, tree.type)
    return tree


def _parse_error(error: Exception, source: str, parser: Any) -> ParseError:
    tokens = parser.lexer.count
    if isinstance(error, JException):
        if error.error == "S0301" and error.current is not None:
            error.error = "S0103"  # the library gives a bad escape the code of an empty regular expression
            error.current = strip_padding(error.current)
        elif error.error == "S0208":
            error.current = _parameter_number(source[: error.location])
        elif error.error == "S0102":
            error.current = _NUMBER.match(source[error.location :]).group()  # type: ignore[union-attr]
        return ParseError(error_message(error), error.error, min(max(error.location, 0), len(source)), tokens)
    position = min(parser.lexer.position, len(source))
    if isinstance(error, KeyError):  # an operator that is a token but has no meaning: ~ and !
        return ParseError(error_message(JException("S0204", position, error.args[0])), "S0204", position, tokens)
    if isinstance(error, re.error):
        return ParseError(f"Invalid regular expression: {error}", "", position, tokens)
    code = next((code for code, text in JException.error_codes.items() if text == str(error)), "")
    return ParseError(str(error) if code else "Syntax error", code, position, tokens)


def _parameter_number(text: str) -> int:
    """Return the number of the first parameter that is no variable, which the library's message lacks.

    Args:
        text: the expression up to that parameter.
    """
    parameters = _FUNCTION.split(text)[-1]
    leading = _VARIABLES.match(parameters)
    return (leading.group().count(",") if leading else 0) + 1


def children(node: Any) -> Iterator[Any]:
    """Yield the nodes directly below a node of the syntax tree, in the order of evaluation."""
    fields = node.__dict__
    for name in _CHILD_FIELDS:
        if name in fields and isinstance(child := fields[name], Symbol):
            yield child
    for name in _CHILD_LIST_FIELDS:
        if name in fields:
            yield from (child for child in fields[name] or () if isinstance(child, Symbol))
    for pair in node.lhs_object or ():
        yield from pair


def _normalize_tree(tree: Any) -> None:
    """Correct what the library's parser does differently from the reference, and count the plain steps of paths."""
    seen: set[int] = set()
    pending = [tree]
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.type == "number" and isinstance(node.value, int) and abs(node.value) >= INTEGRAL_FLOAT_LIMIT:
            node.value = float(node.value)
        elif isinstance(node.value, str) and not node.value.isascii():
            node.value = join_surrogates(node.value)
        elif node.type == "path":
            node.plain_steps = _plain_steps(node)
        if node.type not in _LEAVES or len(node.__dict__) > _FIELDS_OF_TOKEN:
            pending.extend(children(node))


def _plain_steps(path: Any) -> int:
    """Count the steps at the start of a path that are ``$variable`` and plain names."""
    if path.steps[0].type != "variable" or not _is_plain(path.steps[0]):
        return 0
    count = 1
    for step in path.steps[1:]:
        if step.type != "name" or not _is_plain(step):
            break
        count += 1
    if count == len(path.steps) and (path.keep_singleton_array or path.keep_array or path.group or path.tuple):
        count -= 1  # the library has to make the result of the last step itself
    return count


def _is_plain(step: Any) -> bool:
    return not (
        step.predicate
        or step.stages
        or step.group
        or step.keep_array
        or step.tuple
        or step.focus
        or step.index
        or step.ancestor
    )
