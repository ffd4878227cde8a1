"""Many waits for one poller: what each costs, and how they end together, by an error, or at a deadline."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest

from sfn_provider.waiting.poll_waits import DeadlineExceeded, PollTarget
from sfn_provider.waiting.shared_poller import MAX_ENDED_AT_ONCE, SharedPoller
from tests.fixtures.virtual_time import run_virtually


class Poller(SharedPoller[str, PollTarget]):
    """Finds out nothing by itself: tests report."""

    closed = 0

    def __init__(self) -> None:
        super().__init__()
        self.polled: list[list[str]] = []
        self.polled_alone: list[str] = []

    def new_target(self, name: str) -> PollTarget:
        return PollTarget(name)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        yield

    async def poll(self, due: Sequence[PollTarget]) -> None:
        self.polled.append([target.name for target in due])

    async def poll_one(self, target: PollTarget) -> None:
        self.polled_alone.append(target.name)

    async def aclose(self) -> None:
        self.closed += 1
        await super().aclose()


class Ended:
    def evaluate(self, finding: str, polls: int) -> str | None:
        return None if finding == "RUNNING" else finding


ENDED = Ended()


async def result_of(poller: Poller, name: str, seconds: float | None = None) -> Any:
    wait = poller.wait_for(name, 60, ENDED, seconds)
    try:
        return await wait
    finally:
        await poller.leave(wait)


async def objects_per_wait(wait: Callable[[int], Coroutine[Any, Any, Any]], count: int = 200) -> Counter[str]:
    """What the garbage collector visits because of one wait, by type."""

    async def run(numbers: range) -> tuple[list[asyncio.Task[Any]], Counter[str]]:
        tasks = [asyncio.create_task(wait(number)) for number in numbers]
        await asyncio.sleep(0.01)
        gc.collect()
        return tasks, Counter(type(each).__name__ for each in gc.get_objects())

    # What others have made is neither counted nor visited; what they have left behind is gone before.
    gc.collect()
    gc.freeze()
    first, before = await run(range(1))
    others, after = await run(range(1, count + 1))
    for task in (*first, *others):
        task.cancel()
    await asyncio.gather(*first, *others, return_exceptions=True)
    return Counter({name: n for name, number in after.items() if (n := round((number - before[name]) / count)) > 0})


async def bare_wait(number: int) -> None:
    await asyncio.get_running_loop().create_future()


def test_a_wait_costs_one_object_more_than_a_future() -> None:
    """A triggerer with 10,000 waits stands still while Python's collector visits all their objects."""
    future = run_virtually(objects_per_wait(bare_wait))
    poller = Poller()
    wait = run_virtually(objects_per_wait(lambda number: result_of(poller, str(number))))
    assert (future["Future"], wait["PollWait"], wait["PollTarget"]) == (1, 1, 1)
    assert sum(wait.values()) <= sum(future.values()) + 1


def test_a_second_wait_for_a_target_costs_one_object() -> None:
    poller = Poller()
    wait = run_virtually(objects_per_wait(lambda number: result_of(poller, "same")))
    assert (wait["PollWait"], wait["PollTarget"]) == (1, 0)


def test_waits_that_end_together_end_a_few_at_a_time() -> None:
    async def main() -> list[int]:
        poller, ended = Poller(), []

        async def wait(number: int) -> None:
            await result_of(poller, str(number))
            ended.append(number)

        tasks = [asyncio.create_task(wait(number)) for number in range(1000)]
        await asyncio.sleep(1)
        for number in range(1000):
            poller.report(str(number), "RUNNING" if number == 0 else "SUCCEEDED")
            poller.report(str(number), "FAILED")  # comes too late for all but the first
        counts = [len(ended)]
        while len(ended) < 1000:
            await asyncio.sleep(0)
            counts.append(len(ended))
        assert [task.result() for task in tasks] == [None] * 1000
        return [after - before for before, after in pairwise(counts)]

    ended_in_turn = run_virtually(main())
    assert sum(ended_in_turn) == 1000
    assert max(ended_in_turn) <= MAX_ENDED_AT_ONCE


def test_all_waits_for_a_target_end_and_the_last_one_closes_the_poller() -> None:
    async def main() -> None:
        poller = Poller()
        tasks = [asyncio.create_task(result_of(poller, name)) for name in ("a", "b", "a", "a")]
        await asyncio.sleep(1)
        tasks[2].cancel()  # one in the middle
        await asyncio.sleep(0)
        poller.report("a", "FAILED")
        assert await asyncio.gather(tasks[0], tasks[3]) == ["FAILED", "FAILED"]
        assert (set(poller.targets), poller.closed) == ({"b"}, 0)
        poller.fail_all(ValueError("gone"))
        with pytest.raises(ValueError, match="gone"):
            await tasks[1]
        assert (poller.targets, poller.closed) == ({}, 1)

    run_virtually(main())


def test_what_has_ended_is_not_polled_again_while_its_trigger_has_yet_to_run() -> None:
    """On a busy triggerer, seconds pass between a wait's end and its trigger's next turn."""

    async def main() -> None:
        poller = Poller()
        ended, open_wait = (poller.wait_for(name, delay, ENDED) for name, delay in (("a", 2), ("b", 10)))
        await asyncio.sleep(1)
        poller.queue.add("a")
        poller.queue.add("b")
        poller.report("a", "SUCCEEDED")
        await asyncio.sleep(24)
        assert poller.polled == [["a", "b"], ["b"], ["b"]]
        assert poller.polled_alone == ["b"]
        await poller.leave(ended)
        await poller.leave(open_wait)

    run_virtually(main())


def test_a_wait_that_is_cancelled_while_it_ends_is_cancelled() -> None:
    async def main() -> None:
        poller = Poller()
        task = asyncio.create_task(result_of(poller, "a"))
        await asyncio.sleep(1)
        poller.report("a", "SUCCEEDED")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert poller.targets == {}

    run_virtually(main())


def test_each_deadline_is_met_with_one_timer() -> None:
    async def main() -> dict[str, float]:
        poller, loop = Poller(), asyncio.get_running_loop()
        passed: dict[str, float] = {}

        async def wait(name: str, seconds: float | None) -> None:
            try:
                await result_of(poller, name, seconds)
            except DeadlineExceeded:
                passed[name] = round(loop.time(), 2)

        within: dict[str, float | None] = {str(n): 10 + n for n in range(100)} | {"soon": 5, "past": -1, "none": None}
        tasks = [asyncio.create_task(wait(name, seconds)) for name, seconds in within.items()]
        await asyncio.sleep(0.5)
        timers = [timer for timer in loop._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]
        assert len(timers) <= 2, "one is the poller's own, for the next poll"
        poller.report("3", "SUCCEEDED")
        await asyncio.sleep(200)
        poller.report("none", "SUCCEEDED")
        await asyncio.gather(*tasks)
        return passed

    passed = run_virtually(main())
    assert passed.pop("past") < 0.2
    assert passed.pop("soon") == 5
    assert passed == {str(n): 10.0 + n for n in range(100) if n != 3}
