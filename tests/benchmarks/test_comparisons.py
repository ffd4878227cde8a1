"""How long it takes to compare two executions with large values, against Python's json reading these once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from sfn_provider.compare.diff.run_specific_values import mask_execution_name
from sfn_provider.compare.diff.state_comparison import compare_states
from sfn_provider.engine import Execution, simulate
from tests.fixtures.machines.definitions import call, machine

ROUNDS = 3
ANSWER = [["abc"] * 8] * 4000
STATES = 4


def _run() -> Execution:
    names = [f"Call {number}" for number in range(STATES)]
    states = {name: call(after, ResultPath="$.last") for name, after in zip(names, [*names[1:], None], strict=True)}
    return simulate(machine(states), {}, mocks={name: [{"Return": ANSWER}] for name in names})


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def test_large_values_that_are_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    one, other = _run(), _run()
    texts = [json.dumps(record.details) for execution in (one, other) for record in execution.records]

    def compare() -> None:
        states = compare_states(mask_execution_name(one), mask_execution_name(other))
        assert all(state.agrees for state in states)

    ours = min(_seconds(compare) for _ in range(ROUNDS))
    peer = min(_seconds(lambda: [json.loads(text) for text in texts]) for _ in range(ROUNDS))
    with capsys.disabled():
        print(f"\n{STATES} states of 220 KB, comparing / json.loads: {ours:.2f} s / {peer:.2f} s = {ours / peer:.1f}")
