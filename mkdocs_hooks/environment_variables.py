"""Finds the environment variables that the package reads: constants that name one, and options that have one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from mkdocs_hooks.public_names import ROOT

_NAME = re.compile(r"SFN_PROVIDER_[A-Z_]+")


def environment_variables() -> dict[str, str]:
    """Return the environment variables by name, each with the docstring of its constant or the help of its option.

    Raises:
        ValueError: where a constant has no docstring.
    """
    return dict(sorted(found for path in sorted((ROOT / "sfn_provider").rglob("*.py")) for found in _of_file(path)))


def _of_file(path: Path) -> Iterator[tuple[str, str]]:
    text = path.read_text(encoding="utf-8")
    if not _NAME.search(text):
        return
    tree = ast.parse(text)
    for options in map(_settings, ast.walk(tree)):
        if "envvar" in options:
            yield ast.literal_eval(options["envvar"]), f"An option's value: {ast.literal_eval(options['help'])}"
    for node, follower in pairwise([*tree.body, ast.Pass()]):
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if not (isinstance(value, ast.Constant) and isinstance(value.value, str) and _NAME.fullmatch(value.value)):
            continue
        is_documented = isinstance(follower, ast.Expr) and isinstance(follower.value, ast.Constant)
        if not is_documented:
            raise ValueError(f"{path}: {value.value} has no docstring behind it, from which the reference is made")
        yield value.value, " ".join(str(follower.value.value).split())


def _settings(node: ast.AST) -> dict[str, ast.expr]:
    """Return the settings of an option, where a node is one: a call with keywords, or a dict."""
    if isinstance(node, ast.Call):
        return {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {str(key.value): value for key, value in pairs if isinstance(key, ast.Constant)}
    return {}
