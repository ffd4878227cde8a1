"""Parses Terraform files: blocks, attributes and expressions with their text and line.

Source: https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfn_provider.exceptions import UsageError

if TYPE_CHECKING:
    from lark import Token, Tree

Node = Any
"""A tree or a token of the parser (lark)."""


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
class SourceText:
    """A text that was parsed.

    Args:
        file: its path, for errors.
        text: the text.
    """

    file: str
    text: str

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
        return int(tokens[0].line) if tokens else 1

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
    tree = _parse(text, file)
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
    # Blank lines before it give the expression its line.
    padded = "\n" * (line - 1) + "x = (" + text + "\n)"
    tree = _parse(padded, file)
    attribute = next(trees(tree.children[0], "attribute"))
    inner = expressions(attribute.children[2])
    return Expression(SourceText(file, padded), inner[0] if inner else attribute.children[2])


def _parse(text: str, file: str) -> Tree[Token]:
    hcl2 = load_parser()
    from lark.exceptions import LarkError

    try:
        tree: Tree[Token] = hcl2.parses_to_tree(text)
    except (LarkError, RecursionError) as error:
        line, column = getattr(error, "line", None), getattr(error, "column", None)
        position = f":{line}:{column}" if isinstance(line, int) and line > 0 else ""
        problem = str(error).splitlines()[0] if str(error) else "it nests too deep"
        raise UsageError(f"{file}{position}: not Terraform: {problem}") from None
    return tree


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
