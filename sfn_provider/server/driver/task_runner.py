"""Defines how the service asks for results of tasks: `TaskRunner`, `TaskRequest`, the outcomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Literal, Protocol

from sfn_provider.asl.scope import Json
from sfn_provider.engine.requests import CallTask
from sfn_provider.exceptions import StatesError


class TaskFailed(StatesError):
    """A task has failed, with an error as Step Functions names it; a runner may raise any `StatesError`."""


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """A call of a Task state, or a read or write of a distributed Map.

    Args:
        execution_arn: the execution that calls, as in its context object; a child execution of a Map Run calls as the
            execution that has the Map Run.
        execution_name: its name.
        state_machine_arn: its state machine, without version or alias.
        state_machine_name: the name of that.
        state_machine_definition: the definition that it runs, as text.
        call: the engine's request, with ``timeout``, ``heartbeat``, ``credentials``, ``place``, ``purpose`` and others.
        test_case: what stands behind ``#`` in the ARN that the execution was started with; None for nothing.
        memory: what the runner stores for this execution; empty at first, and forgotten with the execution.
        execution_input: the input of the execution.
    """

    execution_arn: str
    execution_name: str
    state_machine_arn: str
    state_machine_name: str
    state_machine_definition: str
    call: CallTask
    test_case: str | None = None
    memory: dict[str, Any] = field(default_factory=dict)
    execution_input: Json = None

    @property
    def state_name(self) -> str:
        """Name of the state that calls."""
        return self.call.state

    @property
    def attempt(self) -> int:
        """How often this visit of the state has called before."""
        return self.call.attempt

    @property
    def resource(self) -> str:
        """The ``Resource`` as it stands in the definition."""
        return self.call.resource

    @property
    def parameters(self) -> Json:
        """What the call gets: the value of Parameters or Arguments, or the state's input."""
        return self.call.arguments

    @property
    def task_token(self) -> str | None:
        """The token that a worker answers with, for ``.waitForTaskToken`` and activities; else None."""
        return self.call.token


@dataclass(frozen=True, slots=True)
class TaskAccepted:
    """The call was made, and somebody answers the task token later.

    Args:
        output: what the called service answered: the output of ``TaskSubmitted`` in the history.
    """

    output: Json


class Marker(Enum):
    """What a runner returns in place of a result."""

    UNHANDLED = "unhandled"
    NEVER_ANSWERED = "never answered"


UNHANDLED: Final = Marker.UNHANDLED
"""The runner has no answer: the service's own follows.

Activities wait for their workers, ``.waitForTaskToken`` waits for its token, executions of state machines on this
server run here, reads and writes of distributed Maps go to the service's objects; every other task fails.
"""

NEVER_ANSWERED: Final = Marker.NEVER_ANSWERED
"""Nobody answers the call: its timeout comes, at once where time is virtual."""

TaskOutcome = Json | TaskAccepted | Literal[Marker.UNHANDLED, Marker.NEVER_ANSWERED]
"""A result as JSON value, or one of the others above."""


class TaskRunner(Protocol):
    """Runs tasks: with mocks, functions or real services."""

    async def run(self, request: TaskRequest) -> TaskOutcome:
        """Run a task to its end; it is cancelled where the task times out or the execution ends before.

        A result that is returned without awaiting anything takes no time where time is virtual.

        Returns:
            The task's result as the state sees it (for ``.sync`` and mocked ``.waitForTaskToken`` the final one), a
            `TaskAccepted`, `UNHANDLED` or `NEVER_ANSWERED`.

        Raises:
            StatesError: the task has failed.
            UsageError: the runner cannot run it, for a reason that its user must mend: the execution fails.
        """


class NoTaskRunner:
    """Leaves every task to the service's own answers."""

    async def run(self, request: TaskRequest) -> TaskOutcome:
        """Return UNHANDLED."""
        return UNHANDLED
