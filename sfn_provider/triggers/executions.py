"""The trigger that waits for many executions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sfn_provider.executions.argument_types import WaitFor
from sfn_provider.executions.batch_status import evaluate_wait, format_progress, read_statuses
from sfn_provider.executions.statuses import ENDED_STATUSES
from sfn_provider.triggers.base import PollingTrigger


class StepFunctionExecutionsTrigger(PollingTrigger):
    """Wait until all executions, or one of them, have a status that is waited for, or no longer can.

    The event is ``{"status": "success", "verdict": "done" | "failed"}``. How many executions have ended goes to the log
    when it has changed.

    Args:
        execution_arns: the executions.
        wait_for: ``all`` or ``any``.
        target_states: the statuses that are waited for.
        fail_fast: end the wait for ``all`` as soon as one execution has ended otherwise.
        kwargs: of ``PollingTrigger``.
    """

    arn_field = "first_arn"

    def __init__(
        self,
        *,
        execution_arns: Sequence[str],
        wait_for: WaitFor = "all",
        target_states: Sequence[str] = ("SUCCEEDED",),
        fail_fast: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.execution_arns = list(execution_arns)
        self.wait_for: WaitFor = wait_for
        self.target_states = list(target_states)
        self.fail_fast = fail_fast
        self._statuses: dict[str, str] = {}
        self._progress = ""

    @property
    def first_arn(self) -> str:
        """The first ARN; its region is where the calls are."""
        return self.execution_arns[0]

    def arguments(self) -> dict[str, Any]:
        """Give this trigger's own arguments."""
        return {
            "execution_arns": self.execution_arns,
            "wait_for": self.wait_for,
            "target_states": self.target_states,
            "fail_fast": self.fail_fast,
        }

    async def look(self) -> dict[str, Any] | None:
        """Look once at all executions that have not ended yet."""
        self._statuses |= await self._read()
        if (progress := format_progress(self._statuses)) != self._progress:
            self._progress = progress
            self.log.info("%s", progress)
        verdict = evaluate_wait(self._statuses.values(), self.wait_for, self.target_states, self.fail_fast)
        return None if verdict == "wait" else {"verdict": verdict}

    async def _read(self) -> dict[str, str]:
        left = [arn for arn in self.execution_arns if self._statuses.get(arn) not in ENDED_STATUSES]
        reading = read_statuses(left)
        try:
            call = next(reading)
            while True:
                call = reading.send(await self.ask(call.operation, **call.arguments))
        except StopIteration as finished:
            statuses: dict[str, str] = finished.value
            return statuses
