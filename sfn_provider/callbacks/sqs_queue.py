"""The way by a queue, for workers that cannot reach Airflow: they send answers to SQS, and Airflow reads them there.

A message is the body of the request that the worker would make, with the name of the action::

    {"action": "SendTaskSuccess", "taskToken": "...", "output": "[1, 2]"}

Triggerers read the queue while they have tasks that wait, each for all of its tasks; a task that waits in its worker
reads it itself. Whoever reads an answer writes it into the record of its wait, for whom it may concern, and removes the
message only where it has woken the task or where nobody waits any more. Otherwise the message comes back, for another
triggerer. So an answer is not lost, and one that is sent or delivered twice counts once.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
import time
from collections.abc import Container
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sfn_provider._compat import conf
from sfn_provider.callbacks import wait_records as records
from sfn_provider.callbacks.task_tokens import InvalidToken, TokenSigner
from sfn_provider.callbacks.worker_requests import ANSWER_ACTIONS, ApiError, WorkerAnswer, parse_answer

if TYPE_CHECKING:
    from sfn_provider.callbacks.trigger_hub import TriggerHub

Message = dict[str, Any]

LONG_POLL_SECONDS: Final = 20
"""Seconds that one call waits for messages, at most what SQS allows."""

REDELIVERY_SECONDS: Final = 5
"""Seconds after which a message comes back that another reader is for."""

_MAX_RETRY_DELAY: Final = 60.0

_log = logging.getLogger(__name__)


def queue_url() -> str:
    """The queue's URL, ``[sfn_provider] task_token_queue_url``; empty where there is none."""
    return str(conf.get("sfn_provider", "task_token_queue_url", fallback="") or "")


def parse_message(body: str) -> tuple[str, WorkerAnswer]:
    """Read a message.

    Args:
        body: its body.

    Returns:
        The task token, as sent, and the answer.

    Raises:
        Refusal: it is none that a worker sends.
    """
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ApiError("SerializationException", "the message is not valid JSON") from error
    action = given.get("action") if isinstance(given, dict) else None
    if action not in ANSWER_ACTIONS:
        raise ApiError("UnknownOperationException", f"'action' must be one of {', '.join(ANSWER_ACTIONS)}")
    return parse_answer(action, given)


class MessageOutcome(NamedTuple):
    """What has become of a message.

    Args:
        done: it can go. One that cannot be read stays: it is for the queue's dead-letter queue.
        wakes: the id of the wait that it ends, where the message can go only if somebody here waits.
    """

    done: bool
    wakes: str | None = None


def process_message(message: Message, now: float) -> MessageOutcome:
    """Write a message's answer into the record of its wait.

    Args:
        message: as SQS gives it.
        now: the time, seconds since the epoch.
    """
    try:
        token, answer = parse_message(message["Body"])
        claim = TokenSigner.from_configuration().read(token)
    except (ApiError, InvalidToken) as error:
        reason = str(error) or "its task token is not valid"
        _log.warning("Message %s in the queue of task tokens is no answer: %s", message["MessageId"], reason)
        return MessageOutcome(done=False)
    wait = records.read_record(claim.id)
    if wait is None or not hmac.compare_digest(wait.waiter.digest, claim.digest):
        _log.info("Message %s answers a task that waits no more", message["MessageId"])
        return MessageOutcome(done=True)
    if wait.answer is None:
        if now > wait.deadline:
            _log.info("Message %s comes too late for its task", message["MessageId"])
            return MessageOutcome(done=True)
        records.update_record(wait.take(answer, now))
        if answer.action == "SendTaskHeartbeat":
            return MessageOutcome(done=True)
    return MessageOutcome(done=False, wakes=claim.id)


async def consume_queue(hub: TriggerHub) -> None:
    """Read the queue as long as there are waits.

    Args:
        hub: the waits of this event loop.
    """
    from sfn_provider.executions.aws_errors import aws_errors

    errors = 0
    while len(hub):
        try:
            async with await _client() as client:
                while len(hub):
                    await _read(client, hub)
                    errors = 0
        except aws_errors() as error:
            # The waits go on: the endpoint still takes answers, and messages stay in the queue.
            pause = min(_MAX_RETRY_DELAY, 2.0**errors)
            errors += 1
            _log.warning("Cannot read the queue of task tokens, next try in %.0f s: %s", pause, error)
            await asyncio.sleep(pause)


async def _read(client: Any, hub: TriggerHub) -> None:
    from asgiref.sync import sync_to_async

    url = queue_url()
    received = await client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=LONG_POLL_SECONDS)
    for message in received.get("Messages", []):
        taken = await sync_to_async(process_message)(message, time.time())
        receipt = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
        if taken.done or (taken.wakes is not None and hub.wake(taken.wakes)):
            await client.delete_message(**receipt)
        else:
            await client.change_message_visibility(**receipt, VisibilityTimeout=REDELIVERY_SECONDS)


def drain_queue(waits: Container[str]) -> None:
    """Read what is in the queue now, from within a task.

    Args:
        waits: the ids of the task's waits.

    Raises:
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: the queue cannot be read.
    """
    hook, url = _hook(), queue_url()
    client = hook.get_client_type(region_name=hook.region_name)
    received = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
    for message in received.get("Messages", []):
        receipt = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
        taken = process_message(message, time.time())
        if taken.done or taken.wakes in waits:
            client.delete_message(**receipt)
        else:
            client.change_message_visibility(**receipt, VisibilityTimeout=REDELIVERY_SECONDS)


async def _client() -> Any:
    from asgiref.sync import sync_to_async

    def make() -> Any:
        hook = _hook()
        return hook.get_client_type(region_name=hook.region_name, deferrable=True)

    return await sync_to_async(make)()


def _hook() -> Any:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    region = re.match(r"https://sqs\.([a-z0-9-]+)\.", queue_url())
    connection = conf.get("sfn_provider", "task_token_queue_conn_id", fallback="aws_default")
    return AwsBaseHook(aws_conn_id=connection, client_type="sqs", region_name=region[1] if region else None)
