"""Describes errors that no command foresaw: what, where in this package, and what to do."""

from __future__ import annotations

import errno
import os
import traceback
from pathlib import Path
from typing import Final

import sfn_provider
from sfn_provider.secret_masking import one_line

TRACEBACK_VARIABLE: Final = "SFN_PROVIDER_TRACEBACK"
"""The environment variable that asks for the whole traceback."""

_NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_MOST_CHARACTERS: Final = 500
_PACKAGE: Final = Path(sfn_provider.__file__).parent


def describe_fault(error: Exception) -> str:
    """Return a message for an error that is a fault of this package, or for what is too large for this machine.

    Args:
        error: it.

    Returns:
        One line, and with SFN_PROVIDER_TRACEBACK set the traceback before it.
    """
    if isinstance(error, MemoryError):
        text = "Error: there is not enough memory for what the files hold"
    elif isinstance(error, OSError) and error.errno in _NO_SPACE:
        text = f"Error: {error.strerror}: free some where the output or the temporary files (TMPDIR) go"
    elif isinstance(error, RecursionError):
        text = f"Error: what the files hold lies too deep in one another (at {_place(error)})"
    else:
        what = one_line(f"{type(error).__name__}: {error}"[:_MOST_CHARACTERS])
        text = (
            f"Error: {what} (at {_place(error)}). This is a fault of sfn-provider {sfn_provider.__version__}: please "
            f"report it with the command and its files; {TRACEBACK_VARIABLE}=1 prints the traceback"
        )
    if os.environ.get(TRACEBACK_VARIABLE):
        text = "".join(traceback.format_exception(error)) + text
    return text


def _place(error: BaseException) -> str:
    """Return file and line of the innermost call in this package."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(_PACKAGE)
    ]
    if not frames:
        return "an unknown place"
    return f"sfn_provider/{Path(frames[-1].filename).relative_to(_PACKAGE).as_posix()}:{frames[-1].lineno}"
