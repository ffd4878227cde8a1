"""The endpoint answers each of many malformed requests with an error in AWS's shape."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Iterator
from typing import Any

import pytest

from sfn_provider.callbacks import ENDPOINT_PATH
from sfn_provider.callbacks.worker_requests import ANSWER_ACTIONS
from tests.callbacks.conftest import Waits
from tests.fixtures.session.versions import AIRFLOW

pytestmark = pytest.mark.skipif(AIRFLOW < (3,), reason="Flask parses requests on Airflow 2")

REQUESTS = 20_000
TEXTS = [
    "", "a", "x" * 3000, "\ud800", "\x00", "é", "-1", "9" * 5000, "[" * 3000, "{}", "null", "NaN", "1e999",
    "arn:aws:states:us-east-1:1:activity:a", "../..", "%00", "\r\nX: y",
]  # fmt: skip
VALUES: list[Any] = [*TEXTS, None, True, 0, -1, 1.5, 10**30, [], {}, [[[]]], {"a": {"b": 1}}]
MEMBERS = ["taskToken", "output", "error", "cause", "activityArn", "workerName", "x"]
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=key/20250101/us-east-1/states/aws4_request, "
    "SignedHeaders=host;x-amz-date;x-amz-target, Signature=" + "0" * 64
)
HEADERS = ["x-amz-target", "x-amz-date", "authorization", "host", "content-type", "content-length", "x-forwarded-host"]


class Request:
    """A malformed request.

    Args:
        seed: makes the same request each time.
        token: a token that would be accepted.
    """

    def __init__(self, seed: int, token: str) -> None:
        self.random = random.Random(seed)
        self.token = token
        chosen = self.random.random
        self.body = self._mutate_bytes(self._body())
        self.headers = {"host": "airflow", "x-amz-target": f"AWSStepFunctions.{self._action()}"}
        if chosen() < 0.4:
            self.headers["authorization"] = self._mutate(SIGNED)
            self.headers["x-amz-date"] = self._mutate("20250101T000000Z")
        for _ in range(self.random.randrange(3)):
            self.headers[self.random.choice(HEADERS)] = self._text()
        self.method = "POST" if chosen() < 0.9 else self.random.choice(["GET", "PUT", "HEAD", "", "P\x00"])
        self.path = ENDPOINT_PATH if chosen() < 0.95 else self._text() + ENDPOINT_PATH
        self.cut = self.random.randrange(len(self.body) + 1) if chosen() < 0.1 else None

    def _action(self) -> str:
        actions = [*ANSWER_ACTIONS, "GetActivityTask"]
        return self.random.choice(actions) if self.random.random() < 0.9 else self._text()

    def _text(self) -> str:
        return self._mutate(self.random.choice(TEXTS))

    def _body(self) -> bytes:
        members = {self.random.choice(MEMBERS): self.random.choice(VALUES) for _ in range(self.random.randrange(5))}
        if self.random.random() < 0.3:
            members["taskToken"] = self._mutate(self.token) + "x"
        body = self.random.choice(VALUES) if self.random.random() < 0.1 else members
        return json.dumps(body).encode()

    def _mutate(self, text: str) -> str:
        if not text or self.random.random() < 0.5:
            return text
        at = self.random.randrange(len(text))
        return text[:at] + chr(self.random.choice([0, 10, 47, 65, 233, 255])) + text[at + self.random.randrange(2) :]

    def _mutate_bytes(self, body: bytes) -> bytes:
        if not body or self.random.random() < 0.7:
            return body
        at = self.random.randrange(len(body))
        return body[:at] + bytes([self.random.randrange(256)]) + body[at + 1 :]

    async def send_to(self, application: Any) -> tuple[int, bytes] | None:
        """Send it. Gives status and body of the answer; None where there is none, as the client has gone."""
        parts: Iterator[dict[str, Any]] = iter(
            [{"type": "http.request", "body": self.body, "more_body": False}]
            if self.cut is None
            else [{"type": "http.request", "body": self.body[: self.cut], "more_body": True}]
        )
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return next(parts, {"type": "http.disconnect"})

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in self.headers.items()]
        scope = {
            "type": "http", "http_version": "1.1", "method": self.method, "scheme": "http", "path": self.path,
            "raw_path": self.path.encode("utf-8", "surrogatepass"), "query_string": b"", "root_path": "",
            "headers": headers, "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
        }  # fmt: skip
        await application(scope, receive, send)
        if not sent:
            return None
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


@pytest.mark.parametrize("worker_auth", ["token", "signature"])
def test_each_malformed_request_has_an_answer_in_awss_shape(
    worker_auth: str, waits: Waits, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from sfn_provider.callbacks.asgi import application

    async def to_thread(function: Any, *args: Any) -> Any:
        return function(*args)

    monkeypatch.setattr(asyncio, "to_thread", to_thread)  # 20,000 threads take long, and hide nothing
    monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__WORKER_AUTH", worker_auth)
    monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__WORKER_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__WORKER_SECRET_ACCESS_KEY", "secret")
    token = waits.open()

    async def send_all() -> dict[int, int]:
        statuses: dict[int, int] = {}
        for seed in range(REQUESTS // 2):
            request = Request(seed, token)
            answer = await request.send_to(application)
            if answer is None:
                assert request.cut is not None, seed
                continue
            status, body = answer
            statuses[status] = statuses.get(status, 0) + 1
            assert 400 <= status < 500, (seed, status, body)
            assert {"__type", "message"} <= json.loads(body).keys(), (seed, body)
        return statuses

    with caplog.at_level(logging.ERROR):
        statuses = asyncio.run(send_all())
    assert caplog.records == []
    assert statuses.keys() >= ({403, 404} if worker_auth == "signature" else {400, 404})
    found = waits.read(token)
    assert found is not None and found.answer is None


def test_a_websocket_is_refused() -> None:
    from sfn_provider.callbacks.asgi import application

    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(application({"type": "websocket", "path": ENDPOINT_PATH, "headers": []}, receive, send))
    assert [message["type"] for message in sent] == ["websocket.close"]
