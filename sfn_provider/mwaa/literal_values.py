"""Evaluates literal expressions of a DAG file, without running it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

PLACEHOLDER: Final = "${value}"
"""Stands in a text for a part that is known only in a run, as an f-string has."""


_MAX_NAMES: Final = 8
"""Names within names: more of them could make a value of any size."""


class Unknown(Enum):
    """A value that is known only in a run."""

    UNKNOWN = "known only in a run"


UNKNOWN: Final = Unknown.UNKNOWN


def assigned_expressions(tree: ast.AST) -> dict[str, ast.expr]:
    """Return the expressions of the names that a file assigns once, at any level, and changes nowhere else."""
    stored = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and _is_changed(node))
    stored.update(node.arg for node in ast.walk(tree) if isinstance(node, ast.arg))
    found: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if value is not None and len(targets) == 1 and isinstance(targets[0], ast.Name) and stored[targets[0].id] == 1:
            found[targets[0].id] = value
    return found


def _is_changed(name: ast.Name) -> bool:
    return not isinstance(name.ctx, ast.Load)


def evaluate(node: ast.expr, names: Mapping[str, ast.expr], within: frozenset[str] = frozenset()) -> Any:
    """Return the value of an expression.

    Args:
        node: the expression.
        names: the expressions that names stand for.
        within: the names whose expressions it is in; they have no value there.

    Returns:
        JSON, in which what is known only in a run is ``UNKNOWN``, or `PLACEHOLDER` as a part of a text.
    """
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str | int | float | None) else UNKNOWN
    if isinstance(node, ast.Name) and node.id in names and node.id not in within and len(within) < _MAX_NAMES:
        return evaluate(names[node.id], names, within | {node.id})
    if isinstance(node, ast.List | ast.Tuple) and not any(isinstance(item, ast.Starred) for item in node.elts):
        return [evaluate(item, names, within) for item in node.elts]
    if isinstance(node, ast.Dict):
        return _object(node, names, within)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, names, within) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return evaluate(node.value, names, within) if node.format_spec is None and node.conversion == -1 else UNKNOWN
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [evaluate(side, names, within) for side in (node.left, node.right)]
        known = [side for side in sides if isinstance(side, str)]
        return "".join(side if isinstance(side, str) else PLACEHOLDER for side in sides) if known else UNKNOWN
    return UNKNOWN


def _object(node: ast.Dict, names: Mapping[str, ast.expr], within: frozenset[str]) -> Any:
    """Return an object; UNKNOWN where it may have members that the file does not show."""
    members: dict[str, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        member = evaluate(value, names, within)
        if key is None and isinstance(member, dict):
            members |= member
        elif key is not None and isinstance(name := evaluate(key, names, within), str) and PLACEHOLDER not in name:
            members[name] = member
        else:
            return UNKNOWN
    return members


def _text(part: ast.expr, names: Mapping[str, ast.expr], within: frozenset[str]) -> str:
    value = evaluate(part, names, within)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else PLACEHOLDER
