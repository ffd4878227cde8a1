"""Parses Terraform files: blocks, attributes and expressions with their text and line.

Source: https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from sfn_provider.translate.definitions.terraform.block_texts import BlockText, split_blocks
from sfn_provider.translate.definitions.terraform.parser import TOKENS_OF_BLOCK, load_grammar, parse_tree, spend_tokens

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
class Body:
    """What stands between the braces of a block, or in a file.

    Args:
        attributes: the expressions of its arguments by name.
        blocks: the blocks inside.
    """

    attributes: dict[str, Expression]
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Block:
    """A block: ``resource "aws_sfn_state_machine" "pipeline" { ... }``.

    Args:
        kind: its first word, such as ``resource``.
        labels: its labels.
        origin: the text that it stands in.
        read: parses what is in it; a folder has more blocks than a machine needs.
    """

    kind: str
    labels: tuple[str, ...]
    origin: SourceText
    read: Callable[[], Body]

    @cached_property
    def body(self) -> Body:
        """What is in it.

        Raises:
            UsageError: it is not Terraform, or there is too much of it.
        """
        return self.read()

    @property
    def attributes(self) -> dict[str, Expression]:
        """The expressions of its arguments by name."""
        return self.body.attributes

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks inside."""
        return self.body.blocks

    def may_have(self, *names: str) -> bool:
        """Whether its text has one of some words, so that it may have an argument of that name."""
        return any(name in self.origin.text for name in names)

    def block(self, kind: str) -> Block | None:
        """Return the first block inside of a kind; None if there is none."""
        return next((block for block in self.blocks if block.kind == kind), None)

    def merged(self, override: Block) -> Block:
        """Return the block with the arguments and blocks of one in an override file.

        Source: https://developer.hashicorp.com/terraform/language/files/override
        """
        text = self.origin.text + "\n" + override.origin.text
        origin = SourceText(self.origin.file, text, self.origin.first_line)
        return Block(self.kind, self.labels, origin, partial(_merge, self, override))


def _merge(block: Block, override: Block) -> Body:
    kinds = {inner.kind for inner in override.blocks}
    blocks = (*(inner for inner in block.blocks if inner.kind not in kinds), *override.blocks)
    return Body({**block.attributes, **override.attributes}, blocks)


def _read_body(origin: SourceText, body: Node) -> Body:
    attributes = {
        origin.source(entry.children[0]): Expression(origin, entry.children[2]) for entry in trees(body, "attribute")
    }
    return Body(attributes, tuple(_read_block(origin, block) for block in trees(body, "block")))


def _read_block(origin: SourceText, block: Node) -> Block:
    head, *labels = [child for child in block.children if child is not None and not is_tree(child, "body")]
    names = tuple(origin.source(label).strip('"') for label in labels if not is_token(label))
    return Block(origin.source(head), names, origin, partial(_read_body, origin, next(trees(block, "body"))))


def parse_blocks(text: str, file: str) -> tuple[Block, ...]:
    """Return the blocks of a file, each of which is parsed when it is needed.

    Raises:
        UsageError: it is not Terraform, or the parser is not installed.
    """
    load_grammar()
    found = split_blocks(text, spend_tokens)
    if found is None:
        return parse_file(text, file).blocks
    return tuple(_unread_block(block, file) for block in found)


def _unread_block(block: BlockText, file: str) -> Block:
    origin = SourceText(file, block.text, block.line)
    return Block(block.kind, block.labels, origin, partial(_parse_block, origin))


def _parse_block(origin: SourceText) -> Body:
    tree = parse_tree(origin.text, origin.file, origin.first_line, TOKENS_OF_BLOCK)
    return _read_body(origin, tree.children[0]).blocks[0].body


def parse_file(text: str, file: str) -> Body:
    """Parse a file.

    Raises:
        UsageError: it is not Terraform, or the parser is not installed.
    """
    return _read_body(SourceText(file, text), parse_tree(text, file).children[0])


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
