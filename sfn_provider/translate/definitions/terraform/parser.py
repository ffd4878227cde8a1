"""Parses Terraform's language into trees, with one bound for all files and templates of a folder."""

from __future__ import annotations

import functools
import gc
import io
import pickle
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.exceptions import UsageError

if TYPE_CHECKING:
    from lark import Token, Tree

MAX_TOKENS: Final = 100_000
"""Upper limit of the names, values and operators in what is parsed of a folder and its templates: a second's worth."""


TOKENS_OF_TEXT: Final = 110
"""As how many of them a text counts that is parsed, besides those in it."""

TOKENS_OF_BLOCK: Final = 10
"""As how many of them a block of a file counts that is parsed by itself."""


class TooManyTokensError(UsageError):
    """What is to be read of a folder has more than MAX_TOKENS."""


class _Budget:
    """How many tokens may be read yet, and what was parsed: loops of templates parse the same again and again."""

    def __init__(self) -> None:
        self.left = MAX_TOKENS
        self.trees: dict[str, Tree[Token]] = {}

    def spend(self, tokens: int) -> None:
        """Count tokens."""
        self.left -= tokens
        if self.left < 0:
            raise TooManyTokensError(
                f"the Terraform files have more than {MAX_TOKENS:,} names, values and operators: put large "
                "definitions into files of their own, which file() and templatefile() read"
            )

    def count(self, tokens: Iterator[Any]) -> Iterator[Any]:
        """Pass tokens on, and count them."""
        for token in tokens:
            self.spend(1)
            yield token


_budget: ContextVar[_Budget | None] = ContextVar("terraform_tokens", default=None)


@contextmanager
def bounded_parsing() -> Iterator[None]:
    """Bound all that is parsed within together."""
    token = _budget.set(_Budget())
    try:
        yield
    finally:
        _budget.reset(token)


def spend_tokens(tokens: int) -> None:
    """Count work that takes as long as parsing some tokens.

    Raises:
        UsageError: it is too much, with what was parsed before.
    """
    (_budget.get() or _Budget()).spend(tokens)


def load_grammar() -> None:
    """Import the parser.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import hcl2  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "reading Terraform files needs python-hcl2: pip install 'airflow-provider-sfn[terraform]'"
        ) from error


def parse_tree(text: str, file: str, first_line: int = 1, tokens: int = TOKENS_OF_TEXT) -> Tree[Token]:
    """Parse a text.

    Args:
        text: what stands in a file.
        file: the file, for errors.
        first_line: the text's line in it.
        tokens: as how many tokens it counts, besides its own.

    Raises:
        UsageError: it is not Terraform, there is too much of it, or the parser is not installed.
    """
    load_grammar()
    from lark.exceptions import LarkError

    budget = _budget.get() or _Budget()
    if text in budget.trees:
        return budget.trees[text]
    budget.spend(tokens)
    try:
        with _without_collection():
            tree: Tree[Token] = _load_parser().parse(text + "\n")  # the grammar has no end of a file
    except (LarkError, RecursionError) as error:
        raise UsageError(f"{file}{_describe(error, first_line)}") from None
    budget.trees[text] = tree
    return tree


def _describe(error: Exception, first_line: int) -> str:
    """Return the position of a parser's error in the file, and what it says."""
    line, column = getattr(error, "line", None), getattr(error, "column", None)
    problem = str(error).splitlines()[0] if str(error) else "it nests too deep"
    if not isinstance(line, int) or line < 1:
        return f": not Terraform: {problem}"
    line += first_line - 1
    return f":{line}:{column}: not Terraform: " + re.sub(r"\bat line \d+", f"at line {line}", problem)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Collect no garbage within: going through a tree that grows, again and again, is half of the work of parsing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@functools.lru_cache(maxsize=1)
def _load_parser() -> Any:
    """Return the parser of python-hcl2, but that its trees have no positions: the tokens have them.

    Positions of trees are most of the work of parsing.
    """
    from hcl2.parser import parser
    from hcl2.postlexer import PostLexer
    from lark import Lark

    class CountingLexer(PostLexer):
        def process(self, stream: Iterator[Any]) -> Iterator[Any]:
            return (_budget.get() or _Budget()).count(super().process(stream))

    saved = io.BytesIO()
    parser().save(saved)  # its tables, which would take a second to compute
    tables = pickle.loads(saved.getvalue())
    return Lark._load_from_dict(  # type: ignore[no-untyped-call]
        **tables, propagate_positions=False, postlex=CountingLexer()
    )
