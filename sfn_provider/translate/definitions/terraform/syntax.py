"""Parses Terraform files: blocks, attributes and expressions with their text and line.

Source: https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sfn_provider.translate.definitions.terraform.parser import parse_tree

Node = Any
"""A tree or a token of the parser (lark)."""


@dataclass(frozen=True)
class SourceText:
    """A text that was parsed.

    Args:
        file: its path, for errors.
        text: the text.
        first_line: its line in the file.
    """

    file: str
    text: str
    first_line: int = 1

    def source(self, node: Node) -> str:
        """Return the text of a node."""
        tokens = [node] if is_token(node) else list(node.scan_values(is_token))
        return self.text[tokens[0].start_pos : tokens[-1].end_pos].strip() if tokens else ""


@dataclass(frozen=True)
class Expression:
    """An expression with the text that it stands in.

    Args:
        origin: the text.
        node: the syntax tree.
    """

    origin: SourceText
    node: Node

    @property
    def source(self) -> str:
        """The text of the expression."""
        return self.origin.source(self.node)

    @property
    def line(self) -> int:
        """Its line, counted from 1."""
        tokens = [self.node] if is_token(self.node) else list(self.node.scan_values(is_token))
        return self.origin.first_line - 1 + (int(tokens[0].line) if tokens else 1)

    @property
    def place(self) -> str:
        """``file:line``."""
        return f"{self.origin.file}:{self.line}"

    def at(self, node: Node) -> Expression:
        """Return another expression of the same text."""
        return Expression(self.origin, node)


@dataclass(frozen=True)
class Block:
    """A block: ``resource "aws_sfn_state_machine" "pipeline" { ... }``.

    Args:
        kind: its first word, such as ``resource``.
        labels: its labels.
        attributes: the expressions of its arguments by name.
        blocks: the blocks inside.
        origin: the text that it stands in.
    """

    kind: str
    labels: tuple[str, ...]
    attributes: dict[str, Expression]
    blocks: tuple[Block, ...]
    origin: SourceText

    def block(self, kind: str) -> Block | None:
        """Return the first block inside of a kind; None if there is none."""
        return next((block for block in self.blocks if block.kind == kind), None)

    def merged(self, override: Block) -> Block:
        """Return the block with the arguments and blocks of one in an override file.

        Source: https://developer.hashicorp.com/terraform/language/files/override
        """
        kinds = {block.kind for block in override.blocks}
        blocks = (*(block for block in self.blocks if block.kind not in kinds), *override.blocks)
        return Block(self.kind, self.labels, {**self.attributes, **override.attributes}, blocks, self.origin)


@dataclass(frozen=True)
class _BlockReader:
    origin: SourceText

    def read(self, body: Node, kind: str = "", labels: tuple[str, ...] = ()) -> Block:
        attributes = {
            self.origin.source(entry.children[0]): Expression(self.origin, entry.children[2])
            for entry in trees(body, "attribute")
        }
        blocks = tuple(self._block(block) for block in trees(body, "block"))
        return Block(kind, labels, attributes, blocks, self.origin)

    def _block(self, block: Node) -> Block:
        head, *labels = [child for child in block.children if child is not None and not is_tree(child, "body")]
        names = tuple(self.origin.source(label).strip('"') for label in labels if not is_token(label))
        return self.read(next(trees(block, "body")), self.origin.source(head), names)


def parse_file(text: str, file: str) -> Block:
    """Parse a file; its arguments and blocks are those of the block that is returned.

    Raises:
        UsageError: it is not Terraform, or the parser is not installed.
    """
    tree = parse_tree(text, file)
    return _BlockReader(SourceText(file, text)).read(tree.children[0])


def parse_expression(text: str, file: str, line: int = 1) -> Expression:
    """Parse an expression that stands in a template.

    Args:
        text: the expression.
        file: the template's file, for errors.
        line: the expression's line in it.

    Raises:
        UsageError: it is no expression, or the parser is not installed.
    """
    attributed = "x = (" + text + "\n)"
    tree = parse_tree(attributed, file, line)
    attribute = next(trees(tree.children[0], "attribute"))
    inner = expressions(attribute.children[2])
    return Expression(SourceText(file, attributed, line), inner[0] if inner else attribute.children[2])


def trees(node: Node, name: str) -> Iterator[Node]:
    """Iterate over the children of a node with a name."""
    return (child for child in node.children if is_tree(child, name))


def expressions(node: Node) -> list[Node]:
    """Return the children of a node without tokens, line breaks and comments."""
    return [child for child in node.children if hasattr(child, "data") and not is_tree(child, "new_line_or_comment")]


def is_tree(node: Node, name: str) -> bool:
    """Whether a node is a tree with a name."""
    return str(getattr(node, "data", "")) == name


def is_token(node: Node) -> bool:
    """Whether a node is a token; None, where the grammar has an optional part, is none."""
    return node is not None and not hasattr(node, "data")
