"""Writes the files that commands are asked for."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from sfn_provider.exceptions import UsageError


def write_file(path: str | Path, content: str | bytes) -> None:
    """Write a file atomically: a reader sees the old content or the new one, never a part.

    Args:
        path: the file; its folder exists.
        content: what to write; text becomes UTF-8.

    Raises:
        UsageError: where it cannot be written.
    """
    write_files({path: content})


def write_files(contents: Mapping[str | Path, str | bytes], *, make_folders: bool = False) -> None:
    """Write files of which none is changed unless all can be written.

    Each is written as a draft beside it, with a name that nobody can guess and that no other process has, and then
    moved into place; so a link that was put there is not followed, and two writers do not mix.

    Args:
        contents: what to write, by path. Text becomes UTF-8.
        make_folders: True to create the folders that do not exist; they must be there otherwise.

    Raises:
        UsageError: where one cannot be written. Nothing is left behind, folders that were created included.
    """
    drafts: dict[Path, Path] = {}
    folders: list[Path] = []
    path: str | Path = ""
    is_written = False
    try:
        for path, content in contents.items():
            target = Path(path)
            if target.is_dir():
                raise UsageError(f"{path} is a folder; name the file to write in it")
            if make_folders:
                _make_folders(target.parent, folders)
            check_folder(target)
            with NamedTemporaryFile(dir=target.parent, prefix=".sfn-provider-", delete=False) as draft:
                drafts[Path(draft.name)] = target
                draft.write(content.encode() if isinstance(content, str) else content)
            os.chmod(draft.name, _mode(target))
        for draft_path, target in [*drafts.items()]:
            path = target
            draft_path.replace(target)
            del drafts[draft_path]
        is_written = True
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:  # of what was interrupted, too
        for draft_path in drafts:
            with suppress(OSError):
                draft_path.unlink()
        for folder in reversed(folders if not is_written else []):
            with suppress(OSError):
                folder.rmdir()


def _make_folders(folder: Path, made: list[Path]) -> None:
    """Create a folder and those above it, where they do not exist, and append those that were created."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        made.append(each)


def _mode(target: Path) -> int:
    """Return the mode of a file that is there; for a new one what the process gives to new files."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        mask = os.umask(0o077)
        os.umask(mask)
        return 0o666 & ~mask


def check_folder(path: str | Path) -> None:
    """Check that the folder of a file exists.

    Raises:
        UsageError: where it does not, or is none.
    """
    folder = Path(path).parent
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{path}: cannot be written: {folder} is a file; name a folder")
    if not folder.is_dir():
        raise UsageError(f"{path}: cannot be written: there is no folder {folder}; create it first")
