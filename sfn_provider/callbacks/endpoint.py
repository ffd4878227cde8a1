"""Handles the Step Functions API calls of workers outside of Airflow, in AWS's JSON 1.0 protocol.

A request is a POST with the action in ``X-Amz-Target``; errors are ``{"__type", "message"}``. Airflow serves it by
`sfn_provider.callbacks.asgi` (Airflow 3) or `sfn_provider.callbacks.flask_blueprint` (Airflow 2).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Final

from sfn_provider.callbacks.airflow_database import claim_activity_task, store_answer
from sfn_provider.callbacks.api_messages import ApiError, ApiRequest, ApiResponse
from sfn_provider.callbacks.authorization import DagPermission, authorize
from sfn_provider.callbacks.task_tokens import InvalidToken, TokenSigner
from sfn_provider.callbacks.worker_requests import ANSWER_ACTIONS, MAX_OUTPUT_BYTES, parse_answer, read_members

MAX_BODY_BYTES: Final = 6 * MAX_OUTPUT_BYTES + 16_384
"""Maximum size of a request: an output, each of whose bytes may be written as ``\\uXXXX``, and the rest."""

LONG_POLL_SECONDS: Final = 60.0
"""Seconds that GetActivityTask waits for a task, as in AWS."""

TOO_LARGE: Final = ApiError("RequestEntityTooLargeException", f"The request has more than {MAX_BODY_BYTES} bytes", 413)


def handle_request(request: ApiRequest) -> ApiResponse:
    """Respond to a request."""
    try:
        return _handle(request, time.time())
    except ApiError as error:
        return ApiResponse.from_error(error)


def _handle(request: ApiRequest, now: float) -> ApiResponse:
    action = request.headers.get("x-amz-target", "").removeprefix("AWSStepFunctions.")
    handler = _HANDLERS.get(action)
    if request.method != "POST" or handler is None:
        raise ApiError("UnknownOperationException", f"Only {', '.join(_HANDLERS)} can be called here", 404)
    if len(request.body) > MAX_BODY_BYTES:
        raise TOO_LARGE
    is_permitted = authorize(request, action)
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise ApiError("SerializationException", "The request body is not valid JSON") from error
    return handler(action, body, now, is_permitted)


def _answer_task(action: str, body: Any, now: float, is_permitted: DagPermission) -> ApiResponse:
    token, answer = parse_answer(action, body)
    try:
        claim = TokenSigner.from_configuration().verify(token)
    except InvalidToken as error:
        raise ApiError("InvalidToken", "Invalid Token: 'Invalid token'") from error
    store_answer(claim, answer, now, is_permitted)
    return ApiResponse(200, {})


def _get_activity_task(action: str, body: Any, now: float, is_permitted: DagPermission) -> ApiResponse:
    activity_arn = read_members(action, body)["activityArn"]
    task = claim_activity_task(activity_arn, now, is_permitted)
    if task is None:
        return ApiResponse(200, {"taskToken": None}, pending=True)
    return ApiResponse(200, {"taskToken": task.token, "input": task.input})


_HANDLERS: Final[dict[str, Callable[[str, Any, float, DagPermission], ApiResponse]]] = {
    **dict.fromkeys(ANSWER_ACTIONS, _answer_task),
    "GetActivityTask": _get_activity_task,
}
