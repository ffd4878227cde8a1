"""Finds the calls of AWS that an execution of a state machine makes, by the engine with mocks.

Values that differ between any two executions (names, times, tokens, random numbers) are not guessed from their form:
the machine runs twice, the second time under another name, at another time and with other randomness.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import takewhile
from typing import Any, Final

from sfn_provider.asl.json_values.json_checks import is_jsonata
from sfn_provider.asl.model import ExecutionType, StateMachine, Task
from sfn_provider.asl.placeholders import fill_partition
from sfn_provider.asl.resources import Resource, parse_resource
from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.asl.state_walk import walk_states
from sfn_provider.compare.calls.api_calls import TOKEN, ApiCall, Around, json_parameters
from sfn_provider.compare.calls.api_requests import describe_api_request
from sfn_provider.compare.calls.parameters.member_differences import find_member_differences
from sfn_provider.engine import Execution, Mocks, simulate
from sfn_provider.engine.observations import Observer
from sfn_provider.engine.requests import CallTask, Event, TaskFailed, TaskSucceeded
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.integration import CallContext, Integration
from sfn_provider.integrations.optimized import transforms
from sfn_provider.integrations.resolver import find_integration
from sfn_provider.integrations.value_shapes import ParameterReader

_OWN_MARKS: Final[frozenset[Callable[..., Any]]] = frozenset(
    {transforms.submit_job_request, transforms.run_task_request}
)
"""Changes of parameters by which Step Functions marks as its own what it starts; no DAG could send them."""

_OTHER_NAME, _OTHER_TIME = "another-name", 533_049_875.678  # 1986-11-22T13:24:35.678Z: no digit is the same

_LAST_WORD, _FIRST_WORD = re.compile(r"\w+\Z"), re.compile(r"\A\w+")


def plain_name(name: str) -> str:
    """Return a state's name or a task's id without what the two spell in different ways.

    Args:
        name: the name; of a task id the part behind its groups.
    """
    return re.sub(r"[^a-z0-9]", "", name.rpartition(".")[2].lower())


@dataclass(frozen=True)
class MachineCall:
    """A call that an execution makes.

    Args:
        state: the state's name.
        resource: its Resource.
        place: where it stands in the execution; see `sfn_provider.compare.calls.call_places`.
        attempt: 0 for the first call of a state visit.
        call: what AWS sees; None where it is no call of an AWS API, or cannot be made.
        problem: why ``call`` is None, in a sentence.
        answer: ``{"Return": json}`` or ``{"Throw": {"Error": str, "Cause": str}}``; None where it is never answered.
        run_specific: JSON pointers into the parameters to what differs between any two executions.
    """

    state: str
    resource: str
    place: str
    attempt: int
    call: ApiCall | None
    problem: str | None = None
    answer: Mapping[str, Json] | None = None
    run_specific: Mapping[str, Around] = field(default_factory=dict)


@dataclass(frozen=True)
class TaskState:
    """What a Task state calls in any execution.

    Args:
        state: its name.
        resource: its Resource.
        call: the call, with the parameters that the definition has as constants; None where it is none of AWS.
        answers: its mocks, in order of calls; the last one repeats.
    """

    state: str
    resource: str
    call: ApiCall | None
    answers: tuple[Mapping[str, Json], ...] = ()


def script_to_json(calls: Sequence[MachineCall], states: Sequence[TaskState]) -> dict[str, Json]:
    """Return calls and Task states as JSON, for another process."""
    return {"calls": [asdict(call) for call in calls], "states": [asdict(state) for state in states]}


def script_from_json(data: Mapping[str, Any]) -> tuple[list[MachineCall], list[TaskState]]:
    """Read what `script_to_json` returned."""

    def call_of(fields: Mapping[str, Any]) -> dict[str, Any]:
        return {**fields, "call": ApiCall(**fields["call"]) if fields["call"] is not None else None}

    return [MachineCall(**call_of(entry)) for entry in data["calls"]], [
        TaskState(**call_of(entry)) for entry in data["states"]
    ]


@dataclass(frozen=True)
class MachineRun:
    """An execution with its calls, in the order in which they were made.

    Args:
        execution: the execution.
        calls: its calls.
        states: all Task states of the machine.
    """

    execution: Execution
    calls: tuple[MachineCall, ...]
    states: tuple[TaskState, ...]


class _RecordingMocks(Mocks):
    """Mocks that record each call of a task with its answer."""

    record: list[tuple[CallTask, Event | None]]

    def answer(self, call: CallTask, now: float) -> Event | None:
        """Answer and record a call."""
        event = super().answer(call, now)
        if call.purpose == "task":
            self.record.append((call, event))
        return event


def run_machine(
    machine: StateMachine,
    input: Json,
    mocks: Mocks,
    machine_name: str,
    *,
    execution_type: ExecutionType = "STANDARD",
    observer: Observer | None = None,
) -> MachineRun:
    """Run a machine on the engine and return its calls.

    Args:
        machine: the definition.
        input: the execution's input, any JSON value.
        mocks: what tasks answer.
        machine_name: the machine's name in the context object.
        execution_type: ``STANDARD`` or ``EXPRESS``.
        observer: gets the observations of the execution.

    Raises:
        UsageError: where a task is called that has no mock, or the mocks are malformed.
    """
    clients = Clients(None)  # only models are read
    first, second = _recording(mocks), _recording(mocks)
    execution = simulate(
        machine, input, mocks=first, execution_type=execution_type, machine_name=machine_name, observer=observer
    )
    calls = [_machine_call(call, event, clients) for call, event in first.record]
    simulate(
        machine,
        input,
        mocks=second,
        execution_type=execution_type,
        start_time=_OTHER_TIME,
        name=_OTHER_NAME,
        machine_name=_OTHER_NAME,
    )
    again = {call.place: _machine_call(call, event, clients) for call, event in second.record}
    marked = [_mark_run_specific(call, again.get(call.place)) for call in calls]
    return MachineRun(execution, tuple(marked), tuple(_task_states(machine, mocks, clients)))


def _recording(mocks: Mocks) -> _RecordingMocks:
    made = _RecordingMocks(mocks.answers, mocks.objects, mocks.recorded)
    made.record = []
    return made


def describe_call(call: CallTask, clients: Clients | None = None) -> MachineCall:
    """Return a request of the engine as what AWS would see of it, without an answer."""
    return _machine_call(call, None, clients or Clients(None))


def _machine_call(call: CallTask, event: Event | None, clients: Clients) -> MachineCall:
    resource = parse_called_resource(call.resource)
    arguments = call.arguments
    if resource.kind == "lambda":
        arguments = {"FunctionName": call.resource, "Payload": call.arguments}
    found, problem = _api_call(resource, arguments, clients)
    return MachineCall(call.state, call.resource, call.place, call.attempt, found, problem, _answer(event))


def _answer(event: Event | None) -> Mapping[str, Json] | None:
    if isinstance(event, TaskSucceeded):
        return {"Return": event.result}
    if isinstance(event, TaskFailed):
        return {"Throw": {"Error": event.error, "Cause": event.cause}}
    return None


def parse_called_resource(text: str) -> Resource:
    """Parse a Task's Resource; one that a deployment tool fills in is the ARN of a Lambda function, as in translations.

    Args:
        text: the Resource: an ARN, or ``${Name}``.
    """
    resource = parse_resource(fill_partition(text))
    is_function = resource.kind == "lambda" or (resource.kind == "unknown" and _PLACEHOLDER.fullmatch(text) is not None)
    return parse_resource(_ANY_FUNCTION) if is_function and "${" in text else resource


_PLACEHOLDER: Final = re.compile(r"\$\{[^{}]+\}")
_ANY_FUNCTION: Final = "arn:aws:lambda:us-east-1:123456789012:function:any"
"""A function that stands for one whose ARN is not known: what is called is the text of the Resource."""


def _api_call(resource: Resource, parameters: Json, clients: Clients) -> tuple[ApiCall | None, str | None]:
    if resource.kind == "activity":
        return None, "an activity is not called: its workers ask for work"
    try:
        integration = find_integration(resource, clients)
    except StatesError as error:
        return None, str(error.cause)
    if integration.adapter == "api gateway" and isinstance(parameters, dict):
        return describe_api_request(parameters), None
    if integration.adapter != "aws":
        return None, f"{resource.text} is called by {integration.adapter}, not by an API of AWS"
    return make_api_call(integration, resource, parameters, clients), None


def make_api_call(integration: Integration, resource: Resource, parameters: Json, clients: Clients) -> ApiCall:
    """Return what AWS sees of a task's call.

    Args:
        integration: what the resource means.
        resource: the task's resource.
        parameters: the task's parameters.
        clients: knows the models.
    """
    if isinstance(parameters, dict) and integration.prepare not in _OWN_MARKS:
        try:
            parameters = integration.prepare(parameters, CallContext(resource.pattern))
        except (StatesError, KeyError, TypeError, AttributeError):  # incomplete: a definition's constants alone
            parameters = dict(parameters)
    operation = clients.model(integration.client).operation_model(integration.operation)
    reader = ParameterReader(integration.style)  # its problems are the linter's
    arguments = reader.arguments(operation.input_shape, parameters, check_required=False)
    tokens = set(operation.idempotent_members)
    if integration.idempotency is not None:
        tokens.add(integration.idempotency.field[:1].lower() + integration.idempotency.field[1:])
    known = set(operation.input_shape.members) if operation.input_shape is not None else set()
    filled = {name: TOKEN for name in tokens & known if name not in arguments}
    return ApiCall(integration.client, integration.operation, json_parameters(filled | arguments))


def _task_states(machine: StateMachine, mocks: Mocks, clients: Clients) -> Iterator[TaskState]:
    for _, names, state in walk_states(machine):
        if isinstance(state, Task):
            resource = parse_called_resource(state.resource)
            template = state.arguments if state.arguments is not None else state.parameters
            constants = constant_members(template) if template is not None else {}
            if resource.kind == "lambda":
                constants = {"FunctionName": state.resource}
            call, _ = _api_call(resource, constants, clients)
            yield TaskState(names[-1], state.resource, call, mocks.answers.get(names[-1], ()))


def constant_members(template: Json) -> Json:
    """Return the members of a Parameters or Arguments field that are no expressions."""
    if isinstance(template, dict):
        return {
            key: constant_members(value)
            for key, value in template.items()
            if not key.endswith(".$") and not is_jsonata(value)
        }
    if isinstance(template, list):
        return [constant_members(entry) for entry in template if not is_jsonata(entry)]
    return template


def _mark_run_specific(call: MachineCall, again: MachineCall | None) -> MachineCall:
    if call.call is None or again is None or again.call is None or call.call == again.call:
        return call
    differences = find_member_differences(call.call.parameters, again.call.parameters)
    marks = {found.location: _around(found.machine, found.dag) for found in differences if found.machine is not MISSING}
    return replace(call, run_specific=marks)


def _around(one: Json, other: Json) -> Around:
    """The whole words that both texts begin and end with."""
    if not isinstance(one, str) or not isinstance(other, str):
        return "", ""
    before = _common_start(one, other)
    after = _common_start(one[len(before) :][::-1], other[len(before) :][::-1])[::-1]
    return _LAST_WORD.sub("", before), _FIRST_WORD.sub("", after)


def _common_start(one: str, other: str) -> str:
    return "".join(first for first, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
