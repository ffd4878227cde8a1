"""Reads the files of definitions and templates, and those beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sfn_provider.exceptions import UsageError
from sfn_provider.text_files import read_text_file

MAX_BYTES: Final = 4 * 1024 * 1024
"""The largest file of a definition or a template: a definition has up to 1,048,576 characters, beside blanks and
comments, and a CloudFormation template a million bytes."""


def read_file(path: str, what: str) -> str:
    """Read a text file.

    Args:
        path: the file.
        what: its expected content, for the message.

    Raises:
        UsageError: it cannot be read, or is larger than `MAX_BYTES`.
    """
    return read_text_file(path, what, MAX_BYTES)


def sibling_path(file: str, path: str) -> str:
    """Return a path that is relative to another file's folder."""
    return str(Path(file).parent / path)


def read_sibling(file: str, path: str, what: str) -> str:
    """Read a text file that another file names, relative to its folder.

    Args:
        file: the other file. Nothing outside of its folder is read; ``ABOVE//FOLDER/FILE`` permits what is in ABOVE.
        path: the path.
        what: its expected content, for the message.

    Raises:
        UsageError: it is outside of the folder, also by a link, or cannot be read.
    """
    found, folder = Path(file).parent / path, Path(file).parent
    above = file.partition("//")[0] if "//" in file else ""
    if not found.resolve().is_relative_to(Path(above or folder).resolve()):
        raise UsageError(
            f"{file}: {path} is outside of the folder of the file, and nothing outside of it is read unless you "
            f"permit it: name the file as ABOVE//{Path(file).name}, with // behind the folder that has both"
        )
    return read_file(str(found), what)
