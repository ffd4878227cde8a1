"""The HTTP server that stands in for AWS: it decodes requests, and a service of this folder answers them.

A service is a function from a `Request` to an answer. `serve` starts it; `point_clients_at` leads AWS clients to it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Json = Any


@dataclass(frozen=True)
class Request:
    """A request of an AWS client.

    Args:
        action: the operation, where the protocol names it in a header; else "".
        path: the URL's path.
        query: the URL's query.
        headers: HTTP headers.
        body: parsed JSON; text where the body is no JSON; None where there is none.
    """

    action: str
    path: str
    query: str
    headers: Message
    body: Json


@dataclass(frozen=True)
class Response:
    """A response; its body is sent as JSON, bytes as they are."""

    body: Json = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ErrorResponse:
    """An error that a service answers with."""

    code: str
    message: str = "scripted"
    status: int = 400


@dataclass(frozen=True)
class Disconnect:
    """The connection is closed after some bytes."""

    sent: bytes = b""


NO_RESPONSE = Disconnect()
"""The connection is closed without a response."""

PARTIAL_RESPONSE = Disconnect(
    b'HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 500\r\n\r\n{"execu'
)
"""The connection is closed in the middle of a response."""

Answer = dict[str, Any] | Response | ErrorResponse | Disconnect
Service = Callable[[Request], Answer]


class Server(ThreadingHTTPServer):
    """Takes as many connections at once as a Map makes; the standard library's resets what comes after the fifth."""

    request_queue_size = 256


@contextmanager
def serve(service: Service) -> Iterator[str]:
    """Serve a service on a free port, in threads of this process. Gives its address."""
    server = Server(("127.0.0.1", 0), request_handler(service))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def point_clients_at(url: str, monkeypatch: pytest.MonkeyPatch, *, retry: bool = True) -> None:
    """Lead the AWS clients of this process, and of those that it starts, to an address; without botocore's retries."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    if not retry:
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


def request_handler(service: Service) -> type[BaseHTTPRequestHandler]:
    """Make the class that answers HTTP requests by a service."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each body waits 40 ms for the client's acknowledgement of the headers

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path, _, query = self.path.partition("?")
            action = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            self._send(service(Request(action, path, query, self.headers, _parsed(data))))

        do_GET = do_PUT = do_DELETE = do_POST

        def _send(self, answer: Answer) -> None:
            if isinstance(answer, Disconnect):
                self.wfile.write(answer.sent)
                self.close_connection = True
                return
            response = _response(answer)
            data = response.body if isinstance(response.body, bytes) else json.dumps(response.body).encode()
            content_type = "application/x-amz-json-1.0" if "X-Amz-Target" in self.headers else "application/json"
            headers = {"Content-Type": content_type} | response.headers | {"Content-Length": str(len(data))}
            self.send_response(response.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            # The caller may be killed while it waits: then nobody reads this.
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    return Handler


def _parsed(data: bytes) -> Json:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return data.decode()


def _response(answer: dict[str, Any] | Response | ErrorResponse) -> Response:
    if isinstance(answer, ErrorResponse):
        return Response({"__type": answer.code, "message": answer.message}, answer.status)
    return answer if isinstance(answer, Response) else Response(answer)
