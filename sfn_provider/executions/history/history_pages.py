"""Reads a growing execution history page by page, each event once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sfn_provider.executions.aws_errors import error_code

PAGE: Final = 200
"""Events of a page. The page at the history's end is read again until it is full."""


@dataclass(slots=True)
class HistoryPosition:
    """How far a history has been read.

    Args:
        token: ``nextToken`` of the page to read next; None for the first page. AWS forgets it after 24 hours.
        last_id: the id of the last event that has been read. Events are numbered from 1, without gaps.
        behind: the last page read was not the history's last one.
    """

    token: str | None = None
    last_id: int = 0
    behind: bool = True

    @classmethod
    def from_dict(cls, value: Mapping[str, Any] | None) -> HistoryPosition:
        """Restore a position from what ``to_dict`` returned; the history's start for None."""
        return cls(**value) if value else cls()

    def to_dict(self) -> dict[str, Any]:
        """Return the position as JSON value."""
        return asdict(self)

    def advance(self, page: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the events of a page that have not been read yet, and move to the next page.

        Args:
            page: the response of GetExecutionHistory for ``token``, oldest events first, at most ``PAGE``.
        """
        events = [event for event in page["events"] if event["id"] > self.last_id]
        if events:
            self.last_id = events[-1]["id"]
        following = page.get("nextToken")
        self.behind = following is not None
        self.token = following or self.token
        return events

    def restart(self) -> None:
        """Go back to the first page, because AWS has forgotten the token; events read before are not returned again."""
        self.token, self.behind = None, True


def read_page(position: HistoryPosition, read: Callable[[str | None], dict[str, Any]]) -> dict[str, Any]:
    """Read the page at a position, or the first page if AWS has forgotten the token.

    Args:
        position: how far the history has been read.
        read: reads the page of a token.
    """
    try:
        return read(position.token)
    except Exception as error:
        if not is_token_expired(error):
            raise
        position.restart()
        return read(None)


def is_token_expired(error: Exception) -> bool:
    """Return whether AWS has forgotten the token. Source: API_GetExecutionHistory, InvalidToken."""
    return error_code(error) == "InvalidToken"
