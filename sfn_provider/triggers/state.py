"""The trigger that waits for a state to be entered or left within an execution."""

from __future__ import annotations

from typing import Any

from sfn_provider.executions.argument_types import Passage
from sfn_provider.executions.history.state_events import StateEventCounter
from sfn_provider.executions.wait_messages import subject_of_state
from sfn_provider.triggers.base import PollingTrigger
from sfn_provider.waiting.history.history_reader import read_history_page


class StepFunctionStateTrigger(PollingTrigger):
    """Wait until a state has been entered or left, or the execution has ended without that.

    It reads only what is new in the history, usually one page per poll. The event is ``{"status": "success",
    "execution_arn": ..., "wait": ...}``, where ``wait`` is what has been seen; a wait that gets it continues there.

    Args:
        execution_arn: the execution.
        state_name: the state's name.
        passage: ``entered`` or ``left``.
        times: how often.
        wait: what has been seen before, as the event gives it.
        kwargs: of ``PollingTrigger``.
    """

    arn_field = "execution_arn"
    argument_names = ("execution_arn", "state_name", "passage", "times", "wait", "waiter_delay")

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
        self._wait_state = StateEventCounter.from_dict(state_name, passage, times, wait)
        # The worker has seen the end, and could not describe the execution: it tries again after waiter_delay.
        self._ended_before = self._wait_state.ended

    @property
    def wait(self) -> dict[str, Any]:
        """What has been seen, as the event gives it."""
        return self._wait_state.to_dict()

    @property
    def subject(self) -> str:
        """What is waited for, for the log."""
        return subject_of_state(self.state_name, self.passage, self.times, self.execution_arn)

    async def poll(self) -> dict[str, Any] | None:
        """Read the new pages of the history."""
        wait = self._wait_state
        while True:
            wait.add_page(await read_history_page(self.call, self.execution_arn, wait.position))
            self._progress = wait.progress()
            if wait.is_reached or (wait.ended and not self._ended_before):
                return {"execution_arn": self.execution_arn, "wait": self.wait}
            if not wait.position.behind:
                self._ended_before = False
                return None
