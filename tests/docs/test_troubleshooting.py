"""The messages of docs/troubleshooting.md are messages of the package."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
MESSAGES = re.findall(r"^\| `([^`]*…[^`]*|[^`]{40,})` \|", PAGE, re.MULTILINE)


@cache
def texts() -> tuple[str, ...]:
    """All texts in the package's code; what is put into a text at run time is ``…``."""
    files = sorted((ROOT / "sfn_provider").rglob("*.py"))
    return tuple(text for file in files for text in texts_of(ast.parse(file.read_text(encoding="utf-8"))))


def texts_of(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def is_in_the_code(message: str) -> bool:
    pieces = [piece for piece in message.split("…") if piece]
    pattern = re.compile(".*".join(map(re.escape, pieces)), re.DOTALL)
    return any(pattern.search(text) for text in texts())


def test_the_page_has_messages() -> None:
    assert len(MESSAGES) > 30


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_is_in_the_code(message: str) -> None:
    assert is_in_the_code(message.replace("\\|", "|"))


def test_a_message_that_nobody_writes_is_found() -> None:
    assert not is_in_the_code("… has no such moon; there are …")
