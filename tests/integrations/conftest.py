from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import botocore.session
import pytest

from sfn_provider.engine.requests import CallTask
from sfn_provider.integrations import Caller, Completed, Submitted
from sfn_provider.integrations.job_recovery import Resubmission
from tests.fixtures import airflow_home  # noqa: F401  # sets the environment before Airflow is imported
from tests.fixtures.moto import ACCOUNT, REGION, aws, moto_server
from tests.fixtures.scripted_aws import scripted_aws

__all__ = ["aws", "moto_server", "scripted_aws"]

MACHINE_ARN = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:Orders"
EXECUTION_ARN = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:Orders:first"

Answer = Completed | Submitted


@pytest.fixture(scope="session", autouse=True)
def models_read_once() -> Iterator[None]:
    """Let all sessions of botocore share what they have read: reading models is most of what a client costs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield


@pytest.fixture
def caller() -> Caller:
    """A caller for one execution, by the default connection."""
    return Caller(execution_arn=EXECUTION_ARN, machine_arn=MACHINE_ARN)


@pytest.fixture
def submit(caller: Caller) -> Callable[..., Answer]:
    """Submit a task of the state Work: its resource without ``arn:aws:states:::``, and its arguments."""

    return partial(submit_by, caller)


def submit_by(
    caller: Caller,
    resource: str,
    arguments: Any = None,
    *,
    key: str = "run/Work/0",
    again: Resubmission | None = None,
    **fields: Any,
) -> Answer:
    """Submit a task of the state Work."""
    arn = resource if resource.startswith("arn:") else f"arn:aws:states:::{resource}"
    call = CallTask(id="1", state="Work", resource=arn, arguments=arguments, **fields)
    return caller.submit(call, idempotency_key=key, again=again)


@pytest.fixture
def result(submit: Callable[..., Answer]) -> Callable[..., Any]:
    """Submit a task that is done at once. Gives its result without the metadata of HTTP."""

    def result(resource: str, arguments: Any = None, **fields: Any) -> Any:
        answer = submit(resource, arguments, **fields)
        assert isinstance(answer, Completed)
        return without_metadata(answer.result)

    return result


def without_metadata(value: Any) -> Any:
    """Drop what describes the HTTP response."""
    if not isinstance(value, dict):
        return value
    return {key: entry for key, entry in value.items() if key not in ("SdkHttpMetadata", "SdkResponseMetadata")}


@dataclass(frozen=True)
class Reply:
    """What a REST service answers."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class RestAws:
    """What each path answers, one reply a call, and what was asked: paths with bodies, headers with queries."""

    replies: dict[str, list[Reply]] = field(default_factory=dict)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    details: list[tuple[Any, str]] = field(default_factory=list)

    def script(self, path: str, *replies: Reply) -> None:
        """Give the replies of a path."""
        self.replies[path] = list(replies)


@pytest.fixture
def rest_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[RestAws]:
    """Point every AWS client at a server that answers by path, for services that speak REST. Clients do not retry."""
    script = RestAws()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    yield script
    server.shutdown()
    server.server_close()
    thread.join()


def _read(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return data.decode()


def _handler(script: RestAws) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path, _, query = self.path.partition("?")
            script.calls.append((path, _read(data)))
            script.details.append((self.headers, query))
            left = script.replies[path]
            reply = left.pop(0) if len(left) > 1 else left[0]
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in ({"Content-Type": "application/json"} | reply.headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_DELETE = do_POST

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test's output quiet."""

    return Handler
