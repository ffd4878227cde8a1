"""Serves the Step Functions API over HTTP, in AWS's JSON 1.0 protocol, as an ASGI application."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Callable
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sfn_provider.engine.state_test.json_texts import parse_json
from sfn_provider.exceptions import RequestRefused
from sfn_provider.server.api_errors import ApiError
from sfn_provider.server.service import StepFunctionsService

Json = Any

LOG: Final = logging.getLogger("sfn_provider.server")

CONTENT_TYPE: Final = "application/x-amz-json-1.0"
TARGET: Final = "AWSStepFunctions."
"""What stands before the operation in the header ``X-Amz-Target``."""

MAX_BODY_BYTES: Final = 6 * 1_048_576 + 65_536
"""Maximum size of a request: a definition, each of whose characters may be written as ``\\uXXXX``, and the rest."""


def create_app(
    service: StepFunctionsService, pages: ASGIApp | None = None, is_closing: Callable[[], bool] = bool
) -> Starlette:
    """Make the application.

    Args:
        service: answers the operations.
        pages: answers everything that is no request of the API; None for an error of AWS.
        is_closing: returns whether the server ends, so that no worker may begin to wait; by default it never does.
    """
    endpoint = _ApiEndpoint(service, is_closing)
    routes = [Route("/", endpoint, methods=["POST"])]
    return Starlette(routes=[*routes, Mount("/", pages or _unknown_path)])


async def _unknown_path(scope: Scope, receive: Receive, send: Send) -> None:
    message = f"Requests are POST / with the header X-Amz-Target: {TARGET}<operation>"
    response = _error_response(ApiError("UnknownOperationException", message, 404))
    await response(scope, receive, send)


class _ApiEndpoint:
    """Answers the requests of the API.

    Args:
        service: answers the operations.
        is_closing: returns whether the server ends.
    """

    def __init__(self, service: StepFunctionsService, is_closing: Callable[[], bool]) -> None:
        self._service, self._is_closing = service, is_closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        operation = request.headers.get("x-amz-target", "").removeprefix(TARGET)
        try:
            return _json_response(await self._call(request, operation))
        except RequestRefused as refusal:
            return _error_response(refusal)
        except ClientDisconnect:
            raise
        except Exception as error:  # a fault of this package: the client gets AWS's error all the same
            LOG.exception("%s failed", operation)
            message = f"The server failed in {operation}, please report it: {error!r}"
            return _error_response(ApiError("InternalServerException", message, 500))

    async def _call(self, request: Request, operation: str) -> dict[str, Json]:
        parameters = _parse(await _read_body(request))
        if self._is_closing():
            raise ApiError("ServiceUnavailable", "The server ends", 503)
        if operation not in _LONG_CALLS:
            return await self._service.call(operation, parameters)
        return await _call_while_connected(request, self._service, operation, parameters)


_LONG_CALLS: Final = frozenset({"GetActivityTask", "StartSyncExecution"})
"""Operations that answer late: a client that disconnects while it waits gets nothing, and takes no task."""


async def _call_while_connected(
    request: Request, service: StepFunctionsService, operation: str, parameters: Json
) -> dict[str, Json]:
    call = asyncio.ensure_future(service.call(operation, parameters))
    disconnected = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({call, disconnected}, return_when=asyncio.FIRST_COMPLETED)
        if not call.done():
            raise ClientDisconnect
        return call.result()
    finally:
        disconnected.cancel()
        call.cancel()


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            message = f"The request has more than {MAX_BODY_BYTES} bytes"
            raise ApiError("RequestEntityTooLargeException", message, 413)
    return bytes(body)


def _parse(body: bytes) -> Json:
    try:
        return parse_json(body.decode()) if body.strip() else {}
    except ValueError as error:
        raise ApiError("SerializationException", f"The body of the request is no JSON: {error}") from error


def _json_response(content: dict[str, Json]) -> Response:
    return Response(json.dumps(content), 200, _headers(), CONTENT_TYPE)


def _error_response(refusal: RequestRefused) -> Response:
    status = refusal.status if isinstance(refusal, ApiError) else 400
    content = json.dumps({"__type": refusal.code, "message": refusal.message})
    return Response(content, status, _headers() | {"x-amzn-ErrorType": refusal.code}, CONTENT_TYPE)


def _headers() -> dict[str, str]:
    return {"x-amzn-RequestId": str(uuid.uuid4()), "Cache-Control": "no-store"}
