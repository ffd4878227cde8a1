"""Waits for executions that had ended before, on virtual time: redrives, and lists that lag behind them."""

from __future__ import annotations

import asyncio

import pytest

from tests.aws.step_functions import SimulatedStepFunctions
from tests.fixtures.virtual_time import run_virtually
from tests.waiting.execution_waits import Seen, trigger_of, wait_for, watch


def test_pending_redrive_is_no_end(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 35, running="PENDING_REDRIVE") for n in range(5)]
    seen = wait_for(map(trigger_of, arns))
    assert set(seen.statuses().values()) == {"SUCCEEDED"}
    assert min(seen.times.values()) > 35


@pytest.mark.parametrize("count", [1, 3, 50])
def test_the_end_of_before_a_redrive_is_not_its_end(simulated_aws: SimulatedStepFunctions, count: int) -> None:
    simulated_aws.lag = 5
    redrive = (20.0, 100.0, "SUCCEEDED")
    arns = [simulated_aws.plan(f"run-{n}", 10.0, final="FAILED", redrive=redrive) for n in range(count)]

    async def begin_late() -> Seen:
        seen = Seen()
        await asyncio.sleep(21)
        await asyncio.gather(*(watch(seen, trigger_of(arn)) for arn in arns))
        return seen

    seen = run_virtually(begin_late())
    assert set(seen.statuses().values()) == {"SUCCEEDED"}
    assert max(seen.times.values()) < 120
    assert simulated_aws.calls["DescribeExecution"] <= 12


def test_a_list_that_is_behind_what_was_seen_already_ends_nothing(simulated_aws: SimulatedStepFunctions) -> None:
    redrive = (20.0, 100.0, "SUCCEEDED")
    arns = [simulated_aws.plan(f"run-{n}", 10.0, final="FAILED", redrive=redrive) for n in range(50)]

    async def lists_from_another_replica() -> Seen:
        seen = Seen()
        await asyncio.sleep(21)
        waits = [asyncio.create_task(watch(seen, trigger_of(arn))) for arn in arns]
        await asyncio.sleep(24)
        simulated_aws.lag = 35
        await asyncio.sleep(9)
        simulated_aws.lag = 0
        await asyncio.gather(*waits)
        return seen

    assert set(run_virtually(lists_from_another_replica()).statuses().values()) == {"SUCCEEDED"}


def test_failures_of_before_the_wait_are_found_soon(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"run-{n}", -10.0, start=-20.0, final="FAILED") for n in range(500)]
    seen = wait_for(map(trigger_of, arns))
    assert max(seen.times.values()) < 12
    assert simulated_aws.calls["DescribeExecution"] == 1
