"""AWS Batch with jobs that all run for some seconds, in a process of its own, so that its work is not the clients'."""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

asked = [0]


def _describe(body: Any, over: bool) -> Any:
    asked[0] += 1
    status = "SUCCEEDED" if over else "RUNNING"
    return {"jobs": [{"jobId": id, "jobName": id, "jobQueue": "q", "status": status} for id in body["jobs"]]}


def handler(ends: list[float]) -> type[BaseHTTPRequestHandler]:
    """Answer DescribeJobs; ``/start`` says in how many seconds the jobs end, ``/asked`` counts the calls since."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or "null")
            if self.path == "/start":
                ends[0], asked[0] = time.time() + body, 0
            answer = _describe(body, time.time() >= ends[0]) if self.path == "/v1/describejobs" else asked[0]
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler([0.0]))
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
