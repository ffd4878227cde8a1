"""Tables in files and pipes: whole cells, no padding."""

from __future__ import annotations

import pytest

from sfn_provider.cli.output import tables

ROWS = [["Count", "x" * 200], ["A", ""]]


def test_in_a_file_no_cell_is_cut_and_no_line_is_padded(capsys: pytest.CaptureFixture[str]) -> None:
    tables.console().print(tables.table("States", ("State", "Output"), ROWS))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "States"
    assert f"  Count   {'x' * 200}" in lines and "  A" in lines
    assert [line for line in lines if line != line.rstrip()] == []
    assert max(map(len, lines)) == len(f"  Count   {'x' * 200} ")  # the rule below the names


def test_a_short_table_is_short(capsys: pytest.CaptureFixture[str]) -> None:
    tables.console().print(tables.table("States", ("State", "Output"), [["A", "1"]]))
    assert max(map(len, capsys.readouterr().out.splitlines())) == len("  State   Output ")
