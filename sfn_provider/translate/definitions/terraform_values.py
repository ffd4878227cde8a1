"""Evaluates Terraform expressions; those without a known value become placeholders.

Source: https://developer.hashicorp.com/terraform/language/expressions
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.placeholders import make_placeholder
from sfn_provider.exceptions import UsageError

if TYPE_CHECKING:
    from lark import Token, Tree

Json = Any
Node = Any
"""A tree or a token of the parser (lark)."""

_ESCAPE = re.compile(r"\\(?:([nrt\"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_DIRECTIVE = re.compile(r"(?<!%)%\{")


def load_parser() -> Any:
    """Import the library that parses Terraform files.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import hcl2
    except ImportError as error:
        raise UsageError(
            "reading Terraform files needs python-hcl2: pip install 'airflow-provider-sfn[terraform]'"
        ) from error
    return hcl2


@dataclass(frozen=True)
class TerraformFile:
    """A Terraform file with its syntax tree.

    Args:
        file: its path, for errors.
        text: its text.
        tree: its syntax tree.
    """

    file: str
    text: str
    tree: Tree[Token]

    @classmethod
    def parse(cls, text: str, file: str) -> TerraformFile:
        """Parse a file.

        Raises:
            UsageError: it is not Terraform, or the parser is not installed.
        """
        hcl2 = load_parser()
        from lark.exceptions import LarkError

        try:
            return cls(file, text, hcl2.parses_to_tree(text))
        except LarkError as error:
            line, column = getattr(error, "line", None), getattr(error, "column", None)
            position = f":{line}:{column}" if isinstance(line, int) and line > 0 else ""
            raise UsageError(f"{file}{position}: not Terraform: {str(error).splitlines()[0]}") from None

    def blocks(self, kind: str) -> Iterator[tuple[list[str], dict[str, Node]]]:
        """Iterate over the blocks of a kind: their labels, and the expressions of their arguments by name."""
        for block in trees(self.tree.children[0], "block"):
            head, *labels = [child for child in block.children if child is not None and not _is(child, "body")]
            if self.source(head) == kind:
                names = [self.source(label).strip('"') for label in labels if not _is_token(label)]
                body = next(trees(block, "body"))
                yield names, {self.source(entry.children[0]): entry.children[2] for entry in trees(body, "attribute")}

    @cached_property
    def names(self) -> dict[str, Node]:
        """The expressions of the names in the file: ``local.x``, and the defaults of ``var.x``."""
        found: dict[str, Node] = {}
        for _, values in self.blocks("locals"):
            found |= {f"local.{name}": node for name, node in values.items()}
        for labels, values in self.blocks("variable"):
            if "default" in values:
                found[f"var.{labels[0]}"] = values["default"]
        return found

    def source(self, node: Node) -> str:
        """Return the text of a node."""
        tokens = [node] if _is_token(node) else list(node.scan_values(_is_token))
        return self.text[tokens[0].start_pos : tokens[-1].end_pos].strip() if tokens else ""

    def line(self, node: Node) -> int:
        """Return the line of a node, counted from 1."""
        tokens = [node] if _is_token(node) else list(node.scan_values(_is_token))
        return int(tokens[0].line)

    def value(self, node: Node, seen: tuple[str, ...] = ()) -> Json:
        """Return the JSON value of an expression; a placeholder if it is not known.

        Raises:
            UsageError: it cannot be read, such as a template with ``%{ if }``.
        """
        if _is(node, "expr_term"):
            inner = _expressions(node)
            if len(inner) == 1:
                return self.value(inner[0], seen)
        reader = READERS.get(str(getattr(node, "data", "")))
        if reader is not None:
            return reader(self, node, seen)
        return self.value_of_name(node, seen)

    def value_of_name(self, node: Node, seen: tuple[str, ...]) -> Json:
        """Return the value of a name in the file; a placeholder if it is not known."""
        name = self.source(node)
        if name in self.names and name not in seen:
            return self.value(self.names[name], (*seen, name))
        return make_placeholder(name)

    def heredoc(self, raw: str) -> str:
        """Return the text of a heredoc, with placeholders for its interpolations."""
        head, _, rest = raw.partition("\n")
        body = rest[: rest.rstrip().rfind("\n") + 1]
        return self.template(textwrap.dedent(body) if head.startswith("<<-") else body)

    def template(self, text: str) -> str:
        """Return the text of a template, with placeholders for its interpolations.

        Raises:
            UsageError: it has directives.
        """
        if _DIRECTIVE.search(text):
            raise UsageError(
                f"{self.file}: a definition with %{{ ... }} directives must be rendered by Terraform first"
            )
        parts, offset = [], 0
        while (start := text.find("${", offset)) >= 0:
            parts.append(text[offset:start])
            if start and text[start - 1] == "$":  # $${ is a literal ${
                parts.append("{")
                offset = start + 2
                continue
            end = _end_of(text, start + 2)
            parts.append(self.interpolation(text[start + 2 : end]))
            offset = end + 1
        return "".join([*parts, text[offset:]]).replace("%%{", "%{")

    def interpolation(self, expression: str) -> str:
        """Return the text for ``${expression}`` in a template."""
        name = expression.strip(" ~")
        if name in self.names:
            return as_text(self.value(self.names[name], (name,)))
        return make_placeholder(name)


