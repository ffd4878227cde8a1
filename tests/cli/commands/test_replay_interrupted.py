"""``sfn-provider replay`` of many executions, ended before its time: what was replayed is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sfn_provider.cli import run_command
from sfn_provider.engine import simulate
from tests.fixtures.machines.definitions import END, machine
from tests.fixtures.machines.recorded_histories import history

MACHINE = machine({"A": END | {"Parameters": {"text.$": "$"}}})
# What is started in the background of a shell is started deaf to it, and so is what that starts.
HEEDS_CTRL_C = """
import signal
from sfn_provider.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""
PATIENCE = 180
"""Seconds for a private Airflow to start and to replay something, on a busy machine."""


def write_histories(folder: Path, inputs: list[str]) -> list[str]:
    (folder / "a.asl.json").write_text(json.dumps(MACHINE))
    names = [f"{number}.json" for number in range(len(inputs))]
    for name, input in zip(names, inputs, strict=True):
        (folder / name).write_text(json.dumps(history(simulate(MACHINE, input))))
    return names


@pytest.mark.usefixtures("user_airflow_home")
def test_a_result_that_was_cut_off_is_replayed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names = write_histories(tmp_path, ["a line\u2028and another\x85}", "two"])
    command = ["replay", *names, "--definition", "a.asl.json", "--results", "done.jsonl"]
    assert run_command(command) == 0
    first, second, rest = Path("done.jsonl").read_text(encoding="utf-8").split("\n")
    assert rest == ""
    for cut in (second[:100], "{}"):
        Path("done.jsonl").write_text(f"{first}\n{cut}", encoding="utf-8")
        capsys.readouterr()
        assert run_command(command) == 0
        assert "0.json: SUCCEEDED" not in capsys.readouterr().out
        kept = Path("done.jsonl").read_text(encoding="utf-8").split("\n")
        assert [json.loads(line)["name"] for line in kept[:-1]] == names and kept[0] == first


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["TERM", "INT"])
def test_a_signal_ends_it_with_what_is_done_kept_and_nothing_else_left(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    work, temporary = tmp_path / "work", tmp_path / "tmp"
    work.mkdir()
    temporary.mkdir()
    names = write_histories(work, [str(number) for number in range(300)])
    command = [sys.executable, "-c", HEEDS_CTRL_C, "replay", *names, "--definition", "a.asl.json"]
    process = subprocess.Popen(
        [*command, "--results", "done.jsonl"],
        cwd=work,
        env=os.environ | {"TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            deadline = time.monotonic() + PATIENCE
            while not _lines(work / "done.jsonl"):
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.1)
            process.send_signal(number)
            _, told = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert (process.returncode, "Traceback" in told) == (code, False)
    results = [json.loads(line)["name"] for line in _lines(work / "done.jsonl")]
    assert 0 < len(results) < len(names) and results == names[: len(results)]
    assert list(temporary.glob("sfn-provider-airflow-*")) == []


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
