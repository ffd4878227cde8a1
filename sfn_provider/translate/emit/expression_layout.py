"""Lays out a Python expression in lines, as ruff and black do."""

from __future__ import annotations

import ast

INDENT = "    "


def lay_out_expression(text: str, indent: str, used: int, width: int) -> str:
    """Return an expression in lines of a width, where it can be cut.

    Args:
        text: the expression, on one line.
        indent: blanks at the start of the first line.
        used: columns of that line without the expression, what follows it included.
        width: columns of a line.
    """
    if used + len(text) <= width:
        return text
    return _Layout(text, width).lay_out(ast.parse(text, mode="eval").body, indent, used)


class _Layout:
    def __init__(self, text: str, width: int) -> None:
        self.text = text
        self.width = width

    def flat(self, node: ast.AST) -> str:
        # The text of a whole expression may have brackets around it, which its node does not have.
        return ast.get_source_segment(self.text, node) or ""

    def lay_out(self, node: ast.expr, indent: str, used: int) -> str:
        flat = self.flat(node)
        if used + len(flat) <= self.width:
            return flat
        is_plain = isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
        if isinstance(node, ast.Call) and is_plain and (node.args or node.keywords):
            return self.call(node, indent)
        if isinstance(node, ast.Dict) and node.keys:
            return self.dict(node, indent)
        if isinstance(node, ast.List) and node.elts:
            return self.lines("[", [("", item) for item in node.elts], "]", indent)
        return self.conditional(node, indent) if isinstance(node, ast.IfExp) else flat

    def conditional(self, node: ast.IfExp, indent: str) -> str:
        inner = indent + INDENT
        lines = [f"{inner}{self.lay_out(node.body, inner, len(inner))}"]
        last: ast.expr = node
        while isinstance(last, ast.IfExp):
            lines.append(f"{inner}if {self.flat(last.test)}")
            last = last.orelse
            following = last.body if isinstance(last, ast.IfExp) else last
            lines.append(f"{inner}else {self.lay_out(following, inner, len(inner) + 5)}")
        return "\n".join(["(", *lines, f"{indent})"])

    def call(self, node: ast.Call, indent: str) -> str:
        start = self.flat(node.func) + "("
        parts = [("", argument) for argument in node.args]
        parts += [(f"{word.arg}=" if word.arg else "**", word.value) for word in node.keywords]
        inner = indent + INDENT
        together = ", ".join(prefix + self.flat(part) for prefix, part in parts)
        if len(inner) + len(together) <= self.width:
            return f"{start}\n{inner}{together}\n{indent})"
        return self.lines(start, parts, ")", indent)

    def dict(self, node: ast.Dict, indent: str) -> str:
        keys = [f"{self.flat(key)}: " if key is not None else "**" for key in node.keys]
        return self.lines("{", list(zip(keys, node.values, strict=True)), "}", indent)

    def entry(self, prefix: str, part: ast.expr, indent: str) -> str:
        needs_brackets = prefix == "**" and isinstance(part, ast.IfExp | ast.BoolOp | ast.Lambda | ast.Compare)
        text = self.lay_out(part, indent, len(indent + prefix) + 1)
        return f"({text})" if needs_brackets and not text.startswith("(\n") else text

    def lines(self, start: str, parts: list[tuple[str, ast.expr]], end: str, indent: str) -> str:
        inner = indent + INDENT
        texts = [prefix + self.entry(prefix, part, inner) for prefix, part in parts]
        return f"{start}\n" + "".join(f"{inner}{text},\n" for text in texts) + indent + end
