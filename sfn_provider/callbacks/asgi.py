"""The endpoint as an ASGI application, for Airflow 3.

Plugins load in every process of Airflow: it imports no web framework, and the endpoint itself at the first request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.callbacks import ENDPOINT_PATH

if TYPE_CHECKING:
    from sfn_provider.callbacks.endpoint import ApiRequest, ApiResponse

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

POLL_INTERVAL: Final = 1.0
"""Seconds between two looks for the work of an activity."""


class Gone(Exception):
    """The client has closed the connection."""


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Answer an HTTP request.

    Args:
        scope: what ASGI tells of the request.
        receive: gives its parts.
        send: takes the response's.

    Raises:
        ValueError: this is no HTTP request.
    """
    if scope["type"] != "http":
        raise ValueError(f"the endpoint answers http, not {scope['type']}")
    try:
        reply = await _reply(scope, receive)
    except Gone:
        return
    headers = {**reply.headers, "Content-Length": str(len(reply.content))}
    named = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": named})
    await send({"type": "http.response.body", "body": reply.content})


async def _reply(scope: Message, receive: Receive) -> ApiResponse:
    from sfn_provider.callbacks.endpoint import TOO_LARGE, ApiRequest, ApiResponse, error_response, handle_request

    if not scope["path"].rstrip("/").endswith(ENDPOINT_PATH):
        return ApiResponse(404, {"__type": "UnknownOperationException", "message": f"The endpoint is {ENDPOINT_PATH}"})
    body = await _body(receive)
    if body is None:
        return error_response(TOO_LARGE)
    request = ApiRequest(scope["method"], _url(scope), _headers(scope), body)
    reply = await asyncio.to_thread(handle_request, request)
    return await _poll(request, reply, receive) if reply.waits else reply


async def _poll(request: ApiRequest, reply: ApiResponse, receive: Receive) -> ApiResponse:
    """Ask again until there is work; not for a client that has gone, which would lose it."""
    from sfn_provider.callbacks.endpoint import LONG_POLL_SECONDS, handle_request

    clock = asyncio.get_running_loop().time
    end = clock() + LONG_POLL_SECONDS
    leaving = asyncio.ensure_future(receive())
    try:
        while reply.waits and clock() < end:
            done, _ = await asyncio.wait([leaving], timeout=min(POLL_INTERVAL, end - clock()))
            if done:
                raise Gone
            reply = await asyncio.to_thread(handle_request, request)
    finally:
        leaving.cancel()
    return reply


async def _body(receive: Receive) -> bytes | None:
    """The request's body; None where it is too large, as soon as that shows."""
    from sfn_provider.callbacks.endpoint import MAX_BODY_BYTES

    parts = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        parts += message.get("body", b"")
        if len(parts) > MAX_BODY_BYTES:
            return None
        more = message.get("more_body", False)
    return bytes(parts)


def _headers(scope: Message) -> dict[str, str]:
    # Of headers with the same name the first one is the client's: Airflow may add an Authorization of its own.
    lines = reversed(scope["headers"])
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in lines}


def _url(scope: Message) -> str:
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    host = _headers(scope).get("host", "")
    return f"{scope.get('scheme', 'http')}://{host}{path}" + (f"?{query}" if query else "")
