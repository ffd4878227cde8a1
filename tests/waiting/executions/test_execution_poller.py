"""Many waits at once, on virtual time: what they cost, and what they survive."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

import pytest

from tests.aws.server import NO_RESPONSE, ErrorResponse
from tests.aws.step_functions import PREFIX, InjectedFault, SimulatedStepFunctions
from tests.fixtures.virtual_time import run_virtually
from tests.waiting.execution_waits import Seen, trigger_of, wait_for, watch

FINALS = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
US_EAST_1 = {"DescribeExecution": (300.0, 15.0), "ListExecutions": (200.0, 5.0)}


def plan(aws: SimulatedStepFunctions, count: int) -> dict[str, str]:
    """Plan executions that end one after the other between 20 and 60 s, in all four ways. Gives how each ends."""
    arns = {}
    for number in range(count):
        final = FINALS[number % 7 % 4]
        arns[aws.plan(f"run-{number}", 20 + 40 * number / count, final=final)] = final
    return arns


@pytest.mark.parametrize("count", [1, 2, 3, 50, 1_000, 3_500])
def test_waits_cost_little_and_none_is_lost(simulated_aws: SimulatedStepFunctions, count: int) -> None:
    simulated_aws.quotas = US_EAST_1
    ends = plan(simulated_aws, count)
    seen = wait_for(map(trigger_of, ends))
    assert seen.statuses() == ends
    assert seen.lateness(simulated_aws)[-1] < 12
    assert simulated_aws.throttled == 0
    assert simulated_aws.clients == 1
    assert simulated_aws.calls.total() < min(8 * count, 60 + count / 10)


def test_a_list_of_many_pages_is_read_less_often(simulated_aws: SimulatedStepFunctions) -> None:
    simulated_aws.quotas = US_EAST_1
    arns = [simulated_aws.plan(f"run-{n}", 20 + 40 * n / 5_000, start=n / 1e6) for n in range(5_000)]
    seen = wait_for(trigger_of(arn, waiter_delay=5) for arn in arns)
    assert len(seen.events) == 5_000
    assert simulated_aws.calls.total() <= 45
    assert seen.lateness(simulated_aws)[-1] < 10


def test_a_gap_for_many_waits_slows_down_no_few_quick_ones(simulated_aws: SimulatedStepFunctions) -> None:
    many = [simulated_aws.plan(f"run-{n}", 100) for n in range(2_500)]
    quick = [simulated_aws.plan(f"quick-{n}", 70, start=1e-6) for n in range(5)]
    slow, fast = (trigger_of(arn, waiter_delay=60) for arn in many), (trigger_of(arn, waiter_delay=1) for arn in quick)
    seen = wait_for([*slow, *fast])
    assert max(seen.times[arn] for arn in quick) < 72


def test_waits_that_begin_all_the_time_leave_the_gap_of_the_others(simulated_aws: SimulatedStepFunctions) -> None:
    async def run() -> None:
        arns = [simulated_aws.plan(f"run-{n}", 100) for n in range(2_500)]
        tasks = [asyncio.create_task(watch(Seen(), trigger_of(arn, waiter_delay=2))) for arn in arns]
        for second in range(30):
            await asyncio.sleep(1)
            late = simulated_aws.plan(f"late-{second}", 100, start=float(second))
            tasks.append(asyncio.create_task(watch(Seen(), trigger_of(late, waiter_delay=2))))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run_virtually(run())
    assert simulated_aws.calls["ListExecutions"] <= 8 * 3


@pytest.mark.parametrize("delay", [2, 60])
def test_a_number_of_looks_is_the_same_time_among_many_waits(simulated_aws: SimulatedStepFunctions, delay: int) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 10_000) for n in range(2_500)]
    seen = wait_for(trigger_of(arn, waiter_delay=delay, waiter_max_attempts=16) for arn in arns)
    assert {event["status"] for event in seen.events.values()} == {"error"}
    assert 15 * delay - 4 <= min(seen.times.values()) <= max(seen.times.values()) <= 15 * delay + 8


@dataclass(frozen=True)
class Case:
    """What goes wrong, how long after its end an execution may be told of, and in how many calls."""

    id: str
    faults: tuple[InjectedFault, ...] = ()
    lag: float = 0.0
    late: float = 12.0
    calls: int = 100


FAULTS = [
    Case(
        "half of all calls: 503",
        (InjectedFault(ErrorResponse("ServiceUnavailable", status=503), end=180, share=0.5),),
        late=60,
    ),
    Case("all connections dropped for 3 minutes", (InjectedFault(NO_RESPONSE, begin=15, end=195),), late=200),
    Case("some connections dropped", (InjectedFault(NO_RESPONSE, share=0.1),), late=60),
    Case(
        "throttled by others for a minute",
        (InjectedFault(ErrorResponse("ThrottlingException"), begin=25, end=85),),
        late=120,
    ),
    Case(
        "token expires", (InjectedFault(ErrorResponse("ExpiredTokenException"), begin=25, until_renewed=True),), late=20
    ),
    Case("lists lag 5 s", lag=5, late=18),
    Case("lists lag a minute", lag=60, late=90, calls=1_000),
    Case(
        "listing not permitted",
        (InjectedFault(ErrorResponse("AccessDeniedException"), "ListExecutions"),),
        late=40,
        calls=2_000,
    ),
    Case(
        "machine deleted",
        (InjectedFault(ErrorResponse("StateMachineDoesNotExist"), "ListExecutions"),),
        late=40,
        calls=2_000,
    ),
]


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.id)
def test_every_execution_ends_with_the_right_event(simulated_aws: SimulatedStepFunctions, case: Case) -> None:
    simulated_aws.quotas, simulated_aws.lag = US_EAST_1, case.lag
    simulated_aws.faults = list(case.faults)
    ends = plan(simulated_aws, 200)
    seen = wait_for(map(trigger_of, ends))
    assert seen.statuses() == ends
    assert seen.lateness(simulated_aws)[-1] < case.late
    assert simulated_aws.throttled == 0
    assert simulated_aws.calls.total() < case.calls


def test_trouble_is_not_met_with_a_storm_of_calls(simulated_aws: SimulatedStepFunctions) -> None:
    simulated_aws.faults = [InjectedFault(NO_RESPONSE, begin=5, end=600)]
    wait_for(map(trigger_of, plan(simulated_aws, 200)))
    assert simulated_aws.calls.total() < 100


def test_described_waits_stay_below_the_quota(simulated_aws: SimulatedStepFunctions) -> None:
    simulated_aws.quotas = US_EAST_1
    simulated_aws.faults = [InjectedFault(ErrorResponse("AccessDeniedException"), "ListExecutions")]
    ends = plan(simulated_aws, 2_000)
    assert wait_for(map(trigger_of, ends)).statuses() == ends
    assert simulated_aws.throttled == 0


def test_executions_that_have_ended_are_found_at_the_first_look(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"old-{n}", -100.0, start=-200.0) for n in range(30)]
    goes_on = simulated_aws.plan("goes-on", 50)
    seen = wait_for(map(trigger_of, [*arns, goes_on]))
    assert max(seen.times[arn] for arn in arns) < 1


def test_a_wait_that_joins_late_is_looked_at_soon(simulated_aws: SimulatedStepFunctions) -> None:
    slow, ended = simulated_aws.plan("slow", 100), simulated_aws.plan("ended", 5)

    async def one_after_the_other() -> Seen:
        seen = Seen()
        async with asyncio.TaskGroup() as group:
            group.create_task(watch(seen, trigger_of(slow, waiter_delay=60)))
            await asyncio.sleep(20)
            group.create_task(watch(seen, trigger_of(ended, waiter_delay=60)))
        return seen

    assert run_virtually(one_after_the_other()).times[ended] < 22


def test_ends_among_those_of_many_others_are_listed(simulated_aws: SimulatedStepFunctions) -> None:
    for number in range(6_000):
        simulated_aws.plan(f"run-{number}", -1.0 - number, start=-10_000.0)
    arns = [f"{PREFIX}run-{number}" for number in range(0, 6_000, 20)]
    assert len(wait_for(map(trigger_of, arns)).events) == 300
    assert simulated_aws.calls["DescribeExecution"] == 1
    assert simulated_aws.calls["ListExecutions"] <= 7


def test_a_quick_wait_is_not_slowed_down_by_slow_ones(simulated_aws: SimulatedStepFunctions) -> None:
    slow = [simulated_aws.plan(f"slow-{n}", 100) for n in range(2)]
    quick = simulated_aws.plan("quick", 0.3)

    async def one_after_the_other() -> Seen:
        seen = Seen()
        async with asyncio.TaskGroup() as group:
            for arn, delay, pause in ((slow[0], 60, 0.25), (slow[1], 60, 0.05), (quick, 0.2, 0)):
                group.create_task(watch(seen, trigger_of(arn, waiter_delay=delay)))
                await asyncio.sleep(pause)
        return seen

    assert run_virtually(one_after_the_other()).times[quick] < 0.7


def test_among_many_other_executions_few_waits_are_described(simulated_aws: SimulatedStepFunctions) -> None:
    for number in range(30_000):
        simulated_aws.plan(f"other-{number}", 1e9, start=1.0)
    arns = [simulated_aws.plan(f"ours-{number}", 300, start=0.0) for number in range(8)]
    assert len(wait_for(map(trigger_of, arns)).events) == 8
    assert simulated_aws.calls["ListExecutions"] < 25
    assert simulated_aws.calls["DescribeExecution"] < 8 * 34


def test_among_many_other_executions_many_waits_are_listed(simulated_aws: SimulatedStepFunctions) -> None:
    for number in range(10_000):
        simulated_aws.plan(f"other-{number}", 1e9, start=1.0)
    arns = [simulated_aws.plan(f"ours-{number}", 100, start=0.0) for number in range(500)]
    assert len(wait_for(map(trigger_of, arns)).events) == 500
    assert simulated_aws.calls["DescribeExecution"] < 20


def test_each_wait_keeps_its_own_delay_and_number_of_looks(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 1_000) for n in range(6)]
    quick = [trigger_of(arn, waiter_delay=10) for arn in arns]
    slow = simulated_aws.plan("slow", 5_000)
    seen = wait_for([*quick, trigger_of(slow, waiter_delay=60, waiter_max_attempts=4)])
    assert "RUNNING after 4 looks" in seen.events[slow]["message"]
    assert 180 <= seen.times[slow] <= 200


def test_two_waits_for_one_execution(simulated_aws: SimulatedStepFunctions) -> None:
    arn = simulated_aws.plan("run", 30)
    seen = wait_for([trigger_of(arn, target_states=["RUNNING"])])
    assert seen.statuses() == {arn: "RUNNING"}
    both = [trigger_of(arn), trigger_of(arn, target_states=["RUNNING"])]
    assert wait_for(both).statuses() == {arn: "SUCCEEDED"}
    assert simulated_aws.calls["DescribeExecution"] == 1 + 4


def test_a_cancelled_wait_leaves_the_others(simulated_aws: SimulatedStepFunctions) -> None:
    arns = list(plan(simulated_aws, 20))

    async def cancel_half() -> Seen:
        seen = Seen()
        tasks = [asyncio.create_task(watch(seen, trigger_of(arn))) for arn in arns]
        await asyncio.sleep(15)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return seen

    assert set(run_virtually(cancel_half()).events) == set(arns[1::2])


def test_the_client_goes_with_the_last_wait_and_comes_with_the_next(
    simulated_aws: SimulatedStepFunctions,
) -> None:
    arn = simulated_aws.plan("run", 5)

    async def twice() -> list[tuple[int, int]]:
        states = []
        for _ in range(2):
            await watch(Seen(), trigger_of(arn))
            states.append((simulated_aws.clients, simulated_aws.closed))
        return states

    assert run_virtually(twice()) == [(1, 1), (2, 2)]


def test_other_credentials_and_other_regions_share_nothing(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 5) for n in range(3)]
    wait_for(
        [trigger_of(arns[0]), trigger_of(arns[1], aws_conn_id="mine"), trigger_of(arns[2], region_name="eu-west-1")]
    )
    assert simulated_aws.clients == 3


@pytest.mark.parametrize("count", [1, 50])
def test_without_permission_to_describe_a_wait_ends_at_once(simulated_aws: SimulatedStepFunctions, count: int) -> None:
    simulated_aws.faults = [InjectedFault(ErrorResponse("AccessDeniedException"), "DescribeExecution")]
    arns = [simulated_aws.plan(f"run-{n}", 20) for n in range(count)]
    seen = wait_for(map(trigger_of, arns))
    assert min(seen.times.values()) < 1
    assert all(event["final"] and "states:DescribeExecution" in event["message"] for event in seen.events.values())


def test_an_error_of_our_own_hangs_no_wait(
    simulated_aws: SimulatedStepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*arguments: object) -> None:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr("sfn_provider.waiting.executions.execution_poller.ExecutionPoller.poll", broken)
    arns = [simulated_aws.plan(f"run-{n}", 20) for n in range(3)]
    with pytest.raises(ExceptionGroup) as caught:
        wait_for(map(trigger_of, arns))
    assert Counter(map(type, caught.value.exceptions)) == {ZeroDivisionError: 3}


def test_children_of_a_map_run_are_described(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"{n}", 20) for n in range(10)]
    simulated_aws.executions = {arn.replace(":Orders:", ":Orders/Each:"): simulated_aws.executions[arn] for arn in arns}
    seen = wait_for(map(trigger_of, simulated_aws.executions))
    assert len(seen.events) == 10
    assert simulated_aws.calls["ListExecutions"] == 0


@pytest.mark.parametrize(
    ("arn", "reason"),
    [
        ("arn:aws:states:us-east-1:123456789012:express:Orders:one:2", "Express"),
        ("arn:aws:states:us-east-1:123456789012:mapRun:Orders/Each:one", "by StepFunctionMapRunSensor"),
        ("arn:aws:states:us-east-1:123456789012:stateMachine:Orders", "not the ARN of an execution"),
        ("Orders", "not the ARN of an execution"),
    ],
)
def test_what_cannot_be_waited_for_is_refused(simulated_aws: SimulatedStepFunctions, arn: str, reason: str) -> None:
    [event] = wait_for([trigger_of(arn)]).events.values()
    assert event["final"]
    assert reason in event["message"]


def test_a_version_or_an_alias_in_the_arn_belongs_to_the_same_machine(
    simulated_aws: SimulatedStepFunctions,
) -> None:
    arns = [simulated_aws.plan(name, 20) for name in ("a", "7:b", "live:c", "d")]
    assert arns[1] == PREFIX + "7:b"
    assert len(wait_for(map(trigger_of, arns)).events) == 4
    assert simulated_aws.clients == 1
