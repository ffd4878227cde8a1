"""What waiting for jobs costs a triggerer: our shared trigger against the amazon provider's, looking equally often."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.calls.job_triggers import job_of, jobs_trigger

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.filterwarnings("ignore")

JOBS = 300
SECONDS = 20.0
EVERY = 5


@dataclass(frozen=True)
class Cost:
    """What a wait has cost.

    Args:
        calls: calls to AWS.
        cpu: seconds of CPU in this process.
        stall: the longest time for which the event loop stood still, in seconds.
    """

    calls: int
    cpu: float
    stall: float


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, Any], Any]]:
    """AWS Batch in a process of its own. Gives how to ask it."""
    command = [sys.executable, "-m", "tests.aws", "batch_jobs"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{int(process.stdout.readline())}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)

        def ask(path: str, body: Any) -> Any:
            request = urllib.request.Request(url + path, json.dumps(body).encode(), method="POST")
            with urllib.request.urlopen(request, timeout=10) as response:
                return json.load(response)

        yield ask
        process.terminate()


def wait_for_all(triggers: list[Any], ask: Callable[[str, Any], Any]) -> Cost:
    """Run triggers on one event loop until each has said something."""
    stalls = [0.0]

    async def watch() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            stalls.append(time.monotonic() - before - 0.01)

    async def run() -> None:
        watching = asyncio.create_task(watch())
        await asyncio.gather(*(anext(aiter(trigger.run())) for trigger in triggers))
        watching.cancel()

    ask("/start", SECONDS)
    began = time.process_time()
    asyncio.run(run())
    return Cost(ask("/asked", None), time.process_time() - began, max(stalls))


def test_our_trigger_needs_few_calls_and_little_time(
    stub: Callable[[str, Any], Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from airflow.providers.amazon.aws.triggers.batch import BatchJobTrigger

    monkeypatch.setattr("sfn_provider.integrations.sync_job.PollInterval.after", lambda pace, looks: float(EVERY))
    names = [f"job-{number}" for number in range(JOBS)]
    jobs = [job_of("batch:submitJob.sync", {"JobName": name}, {"JobId": name}) for name in names]
    # Each side imports what it needs before the clock runs.
    wait_for_all([jobs_trigger({"1": jobs[0]})], lambda path, _: stub(path, 0.0))
    wait_for_all([BatchJobTrigger(job_id="job-0", waiter_delay=1)], lambda path, _: stub(path, 0.0))
    ours = wait_for_all([jobs_trigger({"1": job}) for job in jobs], stub)
    theirs = wait_for_all([BatchJobTrigger(job_id=name, waiter_delay=EVERY) for name in names], stub)
    with capsys.disabled():
        for name, cost in (("ours", ours), ("amazon", theirs)):
            print(f"\n{JOBS} jobs, {name}: {cost.calls} calls, {cost.cpu:.1f} s CPU, stall {cost.stall:.2f} s", end="")
        print(f"\ncalls {theirs.calls / ours.calls:.0f} to 1, CPU {theirs.cpu / ours.cpu:.0f} to 1")
    assert theirs.calls >= 20 * ours.calls
    assert theirs.cpu >= 5 * ours.cpu
    assert ours.stall < 0.2
