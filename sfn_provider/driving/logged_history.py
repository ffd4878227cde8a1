"""What operators and sensors that log a history have in common: what they have logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sfn_provider.executions.history.history_log import HistoryLog


class LoggedHistoryMixin:
    """Passes what has been logged of a history from a worker to the triggerer, and back."""

    log_history: bool
    _history: HistoryLog | None = None

    def _history_log(self) -> HistoryLog:
        """Return what has been logged so far."""
        from sfn_provider.executions.history.history_log import HistoryLog

        self._history = self._history or HistoryLog()
        return self._history

    def _history_of_trigger(self) -> dict[str, Any] | None:
        """Return what has been logged, as the trigger takes it."""
        return self._history_log().to_dict() if self.log_history else None

    def _take_history(self, event: Mapping[str, Any]) -> None:
        """Go on from what the trigger has logged, by its event."""
        from sfn_provider.executions.history.history_log import HistoryLog

        self._history = HistoryLog.from_dict(event.get("history"))
