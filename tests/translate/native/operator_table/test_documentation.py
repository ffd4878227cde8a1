"""docs/operators.md has what the table of operators has; `make golden` does not write it, `write` does."""

from __future__ import annotations

from pathlib import Path

from sfn_provider.translate.native.operator_table.documentation import operator_lines, unused_lines

PAGE = Path(__file__).parents[4] / "docs" / "operators.md"
RULES = ("|---|---|---|---|---|---|", "|---|---|")


def lines_below(rule: str, lines: list[str]) -> list[str]:
    """The rows of the table whose rule is that line."""
    below = lines[lines.index(rule) + 1 :]
    return below[: next((index for index, line in enumerate(below) if not line.startswith("|")), len(below))]


def write() -> None:
    """Write both tables anew: ``python -m tests.translate.native.operator_table.test_documentation``."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for rule, rows in zip(RULES, (operator_lines(), unused_lines()), strict=True):
        start = lines.index(rule) + 1
        lines[start : start + len(lines_below(rule, lines))] = rows
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_the_page_has_the_table() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert [lines_below(rule, lines) for rule in RULES] == [operator_lines(), unused_lines()]


if __name__ == "__main__":
    write()
