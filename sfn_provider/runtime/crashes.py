"""Fails a task at once where this package itself crashes: another try would crash again.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider._compat import Context

_PROGRAM_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    NotImplementedError,
    RecursionError,
    StatesError,  # the engine has states raise it, and lets none out
    TypeError,
    ValueError,
)
"""What a fault of the program raises. A database or a service that cannot be reached for a while raises others."""

_PACKAGE_FOLDER = Path(__file__).parent.parent


@contextmanager
def fail_on_crash(context: Context) -> Iterator[None]:
    """Fails the task without another try where the code inside raises what only a fault of the program raises.

    Args:
        context: the task's context.

    Raises:
        AirflowFailException: with the error and the line of this package at which it happened.
    """
    try:
        yield
    except _PROGRAM_ERRORS as error:
        from sfn_provider.runtime.routing.routing_token import usage_failure
        from sfn_provider.secret_masking import mask_secrets, one_line

        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        message = one_line(
            f"{mask_secrets(what)} (at {_place(error)}). This is an error of the package airflow-provider-sfn, not of "
            "the state machine, so the task is not tried again: please report it with the traceback in this log"
        )
        raise usage_failure(context, message) from error


def _place(error: BaseException) -> str:
    """Return the innermost line of this package in the traceback: ``engine/states/wait.py:61``."""
    frames = [
        (Path(frame.filename).relative_to(_PACKAGE_FOLDER), frame.lineno)
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(_PACKAGE_FOLDER)
    ]
    file, line = frames[-1]
    return f"{file.as_posix()}:{line}"
