"""Answers tasks from mock configurations, by the test case of the execution, and with made answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.suggestions import closest_word
from sfn_provider.engine.requests import TaskFailed as TaskFailedEvent
from sfn_provider.engine.requests import TaskSucceeded
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.exceptions import UsageError
from sfn_provider.server.driver.task_runner import NEVER_ANSWERED, UNHANDLED, TaskFailed, TaskOutcome, TaskRequest

MakeMocks = Callable[[str, Any], Mocks]
"""Makes the answers of an execution's tasks, of its definition and its input."""

_MOCKS: Final = "mocks"
"""The key in `TaskRequest.memory` of the execution's mocks, which count its calls."""


class MockedTasks:
    """Answers from the test case that an execution was started with: ``#CASE`` behind its state machine's ARN.

    States without an answer in the test case are left to the next runner, as Step Functions Local does.

    Args:
        cases: the mocks of each test case by ``Machine/Case``.
        origin: the mock file, for errors.
        default: the test case of executions that name none; None for no mocks then.
    """

    def __init__(self, cases: Mapping[str, Mocks], origin: str, default: str | None = None) -> None:
        self._cases = dict(cases)
        self._origin = origin
        self._default = default

    async def run(self, request: TaskRequest) -> TaskOutcome:
        """Answer a call; UNHANDLED where the execution has no test case, or that has no answer for the state."""
        if _MOCKS not in request.memory:
            case = request.test_case or self._default
            request.memory[_MOCKS] = None if case is None else self._find(request.state_machine_name, case).fresh()
        return answer_from_mocks(request.memory[_MOCKS], request)

    def check_case(self, case: str) -> None:
        """Refuse a test case that the file does not have.

        Args:
            case: ``CASE`` or ``Machine/CASE``.

        Raises:
            UsageError: with those that it has.
        """
        if not any(case in (name, name.partition("/")[2]) for name in self._cases):
            raise self._unknown_case(case, case)

    def _find(self, machine: str, case: str) -> Mocks:
        """Return the mocks of a test case: that of the machine, or the only one of that name."""
        if (own := self._cases.get(f"{machine}/{case}")) is not None:
            return own
        others = [mocks for name, mocks in self._cases.items() if case in (name, name.partition("/")[2])]
        if len(others) == 1:
            return others[0]
        if others:
            names = ", ".join(name for name in self._cases if name.partition("/")[2] == case)
            raise UsageError(f"{self._origin}: of {names} none is of the state machine {machine!r}: write one of them")
        raise self._unknown_case(f"{machine}/{case}", case)

    def _unknown_case(self, full_name: str, case: str) -> UsageError:
        known = ", ".join(self._cases) or "none"
        near = closest_word(full_name, self._cases)
        hint = f"; did you mean {near!r}?" if near else ""
        return UsageError(f"{self._origin}: there is no test case {case!r}; it has {known}{hint}")


class MadeTasks:
    """Answers tasks with results that are made for the execution's input: what later states read is there.

    Task tokens and activities are left to their workers, executions of other state machines to the server.

    Args:
        make: makes the answers; called once an execution, in a thread.
    """

    def __init__(self, make: MakeMocks) -> None:
        self._make = make

    async def run(self, request: TaskRequest) -> TaskOutcome:
        """Answer a call with a made result."""
        if _needs_others(request):
            return UNHANDLED
        if "made" not in request.memory:
            # Siblings of a Parallel ask at the same time: the first one makes the answers for all.
            made = asyncio.to_thread(self._make, request.state_machine_definition, request.execution_input)
            request.memory["made"] = asyncio.ensure_future(made)
        mocks: Mocks = await asyncio.shield(request.memory["made"])
        return answer_from_mocks(mocks, request)


def _needs_others(request: TaskRequest) -> bool:
    resource = parse_resource(request.resource)
    runs_machine = resource.kind == "optimized" and resource.service == "states"
    return request.call.purpose == "task" and (request.task_token is not None or runs_machine)


def answer_from_mocks(mocks: Mocks | None, request: TaskRequest) -> TaskOutcome:
    """Answer a call from an execution's mocks.

    Args:
        mocks: the mocks; None where the execution has none.
        request: the call.

    Returns:
        The mocked result; UNHANDLED where the mocks have none for the state; NEVER_ANSWERED where they let it time out.

    Raises:
        TaskFailed: with the mocked error.
    """
    call = request.call
    if mocks is None or not _has_answer(mocks, request):
        return UNHANDLED
    event = mocks.answer(call, 0.0)
    if event is None or event.at > 0.0:  # the mock is a timeout: the state's own comes
        return NEVER_ANSWERED
    if isinstance(event, TaskFailedEvent):
        raise TaskFailed(event.error, event.cause)
    if not isinstance(event, TaskSucceeded):
        raise TypeError(f"unknown answer of a mock: {event!r}")
    return event.result


def _has_answer(mocks: Mocks, request: TaskRequest) -> bool:
    call = request.call
    if call.state in mocks.answers and call.purpose != "write":
        return True
    if call.purpose != "task":
        return bool(mocks.objects)
    return mocks.recorded is not None and call.place in mocks.recorded.by_place
