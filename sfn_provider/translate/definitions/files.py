"""Reads text files, with a UsageError that names the problem."""

from __future__ import annotations

from pathlib import Path

from sfn_provider.exceptions import UsageError


def read_file(path: str, what: str) -> str:
    """Read a text file.

    Args:
        path: the file.
        what: its expected content, for the message.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise UsageError(f"{path}: there is no such file; it should hold {what}") from error
    except IsADirectoryError as error:
        raise UsageError(f"{path} is a folder; name the file that holds {what}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text (byte {error.start}); it should hold {what}") from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error


def sibling_path(file: str, path: str) -> str:
    """Return a path that is relative to another file's folder."""
    return str(Path(file).parent / path)


def read_sibling(file: str, path: str, what: str) -> str:
    """Read a text file whose path is relative to another file's folder."""
    return read_file(sibling_path(file, path), what)
