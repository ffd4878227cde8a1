"""Runs a state machine in this process, with mocked tasks and virtual time."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sfn_provider.asl.document import Definition, Document, open_machine
from sfn_provider.asl.scope import Json
from sfn_provider.engine.child_histories import ChildHistories
from sfn_provider.engine.compiled_machine import CompiledMachine
from sfn_provider.engine.dataflow.context_object import execution_context
from sfn_provider.engine.execution import Execution
from sfn_provider.engine.history.events import Record
from sfn_provider.engine.interpreter import Interpreter, StepResult
from sfn_provider.engine.json_arguments import require_json
from sfn_provider.engine.limits import EXPRESS_SECONDS, STANDARD_SECONDS, check_execution_input
from sfn_provider.engine.observations import Observer
from sfn_provider.engine.progress.execution_state import ExecutionState
from sfn_provider.engine.requests import CallTask, Cancel, Event, Request, TimerFired, WakeAt
from sfn_provider.engine.simulation.item_objects import S3Object
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.exceptions import UsageError

_MAX_SECONDS = {"STANDARD": STANDARD_SECONDS, "EXPRESS": EXPRESS_SECONDS}
"""Seconds that an execution may take, by its type."""

HISTORIES = ("all", "failed", "none")
"""The values of ``history``."""

NAME = "simulated"
"""Name of a simulated execution by default; its randomness is made from it."""

EPOCH = 1_735_689_600.0
"""When a simulated execution starts by default: 2025-01-01T00:00:00Z."""


def simulate(
    definition: Definition | CompiledMachine,
    input: Json,
    *,
    mocks: Mocks | Mapping[str, Any] | None = None,
    objects: Mapping[str, S3Object] | None = None,
    execution_type: str = "STANDARD",
    history: str = "all",
    start_time: float = EPOCH,
    name: str = NAME,
    seed: str | None = None,
    machine_name: str = "StateMachine",
    observer: Observer | None = None,
) -> Execution:
    """Run a state machine without calling anything: tasks are mocked and time is virtual.

    Args:
        definition: the definition as text, as an object, opened, or parsed; compiled where it is run often.
        input: the execution's input, any JSON value.
        mocks: results of tasks: ``{state name: [{"Return": json} | {"Throw": {"Error": str, "Cause": str}}, ...]}``,
            one entry for each call in order, the last one repeating; an empty list never answers.
        objects: contents of S3 objects that ItemReader reads: ``{"s3://bucket/key": text}``, or in place of the text a
            ``Path``, or a function that opens a text or binary stream; large objects are read in chunks.
        execution_type: ``STANDARD`` or ``EXPRESS``; an opened document has its own.
        history: whose events the result has: ``all``; ``failed``, those of the execution and of the child executions
            that did not succeed; or ``none``. The events of a million child executions do not fit into memory.
        start_time: when it starts, seconds since the epoch. Recorded results replace it and the context.
        name: name of the execution, in the context object.
        seed: text from which all randomness is made; None for the name.
        machine_name: name of the state machine, in the context object.
        observer: gets observations while the execution goes on, see `sfn_provider.engine.observations`.

    Returns:
        The execution, with its history.

    Raises:
        ValueError: if ``history`` is another word.
        InvalidDefinition: if Step Functions would refuse the definition.
        UsageError: if a task is called that has no mock, a mock is malformed or of a state that the machine lacks, or
            the input is too large.
    """
    if history not in HISTORIES:
        raise ValueError(f"history is {history!r}: it must be one of {', '.join(map(repr, HISTORIES))}")
    require_json(input, "the execution's input")
    check_execution_input(input)
    if execution_type not in ("STANDARD", "EXPRESS"):
        raise UsageError(f"execution type {execution_type!r} does not exist: STANDARD or EXPRESS")
    if isinstance(definition, Document):
        execution_type = definition.execution_type
    if isinstance(definition, CompiledMachine):
        compiled = definition
    else:
        machine = open_machine(definition, "EXPRESS" if execution_type == "EXPRESS" else "STANDARD")
        compiled = CompiledMachine(machine)
    machine = compiled.machine
    answers = mocks if isinstance(mocks, Mocks) else Mocks.from_mapping(mocks or {}, objects or {})
    answers.check_states(machine)
    if answers.recorded is not None:
        start_time, context = answers.recorded.start, answers.recorded.execution_context(input)
    else:
        context = execution_context(input, start_time, machine=machine_name, name=name, execution_type=execution_type)
    deadline = start_time + min(machine.timeout_seconds or math.inf, _MAX_SECONDS[execution_type])
    children = ChildHistories(failed_only=history == "failed") if history != "none" else None
    interpreter = Interpreter(compiled, observer=observer, child_histories=children, execution_type=execution_type)
    step = interpreter.start(
        input, at=start_time, context=context, seed=name if seed is None else seed, deadline=deadline
    )
    execution = drive(interpreter, step, answers)
    if children is None:
        return replace(execution, records=())
    children.abort_rest()
    return replace(execution, child_executions=children.ended)


def drive(interpreter: Interpreter, step: StepResult, mocks: Mocks) -> Execution:
    """Answer an execution's requests in virtual time until it ends."""
    try:
        state, _, records = advance(interpreter, step, mocks)
    finally:
        mocks.close()
    output = state.output if state.status == "SUCCEEDED" else None
    name = state.context["Execution"]["Name"]
    return Execution(state.status, output, state.error, state.cause, records, state.transitions, name)


