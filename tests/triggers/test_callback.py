"""The trigger that waits for workers outside."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from sfn_provider.callbacks import answer_waits, trigger_hub, wait_records
from sfn_provider.callbacks.task_tokens import TaskInstanceKey
from sfn_provider.callbacks.wait_records import WaitRecord
from sfn_provider.callbacks.worker_requests import WorkerAnswer
from sfn_provider.triggers.callback import CallbackTrigger
from sfn_provider.triggers.jobs import JobsTrigger

OPEN = WaitRecord("id", TaskInstanceKey("dag", "run", "task", -1), time.time() + 1000)
ANSWERED = replace(OPEN, answer=WorkerAnswer("SendTaskSuccess", output="1"))


@pytest.fixture(autouse=True)
def settles_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deferral settles at once."""
    monkeypatch.setattr(answer_waits, "MIN_DEFERRAL_SECONDS", 0.0)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The records by id, and how often they were read."""
    found: dict[str, Any] = {"id": OPEN, "reads": 0}

    def read(identity: str) -> WaitRecord | None:
        found["reads"] += 1
        wait: WaitRecord | None = found[identity]
        return wait

    monkeypatch.setattr(wait_records, "read_record", read)
    return found


def watch(heartbeat: float | None = None, activity: bool = False, beat: float | None = None) -> list[dict[str, Any]]:
    return [{"id": "id", "beat": beat or time.time(), "heartbeat": heartbeat, "activity": activity}]


async def event_of(trigger: Any, seconds: float = 10.0) -> Any:
    async with asyncio.timeout(seconds):
        async for event in trigger.run():
            return event.payload


async def is_silent(trigger: Any, seconds: float = 0.3) -> bool:
    try:
        await event_of(trigger, seconds)
    except TimeoutError:
        return True
    return False


def test_it_is_made_again_from_what_it_tells() -> None:
    path, arguments = CallbackTrigger(waits=watch(5.0), moment=3.0).serialize()
    assert path == "sfn_provider.triggers.callback.CallbackTrigger"
    assert CallbackTrigger(**arguments).serialize() == (path, arguments)


def test_an_answer_that_is_there_already_ends_it_at_once(looks: dict[str, Any]) -> None:
    looks["id"] = ANSWERED
    assert asyncio.run(event_of(CallbackTrigger(waits=watch()))) == {"status": "look"}


def test_it_sleeps_while_nothing_is_due(looks: dict[str, Any]) -> None:
    assert asyncio.run(is_silent(CallbackTrigger(waits=watch())))
    assert looks["reads"] == 1


def test_it_looks_when_the_deferral_has_settled_and_once_more(
    looks: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_waits, "MIN_DEFERRAL_SECONDS", 0.1)
    monkeypatch.setattr(answer_waits, "SECOND_POLL_DELAY", 0.1)
    looks["id"] = ANSWERED
    assert asyncio.run(is_silent(CallbackTrigger(waits=watch()), 0.05))
    assert asyncio.run(event_of(CallbackTrigger(waits=watch())))
    looks |= {"id": OPEN, "reads": 0}
    assert asyncio.run(is_silent(CallbackTrigger(waits=watch()), 0.5))
    assert looks["reads"] == 2


def test_it_ends_at_its_moment(looks: dict[str, Any]) -> None:
    assert asyncio.run(event_of(CallbackTrigger(waits=watch(), moment=time.time() + 0.1)))


def test_a_missed_heartbeat_ends_it(looks: dict[str, Any]) -> None:
    assert asyncio.run(event_of(CallbackTrigger(waits=watch(0.1))))
    assert looks["reads"] == 2


def test_heartbeats_that_came_do_not(looks: dict[str, Any]) -> None:
    looks["id"] = replace(OPEN, beat=time.time() + 1000)
    assert asyncio.run(is_silent(CallbackTrigger(waits=watch(0.1))))
    assert looks["reads"] == 1


def test_an_activity_without_a_worker_misses_none(looks: dict[str, Any]) -> None:
    looks["id"] = None
    assert asyncio.run(is_silent(CallbackTrigger(waits=watch(0.1, activity=True))))


@pytest.mark.parametrize("kind", ["callback", "jobs"])
def test_it_is_woken_by_name(looks: dict[str, Any], kind: str) -> None:
    async def answer() -> Any:
        made = CallbackTrigger(waits=watch()) if kind == "callback" else JobsTrigger(jobs={}, polls={}, waits=watch())
        waiting = asyncio.ensure_future(event_of(made))
        while not looks["reads"]:
            await asyncio.sleep(0.01)
        assert not trigger_hub.hub_for_running_loop().wake("other")
        looks["id"] = ANSWERED
        assert trigger_hub.hub_for_running_loop().wake("id")
        event = await waiting
        assert not trigger_hub.hub_for_running_loop().wake("id")
        return event

    assert asyncio.run(answer()) is not None
