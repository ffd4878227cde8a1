"""Files are written whole or not at all, under names that nobody can guess."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.cli.output import files as output_files
from sfn_provider.cli.output.files import write_file, write_files
from sfn_provider.exceptions import UsageError


def test_a_file_keeps_its_mode_and_a_new_one_has_that_of_the_process(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("before")
    old.chmod(0o640)
    write_files({old: "after", new: b"new"})
    mask = os.umask(0)
    os.umask(mask)
    assert (old.read_text(), stat.S_IMODE(old.stat().st_mode)) == ("after", 0o640)
    assert (new.read_bytes(), stat.S_IMODE(new.stat().st_mode)) == (b"new", 0o666 & ~mask)


def test_a_file_is_no_folder_to_write_into(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(UsageError, match=r"taken is a file; name a folder"):
        write_files({tmp_path / "taken" / "workflow.yaml": "w"}, make_folders=True)
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_link_that_lies_where_a_draft_may_be_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    for name in (".out.part", ".out", "out.part", "out"):
        (tmp_path / name).symlink_to(precious)
    write_file(tmp_path / "out", "written")
    assert (tmp_path / "out").read_text() == "written" and not (tmp_path / "out").is_symlink()
    assert precious.read_text() == "mine"


def test_two_writers_do_not_mix(tmp_path: Path) -> None:
    texts = [letter * 500_000 for letter in "ab"]
    writers = [threading.Thread(target=write_file, args=(tmp_path / "out", text)) for text in texts * 10]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (tmp_path / "out").read_text() in texts
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


class FullDisk:
    """A draft on a disk that is full from the second file on."""

    count = 0

    def __init__(self, make: Any, **arguments: Any) -> None:
        self.draft = make(**arguments)
        self.name = self.draft.name

    def __enter__(self) -> FullDisk:
        return self

    def __exit__(self, *error: object) -> None:
        self.draft.close()

    def write(self, content: bytes) -> None:
        FullDisk.count += 1
        self.draft.write(content[:3])
        if FullDisk.count > 1:
            raise OSError(28, "No space left on device")


def test_a_full_disk_leaves_all_files_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("before")
    make = output_files.NamedTemporaryFile
    monkeypatch.setattr(FullDisk, "count", 0)
    monkeypatch.setattr(output_files, "NamedTemporaryFile", lambda **arguments: FullDisk(make, **arguments))
    with pytest.raises(UsageError, match="b: cannot be written: No space left on device"):
        write_files({tmp_path / "a": "after", tmp_path / "b": "after"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "before"}
