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
def sources() -> tuple[str, ...]:
    """The package's code, by file."""
    return tuple(file.read_text(encoding="utf-8") for file in sorted((ROOT / "sfn_provider").rglob("*.py")))


@cache
def texts(source: str) -> tuple[str, ...]:
    """All texts in a file's code; what is put into a text at run time is ``…``."""
    return tuple(texts_of(ast.parse(source)))


def texts_of(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def is_in_the_code(message: str) -> bool:
    pieces = [piece for piece in message.split("…") if piece]
    pattern = re.compile(".*".join(map(re.escape, pieces)), re.DOTALL)
    words = re.findall(r"\w+", " ".join(pieces))
    # Parsing takes the most time, so only files that have each word; none is broken at the end of a line.
    files = (source for source in sources() if all(word in source for word in words))
    return any(pattern.search(text) for source in files for text in texts(source))


def test_the_page_has_messages() -> None:
    assert len(MESSAGES) > 30


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_is_in_the_code(message: str) -> None:
    assert is_in_the_code(message.replace("\\|", "|"))


def test_a_message_that_nobody_writes_is_found() -> None:
    assert not is_in_the_code("… has no such moon; there are …")
    assert is_in_the_code("…, but no task of the DAG runs that state…")
    assert not is_in_the_code("…, but no DAG of the task runs that state…")
