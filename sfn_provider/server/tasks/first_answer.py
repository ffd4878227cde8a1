"""Asks several task runners one after another until one has an answer."""

from __future__ import annotations

from sfn_provider.server.driver.task_runner import UNHANDLED, TaskOutcome, TaskRequest, TaskRunner


class FirstAnswer:
    """A task runner of several.

    Args:
        runners: them, in the order in which they are asked.
    """

    def __init__(self, *runners: TaskRunner) -> None:
        self._runners = runners

    async def run(self, request: TaskRequest) -> TaskOutcome:
        """Return the first answer; UNHANDLED where no runner has one."""
        for runner in self._runners:
            outcome = await runner.run(request)
            if outcome is not UNHANDLED:
                return outcome
        return UNHANDLED
