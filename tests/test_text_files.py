"""Files that somebody else may have written: what is refused, and that it is refused at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.text_files import MAX_VALUES, TOO_MANY_DIGITS, parse_json_text, read_text_file


def test_a_byte_order_mark_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf{}")
    assert read_text_file(tmp_path / "a.json", "JSON") == "{}"


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="pipe is a device or a pipe; write prices into a file"):
        read_text_file(tmp_path / "pipe", "prices")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_refused_also_behind_a_link(tmp_path: Path, device: str) -> None:
    (tmp_path / "link").symlink_to(device)
    for path in (Path(device), tmp_path / "link"):
        with pytest.raises(UsageError, match="is a device or a pipe"):
            read_text_file(path, "prices")


def test_a_file_may_have_so_many_bytes_and_not_one_more(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x" * 10)
    assert read_text_file(tmp_path / "a", "x", max_bytes=10) == "x" * 10
    with pytest.raises(UsageError, match="has 10 bytes; a file that holds x may have 9 at most"):
        read_text_file(tmp_path / "a", "x", max_bytes=9)


@pytest.mark.parametrize(
    ("text", "problem"),
    {
        "a constant": ("[NaN]", "NaN is no JSON number"),
        "depth": ("[" * 100_000, "lie too deep"),
        "digits": ("9" * 5_000, TOO_MANY_DIGITS),
        "values": ("[" + "," * MAX_VALUES, "has more than 3,000,000 values"),
        "no JSON": ("{", "line 1, column 2; write JSON"),
    }.values(),
    ids=["a constant", "depth", "digits", "values", "no JSON"],
)
def test_json_that_is_refused(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        parse_json_text(text, "here", "; write JSON")
