"""Runs a function in a child process with limits of processor time and memory, and says what it did."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import resource
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MOST_SECONDS = 2.0
"""Processor time that a piece of untrusted text may cost."""

MOST_SECONDS_OF_CASES = 10.0
"""Processor time that the search for test cases of a definition may cost: 10,000,000 steps."""

MOST_BYTES = 512 * 1024 * 1024
"""Memory by which the process may grow for it."""

Action = Callable[[], int | None]
"""Does something with untrusted text and returns an exit code, or None; runs in an empty folder of its own."""

_FAULTS = re.compile(r"Traceback \(most recent|is a fault of sfn-provider|RecursionError|MemoryError")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a child process did.

    Args:
        problem: what was wrong; empty where all held: ``time``, ``memory``, ``exception``, ``traceback``, ``output``.
        seconds: processor time.
        bytes: by how much the process grew.
        text: what it printed, or the exception.
    """

    problem: str
    seconds: float
    bytes: int
    text: str


def run_limited(action: Action, seconds: float = MOST_SECONDS) -> Outcome:
    """Run an action in a child process with limits.

    Args:
        action: it.
        seconds: how much processor time it may take.
    """
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        report = Path(folder, "report")
        work = Path(folder, "work")
        work.mkdir()
        child = os.fork()
        if child == 0:
            _run_child(action, work, report, seconds)
        _, status, usage = os.wait4(child, 0)
        if report.exists():
            found = json.loads(report.read_text(encoding="utf-8"))
            return Outcome(found["problem"], found["seconds"], found["bytes"], found["text"])
        problem = "time" if os.WIFSIGNALED(status) and os.WTERMSIG(status) in _TIME_SIGNALS else "died"
        return Outcome(problem, usage.ru_utime + usage.ru_stime, 0, f"ended with status {status}")


_TIME_SIGNALS = (signal.SIGXCPU, signal.SIGKILL, signal.SIGALRM, signal.SIGPROF)


def _run_child(action: Action, work: Path, report: Path, seconds: float) -> None:
    """Run the action in this process, which ends with it: whatever happens, nothing of the parent goes on here."""
    try:
        os.chdir(work)
        outcome = _measure(action, seconds)
        draft = report.with_suffix(".draft")
        draft.write_text(json.dumps(outcome), encoding="utf-8")
        draft.rename(report)
    finally:
        os._exit(0)


def _measure(action: Action, seconds: float) -> dict[str, object]:
    output = io.StringIO()
    before_bytes = _peak_bytes()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + MOST_BYTES, hard))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 2, int(seconds) + 3))
    signal.setitimer(signal.ITIMER_PROF, 1.25 * seconds)  # the limit of processor time counts whole seconds
    signal.alarm(300)  # of a call that sleeps; a busy machine takes its time
    before = time.process_time()
    problem = ""
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            code = action()
            problem = "" if code in (None, 0, 1, 2) else "exit code"
        except BaseException as error:
            problem = "exception"
            output.write(_describe(error))
    used = time.process_time() - before
    signal.setitimer(signal.ITIMER_PROF, 0)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    return _judge(problem, used, seconds, _peak_bytes() - before_bytes, output.getvalue())


def _judge(problem: str, used: float, seconds: float, grown: int, text: str) -> dict[str, object]:
    if not problem:
        problem = (
            ("traceback" if _FAULTS.search(text) else "")
            or ("time" if used > seconds else "")
            or ("memory" if grown > MOST_BYTES else "")
            or ("output" if _CONTROL.search(text) else "")
        )
    shown = text if len(text) < 4000 else text[:2000] + " ... " + text[-2000:]
    return {"problem": problem, "seconds": used, "bytes": grown, "text": shown.encode("utf-8", "replace").decode()}


def _describe(error: BaseException) -> str:
    trace = error.__traceback__
    places = []
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    return f"\n{type(error).__name__}: {str(error)[:300]} at {' < '.join(places[-1:-4:-1])}"


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()
