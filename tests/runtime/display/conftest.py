"""The log of a task, and its run."""

from __future__ import annotations

from tests.runtime.display.logged_tasks import log, run

__all__ = ["log", "run"]
