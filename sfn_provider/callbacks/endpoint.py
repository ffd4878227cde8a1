"""The endpoint that workers call as if it were Step Functions: requests in, replies out.

It speaks AWS's JSON 1.0 protocol: POST, the action in ``X-Amz-Target``, errors as ``{"__type", "message"}``. How
requests get here is the business of `sfn_provider.callbacks.asgi` (Airflow 3) and `.blueprint` (Airflow 2).
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sfn_provider.callbacks import airflow_database as database
from sfn_provider.callbacks import authorization as access
from sfn_provider.callbacks.task_tokens import InvalidToken, TokenSigner
from sfn_provider.callbacks.worker_requests import ACTIONS, MAX_OUTPUT, ApiError, members, read_answer

MAX_BODY: Final = 6 * MAX_OUTPUT + 16_384
"""Bytes of a request: an output, each of whose bytes may be written as ``\\uXXXX``, and the rest."""

LONGEST_POLL: Final = 60.0
"""Seconds that GetActivityTask waits for work, as in AWS."""

_TARGET: Final = "AWSStepFunctions."


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request.

    Args:
        method: its method.
        url: the whole URL as the client sees it.
        headers: the headers, names in lower case.
        body: the body.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response.

    Args:
        status: its status.
        body: the body, a JSON object.
        waits: there is no work for this worker yet: ask again until the time for that is over.
    """

    status: int
    body: dict[str, Any]
    waits: bool = False

    @property
    def content(self) -> bytes:
        """The body as it is sent."""
        return json.dumps(self.body).encode()

    @property
    def headers(self) -> dict[str, str]:
        """The headers."""
        named = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": str(uuid.uuid4())}
        error = self.body.get("__type") if self.status >= 400 else None
        return {**named, "Cache-Control": "no-store", **({"x-amzn-ErrorType": error} if error else {})}


def respond(request: Request) -> Reply:
    """Answer a request."""
    try:
        return _respond(request, time.time())
    except ApiError as error:
        return refuse(error)


def refuse(error: ApiError) -> Reply:
    """Tell why a request is refused."""
    return Reply(error.status, {"__type": error.code, "message": str(error)})


TOO_LARGE: Final = ApiError("RequestEntityTooLargeException", f"The request has more than {MAX_BODY} bytes", 413)


def _respond(request: Request, now: float) -> Reply:
    action = request.headers.get("x-amz-target", "").removeprefix(_TARGET)
    handler = _HANDLERS.get(action)
    if request.method != "POST" or handler is None:
        raise ApiError("UnknownOperationException", f"Only {', '.join(_HANDLERS)} can be called here", 404)
    if len(request.body) > MAX_BODY:
        raise TOO_LARGE
    may = access.authorize(request, action)
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise ApiError("SerializationException", "The request body is not valid JSON") from error
    return handler(action, body, now, may)


def _answer(action: str, body: Any, now: float, may: database.DagPermission) -> Reply:
    token, answer = read_answer(action, body)
    try:
        claim = TokenSigner.from_configuration().read(token)
    except InvalidToken as error:
        raise ApiError("InvalidToken", "Invalid Token: 'Invalid token'") from error
    database.take_answer(claim, answer, now, may)
    return Reply(200, {})


def _get_activity_task(action: str, body: Any, now: float, may: database.DagPermission) -> Reply:
    asked = members(action, body)
    work = database.take_work(asked["activityArn"], now, may)
    if work is None:
        return Reply(200, {"taskToken": None}, waits=True)
    return Reply(200, {"taskToken": work.token, "input": work.input})


_HANDLERS: Final[dict[str, Callable[[str, Any, float, database.DagPermission], Reply]]] = {
    **dict.fromkeys(ACTIONS, _answer),
    "GetActivityTask": _get_activity_task,
}
