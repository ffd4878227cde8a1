"""Reads the code blocks of the documentation, and the commands in them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "CONTRIBUTING.md", *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.md")))

_BLOCK = re.compile(
    r"^(?:<!-- needs (?P<needs>[^>]*) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_PROGRAMS = ("sfn-provider", "make", "pip", "python", "aws", "airflow", "eval", "_SFN_PROVIDER_COMPLETE=")


@dataclass(frozen=True)
class Block:
    """A block of a page.

    Args:
        page: the page, relative to the repository.
        line: the line of its first fence.
        language: what stands behind the fence.
        needs: what it needs that a test has not: ``AWS``; None where it needs nothing.
        text: what is in it.
    """

    page: str
    line: int
    language: str
    needs: str | None
    text: str

    @property
    def commands(self) -> list[Command]:
        """The commands in it: all lines, or those behind ``$``. None where it shows something else."""
        lines = self.text.replace("\\\n", " ").splitlines()
        prompts = [line[2:] for line in lines if line.startswith("$ ")]
        if self.language or not (prompts or (lines and lines[0].startswith(_PROGRAMS))):
            return []
        return [Command(self, line) for line in prompts or lines if line.strip()]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A command of a block.

    Args:
        block: the block.
        line: its text, on one line.
    """

    block: Block
    line: str

    @property
    def words(self) -> list[str]:
        """Its program and arguments, without a comment and without what sends its output into a file."""
        words = shlex.split(re.sub(r"\s# .*$", "", self.line))
        return words[: words.index(">")] if ">" in words else words

    @property
    def is_own(self) -> bool:
        """Whether it is a command of this package."""
        return self.words[0] == "sfn-provider"

    def __str__(self) -> str:
        return f"{self.block}: {self.line}"


@cache
def blocks() -> tuple[Block, ...]:
    """All blocks of all pages."""
    return tuple(block for page in PAGES for block in blocks_of(page, (ROOT / page).read_text(encoding="utf-8")))


def blocks_of(page: str, text: str) -> list[Block]:
    """The blocks of a text."""
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found["language"], found["needs"], found["text"])
        for found in _BLOCK.finditer(text)
    ]


def commands() -> list[Command]:
    """All commands of all pages."""
    return [command for block in blocks() for command in block.commands]
