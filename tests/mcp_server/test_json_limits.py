"""What is left of the output of commands, and how results are shortened."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sfn_provider.mcp_server.json_limits import shorten_json

VALUES: dict[str, dict[str, Any]] = {
    "texts": {"source": "x" * 5000, "n": 1},
    "lists": {"rows": [{"name": f"row {number}", "text": "y" * 50} for number in range(1000)]},
    "objects": {"cases": {f"case {number}": {"agrees": True} for number in range(1000)}},
    "depth": {"deep": json.loads('{"a":' * 200 + "1" + "}" * 200), "text": "z" * 2000},
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_what_is_too_long_is_shortened_and_says_so(value: dict[str, Any]) -> None:
    assert shorten_json(value, 100_000) is value
    short = shorten_json(value, 1000)
    text = json.dumps(short)
    assert len(text) <= 1000 and short["shortened"] == (
        f"{len(json.dumps(value)):,} characters of JSON are shortened to at most 1,000"
    )
    assert "more" in text.partition("shortened to")[2] or "too deep" in text


def test_where_nothing_fits_it_says_that() -> None:
    value = {f"member {number}": ["w" * 60] * 3 for number in range(3)}
    assert shorten_json(value, 200) == {
        "shortened": f"{len(json.dumps(value)):,} characters of JSON are shortened to at most 200: nothing of it is "
        "left; ask for less, or for a file"
    }
