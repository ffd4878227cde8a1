"""Answers that come by a queue of moto's server, to a triggerer's tasks and to a task that waits in its worker."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import boto3
import pytest

from sfn_provider.callbacks import answer_waits, sqs_queue, trigger_hub, wait_records
from sfn_provider.callbacks.task_tokens import TaskInstanceKey, TokenSigner
from sfn_provider.callbacks.wait_records import WaitRecord
from sfn_provider.callbacks.worker_requests import WorkerAnswer
from sfn_provider.triggers.callback import CallbackTrigger
from tests.aws.moto import REGION

WAITER = TaskInstanceKey("dag", "run", "task", -1)
TOKEN = TokenSigner.from_configuration().sign(WAITER, "1")
ID = TokenSigner.from_configuration().verify(TOKEN).id
OTHERS_TOKEN = TokenSigner.from_configuration().sign(WAITER, "2")


@dataclass
class Kept:
    """The records of waits."""

    waits: dict[str, WaitRecord] = field(default_factory=dict)

    def update(self, wait: WaitRecord) -> None:
        self.waits[wait.id] = wait

    def answer(self, identity: str = ID) -> WorkerAnswer | None:
        return self.waits[identity].answer


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    """A wait of this process and one of another one."""
    found = Kept()
    for token in (TOKEN, OTHERS_TOKEN):
        identity = TokenSigner.from_configuration().verify(token).id
        found.waits[identity] = WaitRecord(identity, WAITER, time.time() + 1000, beat=time.time())
    monkeypatch.setattr(wait_records, "read_record", found.waits.get)
    monkeypatch.setattr(wait_records, "update_record", found.update)
    return found


@pytest.fixture
def answers(aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The queue; what comes back does so at once."""
    monkeypatch.setattr(sqs_queue, "LONG_POLL_SECONDS", 1)
    monkeypatch.setattr(sqs_queue, "REDELIVERY_SECONDS", 0)
    monkeypatch.setattr(answer_waits, "MIN_DEFERRAL_SECONDS", 0.0)
    made = boto3.resource("sqs", endpoint_url=aws, region_name=REGION).create_queue(
        QueueName="answers", Attributes={"VisibilityTimeout": "1"}
    )
    monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__TASK_TOKEN_QUEUE_URL", made.url)
    yield made


def send(answers: Any, action: str = "SendTaskSuccess", token: str = TOKEN, **more: Any) -> None:
    answers.send_message(MessageBody=json.dumps({"action": action, "taskToken": token, **more}))


def left(answers: Any) -> int:
    answers.reload()
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    return sum(int(answers.attributes[name]) for name in names)


def trigger(identity: str = ID) -> CallbackTrigger:
    return CallbackTrigger(waits=[{"id": identity, "beat": time.time(), "heartbeat": None, "activity": False}])


async def until_it_fires(made: CallbackTrigger, seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        async for _ in made.run():
            return


def test_a_triggerer_wakes_the_task(kept: Kept, answers: Any) -> None:
    send(answers, output='{"a": 1}')
    asyncio.run(until_it_fires(trigger()))
    assert kept.answer() == WorkerAnswer("SendTaskSuccess", output='{"a": 1}')


def test_one_reader_serves_all_tasks_of_a_triggerer(kept: Kept, answers: Any) -> None:
    async def both() -> None:
        waiting = [asyncio.ensure_future(until_it_fires(trigger(identity))) for identity in kept.waits]
        await asyncio.sleep(0.1)
        assert len(trigger_hub.hub_for_running_loop()) == 2
        send(answers, "SendTaskFailure", OTHERS_TOKEN, error="Boom")
        send(answers, output="1")
        await asyncio.gather(*waiting)

    asyncio.run(both())
    assert {wait.answer.action for wait in kept.waits.values() if wait.answer} == {"SendTaskFailure", "SendTaskSuccess"}


def read_by(answers: Any, *identities: str, until: Any) -> None:
    """Let a triggerer with these waits read until something is so."""

    async def read() -> None:
        async with trigger_hub.register_waits(identities):
            deadline = time.monotonic() + 30
            while not until():
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)

    asyncio.run(read())


def test_an_answer_for_another_triggerer_is_kept_and_comes_back(kept: Kept, answers: Any) -> None:
    send(answers, token=OTHERS_TOKEN, output="2")
    other = TokenSigner.from_configuration().verify(OTHERS_TOKEN).id
    read_by(answers, ID, until=lambda: kept.answer(other) is not None)
    assert kept.answer(other) == WorkerAnswer("SendTaskSuccess", output="2") and left(answers) == 1
    read_by(answers, other, until=lambda: left(answers) == 0)


def test_a_second_answer_changes_nothing(kept: Kept, answers: Any) -> None:
    kept.update(replace(kept.waits[ID], answer=WorkerAnswer("SendTaskSuccess", output="1")))
    send(answers, output="2")
    read_by(answers, ID, until=lambda: left(answers) == 0)
    assert kept.answer() == WorkerAnswer("SendTaskSuccess", output="1")


