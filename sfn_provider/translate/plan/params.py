"""Checks the default input of a DAG, which its file has as a literal."""

from __future__ import annotations

from typing import Final

from sfn_provider.asl.json_values.json_checks import find_invalid_json
from sfn_provider.asl.scope import Json

_MAX_DEPTH: Final = 128
"""How many lists and objects may lie in one another: Python reads no file with 200 brackets in one another."""


def params_problem(value: Json) -> str | None:
    """Return in words why a value cannot be the default input of a DAG; None where it can.

    Args:
        value: a JSON value.
    """
    found = find_invalid_json(value, _MAX_DEPTH)
    return f"nests deeper than {_MAX_DEPTH} levels" if found is not None and found.is_depth else None
