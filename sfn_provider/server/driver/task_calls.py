"""Makes the calls of tasks: by the task runner, or by the service itself."""

from __future__ import annotations

import logging
from collections.abc import Mapping, MutableMapping
from typing import Final, cast

from sfn_provider.asl.resources import parse_resource
from sfn_provider.engine.requests import CallTask, Event, TaskFailed, TaskSubmitted, TaskSucceeded
from sfn_provider.engine.simulation.item_objects import ObjectAnswers, Objects, S3Object, check_objects
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.server.driver.clocks import Clock
from sfn_provider.server.driver.execution_driver import CallAnswer, Emit
from sfn_provider.server.driver.nested_calls import OwnActions
from sfn_provider.server.driver.task_runner import NEVER_ANSWERED, UNHANDLED, TaskAccepted, TaskRequest, TaskRunner
from sfn_provider.server.resources.activities import Activity, ActivityTask
from sfn_provider.server.resources.execution import Execution

LOG: Final = logging.getLogger("sfn_provider.server")

RUNTIME: Final = "States.Runtime"
NEVER: Final = CallAnswer(None)


class ServiceCalls:
    """Makes the calls of the tasks of all executions.

    Args:
        runner: the task runner.
        objects: contents of S3 objects by ``s3://bucket/key``, to which those are added that are written.
        activities: the activities by ARN.
        own_actions: what tasks call of Step Functions itself.
    """

    def __init__(
        self,
        runner: TaskRunner,
        objects: Mapping[str, S3Object],
        activities: Mapping[str, Activity],
        own_actions: OwnActions,
    ) -> None:
        check_objects(objects)
        self._runner, self._activities, self._own_actions = runner, activities, own_actions
        self._objects: MutableMapping[str, S3Object] = cast(Objects, dict(objects))
        self._readers: dict[str, ObjectAnswers] = {}

    async def perform(self, execution: Execution, call: CallTask, clock: Clock, emit: Emit) -> CallAnswer:
        """Make a call to its end.

        Args:
            execution: the execution that calls.
            call: the call.
            clock: the time of the execution.
            emit: takes events of the call before its end.
        """
        try:
            outcome = await self._runner.run(_request(execution, call))
            if outcome is UNHANDLED:
                return await self._answer(execution, call, clock, emit)
        except StatesError as error:
            return CallAnswer(TaskFailed(call.id, error.error, error.cause, clock.now()))
        except UsageError as error:
            return _runtime_failure(call, str(error), clock)
        except Exception as error:
            LOG.exception("%s: the task runner failed in state %s", execution.arn, call.state)
            return _runtime_failure(call, f"The task runner raised {error!r} for {call.resource}", clock)
        if outcome is NEVER_ANSWERED:
            return NEVER
        if isinstance(outcome, TaskAccepted):
            return _accepted(call, outcome, clock)
        return CallAnswer(TaskSucceeded(call.id, outcome, clock.now()))

    async def _answer(self, execution: Execution, call: CallTask, clock: Clock, emit: Emit) -> CallAnswer:
        """Answer a call that the runner has left to the service."""
        if call.purpose != "task":
            return CallAnswer(self._read_or_write(execution, call, clock))
        resource = parse_resource(call.resource)
        if resource.kind == "activity":
            return await self._run_activity(call)
        if self._own_actions.has(resource):
            return await self._own_actions.perform(call, clock, emit)
        if call.token is not None:
            LOG.info("%s: state %s waits for the answer to the task token %s", execution.arn, call.state, call.token)
            return _accepted(call, TaskAccepted({}), clock)
        raise UsageError(
            f"Nothing answers the call of {call.resource}: give the server a mock for state {call.state!r}, a function "
            "or an endpoint"
        )

    async def _run_activity(self, call: CallTask) -> CallAnswer:
        activity = self._activities.get(call.resource)
        if activity is None:
            raise UsageError(f"The activity {call.resource} does not exist: create it, or mock state {call.state!r}")
        task = ActivityTask(call.token or "", call.arguments)
        activity.schedule(task)
        return CallAnswer(None, is_final=False)

    def _read_or_write(self, execution: Execution, call: CallTask, clock: Clock) -> Event:
        answers = self._readers.get(execution.arn)
        if answers is None:
            answers = self._readers[execution.arn] = ObjectAnswers(self._objects)
        return answers.answer(call, clock.now())

    def forget(self, execution: Execution) -> None:
        """Close what an execution that has ended was reading."""
        answers = self._readers.pop(execution.arn, None)
        if answers is not None:
            answers.close()


def _request(execution: Execution, call: CallTask) -> TaskRequest:
    return TaskRequest(
        execution.arn,
        execution.name,
        execution.machine_arn,
        execution.machine_name,
        execution.revision.definition,
        call,
        execution.test_case,
        execution.memory,
        execution.input,
    )


def _accepted(call: CallTask, outcome: TaskAccepted, clock: Clock) -> CallAnswer:
    if call.token is None:
        cause = f"The task runner has accepted the call of {call.resource}, but nobody can answer it: it has no token"
        return _runtime_failure(call, cause, clock)
    return CallAnswer(TaskSubmitted(call.id, outcome.output, clock.now()), is_final=False)


def _runtime_failure(call: CallTask, cause: str, clock: Clock) -> CallAnswer:
    return CallAnswer(TaskFailed(call.id, RUNTIME, cause, clock.now()))
