"""Serves the callback endpoint as an ASGI application, for Airflow 3.

Plugins load in every Airflow process, so Starlette and the endpoint are imported with the first request.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from sfn_provider.callbacks import ENDPOINT_PATH

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from sfn_provider.callbacks.api_messages import ApiRequest, ApiResponse

POLL_INTERVAL: Final = 1.0
"""Seconds between two checks for an activity's task, while a worker's GetActivityTask waits."""


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Respond to an HTTP request; a websocket is refused."""
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import Response

    if scope["type"] != "http":
        await send({"type": "websocket.close", "code": 1003})
        return

    try:
        response = await _respond(Request(scope, receive))
    except ClientDisconnect:
        return
    await Response(response.content, response.status, response.headers)(scope, receive, send)


async def _respond(request: Request) -> ApiResponse:
    from sfn_provider.callbacks.api_messages import ApiRequest, ApiResponse
    from sfn_provider.callbacks.endpoint import MAX_BODY_BYTES, TOO_LARGE, handle_request

    if not request.scope["path"].rstrip("/").endswith(ENDPOINT_PATH):
        message = f"The endpoint is {ENDPOINT_PATH}"
        return ApiResponse(404, {"__type": "UnknownOperationException", "message": message})
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            return ApiResponse.from_error(TOO_LARGE)
    # Signatures are over the encoded path. Of equal headers Starlette gives the first one, which is the client's:
    # Airflow may add an Authorization header.
    url = request.url.replace(path=(request.scope.get("raw_path") or request.url.path.encode()).decode("latin-1"))
    api_request = ApiRequest(request.method, str(url), request.headers, bytes(body))
    response = await asyncio.to_thread(handle_request, api_request)
    return await _long_poll(request, api_request, response) if response.pending else response


async def _long_poll(request: Request, api_request: ApiRequest, response: ApiResponse) -> ApiResponse:
    """Repeat a request until there is a task; not for a client that has disconnected, which would lose the task."""
    from starlette.requests import ClientDisconnect

    from sfn_provider.callbacks.endpoint import LONG_POLL_SECONDS, handle_request

    clock = asyncio.get_running_loop().time
    end = clock() + LONG_POLL_SECONDS
    # Not request.is_disconnected(): behind a BaseHTTPMiddleware it misses the message.
    disconnected = asyncio.ensure_future(request.receive())
    try:
        while response.pending and clock() < end:
            done, _ = await asyncio.wait([disconnected], timeout=min(POLL_INTERVAL, end - clock()))
            if done:
                raise ClientDisconnect
            response = await asyncio.to_thread(handle_request, api_request)
    finally:
        disconnected.cancel()
    return response
