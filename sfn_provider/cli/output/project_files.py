"""Writes files for people to change, but not over files that were changed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from sfn_provider.cli.output.files import check_folder, write_file, write_files
from sfn_provider.exceptions import UsageError

RECORD = ".sfn-provider.json"
"""The file in the folder that says what was written: the digest of each file by its path."""


def write_project(folder: str, files: Mapping[str, str]) -> None:
    """Write files into a folder; several projects may share it.

    Args:
        folder: the folder; it is created where it does not exist.
        files: the texts by their paths below the folder.

    Raises:
        UsageError: where a file is there that this command has not written, or that was changed since; nothing is
            written then. Or where one cannot be written.
    """
    contents = {path: text.encode() for path, text in files.items()}
    _write_folder(Path(folder), contents, f"--project {folder}: ", "move it away, or name another folder")


def write_bundle(folder: str, files: Mapping[str, bytes], *, overwrite: bool, superseded: Collection[str] = ()) -> None:
    """Write the files of a bundle into a folder.

    Args:
        folder: the folder; it is created where it does not exist.
        files: the contents by their paths below the folder.
        overwrite: write them in any case.
        superseded: paths below the folder of what an earlier bundle may have had and this one has not; such a file is
            removed where it is as it was written.

    Raises:
        UsageError: as for `write_project`.
    """
    todo = "add --overwrite, move it away, or name another folder"
    _write_folder(Path(folder), files, "", todo, overwrite=overwrite, superseded=superseded)


def _write_folder(
    root: Path,
    files: Mapping[str, bytes],
    where: str,
    todo: str,
    *,
    overwrite: bool = False,
    superseded: Collection[str] = (),
) -> None:
    written = _read_record(root / RECORD)
    others = [path for path in files if not _is_own(root / path, written.get(path), files[path])]
    if others and not overwrite:
        listed = ", ".join(str(root / path) for path in others)
        raise UsageError(
            f"{where}{listed} {'is' if len(others) == 1 else 'are'} not as this command has written it; {todo}. "
            "Nothing is written"
        )
    gone = [path for path in superseded if path in written and _is_own(root / path, written.pop(path), b"")]
    written |= {path: _digest(content) for path, content in files.items()}
    contents: dict[str | Path, str | bytes] = {root / path: content for path, content in files.items()}
    write_files({**contents, root / RECORD: _record_text(written)}, make_folders=True)
    for path in gone:
        with suppress(FileNotFoundError):
            (root / path).unlink()


def write_owned(path: str, text: str, *, overwrite: bool) -> None:
    """Write a file, but not over one that was changed, or that others have written.

    Args:
        path: the file; its folder exists.
        text: what to write.
        overwrite: write it in any case.

    Raises:
        UsageError: where such a file is there; or where it cannot be written.
    """
    file = Path(path)
    check_folder(file)
    if not _may_have_record(file):
        write_file(path, text)
        return
    record = file.parent / RECORD
    written = _read_record(record)
    if not overwrite and not _is_own(file, written.get(file.name), text.encode()):
        raise UsageError(
            f"{path} was changed since this command wrote it, or others have written it. Add --overwrite, or name "
            "another file. Nothing is written"
        )
    written[file.name] = _digest(text.encode())
    write_files({path: text, record: _record_text(written)})


def _may_have_record(file: Path) -> bool:
    """Whether a path is none of a folder, of a device such as ``/dev/stdout``, or one that cannot be."""
    try:
        return not file.exists() or file.is_file()
    except OSError:  # a name that is too long
        return False


def _record_text(written: Mapping[str, str]) -> str:
    return json.dumps({"written": dict(sorted(written.items()))}, indent=2) + "\n"


def _is_own(path: Path, digest: str | None, content: bytes) -> bool:
    """Whether a file is not there, is empty, or is just as it was written or would be."""
    if not os.path.exists(path):  # not Path.exists, which raises for a name that is too long
        return True
    if not os.path.isfile(path):
        return False
    try:
        return path.stat().st_size == 0 or _digest(path.read_bytes()) in (digest, _digest(content))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read_record(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_bytes())["written"]
        return {str(name): str(digest) for name, digest in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: is no record of written files ({error}); move it away") from error
