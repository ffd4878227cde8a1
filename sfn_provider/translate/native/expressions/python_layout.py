"""Lays out the statements of TaskFlow functions in lines, as ruff does."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from sfn_provider.translate.emit.expression_layout import lay_out_expression
from sfn_provider.translate.emit.literals import argument, call, inline, prose, wrap
from sfn_provider.translate.native.data_flow.values import Key
from sfn_provider.translate.native.expressions.conditions import without_brackets


def indented(lines: Iterable[str]) -> list[str]:
    """Return lines as they stand one level deeper."""
    return [f"    {line}" for line in lines]


def return_lines(
    lines: list[str], returned: tuple[Key, ...] | None, is_mark: bool, has_times: bool = False, width: int = 1000
) -> list[str]:
    """Return the lines of a call, and of what the function returns.

    Args:
        lines: the lines of the call.
        returned: the path into the response that is returned; None where nobody reads it.
        is_mark: whether the result has to say that the task has run.
        has_times: whether there are times in it, which an XCom has as text.
        width: columns of a line.
    """
    if returned is None:
        return [*lines, *(["return True"] if is_mark else [])]
    if not returned and not has_times:
        return [f"response = {lines[0]}", *lines[1:], 'response.pop("ResponseMetadata")', "return response"]
    path = "".join(f"[{inline(key)}]" for key in returned)
    if has_times:
        cleaned = f"return json.loads(json.dumps(response{path}, default=str))"
        return [
            f"response = {lines[0]}",
            *lines[1:],
            *(['response.pop("ResponseMetadata")'] if not returned else []),
            cleaned,
        ]
    if len(lines) == 1 and len(f"return {lines[0]}{path}") > width:
        return [f"response = {lines[0]}", f"return response{path}"]
    if len(lines) == 1:
        return [f"return {lines[0]}{path}"]
    return [f"return {lines[0]}", *lines[1:-1], lines[-1] + path]


def call_lines(function: str, arguments: dict[str, Any], width: int) -> list[str]:
    """Return the lines of a call, in a function's body.

    Args:
        function: the function's name.
        arguments: trees of JSON values and `Code` by name; ``**`` for all arguments in one object.
        width: columns of a line.
    """
    parts = [f"{name}{'' if name == '**' else '='}{inline(value)}" for name, value in arguments.items()]
    flat = f"{function}({', '.join(parts)})"
    if len(flat) + len("response = ") <= width:
        return [flat]
    if list(arguments) == ["**"]:
        return [f"{function}(", f"    {parts[0]}", ")"]
    texts = {name: argument(name, value, "", width) for name, value in arguments.items()}
    return call(function, texts, "").split("\n")


def raise_lines(text: str, width: int) -> tuple[str, ...]:
    """Return the lines that fail a task for good, with a text that is an expression."""
    return statement_lines("raise ", f"AirflowFailException({text})", width)


def statement_lines(start: str, text: str, width: int) -> tuple[str, ...]:
    """Return the lines of a statement, such as a ``return`` with an expression."""
    laid_out = lay_out_expression(text, "", len(start), width)
    if len(start + text) > width and text.startswith("any("):  # a generator has no brackets of its own
        return (f"{start}any(", f"    {text[4:-1]}", ")")
    if "\n" in laid_out or len(start + laid_out) <= width:
        return tuple((start + laid_out).split("\n"))
    inner = without_brackets(text)
    if len(inner) + 4 > width:
        return (f"{start}(", *indented(_conditional_lines(inner)), ")")
    return (f"{start}(", f"    {inner}", ")")


def _conditional_lines(text: str) -> list[str]:
    """Return an expression in lines: one for each part of a conditional expression."""
    node = ast.parse(text, mode="eval").body
    parts: list[str] = []
    while isinstance(node, ast.IfExp):
        word = "else " if parts else ""
        parts += [word + str(ast.get_source_segment(text, node.body))]
        parts += [f"if {ast.get_source_segment(text, node.test)}"]
        node = node.orelse
    return [*parts, f"else {ast.get_source_segment(text, node)}"] if parts else [text]


def comment_lines(comment: str | None, width: int) -> list[str]:
    """Return a comment of a definition in lines of a width."""
    return [f"# {line}" for line in wrap(prose(comment or ""), max(width - 2, 1))]


def if_lines(condition: str, operands: list[str], width: int) -> tuple[str, ...]:
    """Return the lines of an ``if``; a long condition has an operand per line, or a part of a conditional."""
    line = f"if {condition}:"
    if len(line) <= width:
        return (line,)
    node = ast.parse(operands[0], mode="eval").body if len(operands) == 1 else None
    if isinstance(node, ast.Compare) and isinstance(node.left, ast.IfExp):
        left = str(ast.get_source_segment(operands[0], node.left))
        rest = operands[0].partition(left)[2].removeprefix(")")
        return ("if (", *indented(_conditional_lines(left)), f"){rest}:")
    return ("if (", *(f"    {operand}" for operand in operands), "):")
