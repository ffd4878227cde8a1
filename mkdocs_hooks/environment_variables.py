"""Finds the environment variables that the package reads, by the constants that name them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from mkdocs_hooks.public_names import ROOT

_NAME = re.compile(r"SFN_PROVIDER_[A-Z_]+")


def environment_variables() -> dict[str, str]:
    """Return the environment variables by name, each with the docstring of its constant.

    Raises:
        ValueError: where a constant has no docstring.
    """
    return dict(sorted(found for path in sorted((ROOT / "sfn_provider").rglob("*.py")) for found in _of_file(path)))


def _of_file(path: Path) -> Iterator[tuple[str, str]]:
    text = path.read_text(encoding="utf-8")
    if not _NAME.search(text):
        return
    for node, follower in pairwise([*ast.parse(text).body, ast.Pass()]):
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if not (isinstance(value, ast.Constant) and isinstance(value.value, str) and _NAME.fullmatch(value.value)):
            continue
        is_documented = isinstance(follower, ast.Expr) and isinstance(follower.value, ast.Constant)
        if not is_documented:
            raise ValueError(f"{path}: {value.value} has no docstring behind it, from which the reference is made")
        yield value.value, " ".join(str(follower.value.value).split())
