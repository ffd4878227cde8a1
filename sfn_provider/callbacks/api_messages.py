"""HTTP requests, responses and errors of the callback endpoint, independent of the web framework."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class ApiError(Exception):
    """A request that is rejected with an error of AWS.

    Args:
        code: the error's name: ``InvalidToken``.
        message: what is wrong.
        status: the HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code = code
        self.status = status
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """An HTTP request.

    Args:
        method: the HTTP method.
        url: the complete URL as the client sees it.
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
        status: the HTTP status.
        body: the body, a JSON object.
        pending: no activity task is scheduled yet: repeat the request until the long poll ends.
    """

    status: int
    body: dict[str, Any]
    pending: bool = False

    @classmethod
    def from_error(cls, error: ApiError) -> ApiResponse:
        """Make the response to a request that is rejected."""
        return cls(error.status, {"__type": error.code, "message": str(error)})

    @property
    def content(self) -> bytes:
        """The body as JSON text."""
        return json.dumps(self.body).encode()

    @property
    def headers(self) -> dict[str, str]:
        """The headers."""
        headers = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": str(uuid.uuid4())}
        error = self.body.get("__type") if self.status >= 400 else None
        return {**headers, "Cache-Control": "no-store", **({"x-amzn-ErrorType": error} if error else {})}
