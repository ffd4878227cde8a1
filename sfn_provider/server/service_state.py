"""Holds the resources of the service, and starts, stops and ends executions."""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.engine.interpreter import Interpreter, StepResult
from sfn_provider.engine.limits import EXPRESS_SECONDS, STANDARD_SECONDS
from sfn_provider.engine.progress.execution_state import Frame
from sfn_provider.engine.simulation.item_objects import S3Object
from sfn_provider.server.api_errors import ApiError, not_found
from sfn_provider.server.arns import ArnBuilder, check_arn
from sfn_provider.server.driver.clocks import TimeMode, check_time_mode, make_clock
from sfn_provider.server.driver.execution_driver import EVENTS_IN_A_ROW, ExecutionDriver
from sfn_provider.server.driver.nested_calls import CallOperation, OwnActions
from sfn_provider.server.driver.task_calls import ServiceCalls
from sfn_provider.server.requests.page_tokens import PageTokens
from sfn_provider.server.resources.activities import Activity
from sfn_provider.server.resources.execution import Execution, RedrivePoint
from sfn_provider.server.resources.map_runs import MapRun, MapRunRecorder
from sfn_provider.server.resources.revisions import Revision
from sfn_provider.server.resources.state_machines import StateMachine
from sfn_provider.server.resources.task_tokens import TaskTokens

if TYPE_CHECKING:
    from sfn_provider.server.driver.execution_driver import Start
    from sfn_provider.server.driver.task_runner import TaskRunner

Json = Any

MAX_OPEN_EXECUTIONS: Final = 1_000_000
"""Executions that run at once in an account (AWS's quotas)."""

MAX_EXPRESS_EVENTS: Final = 250_000
"""Events of an Express execution, which has no quota on AWS: a loop without waits would never end in virtual time."""

_MAX_SECONDS: Final = {"STANDARD": STANDARD_SECONDS, "EXPRESS": EXPRESS_SECONDS}


@dataclass(frozen=True, slots=True)
class Target:
    """What an execution is started of.

    Args:
        machine: the state machine.
        revision: what it runs.
        version_arn: the version that was named, or that an alias led to.
        alias_arn: the alias that was named.
        test_case: what stood behind ``#``.
    """

    machine: StateMachine
    revision: Revision
    version_arn: str | None = None
    alias_arn: str | None = None
    test_case: str | None = None


