"""Step Functions over HTTP with executions that take their time: moto ends them at once, or never."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.fixtures.servers import Server

Json = Any


class Refusal(Exception):
    """An error that the service answers with: its code and its message."""


@dataclass
class Running:
    """An execution: what it was started with, and when it ends, as seconds since the epoch."""

    row: dict[str, Json]
    input: str
    ends: float

    def describe(self) -> dict[str, Json]:
        """How it stands."""
        if time.time() < self.ends:
            return {**self.row, "status": "RUNNING"}
        return {**self.row, "status": "SUCCEEDED", "stopDate": self.ends}


@dataclass
class StepFunctions:
    """The executions, and what was asked.

    Args:
        url: the address.
        seconds: how long each execution takes.
        calls: how often each action was called.
        executions: by name.
    """

    url: str = ""
    seconds: float = 5.0
    calls: Counter[str] = field(default_factory=Counter)
    executions: dict[str, Running] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, machine: str) -> list[Running]:
        """The executions of a machine."""
        return [one for one in list(self.executions.values()) if one.row["stateMachineArn"] == machine]

    def hold(self) -> None:
        """What is started from now on runs until `release`."""
        self.seconds = float("inf")

    def release(self, within: float) -> None:
        """Let what runs end, one by one, within some seconds; always in the same order."""
        order = random.Random(8)
        with self.lock:
            for one in self.executions.values():
                one.ends = min(one.ends, time.time() + order.uniform(0, within))
            self.seconds = 5.0

    def answer(self, action: str, body: Json) -> Json:
        """Answer a call."""
        with self.lock:
            self.calls[action] += 1
            if action not in _ANSWERS:
                raise Refusal("UnknownOperationException", f"{action} is not known here")
            return _ANSWERS[action](self, body)


def _start(service: StepFunctions, body: Json) -> Json:
    machine, name, given = body["stateMachineArn"], body["name"], body.get("input", "{}")
    there = service.executions.get(name)
    if there is None:
        now = time.time()
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        row = {"executionArn": arn, "stateMachineArn": machine, "name": name, "startDate": now}
        there = service.executions[name] = Running(row, given, now + service.seconds)
    elif there.describe()["status"] != "RUNNING" or there.input != given:
        # A name can be used again for the same input, while the execution runs.
        raise Refusal("ExecutionAlreadyExists", f"Execution Already Exists: '{there.row['executionArn']}'")
    return {"executionArn": there.row["executionArn"], "startDate": there.row["startDate"]}


def _describe(service: StepFunctions, body: Json) -> Json:
    found = service.executions.get(body["executionArn"].rpartition(":")[2])
    if found is None:
        raise Refusal("ExecutionDoesNotExist", f"Execution Does Not Exist: '{body['executionArn']}'")
    return found.describe() | {"input": found.input, "output": json.dumps({"did": found.row["name"]})}


def _list(service: StepFunctions, body: Json) -> Json:
    rows = [one.describe() for one in service.of(body["stateMachineArn"])]
    rows = [row for row in reversed(rows) if row["status"] == body.get("statusFilter", row["status"])]
    assert len(rows) <= body.get("maxResults", 100), "there are no further pages here"
    return {"executions": rows}


_ANSWERS: dict[str, Callable[[StepFunctions, Json], Json]] = {
    "DescribeExecution": _describe,
    "ListExecutions": _list,
    "StartExecution": _start,
}


@pytest.fixture(scope="session")
def step_functions() -> Iterator[StepFunctions]:
    """Step Functions on a free port."""
    service = StepFunctions()
    server = Server(("127.0.0.1", 0), _handler(service))
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield service
    server.shutdown()
    server.server_close()
    thread.join()


def _handler(service: StepFunctions) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                self._send(200, service.answer(self.headers["X-Amz-Target"].rpartition(".")[2], body))
            except Refusal as error:
                code, message = error.args
                self._send(400, {"__type": code, "message": message})

        def _send(self, status: int, value: Json) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            # The caller may be killed while it waits: then nobody reads this.
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test's output quiet."""

    return Handler
