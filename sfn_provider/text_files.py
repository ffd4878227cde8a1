"""Reads text and JSON files that somebody else may have written: regular files, of bounded size.

Imports the standard library and `sfn_provider.exceptions` and `strict_json`: every module above may import this one.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sfn_provider.exceptions import UsageError
from sfn_provider.strict_json import InvalidConstant, parse_strict_json

MAX_BYTES = 32 * 1024 * 1024
"""The largest file that is read as one text. Objects of an ItemReader are read in chunks and may be larger."""

MAX_VALUES = 3_000_000
"""Upper limit of the values in a JSON text, counted by its brackets, braces and commas, those in strings included.

A value takes up to a hundred times the memory of its text: 3,000,000 take 300 MB at most.
"""


def read_text_file(path: str | Path, what: str, max_bytes: int = MAX_BYTES) -> str:
    """Read a text file; a byte order mark is left out.

    Args:
        path: the file.
        what: its expected content, for the message: ``a state machine definition``.
        max_bytes: its largest size.

    Raises:
        UsageError: it is no regular file (a device or a pipe could go on for ever), is too large, is not UTF-8, or
            cannot be read.
    """
    try:
        content = _read_bytes(path, what, max_bytes)
        return content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise UsageError(f"{path}: there is no such file; it should hold {what}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text (byte {error.start}); it should hold {what}") from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # a null byte in the name
        raise UsageError(f"{path!r}: cannot be read: {error}") from error


def _read_bytes(path: str | Path, what: str, max_bytes: int) -> bytes:
    # Without O_NONBLOCK, opening a pipe would wait for somebody who writes into it.
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)), "rb") as file:
        status = os.fstat(file.fileno())
        if stat.S_ISDIR(status.st_mode):
            raise UsageError(f"{path} is a folder; name the file that holds {what}")
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{path} is a device or a pipe; write {what} into a file and name it")
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        size = f"{max(status.st_size, len(content)):,} bytes"
        raise UsageError(f"{path}: has {size}; a file that holds {what} may have {max_bytes:,} at most")
    return content


def read_json_file(path: str | Path, what: str, hint: str = "", max_bytes: int = MAX_BYTES) -> Any:
    """Read a JSON file.

    Args:
        path: the file.
        what: its expected content, for the message.
        hint: what to do where it is no JSON, for the message.
        max_bytes: its largest size.

    Raises:
        UsageError: as for `read_text_file` and `parse_json_text`.
    """
    return parse_json_text(read_text_file(path, what, max_bytes), str(path), hint)


TOO_MANY_DIGITS = "a number has too many digits: Python reads integers of up to 4,300"


def json_problem(error: ValueError) -> str:
    """Return what is wrong with a JSON text.

    Args:
        error: what `json.loads` has raised. It is no `json.JSONDecodeError` for integers that Python does not read.
    """
    message = str(error)
    return TOO_MANY_DIGITS if message.startswith("Exceeds the limit") else message


def parse_json_text(
    text: str,
    where: str,
    hint: str = "",
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
) -> Any:
    """Parse JSON.

    Args:
        text: the text.
        where: where it stands, for errors.
        hint: what to do where it is no JSON, for errors.
        object_pairs_hook: as for `json.loads`.

    Raises:
        UsageError: it is no JSON, has NaN or infinite numbers, numbers of more digits than Python reads, more than
            `MAX_VALUES` values, or nests too deep.
    """
    if sum(map(text.count, "[{,")) > MAX_VALUES:
        raise UsageError(f"{where}: has more than {MAX_VALUES:,} values")

    try:
        return parse_strict_json(text, finite=False, object_pairs_hook=object_pairs_hook)
    except InvalidConstant as error:
        raise UsageError(f"{where}: not JSON: {error.word} is no JSON number") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UsageError(f"{where}: not JSON: {error.msg} at {place}{hint}") from error
    except RecursionError as error:
        raise UsageError(f"{where}: objects and lists lie too deep in one another") from error
    except ValueError as error:
        raise UsageError(f"{where}: {json_problem(error)}") from error
