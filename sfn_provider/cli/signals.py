"""Ends a command on SIGINT, SIGTERM, SIGHUP and SIGQUIT so that it cleans up."""

from __future__ import annotations

import signal
import sys
from typing import Any, Final

SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
"""Those that a system has: Windows has no SIGHUP and no SIGQUIT."""

_received: list[int] = []


def exit_on_signals() -> None:
    """Handle the signals from now on. One that the process was started to ignore (``nohup``) is ignored still."""
    for name in SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _raise)


def exit_if_signalled() -> None:
    """Exit if there was a signal. Long commands call it between two pieces of work.

    Python drops an exception that is raised while it runs a destructor or a callback of its garbage collection.

    Raises:
        KeyboardInterrupt: after SIGINT.
        SystemExit: after another signal.
    """
    if _received:
        _raise(_received[0], None)


def _raise(number: int, _: Any) -> None:
    _received.append(number)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)
