"""Issues task tokens and leads the answers of workers to the executions that wait for them."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from sfn_provider.engine.requests import CallTask, Event
from sfn_provider.server.api_errors import ApiError, invalid_token

MakeEvent = Callable[[str, float], Event]
"""Makes the event of an answer, of the id of the call and the time."""


class AnswerReceiver(Protocol):
    """The driver of an execution that waits for answers."""

    def receive(self, call: CallTask, make_event: MakeEvent) -> None:
        """Take an answer to a call."""

    def start_work(self, call: CallTask, worker: str | None) -> None:
        """Take note that a worker has taken the task of an activity."""


@dataclass(slots=True)
class TaskTokens:
    """The task tokens that were issued.

    Args:
        key: makes tokens that nobody can guess.
        waits: who waits for the answer to which call, by token; None once nobody does.
    """

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    waits: dict[str, tuple[AnswerReceiver, CallTask] | None] = field(default_factory=dict)

    def make(self, identity: str) -> str:
        """Make the token of a call, of text that no other call has."""
        digest = hmac.digest(self.key, identity.encode(errors="replace"), "sha512")
        return "AQ" + base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def open(self, token: str, receiver: AnswerReceiver, call: CallTask) -> None:
        """Wait for the answer to a call."""
        self.waits[token] = (receiver, call)

    def close(self, token: str) -> None:
        """Wait no longer."""
        self.waits[token] = None

    def answer(self, token: str, make_event: MakeEvent, *, is_final: bool) -> None:
        """Take a worker's answer.

        Args:
            token: the token.
            make_event: makes the event.
            is_final: False for a heartbeat, after which the wait goes on.

        Raises:
            ApiError: ``InvalidToken`` for one that was never issued; ``TaskTimedOut`` where nobody waits any more.
        """
        if token not in self.waits:
            raise invalid_token()
        wait = self.waits[token]
        if wait is None:
            raise ApiError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
        if is_final:
            self.close(token)
        receiver, call = wait
        receiver.receive(call, make_event)
