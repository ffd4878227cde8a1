"""The trigger that waits for several executions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sfn_provider.executions.argument_types import WaitFor
from sfn_provider.executions.batch_status import evaluate_wait, format_progress, read_statuses
from sfn_provider.executions.statuses import ENDED_STATUSES
from sfn_provider.executions.wait_messages import subject_of_executions
from sfn_provider.links.step_function import console_address
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
    argument_names = ("execution_arns", "wait_for", "target_states", "fail_fast", "waiter_delay")

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

    @property
    def first_arn(self) -> str:
        """The first ARN; its region is where the calls are."""
        return self.execution_arns[0]

    @property
    def subject(self) -> str:
        """What is waited for, for the log."""
        return subject_of_executions(self.execution_arns, self.wait_for)

    @property
    def console_address(self) -> str:
        """The first execution's page in the AWS console."""
        return console_address(execution_arn=self.first_arn)

    async def poll(self) -> dict[str, Any] | None:
        """Read the statuses of all executions that have not ended yet."""
        self._statuses |= await self._read_statuses()
        self._progress = format_progress(self._statuses)
        verdict = evaluate_wait(self._statuses.values(), self.wait_for, self.target_states, self.fail_fast)
        return None if verdict == "wait" else {"verdict": verdict}

    async def _read_statuses(self) -> dict[str, str]:
        running = [arn for arn in self.execution_arns if self._statuses.get(arn) not in ENDED_STATUSES]
        reading = read_statuses(running)
        try:
            request = next(reading)
            while True:
                request = reading.send(await self.call(request.operation, **request.arguments))
        except StopIteration as finished:
            statuses: dict[str, str] = finished.value
            return statuses