@dataclass(eq=False)
class ServiceState:
    """The resources of the service.

    Args:
        arns: builds their ARNs.
        time: how time passes for executions.
        runner: runs their tasks.
        objects: contents of S3 objects by ``s3://bucket/key``.
        call: answers an operation, for tasks that call Step Functions itself.
        state_machines: by ARN.
        executions: by ARN, oldest first; with Express ones, and child executions of Map Runs.
        activities: by ARN.
        map_runs: by ARN, oldest first.
        tags: by the ARN of a state machine or an activity.
        tokens: the task tokens.
        page_tokens: the tokens of pages.
        randomness: chooses among the versions of an alias; the same in each service.
        max_express_events: events that the history of an Express execution has at most.
    """

    arns: ArnBuilder
    time: TimeMode
    runner: TaskRunner
    objects: Mapping[str, S3Object]
    call: CallOperation
    state_machines: dict[str, StateMachine] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    activities: dict[str, Activity] = field(default_factory=dict)
    map_runs: dict[str, MapRun] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: TaskTokens = field(default_factory=TaskTokens)
    page_tokens: PageTokens = field(default_factory=PageTokens)
    randomness: random.Random = field(default_factory=lambda: random.Random(0))
    max_express_events: int = MAX_EXPRESS_EVENTS

    def __post_init__(self) -> None:
        check_time_mode(self.time)
        own_actions = OwnActions(self.call, self.executions, lambda execution: self.stop_nested(execution))
        self._calls = ServiceCalls(self.runner, self.objects, self.activities, own_actions)
        self._drivers: dict[str, ExecutionDriver] = {}

    # Resources -------------------------------------------------------------------------------------------------------

    def find_machine(self, arn: str) -> StateMachine:
        """Return a state machine.

        Args:
            arn: its ARN, without version or alias.

        Raises:
            ApiError: it is none, or does not exist.
        """
        machine = self.state_machines.get(check_arn(arn, "stateMachine"))
        if machine is None:
            raise not_found("State Machine", arn)
        return machine

    def find_active_machine(self, arn: str) -> StateMachine:
        """Return a state machine that is not being deleted.

        Raises:
            ApiError: it is none, does not exist, or is being deleted.
        """
        machine = self.find_machine(arn)
        if machine.status == "DELETING":
            raise ApiError("StateMachineDeleting", f"State Machine Deleting: '{arn}'")
        return machine

    def find_target(self, arn: str) -> Target:
        """Return what an execution is started of.

        Args:
            arn: ARN of a state machine, a version or an alias; the name of a test case may stand behind ``#``.

        Raises:
            ApiError: it is none, or does not exist.
        """
        qualified, _, test_case = arn.partition("#")
        base = ":".join(check_arn(qualified, "stateMachine").split(":")[:7])
        machine = self.find_active_machine(base) if base in self.state_machines else None
        if machine is None:
            raise not_found("State Machine", qualified)
        alias = machine.aliases.get(qualified)
        version_arn = alias.choose_version(self.randomness) if alias is not None else qualified
        version = machine.versions.get(version_arn)
        if version is None and qualified != base:
            raise not_found("State Machine", qualified)
        revision = version.revision if version is not None else machine.revision
        named = version.arn if version is not None else None
        return Target(machine, revision, named, alias.arn if alias is not None else None, test_case or None)

    def find_execution(self, arn: str) -> Execution:
        """Return an execution that AWS can describe: a standard one, or one that a Map Run has started.

        Raises:
            ApiError: it is none, or does not exist.
        """
        execution = self.executions.get(check_arn(arn, "execution"))
        if execution is None:
            raise not_found("Execution", arn)
        return execution

    # Executions ------------------------------------------------------------------------------------------------------

    def start_execution(
        self, target: Target, name: str | None, input: Json, input_text: str, now: float, trace_header: str | None
    ) -> Execution:
        """Start an execution.

        Args:
            target: what it runs.
            name: its name; None for a new one.
            input: its input.
            input_text: its input as it was sent.
            now: when it starts, seconds since the epoch.
            trace_header: the trace header of the request.

        Raises:
            ApiError: too many executions run.
        """
        if len(self._drivers) >= MAX_OPEN_EXECUTIONS:
            raise ApiError("ExecutionLimitExceeded", f"There are {MAX_OPEN_EXECUTIONS} open executions already")
        machine, name = target.machine, name or str(uuid.uuid4())
        if machine.execution_type == "EXPRESS":
            arn = self.arns.express_execution(machine.name, name, str(uuid.uuid4()))
        else:
            arn = self.arns.execution(machine.name, name)
        execution = Execution(
            arn,
            name,
            machine.arn,
            machine.name,
            target.revision,
            input,
            input_text,
            now,
            target.version_arn,
            target.alias_arn,
            test_case=target.test_case,
            trace_header=trace_header,
        )
        self.executions[arn] = machine.executions[arn] = execution
        self.drive(execution, now, lambda interpreter: _first_step(interpreter, execution))
        return execution

    def redrive(self, execution: Execution, point: RedrivePoint, now: float) -> None:
        """Start an execution again where it has failed.

        Args:
            execution: the execution.
            point: where it goes on.
            now: when it does, seconds since the epoch.
        """
        succeeded = {
            run.places[arn]
            for run in self.map_runs.values()
            if run.execution is execution
            for arn, child in run.children.items()
            if child.status == "SUCCEEDED"
        }
        known = {place: result for place, result in point.results.items() if not succeeded.isdisjoint(_around(place))}
        point.state.event_ids = len(execution.records)
        deadline = now + _most_seconds(execution.revision)
        self.drive(
            execution,
            max(now, point.state.now, execution.records[-1].at),
            lambda interpreter: interpreter.redrive(
                point.state, point.frames, at=now, deadline=deadline, redrives=execution.redrives
            ),
            known,
        )

    def drive(
        self, execution: Execution, now: float, start: Start, known_results: Mapping[str, Json] | None = None
    ) -> None:
        """Drive an execution from its first step, or that of a redrive.

        Args:
            execution: the execution.
            now: when it starts, seconds since the epoch.
            start: makes the first step.
            known_results: the results of calls that it need not make again, by their place.
        """
        map_runs = MapRunRecorder(execution, self.map_runs, self.executions)
        kind = execution.revision.execution_type

        def make_interpreter(on_failure: Callable[[dict[int, Frame]], None]) -> Interpreter:
            return Interpreter(
                execution.revision.compiled,
                task_token=lambda place: self.tokens.make(f"{execution.arn}#{execution.redrives}{place}"),
                child_histories=map_runs,
                execution_type=kind,
                max_events=self.max_express_events if kind == "EXPRESS" else None,
                max_turns=EVENTS_IN_A_ROW,
                on_failure=on_failure,
            )

        clock = make_clock(self.time, now)
        driver = ExecutionDriver(
            execution, make_interpreter, clock, self._calls, self.tokens, map_runs, self._on_end, known_results
        )
        self._drivers[execution.arn] = driver
        self.state_machines[execution.machine_arn].running[execution.arn] = execution
        driver.start(start)

    def _on_end(self, execution: Execution) -> None:
        self._drivers.pop(execution.arn, None)
        self._calls.forget(execution)
        machine = self.state_machines.get(execution.machine_arn)
        if machine is not None:
            machine.running.pop(execution.arn, None)
            if machine.status == "DELETING" and not machine.running:
                self.remove_machine(machine)
        if execution.status == "SUCCEEDED":
            execution.redrive_point = None

    def stop_execution(self, execution: Execution, error: str | None, cause: str | None, now: float) -> float:
        """Stop an execution; one that has ended stays as it is.

        Returns:
            When it was stopped, seconds since the epoch.
        """
        driver = self._drivers.get(execution.arn)
        return driver.abort(error, cause) if driver is not None else execution.stopped or now

    def stop_nested(self, execution: Execution) -> None:
        """Stop an execution because the task that waits for it has ended."""
        driver = self._drivers.get(execution.arn)
        if driver is not None:
            driver.abort(None, "The execution that waited for it was stopped")

    def remove_machine(self, machine: StateMachine) -> None:
        """Forget a state machine that was deleted, with its executions."""
        self.state_machines.pop(machine.arn, None)
        self.tags.pop(machine.arn, None)
        for arn in machine.executions:
            self.executions.pop(arn, None)
        for arn in [arn for arn, run in self.map_runs.items() if run.execution.arn in machine.executions]:
            for child in self.map_runs.pop(arn).children:
                self.executions.pop(child, None)

    def stop_all(self) -> None:
        """Stop all executions, and answer the workers that wait for tasks: the server ends."""
        for driver in [*self._drivers.values()]:
            driver.abort(None, "The server has ended")
        for activity in self.activities.values():
            activity.close()


def _around(place: str) -> Iterator[str]:
    """Iterate over the places of the frames in which a call is made."""
    return (place[:index] for index, character in enumerate(place) if character == "/")


def _most_seconds(revision: Revision) -> float:
    return min(revision.compiled.machine.timeout_seconds or math.inf, _MAX_SECONDS[revision.execution_type])


def _first_step(interpreter: Interpreter, execution: Execution) -> StepResult:
    deadline = execution.started + _most_seconds(execution.revision)
    return interpreter.start(
        execution.input,
        at=execution.started,
        context=execution.context(),
        seed=execution.arn,
        deadline=deadline,
    )
