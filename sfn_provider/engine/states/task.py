"""Task: calls a resource and waits for its answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.resources import Resource, parse_resource
from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.compiled import Compiled
from sfn_provider.engine.dataflow.flow import JsonPathFlow, template
from sfn_provider.engine.dataflow.parameter_checks import check_parameters
from sfn_provider.engine.dataflow.typed_fields import whole_number
from sfn_provider.engine.errors.retry import is_timeout
from sfn_provider.engine.execution_state import Frame
from sfn_provider.engine.limits import MOST_SECONDS, to_json, too_large
from sfn_provider.engine.requests import CallTask, Event, TaskFailed, TaskHeartbeat, TaskSubmitted, TaskSucceeded
from sfn_provider.engine.states.behaviour import Behaviour
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.engine.step import Run


def _execute(run: Run, frame: Frame, state: Compiled) -> None:
    resource = state.behaviour
    if resource is None:
        resource = state.behaviour = parse_resource(state.model.resource)
    identity = run.new_request(frame, "task")
    try:
        call = _call(run, frame, state, resource, identity)
        check_parameters(resource, call.arguments)
        if run.program.check is not None:
            run.program.check(call)
    except StatesError:
        run.close_request(frame, identity)
        raise
    frame.calls += 1
    run.requests.append(call)
    _watch(run, frame, call)
    _emit_scheduled(run, frame, state, resource, call)


def _call(run: Run, frame: Frame, state: Compiled, resource: Resource, identity: str) -> CallTask:
    waits = resource.pattern == "waitForTaskToken"
    place = f"{frame.place}/{frame.steps}.{frame.calls}"
    token = run.task_token(place) if waits or resource.kind == "activity" else None
    # The worker of an activity gets the token with its input; the state's own fields do not see it.
    scope = run.scope(frame, token if waits else None)
    seen = scope
    if isinstance(state.flow, JsonPathFlow):
        seen = Scope(state.flow.select_input(scope), scope.context, scope.variables)
    credentials = state.model.credentials
    if credentials is not None:
        credentials = template(credentials, state.language, "Credentials")(seen, run.entropy)
    return CallTask(
        id=identity,
        state=state.name,
        resource=state.model.resource,
        arguments=state.flow.enter(scope, run.entropy),
        attempt=frame.calls,
        index=frame.index,
        timeout=_seconds(run, state, "TimeoutSeconds", seen),
        heartbeat=_seconds(run, state, "HeartbeatSeconds", seen),
        credentials=credentials,
        token=token,
        place=place,
    )


def _seconds(run: Run, state: Compiled, field: str, scope: Scope) -> float | None:
    value = whole_number(state.model, state.language, field, scope, run.entropy)
    if value is not None and not 0 < value <= MOST_SECONDS:
        expected = "positive integer" if value == 0 else f"integer of at most {MOST_SECONDS}"
        raise StatesError("States.Runtime", f"Expected {expected} for {field}, got '{value}' instead.")
    return None if value is None else float(value)


def _watch(run: Run, frame: Frame, call: CallTask) -> None:
    """Ask to be woken when the call has taken too long."""
    if call.timeout is not None:
        run.wake(frame, "timeout", run.state.now + call.timeout)
    if call.heartbeat is not None:
        frame.memo["heartbeat"] = call.heartbeat
        run.wake(frame, "heartbeat", run.state.now + call.heartbeat)


def _answered(run: Run, frame: Frame, state: Compiled, purpose: str, event: Event) -> None:
    resource: Resource = parse_resource(state.model.resource)
    if isinstance(event, TaskSubmitted):
        _emit(run, frame, resource, "Submitted", {"output": event.output})
    elif isinstance(event, TaskHeartbeat):
        run.cancel(frame, "heartbeat")
        if "heartbeat" in frame.memo:
            run.wake(frame, "heartbeat", run.state.now + frame.memo["heartbeat"])
    elif isinstance(event, TaskSucceeded):
        _succeeded(run, frame, state, resource, event.result)
    elif isinstance(event, TaskFailed):
        _failed(run, frame, state, resource, StatesError(event.error, _cause(resource, event.cause)))
    else:
        # A missed heartbeat is reported as States.Timeout as well (recorded executions).
        error = "States.HeartbeatTimeout" if purpose == "heartbeat" else "States.Timeout"
        _failed(run, frame, state, resource, StatesError(error))


def _succeeded(run: Run, frame: Frame, state: Compiled, resource: Resource, result: Json) -> None:
    run.cancel(frame)
    error = too_large(state.name, result)
    if error is not None:
        _failed(run, frame, state, resource, error)
        return
    _emit(run, frame, resource, "Succeeded", {"output": result})
    run.succeed(frame, state, result, run.scope(frame))


def _failed(run: Run, frame: Frame, state: Compiled, resource: Resource, error: StatesError) -> None:
    shown = "States.Timeout" if error.error == "States.HeartbeatTimeout" else error.error
    details = {"error": shown, "cause": error.cause}
    ending = "TimedOut" if is_timeout(error.error) else "Failed"
    _emit(run, frame, resource, ending, {key: value for key, value in details.items() if value is not None})
    run.fail(frame, state, error)


def _cause(resource: Resource, cause: str | None) -> str | None:
    """``lambda:invoke`` writes the function's error payload anew, a function's ARN leaves it (recorded executions)."""
    if (resource.kind, resource.service) != ("optimized", "lambda") or cause is None or not cause.startswith("{"):
        return cause
    try:
        return to_json(json.loads(cause))
    except ValueError:
        return cause


def _emit_scheduled(run: Run, frame: Frame, state: Compiled, resource: Resource, call: CallTask) -> None:
    seconds = {"timeoutInSeconds": call.timeout, "heartbeatInSeconds": call.heartbeat}
    times = {key: int(value) for key, value in seconds.items() if value is not None}
    if resource.kind in ("lambda", "activity"):
        _emit(run, frame, resource, "Scheduled", {"resource": call.resource, "input": call.arguments, **times})
    else:
        region = {"region": resource.region or "us-east-1"}
        _emit(run, frame, resource, "Scheduled", {"parameters": call.arguments, **region, **times})
    _emit(run, frame, resource, "Started", {})


_EVENT_FAMILY = {"lambda": "LambdaFunction", "activity": "Activity"}


def _emit(run: Run, frame: Frame, resource: Resource, what: str, details: dict[str, Any]) -> None:
    family = _EVENT_FAMILY.get(resource.kind, "Task")
    if family == "Task":
        details = {"resourceType": resource.resource_type, "resource": resource.resource, **details}
    run.emit(frame, family + what, details)


BEHAVIOUR = Behaviour(_execute, _answered)
