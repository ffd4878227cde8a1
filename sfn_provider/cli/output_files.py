"""Writes the files that commands are asked for."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sfn_provider.exceptions import UsageError


def write_file(path: str | Path, content: str | bytes) -> None:
    """Write a file atomically: a reader sees the old content or the new one, never a part.

    Args:
        path: the file; its folder exists.
        content: what to write; text becomes UTF-8.

    Raises:
        UsageError: where it cannot be written.
    """
    target = Path(path)
    draft = target.with_name(f".{target.name}.part")
    try:
        if target.is_dir():
            raise UsageError(f"{path} is a folder; name the file to write in it")
        check_folder(target)
        draft.write_bytes(content.encode() if isinstance(content, str) else content)
        draft.replace(target)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error


def check_folder(path: str | Path) -> None:
    """Check that the folder of a file exists.

    Raises:
        UsageError: where it does not.
    """
    folder = Path(path).parent
    if not folder.is_dir():
        raise UsageError(f"{path}: cannot be written: there is no folder {folder}; create it first")


def make_folder(path: str | Path) -> Path:
    """Create a folder and those above it, where they do not exist.

    Raises:
        UsageError: where it cannot be created.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror or error}") from error
    return folder