def advance(interpreter: Interpreter, step: StepResult, mocks: Mocks) -> StepResult:
    """Answer the requests of an execution or a region until it ends, is left, or asks for branches in other tasks.

    Returns:
        The last step, with what happened since ``step``, its records included.
    """
    agenda: list[tuple[float, int, Event]] = []
    cancelled: set[str] = set()
    records: list[Record] = list(step.records)
    order = 0
    while not step.state.is_suspended:
        for request in step.requests:
            order += 1
            if isinstance(request, Cancel):
                cancelled.add(request.id)
                if len(cancelled) > _MAX_CANCELLED:
                    _forget_cancelled(agenda, cancelled)
            else:
                event = _answer(request, step.state, mocks)
                if event is not None:
                    heapq.heappush(agenda, (event.at, order, event))
        events = _next_events(agenda, cancelled)
        pending = step.state.pending
        is_last = any(pending[event.id].purpose == "execution" for event in events)
        if events and not (is_last and mocks.lacks_answer(pending)):
            step = interpreter.resume(step.state, *events)
        elif step.state.stop_before is not None:
            step = interpreter.stop_branch(step.state)
        else:
            raise mocks.missing()
        records += step.records
    return step._replace(records=records)


_MAX_CANCELLED = 20_000
"""Withdrawn requests after which the agenda is cleared of them: each item of a large Map may withdraw a timer."""


def _forget_cancelled(agenda: list[tuple[float, int, Event]], cancelled: set[str]) -> None:
    agenda[:] = [entry for entry in agenda if entry[2].id not in cancelled]
    heapq.heapify(agenda)
    cancelled.clear()


def _next_events(agenda: list[tuple[float, int, Event]], cancelled: set[str]) -> list[Event]:
    """Return all events of the earliest time that has any; none where all that is left are calls without an answer."""
    events: list[Event] = []
    while agenda and (not events or agenda[0][0] == events[0].at):
        event = heapq.heappop(agenda)[2]
        if event.id not in cancelled:
            events.append(event)
    return events


def _answer(request: Request, state: ExecutionState, mocks: Mocks) -> Event | None:
    if isinstance(request, WakeAt):
        return TimerFired(request.id, request.at)
    if isinstance(request, CallTask):
        try:
            return mocks.answer(request, state.now)
        except UsageError:
            if state.stop_before is None:
                raise
            return None  # another branch fails: in one execution with it, the call is not asked for an answer
    raise TypeError(f"unknown request {request!r}")
