"""The trigger that waits for a state to be entered or left within an execution."""

from __future__ import annotations

from typing import Any

from sfn_provider.executions.argument_types import Passage
from sfn_provider.executions.state_events import StateEventCounter
from sfn_provider.triggers.base import PollingTrigger
from sfn_provider.waiting.history_reader import read_history_page


class StepFunctionStateTrigger(PollingTrigger):
    """Wait until a state has been entered or left, or the execution has ended without that.

    It reads only what is new in the history, one page a look. The event is ``{"status": "success", "execution_arn":
    ..., "wait": ...}``, where ``wait`` is what has been seen, and takes the wait up again.

    Args:
        execution_arn: the execution.
        state_name: the state's name.
        passage: ``entered`` or ``left``.
        times: how often.
        wait: what has been seen before, as the event gives it.
        kwargs: of ``PollingTrigger``.
    """

    arn_field = "execution_arn"

    def __init__(
        self,
        *,
        execution_arn: str,
        state_name: str,
        passage: Passage = "entered",
        times: int = 1,
        wait: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.execution_arn = execution_arn
        self.state_name = state_name
        self.passage: Passage = passage
        self.times = times
        self.wait = StateEventCounter.from_dict(state_name, passage, times, wait)

    def arguments(self) -> dict[str, Any]:
        """Give this trigger's own arguments."""
        return {
            "execution_arn": self.execution_arn,
            "state_name": self.state_name,
            "passage": self.passage,
            "times": self.times,
            "wait": self.wait.to_dict(),
        }

    async def look(self) -> dict[str, Any] | None:
        """Read a page; the next one at once where there is more to read."""
        while True:
            self.wait.add_page(await read_history_page(self.ask, self.execution_arn, self.wait.position))
            if self.wait.is_reached or self.wait.ended:
                return {"execution_arn": self.execution_arn, "wait": self.wait.to_dict()}
            if not self.wait.position.behind:
                return None
