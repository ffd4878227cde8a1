"""How many executions are replayed in a minute, in one process that is warm."""

from __future__ import annotations

import os
import statistics
import time

import psutil
import pytest

from sfn_provider.compare.airflow.runner import shared_runner
from sfn_provider.compare.replay.replayer import replay_recording
from tests.fixtures.machines.definitions import END, call, choose, machine
from tests.fixtures.machines.recorded_histories import recording

STATES = 10
RUNS = 8
LEAST = 90

pytestmark = pytest.mark.usefixtures("user_airflow_home")


def ten_states() -> dict[str, object]:
    """Ten states on the way: tasks, a retry, a Choice, a Wait."""
    tasks = {f"Task {number}": call(f"Task {number + 1}") for number in range(1, 6)}
    retried = call("Enough?", Retry=[{"ErrorEquals": ["Busy"], "IntervalSeconds": 5}])
    return machine(
        {
            **tasks,
            "Task 6": retried,
            "Enough?": choose("$.enough", {"yes": "Rest"}, "Rest"),
            "Rest": {"Type": "Wait", "Seconds": 30, "Next": "Shape"},
            "Shape": {"Type": "Pass", "Parameters": {"value.$": "$"}, "Next": "Done"},
            "Done": END,
        }
    )


def test_replays_per_minute() -> None:
    definition = ten_states()
    answer = {"Return": {"enough": "yes"}}
    mocks = {f"Task {number}": [answer] for number in range(1, 6)}
    recorded = recording(definition, {}, **mocks, **{"Task 6": [{"Throw": {"Error": "Busy"}}, answer]})
    spent = []
    for _ in range(RUNS + 1):
        started = (time.perf_counter(), processor_seconds())
        result = replay_recording(definition, recorded)
        spent.append((time.perf_counter() - started[0], processor_seconds() - started[1]))
        assert result.agrees and len(result.states) == STATES
    # The first one starts Airflow. The bar is on processor time, which other work on the machine makes longer, too.
    wall, processor = (statistics.median(column) for column in zip(*spent[1:], strict=True))
    told = f"{60 / wall:.0f} a minute by the clock, {60 / processor:.0f} by processor time"
    asked = result.airflow.requests if result.airflow is not None else 0
    print(f"\nreplays of a machine of {STATES} states: {told} ({processor * 1000:.0f} ms, {asked} requests each)")
    if os.getloadavg()[0] > 1.5 * (os.cpu_count() or 1):
        pytest.skip(f"the machine is too busy to measure: {told}")
    assert 60 / processor >= LEAST


def processor_seconds() -> float:
    """Processor time of this process and of the private Airflow."""
    process = shared_runner()._process
    there = psutil.Process(process.pid).cpu_times() if process is not None else None
    return time.process_time() + (there.user + there.system if there is not None else 0.0)
