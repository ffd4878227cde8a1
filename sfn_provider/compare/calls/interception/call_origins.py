"""Tells calls that a DAG's own code makes from those that operators and waiters make."""

from __future__ import annotations

import os
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Final

import sfn_provider

_LIBRARIES: Final = (
    *{sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")},
    str(Path(sfn_provider.__file__).parent) + os.sep,
    "<",
)
"""How the names of files begin that no author of a DAG has written; that of code without a file, too."""

_INSTALLED: Final = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


class CallOrigins:
    """Where the calls of a DAG run come from, call by call."""

    def __init__(self) -> None:
        self._last: FrameType | None = None

    def trace(self) -> tuple[bool, bool]:
        """Look at who makes the call at hand.

        Returns:
            Whether code of the DAG's author asks for it; and whether the library function that this code has called has
            made the last call, too: a waiter or a hook that asks again by itself.
        """
        frame: FrameType | None = sys._getframe(1)
        inner: FrameType | None = None
        while frame is not None and _is_foreign(frame.f_code.co_filename):
            inner, frame = frame, frame.f_back
        last, self._last = self._last, inner if frame is not None else None
        return frame is not None, frame is not None and inner is last


@lru_cache(maxsize=4096)
def _is_foreign(filename: str) -> bool:
    return filename.startswith(_LIBRARIES) or any(folder in filename for folder in _INSTALLED)