def _object(file: TerraformFile, node: Node, seen: tuple[str, ...]) -> Json:
    fields = {}
    for element in trees(node, "object_elem"):
        key = next(trees(element, "object_elem_key")).children[0]
        inner = key.children[0] if _is(key, "expr_term") else key
        name = file.source(key) if _is(inner, "identifier") else as_text(file.value(key, seen))
        fields[name] = file.value(element.children[2], seen)
    return fields


def _tuple(file: TerraformFile, node: Node, seen: tuple[str, ...]) -> Json:
    return [file.value(entry, seen) for entry in _expressions(node)]


def _string(file: TerraformFile, node: Node, seen: tuple[str, ...]) -> Json:
    texts = []
    for part in trees(node, "string_part"):
        content = part.children[0]
        if _is(content, "interpolation"):
            texts.append(as_text(file.value(content.children[1], seen)))
        elif _is_token(content):
            text = str(content)
            texts.append(text[1:] if text.startswith(("$${", "%%{")) else _ESCAPE.sub(_unescape, text))
        else:
            raise UsageError(
                f"{file.file}:{file.line(node)}: a text with %{{ ... }} must be rendered by Terraform first"
            )
    return "".join(texts)


def _unescape(match: re.Match[str]) -> str:
    return _PLAIN_ESCAPES[match[1]] if match[1] else chr(int(match[2] or match[3], 16))


def _number(file: TerraformFile, node: Node, seen: tuple[str, ...]) -> Json:
    return json.loads(file.source(node))


def _negative(file: TerraformFile, node: Node, seen: tuple[str, ...]) -> Json:
    value = file.value(node.children[-1], seen)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return -value if is_number and str(node.children[0]) == "-" else make_placeholder(file.source(node))


def _heredoc(file: TerraformFile, node: Node, seen: tuple[str, ...]) -> Json:
    return file.heredoc(str(node.children[0]))


def _literal(file: TerraformFile, node: Node, seen: tuple[str, ...]) -> Json:
    values = {"true": True, "false": False, "null": None}
    name = file.source(node)
    return values[name] if name in values else file.value_of_name(node, seen)


def _call(file: TerraformFile, node: Node, seen: tuple[str, ...]) -> Json:
    name, arguments = call_of(file, node)
    if name == "jsonencode" and len(arguments) == 1:
        return json.dumps(file.value(arguments[0], seen), separators=(",", ":"))
    return make_placeholder(file.source(node))


READERS: dict[str, Callable[[TerraformFile, Node, tuple[str, ...]], Json]] = {
    "object": _object,
    "tuple": _tuple,
    "string": _string,
    "int_lit": _number,
    "float_lit": _number,
    "unary_op": _negative,
    "heredoc_template": _heredoc,
    "heredoc_template_trim": _heredoc,
    "identifier": _literal,
    "keyword": _literal,
    "literal_value": _literal,
    "function_call": _call,
}
"""The readers of expressions whose value may be in the file, by the parser's name."""


def call_of(file: TerraformFile, node: Node) -> tuple[str, list[Node]]:
    """Return the name and the arguments of a function call; an empty name for any other expression."""
    while _is(node, "expr_term") and len(node.children) == 1:
        node = node.children[0]
    if not _is(node, "function_call"):
        return "", []
    arguments = next(trees(node, "arguments"), None)
    return file.source(node.children[0]), _expressions(arguments) if arguments is not None else []


def as_text(value: Json) -> str:
    """Return a value as Terraform interpolates it."""
    return value if isinstance(value, str) else json.dumps(value)


def trees(node: Node, name: str) -> Iterator[Node]:
    """Iterate over the children of a node with a name."""
    return (child for child in node.children if _is(child, name))


def _end_of(text: str, start: int) -> int:
    """Return the offset of the ``}`` that ends an interpolation."""
    depth = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[{}]', text[start:]):
        if match[0] == "{":
            depth += 1
        elif match[0] == "}":
            if depth == 0:
                return start + match.start()
            depth -= 1
    raise UsageError("a text has ${ without its }")


def _expressions(node: Node) -> list[Node]:
    """Return the children of a node without tokens, line breaks and comments."""
    return [child for child in node.children if hasattr(child, "data") and not _is(child, "new_line_or_comment")]


def _is(node: Node, name: str) -> bool:
    return str(getattr(node, "data", "")) == name


def _is_token(node: Node) -> bool:
    return not hasattr(node, "data")
