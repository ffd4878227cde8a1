"""Signals end a command by an exception, wherever it is."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import signal, sys
from sfn_provider.cli.signals import exit_if_signalled, exit_on_signals

class Finalized:
    def __del__(self):
        signal.raise_signal({number})

# What a shell starts in the background is started deaf to SIGINT and SIGQUIT.
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal({ignored}, signal.SIG_IGN)
exit_on_signals()
try:
    {place}
    print("went on")
    exit_if_signalled()
    print("was not told")
except KeyboardInterrupt:
    sys.exit(130)
finally:
    print("cleaned up")
"""


def run(number: int, place: str, ignored: int = signal.SIGUSR1) -> tuple[int, list[str]]:
    """Run a program that gets a signal; gives its exit code and what it has printed."""
    program = PROGRAM.format(number=int(number), place=place, ignored=int(ignored))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131)],
    ids=["INT", "TERM", "HUP", "QUIT"],
)
def test_a_signal_ends_the_command(number: int, code: int) -> None:
    assert run(number, f"signal.raise_signal({int(number)})") == (code, ["cleaned up"])
    # Python drops what a destructor raises.
    assert run(number, "Finalized()") == (code, ["went on", "cleaned up"])


def test_an_ignored_signal_is_ignored_still() -> None:
    lines = ["went on", "was not told", "cleaned up"]
    assert run(signal.SIGHUP, f"signal.raise_signal({int(signal.SIGHUP)})", ignored=signal.SIGHUP) == (0, lines)
