"""Reads task token answers from an SQS queue, for workers that cannot reach Airflow's web server.

A message is the request body that the worker would send to the endpoint, with the name of the action::

    {"action": "SendTaskSuccess", "taskToken": "...", "output": "[1, 2]"}

A triggerer reads the queue while its triggers wait; a task that waits in its worker reads it itself. The reader writes
an answer into the record of its wait, whichever task that belongs to, and deletes the message only if it has woken the
task, or if no task waits any more. Otherwise the message becomes visible again, for another triggerer. So no answer is
lost, and one that is sent or delivered twice counts once.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
import time
from collections.abc import Callable, Container
from typing import Any, Final, NamedTuple

from sfn_provider._compat import conf
from sfn_provider.callbacks import wait_records
from sfn_provider.callbacks.api_messages import ApiError
from sfn_provider.callbacks.task_tokens import InvalidToken, TokenSigner
from sfn_provider.callbacks.worker_requests import ANSWER_ACTIONS, WorkerAnswer, parse_answer
from sfn_provider.secret_masking import masked_line

Message = dict[str, Any]

LONG_POLL_SECONDS: Final = 20
"""Seconds that one call waits for messages: the maximum of SQS."""

REDELIVERY_SECONDS: Final = 5
"""Seconds after which a message for another reader becomes visible again."""

_MAX_RETRY_DELAY: Final = 60.0

_log = logging.getLogger(__name__)


def queue_url() -> str:
    """The queue's URL, ``[sfn_provider] task_token_queue_url``; empty where there is none."""
    return str(conf.get("sfn_provider", "task_token_queue_url", fallback="") or "")


def parse_message(body: str) -> tuple[str, WorkerAnswer]:
    """Parse a message's body.

    Returns:
        The task token, as sent, and the answer.

    Raises:
        ApiError: the body is not a request that answers a task.
    """
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ApiError("SerializationException", "the message is not valid JSON") from error
    action = request.get("action") if isinstance(request, dict) else None
    if action not in ANSWER_ACTIONS:
        raise ApiError("UnknownOperationException", f"'action' must be one of {', '.join(ANSWER_ACTIONS)}")
    return parse_answer(action, request)


class MessageOutcome(NamedTuple):
    """What happens to a message.

    Args:
        delete: it is done with. One that cannot be parsed stays, for the queue's dead-letter queue.
        wait_id: the wait that it ends, where it may be deleted only if this process has woken that.
    """

    delete: bool
    wait_id: str | None = None


def process_message(message: Message, now: float) -> MessageOutcome:
    """Write a message's answer into the record of its wait.

    Args:
        message: as ReceiveMessage returns it.
        now: the time, seconds since the epoch.
    """
    try:
        token, answer = parse_message(message["Body"])
        claim = TokenSigner.from_configuration().verify(token)
    except (ApiError, InvalidToken) as error:
        reason = str(error) or "its task token is not valid"
        _log.warning("Message %s in the queue of task tokens is no answer: %s", message["MessageId"], reason)
        return MessageOutcome(delete=False)
    wait = wait_records.read_record(claim.id)
    if wait is None or not hmac.compare_digest(wait.waiter.digest, claim.digest):
        _log.info("Message %s answers a task that waits no more", message["MessageId"])
        return MessageOutcome(delete=True)
    if wait.answer is None:
        if now > wait.deadline:
            _log.info("Message %s comes too late for its task", message["MessageId"])
            return MessageOutcome(delete=True)
        wait_records.update_record(wait.with_answer(answer, now))
        if answer.action == "SendTaskHeartbeat":
            return MessageOutcome(delete=True)
    return MessageOutcome(delete=False, wait_id=claim.id)


def _process_any_message(message: Message) -> MessageOutcome:
    """Process a message of whatever content; one whose record cannot be read or written now becomes visible again."""
    try:
        return process_message(message, time.time())
    except Exception as error:  # of whatever kind: the answers behind it are waited for
        reason = f"{type(error).__name__}: {masked_line(error)}"
        _log.warning("Message %s in the queue of task tokens is tried again: %s", message["MessageId"], reason)
        return MessageOutcome(delete=False)


async def consume_queue(wake: Callable[[str], bool]) -> None:
    """Read the queue until cancelled; no error ends it.

    Args:
        wake: wakes the trigger of a wait, by its id; False where this event loop has none.
    """
    errors = 0
    while True:
        try:
            async with await _async_client() as client:
                while True:
                    await _receive(client, wake)
                    errors = 0
        except Exception as error:  # of whatever kind: AWS's, the network's, a wrong connection
            # The triggers go on waiting: the endpoint still takes answers, and messages stay in the queue.
            delay = min(_MAX_RETRY_DELAY, 2.0**errors)
            errors += 1
            reason = f"{type(error).__name__}: {masked_line(error)}"
            _log.warning("Cannot read the queue of task tokens, next try in %.0f s: %s", delay, reason)
            await asyncio.sleep(delay)


async def _receive(client: Any, wake: Callable[[str], bool]) -> None:
    from asgiref.sync import sync_to_async

    received = await client.receive_message(**_receive_arguments(LONG_POLL_SECONDS))
    for message in received.get("Messages", []):
        outcome = await sync_to_async(_process_any_message)(message)
        done = outcome.delete or (outcome.wait_id is not None and wake(outcome.wait_id))
        operation, arguments = _settlement(message, done)
        await getattr(client, operation)(**arguments)


def drain_queue(wait_ids: Container[str]) -> None:
    """Read the messages that are in the queue now, from within a task.

    Args:
        wait_ids: the ids of the task's waits.

    Raises:
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: the queue cannot be read.
    """
    hook = _hook()
    client = hook.get_client_type(region_name=hook.region_name)
    received = client.receive_message(**_receive_arguments(wait_seconds=0))
    for message in received.get("Messages", []):
        outcome = _process_any_message(message)
        operation, arguments = _settlement(message, outcome.delete or outcome.wait_id in wait_ids)
        getattr(client, operation)(**arguments)


def _receive_arguments(wait_seconds: int) -> dict[str, Any]:
    return {"QueueUrl": queue_url(), "MaxNumberOfMessages": 10, "WaitTimeSeconds": wait_seconds}


def _settlement(message: Message, done: bool) -> tuple[str, dict[str, Any]]:
    """Return the call, and its arguments, that deletes a message or makes it visible for another reader."""
    receipt = {"QueueUrl": queue_url(), "ReceiptHandle": message["ReceiptHandle"]}
    if done:
        return "delete_message", receipt
    return "change_message_visibility", {**receipt, "VisibilityTimeout": REDELIVERY_SECONDS}


async def _async_client() -> Any:
    from asgiref.sync import sync_to_async

    def create() -> Any:
        hook = _hook()
        return hook.get_client_type(region_name=hook.region_name, deferrable=True)

    return await sync_to_async(create)()


def _hook() -> Any:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    region = re.match(r"https://sqs\.([a-z0-9-]+)\.", queue_url())
    connection = conf.get("sfn_provider", "task_token_queue_conn_id", fallback="aws_default")
    return AwsBaseHook(aws_conn_id=connection, client_type="sqs", region_name=region[1] if region else None)
