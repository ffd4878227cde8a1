"""Step Functions with executions that all run for some seconds, in a process of its own: its work is not the clients'.

``/start`` takes ``{"count": number, "seconds": each runs}`` and gives their ARNs; ``/asked`` gives the calls since.
"""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"
PREFIX = "arn:aws:states:us-east-1:123456789012:execution:Orders:"

arns: list[str] = []
end = [0.0]
asked = [0]


def start(body: Any) -> list[str]:
    """Begin anew."""
    arns[:] = [f"{PREFIX}run-{number}" for number in range(body["count"])]
    end[0], asked[0] = time.time() + body["seconds"], 0
    return arns


def describe(arn: str) -> dict[str, Any]:
    """Describe an execution."""
    over = time.time() >= end[0]
    row = {"executionArn": arn, "stateMachineArn": MACHINE, "name": arn.rpartition(":")[2], "startDate": 1.0}
    return {**row, "status": "SUCCEEDED", "stopDate": end[0]} if over else {**row, "status": "RUNNING"}


def answer(action: str, body: Any) -> dict[str, Any]:
    """Answer a call."""
    asked[0] += 1
    if action == "DescribeExecution":
        return describe(body["executionArn"])
    rows = [row for arn in arns if (row := describe(arn))["status"] == body["statusFilter"]]
    return {"executions": rows[: body["maxResults"]]}


class Handler(BaseHTTPRequestHandler):
    """Answers over HTTP."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or "null")
        action = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        told: Any = {"/start": start, "/asked": lambda body: asked[0]}.get(self.path, lambda body: answer(action, body))
        data = json.dumps(told(body)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
