"""Reads the peak of a process's memory, and the CPU that it has used."""

from __future__ import annotations

import os
from pathlib import Path


def peak_mib(pid: int | str = "self") -> float:
    """The largest resident set that a process has had so far, in MiB (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def cpu_seconds(pid: int) -> float:
    """How many seconds of CPU a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
