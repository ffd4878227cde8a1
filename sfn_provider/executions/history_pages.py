"""Reading a growing history so that every event is read once, one page at a time."""

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
        token: of the page that is read next; None for the first one. AWS forgets it after 24 hours.
        last_id: the last event that has been read. Events are numbered from 1, without gaps.
        behind: there are more events than have been read.
    """

    token: str | None = None
    last_id: int = 0
    behind: bool = True

    @classmethod
    def of(cls, saved: Mapping[str, Any] | None) -> HistoryPosition:
        """Make one out of what ``saved`` gave; the history's start for None."""
        return cls(**saved) if saved else cls()

    def saved(self) -> dict[str, Any]:
        """Give it as JSON value."""
        return asdict(self)

    def take(self, page: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Take the events of a page that have not been read yet, and move on.

        Args:
            page: the answer of GetExecutionHistory for ``token``, oldest events first, at most ``PAGE``.
        """
        events = [event for event in page["events"] if event["id"] > self.last_id]
        if events:
            self.last_id = events[-1]["id"]
        following = page.get("nextToken")
        self.behind = following is not None
        self.token = following or self.token
        return events

    def restart(self) -> None:
        """Read from the start again, without giving what has been read: AWS does not know the token any more."""
        self.token, self.behind = None, True


def read_page(position: HistoryPosition, read: Callable[[str | None], dict[str, Any]]) -> dict[str, Any]:
    """Read the page at a position; the first one again where AWS has forgotten the token.

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
    """Does an error say that AWS does not know the token any more? Source: API_GetExecutionHistory, InvalidToken."""
    return error_code(error) == "InvalidToken"
