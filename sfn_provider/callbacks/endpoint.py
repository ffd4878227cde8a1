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
from sfn_provider.callbacks.worker_requests import (
    ANSWER_ACTIONS,
    MAX_OUTPUT_BYTES,
    ApiError,
    parse_answer,
    read_members,
)

MAX_BODY_BYTES: Final = 6 * MAX_OUTPUT_BYTES + 16_384
"""Bytes of a request: an output, each of whose bytes may be written as ``\\uXXXX``, and the rest."""

LONG_POLL_SECONDS: Final = 60.0
"""Seconds that GetActivityTask waits for work, as in AWS."""

_TARGET: Final = "AWSStepFunctions."


@dataclass(frozen=True, slots=True)
class ApiRequest:
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
class ApiResponse:
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


def handle_request(request: ApiRequest) -> ApiResponse:
    """Answer a request."""
    try:
        return _respond(request, time.time())
    except ApiError as error:
        return error_response(error)


def error_response(error: ApiError) -> ApiResponse:
    """Tell why a request is refused."""
    return ApiResponse(error.status, {"__type": error.code, "message": str(error)})


TOO_LARGE: Final = ApiError("RequestEntityTooLargeException", f"The request has more than {MAX_BODY_BYTES} bytes", 413)


def _respond(request: ApiRequest, now: float) -> ApiResponse:
    action = request.headers.get("x-amz-target", "").removeprefix(_TARGET)
    handler = _HANDLERS.get(action)
    if request.method != "POST" or handler is None:
        raise ApiError("UnknownOperationException", f"Only {', '.join(_HANDLERS)} can be called here", 404)
    if len(request.body) > MAX_BODY_BYTES:
        raise TOO_LARGE
    may = access.authorize(request, action)
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise ApiError("SerializationException", "The request body is not valid JSON") from error
    return handler(action, body, now, may)


def _answer(action: str, body: Any, now: float, may: database.DagPermission) -> ApiResponse:
    token, answer = parse_answer(action, body)
    try:
        claim = TokenSigner.from_configuration().read(token)
    except InvalidToken as error:
        raise ApiError("InvalidToken", "Invalid Token: 'Invalid token'") from error
    database.store_answer(claim, answer, now, may)
    return ApiResponse(200, {})


def _get_activity_task(action: str, body: Any, now: float, may: database.DagPermission) -> ApiResponse:
    asked = read_members(action, body)
    work = database.claim_activity_task(asked["activityArn"], now, may)
    if work is None:
        return ApiResponse(200, {"taskToken": None}, waits=True)
    return ApiResponse(200, {"taskToken": work.token, "input": work.input})


_HANDLERS: Final[dict[str, Callable[[str, Any, float, database.DagPermission], ApiResponse]]] = {
    **dict.fromkeys(ANSWER_ACTIONS, _answer),
    "GetActivityTask": _get_activity_task,
}
