"""How long commands take to start, in processor time, as a multiple of importing what they build on."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest

from tests.golden import DAGS, ROOT

SAMPLES = 9
PEER = ("-c", "import pydantic, click")
COMMANDS = {
    "--help": ("-m", "sfn_provider.cli", "--help"),
    "lint": ("-m", "sfn_provider.cli", "lint", str(DAGS / "sales_pipeline.asl.json")),
    "translate": ("-m", "sfn_provider.cli", "translate", str(DAGS / "sales_pipeline.asl.json")),
}
BARS = {"lint": 3.5}


def test_starting_commands(capsys: pytest.CaptureFixture[str]) -> None:
    measured = {name: [0.0] * SAMPLES for name in ("peer", *COMMANDS)}
    processor_seconds(PEER)  # compiles modules
    for sample in range(SAMPLES):  # interleaved: what else the machine does hits all of them
        for name, arguments in (("peer", PEER), *COMMANDS.items()):
            measured[name][sample] = processor_seconds(arguments)
    peer = min(measured["peer"])
    with capsys.disabled():
        print()
        for name in COMMANDS:
            ours = min(measured[name])
            bar = f" (bar {BARS[name]})" if name in BARS else ""
            times = f"{ours * 1e3:.0f} ms / {peer * 1e3:.0f} ms = {ours / peer:.2f}{bar}"
            print(f"sfn-provider {name} / import pydantic, click: {times}")


def processor_seconds(arguments: tuple[str, ...]) -> float:
    """Run Python and return the processor time that it took."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *arguments], env=environment | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