def test_heartbeats_wake_nobody(kept: Kept, answers: Any) -> None:
    before = kept.waits[ID].beat
    send(answers, "SendTaskHeartbeat")
    read_by(answers, ID, until=lambda: left(answers) == 0)
    assert kept.waits[ID].beat > before and kept.answer() is None


def test_answers_that_nobody_waits_for_go(kept: Kept, answers: Any) -> None:
    kept.update(replace(kept.waits[ID], expires=time.time() - 1))
    send(answers, output="1")
    send(answers, token=TokenSigner.from_configuration().sign(WAITER, "3"), output="1")
    read_by(answers, "other", until=lambda: left(answers) == 0)
    assert kept.answer() is None


def other_spelling(token: str) -> str:
    """The same bytes in base64, of whose last character two bits say nothing."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


BAD = {
    "no JSON": "{",
    "no object": "[]",
    "no action": json.dumps({"taskToken": TOKEN, "output": "1"}),
    "another action": json.dumps({"action": "GetActivityTask", "activityArn": "a"}),
    "half a character": json.dumps({"action": "SendTaskSuccess", "taskToken": "\ud800", "output": "1"}),
    "half a character in the output": json.dumps(
        {"action": "SendTaskSuccess", "taskToken": TOKEN, "output": '"\udfff"'}
    ),
    "another spelling of the token": json.dumps(
        {"action": "SendTaskSuccess", "taskToken": other_spelling(TOKEN), "output": "1"}
    ),
    "no output": json.dumps({"action": "SendTaskSuccess", "taskToken": TOKEN}),
    "another's token": json.dumps(
        {"action": "SendTaskSuccess", "taskToken": TokenSigner("another key").sign(WAITER, "1"), "output": "1"}
    ),
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_what_is_no_answer_stays_for_the_dead_letter_queue(
    kept: Kept, caplog: pytest.LogCaptureFixture, body: str
) -> None:
    taken = sqs_queue.process_message({"MessageId": "m-1", "Body": body}, time.time())
    assert taken == sqs_queue.MessageOutcome(delete=False)
    assert "Message m-1 in the queue of task tokens is no answer: " in caplog.text
    assert TOKEN not in caplog.text


def test_an_answer_is_written_although_the_one_before_it_cannot_be(
    kept: Kept, answers: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other, failures = TokenSigner.from_configuration().verify(OTHERS_TOKEN).id, [OSError("the database is away")] * 2

    def read(identity: str) -> WaitRecord | None:
        if identity == other and failures:
            raise failures.pop()
        return kept.waits.get(identity)

    monkeypatch.setattr(wait_records, "read_record", read)
    send(answers, token="\ud800", output="0")
    send(answers, token=OTHERS_TOKEN, output="2")
    send(answers, output="1")
    read_by(answers, ID, other, until=lambda: left(answers) == 1)  # the one that is no answer stays
    assert kept.answer() == WorkerAnswer("SendTaskSuccess", output="1")
    assert kept.answer(other) == WorkerAnswer("SendTaskSuccess", output="2")
    assert "is tried again: OSError: the database is away" in caplog.text


@pytest.mark.parametrize("error", [ValueError("no region"), KeyError("aws_default")], ids=["client", "connection"])
def test_no_error_ends_the_reader(
    kept: Kept, answers: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    make_client, errors = sqs_queue._async_client, [error]

    async def client() -> Any:
        if errors:
            raise errors.pop()
        return await make_client()

    monkeypatch.setattr(sqs_queue, "_async_client", client)
    send(answers, output="1")
    asyncio.run(until_it_fires(trigger()))
    assert kept.answer() == WorkerAnswer("SendTaskSuccess", output="1")
    assert f"Cannot read the queue of task tokens, next try in 1 s: {type(error).__name__}" in caplog.text


def test_an_endpoint_that_fails_is_asked_again(
    kept: Kept, answers: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    url = answers.url
    monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__TASK_TOKEN_QUEUE_URL", url + "-missing")

    async def read() -> None:
        waiting = asyncio.ensure_future(until_it_fires(trigger()))
        while "Cannot read the queue" not in caplog.text:
            await asyncio.sleep(0.05)
        monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__TASK_TOKEN_QUEUE_URL", url)
        send(answers, output="1")
        await waiting

    asyncio.run(read())
    assert kept.answer() == WorkerAnswer("SendTaskSuccess", output="1")


def test_a_task_in_its_worker_reads_for_itself(kept: Kept, answers: Any) -> None:
    send(answers, token=OTHERS_TOKEN, output="2")
    send(answers, output="1")
    sqs_queue.drain_queue([ID])
    assert kept.answer() == WorkerAnswer("SendTaskSuccess", output="1")
    assert left(answers) == 1
