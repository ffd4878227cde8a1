"""Simplifies Python conditions: contraries, and comparisons of one value with several constants."""

from __future__ import annotations

import ast
from collections.abc import Iterable

_CONTRARIES: dict[type[ast.cmpop], str] = {
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Lt: ">=",
    ast.LtE: ">",
    ast.Gt: "<=",
    ast.GtE: "<",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
"""What holds where a comparison does not."""

_OPERANDS = (ast.Attribute, ast.Call, ast.Constant, ast.Name, ast.Subscript, ast.Tuple)
"""What needs no brackets beside a comparison, and has its own."""


def negated(condition: str) -> str:
    """Return the contrary of a condition."""
    node = ast.parse(condition, mode="eval").body
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and isinstance(node.operand, _OPERANDS):
        return _source(condition, node.operand)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        sides = (node.left, node.comparators[0])
        if all(isinstance(side, _OPERANDS) for side in sides):
            return f" {_CONTRARIES[type(node.ops[0])]} ".join(_source(condition, side) for side in sides)
    return f"not {condition}" if isinstance(node, _OPERANDS) else f"not ({condition})"


def joined_conditions(texts: Iterable[str], word: str) -> list[str]:
    """Return the operands of ``or`` or ``and``; those that compare one value with several constants as one.

    Args:
        texts: the operands.
        word: ``or`` or ``and``.
    """
    found: list[tuple[str, list[str]]] = []
    for text in texts:
        left, constant = _compared(text, ast.Eq if word == "or" else ast.NotEq)
        if constant is None:
            found.append((text, []))
        elif found and found[-1][0] == left and found[-1][1]:
            found[-1][1].append(constant)
        else:
            found.append((left, [constant]))
    single, several = ("==", "in") if word == "or" else ("!=", "not in")
    made = []
    for left, constants in found:
        different = list(dict.fromkeys(constants))
        if len(different) > 1:
            made.append(f"{left} {several} ({', '.join(different)})")
        else:
            made.append(f"{left} {single} {different[0]}" if different else left)
    return made if len(made) == 1 else [_in_brackets(text) for text in made]


def _in_brackets(text: str) -> str:
    """Return an operand of ``and`` or ``or`` with brackets around it where it is made of conditions itself."""
    node = ast.parse(text, mode="eval").body
    needs_brackets = isinstance(node, ast.BoolOp | ast.IfExp) and without_brackets(text) == text
    return f"({text})" if needs_brackets else text


def _compared(text: str, relation: type[ast.cmpop]) -> tuple[str, str | None]:
    """Return what is compared, and the constant with which; the whole text, and None, for other conditions."""
    node = ast.parse(text, mode="eval").body
    if not (isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], relation)):
        return text, None
    left, right = node.left, node.comparators[0]
    is_plain = isinstance(left, _OPERANDS) and isinstance(right, ast.Constant) and not isinstance(right.value, bool)
    return (_source(text, left), _source(text, right)) if is_plain else (text, None)


def _source(text: str, node: ast.expr) -> str:
    return str(ast.get_source_segment(text, node))


def without_brackets(text: str) -> str:
    """Return an expression without brackets around the whole of it."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    try:
        inner = ast.parse(text[1:-1], mode="eval")
    except SyntaxError:
        return text
    return text[1:-1] if ast.dump(inner) == ast.dump(ast.parse(text, mode="eval")) else text


def exclude_each_other(first: str, second: str) -> bool:
    """Return whether two conditions cannot both hold: they compare one value with different texts."""
    (left, texts), (other, others) = _compared_texts(first), _compared_texts(second)
    return bool(texts and others) and left == other and texts.isdisjoint(others)


def _compared_texts(condition: str) -> tuple[str, frozenset[str]]:
    """Return what is compared, and the texts with which it is equal; none for other conditions."""
    node = ast.parse(condition, mode="eval").body
    if not (isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq | ast.In)):
        return "", frozenset()
    right = node.comparators[0]
    found = right.elts if isinstance(right, ast.Tuple) else [right]
    texts = [entry.value for entry in found if isinstance(entry, ast.Constant) and isinstance(entry.value, str)]
    is_list = isinstance(node.ops[0], ast.In) is isinstance(right, ast.Tuple)
    return _source(condition, node.left), frozenset(texts if is_list and len(texts) == len(found) else ())
