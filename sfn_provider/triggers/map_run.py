"""The trigger that waits for a Map Run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sfn_provider.executions.map_runs import format_progress, latest_map_run_arn
from sfn_provider.executions.wait_messages import begin_line, subject_of_map_run
from sfn_provider.links.step_function import console_address
from sfn_provider.triggers.base import PollingTrigger


class StepFunctionMapRunTrigger(PollingTrigger):
    """Wait until a Map Run has ended, or has a status that is waited for.

    The event is ``{"status": "success", "map_run_arn": ..., "map_run_status": ...}``. How many items are done goes to
    the log when it has changed.

    Args:
        map_run_arn: the Map Run. None for the latest one of ``execution_arn``, as soon as there is one.
        execution_arn: the execution that the Map Run is part of, in place of ``map_run_arn``.
        target_states: statuses at which the wait is over although the Map Run goes on.
        kwargs: of ``PollingTrigger``.
    """

    arn_field = "any_arn"
    argument_names = ("map_run_arn", "execution_arn", "target_states", "waiter_delay")

    def __init__(
        self,
        *,
        map_run_arn: str | None = None,
        execution_arn: str | None = None,
        target_states: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.map_run_arn = map_run_arn
        self.execution_arn = execution_arn
        self.target_states = list(target_states)

    @property
    def any_arn(self) -> str | None:
        """The ARN that is given; its region is where the calls are."""
        return self.map_run_arn or self.execution_arn

    @property
    def subject(self) -> str:
        """What is waited for, for the log."""
        return subject_of_map_run(self.map_run_arn, self.execution_arn)

    @property
    def console_address(self) -> str:
        """The page of the Map Run in the AWS console; of its execution while there is no Map Run."""
        return console_address(map_run_arn=self.map_run_arn, execution_arn=self.execution_arn)

    async def poll(self) -> dict[str, Any] | None:
        """Describe the Map Run, after finding it."""
        if self.map_run_arn is None:
            runs = (await self.call("list_map_runs", executionArn=self.execution_arn))["mapRuns"]
            self.map_run_arn = latest_map_run_arn(runs)
            if self.map_run_arn is None:
                self._progress = f"{self.execution_arn} has no Map Run yet"
                return None
            self.log.info("%s", begin_line(self.subject, self.console_address))
        description = await self.call("describe_map_run", mapRunArn=self.map_run_arn)
        status = description["status"]
        self._progress = format_progress(description)
        if status == "RUNNING" and status not in self.target_states:
            return None
        return {"map_run_arn": self.map_run_arn, "map_run_status": status}
