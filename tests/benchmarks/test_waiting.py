"""What waiting for executions costs a triggerer: ours against the amazon provider's, looking equally often."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import waiting

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.filterwarnings("ignore")

WAITS = 200
SECONDS = 15.0
EVERY = 5

Ask = Callable[[str, Any], Any]
Make = Callable[[str], Any]


@dataclass(frozen=True)
class Cost:
    """What some waits have cost.

    Args:
        calls: calls of AWS.
        cpu: seconds of CPU in this process.
        memory: KiB at the end, above those at the begin.
        stall: the longest time for which the event loop stood still, in seconds.
        late: seconds from the executions' end to the last event.
    """

    calls: int
    cpu: float
    memory: float
    stall: float
    late: float


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    """Step Functions in a process of its own. Gives how to ask it."""
    command = [sys.executable, "-m", "tests.aws", "executions"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{int(process.stdout.readline())}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)

        def post(path: str, body: Any) -> Any:
            request = urllib.request.Request(url + path, json.dumps(body).encode(), method="POST")
            with urllib.request.urlopen(request, timeout=10) as response:
                return json.load(response)

        yield post
        process.terminate()


def memory() -> float:
    """The memory of this process in KiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1024


def wait_for_all(make: Make, ask: Ask, count: int, seconds: float) -> Cost:
    """Run a trigger for each execution on one event loop, until each has said something."""
    stalls, peaks = [0.0], [0.0]

    async def watch() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            stalls.append(time.monotonic() - before - 0.01)
            peaks.append(memory())

    async def first_event(trigger: Any) -> Any:
        async for event in trigger.run():
            return event

    async def run() -> None:
        watching = asyncio.create_task(watch())
        await asyncio.gather(*map(first_event, triggers))
        watching.cancel()

    triggers = [make(arn) for arn in ask("/start", {"count": count, "seconds": seconds})]
    began, cpu, before = time.time(), time.process_time(), memory()
    asyncio.run(run())
    cpu, late = time.process_time() - cpu, time.time() - began - seconds
    return Cost(ask("/asked", None), cpu, max(peaks) - before, max(stalls), late)


def ours(arn: str) -> Any:
    return waiting.trigger(arn, poll_interval=EVERY, region_name="us-east-1", aws_conn_id="aws_default")


def theirs(arn: str) -> Any:
    from airflow.providers.amazon.aws.triggers.step_function import StepFunctionsExecutionCompleteTrigger

    return StepFunctionsExecutionCompleteTrigger(
        execution_arn=arn,
        waiter_delay=EVERY,
        waiter_max_attempts=1_000,
        aws_conn_id="aws_default",
        region_name="us-east-1",
    )


def test_waits_for_executions(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    for make in (ours, theirs):  # each side imports what it needs before the clock runs
        wait_for_all(make, ask, 1, 0.0)
    mine, other = (wait_for_all(make, ask, WAITS, SECONDS) for make in (ours, theirs))
    ratios = {field: getattr(other, field) / getattr(mine, field) for field in ("calls", "cpu", "memory")}
    with capsys.disabled():
        for name, cost in (("ours", mine), ("amazon", other)):
            print(
                f"\n{WAITS} waits, {name}: {cost.calls} calls, {cost.cpu:.1f} s CPU, {cost.memory / WAITS:.0f} KiB each"
                f", stall {cost.stall:.2f} s, last event after {cost.late:.1f} s",
                end="",
            )
        print("\n" + ", ".join(f"{field} {ratio:.0f} to 1" for field, ratio in ratios.items()))
    assert ratios["calls"] >= 30
    assert ratios["cpu"] >= 5
    assert ratios["memory"] >= 10
