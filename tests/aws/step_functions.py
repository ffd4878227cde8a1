"""Step Functions with executions that take their time: over HTTP, or by in-process clients on virtual time.

Executions run for planned times. Lists lag behind, quotas throttle, and injected faults come and go as planned.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest

from tests.aws.server import Answer, Disconnect, ErrorResponse, Request, serve
from tests.aws.status_events import status_change_event

Json = Any
Failure = ErrorResponse | Disconnect

MACHINE: Final = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"
PREFIX: Final = "arn:aws:states:us-east-1:123456789012:execution:Orders:"


@dataclass
class SimulatedExecution:
    """One execution. One that a client starts takes the ``seconds`` and ends as the ``final`` of its input, if given;
    its ``cause`` and ``output`` are those of the input, too.

    Args:
        start: when it starts, in seconds.
        end: when it ends.
        final: how it ends.
        running: its status up to then.
        input: its input.
        redrive: when it is redriven, when it ends again, and how.
        failure: its error and cause.
    """

    start: float
    end: float
    final: str = "SUCCEEDED"
    running: str = "RUNNING"
    input: str = "{}"
    redrive: tuple[float, float, str] | None = None
    failure: dict[str, str] = field(default_factory=dict)

    def status(self, now: float) -> str:
        final = self.redrive[2] if self.redrives(now) and self.redrive else self.final
        return final if now >= self.stop(now) else self.running

    def redrives(self, now: float) -> int:
        return int(self.redrive is not None and now >= self.redrive[0])

    def stop(self, now: float) -> float:
        return self.redrive[1] if self.redrives(now) and self.redrive else self.end


@dataclass(frozen=True)
class InjectedFault:
    """Calls that fail.

    Args:
        failure: how they fail.
        action: the calls that fail; "" for all.
        begin: from when on.
        end: up to when.
        share: how many of the calls fail, 0 to 1.
        until_renewed: for every client but those made after ``begin``.
    """

    failure: Failure
    action: str = ""
    begin: float = 0.0
    end: float = float("inf")
    share: float = 1.0
    until_renewed: bool = False


@dataclass
class Message:
    """A message in the queue: its text, when it shows, and how often it was received."""

    body: str
    at: float
    receives: int = 0


@dataclass
class SimulatedStepFunctions:
    """The service, with one queue for the events of executions that end.

    Args:
        clock: gives the time in seconds.
        url: the address.
        executions: by ARN.
        seconds: how long an execution takes that a client starts.
        lag: how many seconds ListExecutions lags behind.
        response_delays: by state machine: how many seconds after the start StartExecution responds.
        faults: calls that fail.
        quotas: by action: the size of its token bucket, and how many tokens come a second.
        calls: how often each action was called.
        throttled: how many calls were throttled.
        messages: what is in the queue.
        clients: how many clients were made in the process.
        closed: how many of them were closed.
    """

    clock: Callable[[], float] = time.time
    url: str = ""
    executions: dict[str, SimulatedExecution] = field(default_factory=dict)
    seconds: float = 5.0
    lag: float = 0.0
    response_delays: dict[str, float] = field(default_factory=dict)
    faults: list[InjectedFault] = field(default_factory=list)
    quotas: dict[str, tuple[float, float]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    throttled: int = 0
    messages: list[Message] = field(default_factory=list)
    clients: int = 0
    closed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _random: random.Random = field(default_factory=lambda: random.Random(7))
    _tokens: dict[str, tuple[float, float]] = field(default_factory=dict)

    def plan(self, name: str, end: float, **fields: Any) -> str:
        """Plan an execution. Gives its ARN."""
        self.executions[PREFIX + name] = replace(SimulatedExecution(0.0, end), **fields)
        return PREFIX + name

    def send_end_events(self, after: float = 1.0) -> None:
        """Put a message about the end of each execution into the queue, some seconds after it."""
        for arn, each in self.executions.items():
            self.send_event(arn, each.final, each.end + after)

    def send_event(self, arn: str, status: str, at: float, **detail: Json) -> None:
        """Put a message about an execution into the queue; ``detail`` replaces fields."""
        each = self.executions.get(arn, SimulatedExecution(0.0, at))
        detail = {"status": status, "startDate": int(each.start * 1000), "stopDate": int(each.end * 1000)} | detail
        self.messages.append(Message(json.dumps(status_change_event(arn, **detail)), at))

    def executions_of(self, machine: str) -> list[dict[str, Json]]:
        """Describe the executions of a state machine."""
        prefix = _execution_prefix(machine)
        return [self.describe(arn) for arn in list(self.executions) if arn.startswith(prefix)]

    def hold(self) -> None:
        """Let what is started from now on run until `release`."""
        self.seconds = float("inf")

    def release(self, within: float) -> None:
        """Let what runs end, one by one, within some seconds; always in the same order."""
        order = random.Random(8)
        with self._lock:
            for each in self.executions.values():
                each.end = min(each.end, self.clock() + order.uniform(0, within))
            self.seconds = 5.0

    def __call__(self, request: Request) -> Answer:
        """Answer a request over HTTP."""
        if request.action == "ReceiveMessage":
            self._wait_for_messages(float(request.body["WaitTimeSeconds"]))
        with self._lock:
            answer = self.answer(request.action, request.body)
        if request.action == "StartExecution":
            time.sleep(self.response_delays.get(request.body["stateMachineArn"], 0))
        return answer

    def _wait_for_messages(self, seconds: float) -> None:
        end = self.clock() + seconds
        while self.clock() < end and not any(each.at <= self.clock() for each in list(self.messages)):
            time.sleep(0.1)

    def answer(self, action: str, parameters: Json, client_made_at: float = 0.0) -> Json | Failure:
        """Count a call and answer it, or let it fail as planned."""
        if failure := self.count(action, client_made_at):
            return failure
        if action not in _ANSWERS:
            return ErrorResponse("UnknownOperationException", f"{action} is not known here")
        return _ANSWERS[action](self, parameters)

    def count(self, action: str, client_made_at: float) -> Failure | None:
        """Count a call. Gives the failure that is planned for it."""
        now = self.clock()
        self.calls[action] += 1
        for fault in self.faults:
            hit = fault.action in ("", action) and fault.begin <= now < fault.end
            renewed = fault.until_renewed and client_made_at >= fault.begin
            if hit and not renewed and self._random.random() < fault.share:
                return fault.failure
        if action in self.quotas and not self._take_token(action, now):
            self.throttled += 1
            return ErrorResponse("ThrottlingException")
        return None

    def _take_token(self, action: str, now: float) -> bool:
        size, rate = self.quotas[action]
        tokens, at = self._tokens.get(action, (size, now))
        tokens = min(size, tokens + (now - at) * rate)
        self._tokens[action] = (tokens - (tokens >= 1), now)
        return tokens >= 1

    def describe(self, arn: str, at: float | None = None) -> dict[str, Json]:
        """Describe an execution as it is now, or was at a time."""
        each = self.executions[arn]
        machine, _, name = arn.replace(":execution:", ":stateMachine:").rpartition(":")
        at = self.clock() if at is None else at
        row = {"executionArn": arn, "stateMachineArn": machine, "name": name, "status": each.status(at)}
        row["redriveCount"] = each.redrives(at)
        stop = {"stopDate": each.stop(at), **each.failure} if at >= each.stop(at) else {}
        return {**row, "startDate": each.start, **stop}

    def receive(self, most: int) -> list[dict[str, Json]]:
        """Receive messages that show now, and hide them for half a minute."""
        now = self.clock()
        shown = [each for each in self.messages if each.at <= now][:most]
        for each in shown:
            each.at, each.receives = now + 30, each.receives + 1
        return [
            {
                "MessageId": str(id(each)),
                "ReceiptHandle": str(id(each)),
                "Body": each.body,
                "Attributes": {"ApproximateReceiveCount": str(each.receives)},
            }
            for each in shown
        ]

    def delete(self, entries: list[dict[str, Json]]) -> None:
        """Delete messages."""
        handles = {entry["ReceiptHandle"] for entry in entries}
        self.messages = [each for each in self.messages if str(id(each)) not in handles]

    def hide(self, entries: list[dict[str, Json]]) -> None:
        """Hide messages for as many seconds as each entry says."""
        delays = {entry["ReceiptHandle"]: entry["VisibilityTimeout"] for entry in entries}
        for message in self.messages:
            if str(id(message)) in delays:
                message.at = self.clock() + delays[str(id(message))]


def _execution_prefix(machine: str) -> str:
    return machine.replace(":stateMachine:", ":execution:") + ":"


def _start(service: SimulatedStepFunctions, parameters: Json) -> Json | Failure:
    arn = _execution_prefix(parameters["stateMachineArn"]) + parameters["name"]
    input, now = parameters.get("input", "{}"), service.clock()
    plan = json.loads(input)
    plan = plan if isinstance(plan, dict) else {}
    end, final = now + float(plan.get("seconds", service.seconds)), plan.get("final", "SUCCEEDED")
    failure = {} if final == "SUCCEEDED" else {"error": "Orders.Bad", "cause": plan.get("cause", "no stock")}
    new = SimulatedExecution(now, end, final, input=input, failure=failure)
    found = service.executions.setdefault(arn, new)
    if found.status(now) != "RUNNING" or found.input != input:
        # A name can be used again for the same input, while the execution runs.
        return ErrorResponse("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
    return {"executionArn": arn, "startDate": found.start}


def _describe(service: SimulatedStepFunctions, parameters: Json) -> Json | Failure:
    arn = parameters["executionArn"]
    if arn not in service.executions:
        return ErrorResponse("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    found = service.describe(arn)
    input = service.executions[arn].input
    plan = json.loads(input)
    planned = plan.get("output") if isinstance(plan, dict) else None
    output = json.dumps({"did": found["name"]} if planned is None else planned)
    return {**found, "input": input, **({"output": output} if found["status"] == "SUCCEEDED" else {})}


def _stop(service: SimulatedStepFunctions, parameters: Json) -> Json | Failure:
    each = service.executions.get(parameters["executionArn"])
    if each is None:
        return ErrorResponse("ExecutionDoesNotExist", f"Execution Does Not Exist: '{parameters['executionArn']}'")
    if each.status(service.clock()) == each.running:
        each.end, each.final = service.clock(), "ABORTED"
        each.failure = {name: parameters[name] for name in ("error", "cause")}
    return {"stopDate": each.end}


def _history(service: SimulatedStepFunctions, parameters: Json) -> Json:
    return {"events": []}


def _list(service: SimulatedStepFunctions, parameters: Json) -> Json:
    prefix, then = _execution_prefix(parameters["stateMachineArn"]), service.clock() - service.lag
    wanted, size = parameters.get("statusFilter"), parameters.get("maxResults", 100)
    by_end = wanted not in (None, "RUNNING")
    rows = [
        (each.stop(then) if by_end else each.start, arn)
        for arn, each in service.executions.items()
        if each.start <= then and wanted in (None, each.status(then)) and arn.startswith(prefix)
    ]
    begin, arns = int(parameters.get("nextToken", "0")), [arn for _, arn in sorted(rows, reverse=True)]
    more = {"nextToken": str(begin + size)} if len(arns) > begin + size else {}
    return {"executions": [service.describe(arn, then) for arn in arns[begin : begin + size]], **more}


def _batch(do: Callable[[list[dict[str, Json]]], None], entries: list[dict[str, Json]]) -> Json:
    do(entries)
    return {"Successful": [{"Id": entry["Id"]} for entry in entries], "Failed": []}


_ANSWERS: dict[str, Callable[[SimulatedStepFunctions, Json], Json | Failure]] = {
    "DescribeExecution": _describe,
    "GetExecutionHistory": _history,
    "ListExecutions": _list,
    "StartExecution": _start,
    "StopExecution": _stop,
    "ReceiveMessage": lambda service, parameters: {"Messages": service.receive(parameters["MaxNumberOfMessages"])},
    "DeleteMessageBatch": lambda service, parameters: _batch(service.delete, parameters["Entries"]),
    "ChangeMessageVisibilityBatch": lambda service, parameters: _batch(service.hide, parameters["Entries"]),
}


@pytest.fixture(scope="session")
def step_functions() -> Iterator[SimulatedStepFunctions]:
    """Step Functions on a free port, on the wall clock."""
    service = SimulatedStepFunctions()
    with serve(service) as service.url:
        yield service
