"""Authorizes requests that name this machine, and where there is a secret, those signed with it."""

from __future__ import annotations

import base64
import hmac
import ipaddress
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.aws_signatures import ReceivedRequest
from sfn_provider.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MIN_SECRET_LENGTH: Final = 16
"""Characters that a secret has at least: who listens to a signed request can try secrets at leisure."""

_MAX_SKEW_SECONDS: Final = 15 * 60
"""How far the time of a signature may be from now, as on AWS."""

_RESERVED_DOMAINS: Final = (".localhost", ".local", ".internal", ".test")
"""Names that nobody can register: those of this machine, of a network, of containers."""

_SIGNATURE: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/\s]+)/(\d{8})/([\w-]+)/([\w-]+)/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})"
)


def check_address(host: str, secret: str | None) -> None:
    """Refuse to listen where others can reach the server, unless there is a secret.

    Args:
        host: the address to listen at.
        secret: the secret; None without.

    Raises:
        UsageError: with what to do.
    """
    if secret is not None and len(secret) < MIN_SECRET_LENGTH:
        raise UsageError(f"The secret has {len(secret)} characters: it must have at least {MIN_SECRET_LENGTH}")
    if secret is None and not _is_loopback(host):
        raise UsageError(
            f"Others can reach the server at {host}: give it a secret, which clients have as their AWS secret access "
            "key, or let it listen at 127.0.0.1"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def names_this_machine(host: str) -> bool:
    """Return whether a Host header names no domain of the internet.

    A page of somebody else can have its own domain lead to this machine, and so read what the server has.

    Args:
        host: the header, with or without a port.
    """
    name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return name != "" and ("." not in name or name.lower().endswith(_RESERVED_DOMAINS))
    return True


@dataclass(frozen=True)
class Guard:
    """An ASGI application that admits requests to another one.

    Args:
        app: the other one.
        secret: what clients sign their requests with, as their secret access key, and browsers give as the password;
            None where any client of this machine is admitted.
        max_bytes: maximum size of a request that is signed.
    """

    app: ASGIApp
    secret: str | None
    max_bytes: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if self.secret is None:
            if names_this_machine(headers.get("host", "")):
                await self.app(scope, receive, send)
            else:
                message = f"The server does not answer as {headers.get('host')!r}: use its address, or localhost"
                await _refuse(send, 403, "AccessDeniedException", message)
        elif headers.get("authorization", "").startswith("Basic "):
            await self._check_password(scope, receive, send, headers["authorization"])
        else:
            await self._check_signature(scope, receive, send, headers)

    async def _check_password(self, scope: Scope, receive: Receive, send: Send, authorization: str) -> None:
        try:
            password = base64.b64decode(authorization.removeprefix("Basic "), validate=True).partition(b":")[2]
        except ValueError:  # also for characters beyond ASCII
            password = b""
        # A page of somebody else can send a form with the password that a browser stores, but no request of the API.
        is_read = scope["method"] in ("GET", "HEAD")
        if is_read and hmac.compare_digest(password, (self.secret or "").encode()):
            await self.app(scope, receive, send)
        else:
            await _ask_for_password(send)

    async def _check_signature(self, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str]) -> None:
        if "authorization" not in headers:
            if scope["method"] in ("GET", "HEAD"):
                await _ask_for_password(send)
            else:
                await _refuse(send, 403, "MissingAuthenticationTokenException", "The request is not signed")
            return
        body = await _read(receive, self.max_bytes)
        if body is None:
            await _refuse(send, 413, "RequestEntityTooLargeException", f"More than {self.max_bytes} bytes")
        elif problem := _find_problem(scope, headers, body, self.secret or "", time.time()):
            await _refuse(send, 403, *problem)
        else:
            await self.app(scope, _replay(body, receive), send)


def _find_problem(
    scope: MutableMapping[str, Any], headers: Mapping[str, str], body: bytes, secret: str, now: float
) -> tuple[str, str] | None:
    """Check AWS's signature, version 4, of a request; return the code and the message of AWS's error."""
    found = _SIGNATURE.fullmatch(headers["authorization"])
    if found is None:
        return "IncompleteSignatureException", "The header Authorization is no signature of version 4"
    access_key, day, region, service, names, signature = found.groups()
    query = scope["query_string"].decode("latin-1")
    url = f"http://{headers.get('host', '')}{scope['path']}" + (f"?{query}" if query else "")
    request = ReceivedRequest(scope["method"], url, headers, body)
    if request.seconds_off(day, now) > _MAX_SKEW_SECONDS:
        sent = headers.get("x-amz-date") or "no time"
        return "InvalidSignatureException", f"Signature expired: it is of {sent}; set the clocks"
    signed = names.split(";")
    required = {"host", "x-amz-date", *(["x-amz-target"] if "x-amz-target" in headers else ())}
    expected = request.signature(signed, access_key, secret, region, service) if required.issubset(signed) else None
    if expected is None:
        return "IncompleteSignatureException", "The signature must hold host, x-amz-date, x-amz-target and the body"
    if hmac.compare_digest(expected, signature):
        return None
    message = "The request signature we calculated does not match: the secret access key must be the server's secret"
    return "InvalidSignatureException", message


async def _read(receive: Receive, limit: int) -> bytes | None:
    """Read a body; None where it is too large."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > limit:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return what receives a body that was read already, and then what comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message


async def _ask_for_password(send: Send) -> None:
    headers = [(b"www-authenticate", b'Basic realm="Step Functions on this machine: the secret", charset="UTF-8"')]
    await _send(send, 401, headers, b"The password is the server's secret; the name may be any.\n", b"text/plain")


async def _refuse(send: Send, status: int, code: str, message: str) -> None:
    content = json.dumps({"__type": code, "message": message}).encode()
    await _send(send, status, [(b"x-amzn-errortype", code.encode())], content, b"application/x-amz-json-1.0")


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes, content_type: bytes) -> None:
    fixed = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *headers]})
    await send({"type": "http.response.body", "body": body})
