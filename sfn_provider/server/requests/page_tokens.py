"""Cuts lists into pages, with tokens that lead from one to the next."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, TypeVar

from sfn_provider.server.api_errors import invalid_token

Json = Any
_Item = TypeVar("_Item")

DEFAULT_PAGE: Final = 100
"""Items of a page where the request asks for no number, or for 0 (AWS's documentation of ``maxResults``)."""

LIFETIME: Final = 86_400.0
"""Seconds for which a token is valid (AWS's documentation of ``nextToken``)."""


@dataclass(frozen=True, slots=True)
class PageTokens:
    """Makes and reads the tokens of pages.

    Args:
        key: signs tokens, so that only those are taken that were issued.
    """

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def page(
        self,
        scope: str,
        items: Callable[[Json], Iterable[_Item]],
        position: Callable[[_Item], Json],
        parameters: dict[str, Json],
        now: float,
    ) -> tuple[list[_Item], dict[str, str]]:
        """Return one page of a list.

        Args:
            scope: what is listed and how: a token is valid for the same list alone.
            items: returns the items that follow a position; all for None.
            position: returns the position of an item, as JSON value.
            parameters: of the request: ``maxResults`` and ``nextToken``.
            now: the time, seconds since the epoch.

        Returns:
            The items, and ``{"nextToken": token}`` where there are more.

        Raises:
            ApiError: ``InvalidToken``.
        """
        size = parameters.get("maxResults") or DEFAULT_PAGE
        token = parameters.get("nextToken")
        found = list(islice(items(None if token is None else self._read(token, scope, now)), size + 1))
        if len(found) <= size:
            return found, {}
        return found[:size], {"nextToken": self._write(scope, position(found[size - 1]), now)}

    def _write(self, scope: str, position: Json, now: float) -> str:
        text = json.dumps([position, now]).encode()
        return base64.urlsafe_b64encode(self._digest(scope, text) + text).decode()

    def _read(self, token: str, scope: str, now: float) -> Json:
        try:
            data = base64.urlsafe_b64decode(token)
        except ValueError:
            raise invalid_token() from None
        digest, text = data[:32], data[32:]
        if not hmac.compare_digest(digest, self._digest(scope, text)):
            raise invalid_token()
        position, issued = json.loads(text)
        if now - issued > LIFETIME:
            raise invalid_token()
        return position

    def _digest(self, scope: str, text: bytes) -> bytes:
        return hmac.digest(self.key, scope.encode(errors="replace") + b"\0" + text, "sha256")
