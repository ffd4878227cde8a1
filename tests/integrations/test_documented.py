from __future__ import annotations

from pathlib import Path

from sfn_provider.integrations import Supported, supported

DOCUMENT = Path(__file__).parents[2] / "docs" / "integrations.md"


def row(covered: Supported) -> str:
    return f"| `{covered.resource}` | {', '.join(covered.patterns)} | `{covered.error_prefix}.*` |"


def test_the_table_of_integrations_is_what_the_code_covers() -> None:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("| `")] == [row(covered) for covered in supported()]
