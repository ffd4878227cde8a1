"""Task: calls a resource and waits for its result."""

from __future__ import annotations

import json
from typing import Any

from sfn_provider.asl.resources import Resource, parse_resource
from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.dataflow.data_flow import compile_evaluator
from sfn_provider.engine.dataflow.parameter_checks import check_parameters
from sfn_provider.engine.dataflow.typed_fields import evaluate_integer, wrong_value
from sfn_provider.engine.errors.retry import is_timeout, reported_error_name
from sfn_provider.engine.execution_step import ExecutionStep, StateHandler
from sfn_provider.engine.limits import MAX_SECONDS, oversized_parameters, oversized_result, to_json
from sfn_provider.engine.observations import CallRequested
from sfn_provider.engine.progress.execution_state import Frame
from sfn_provider.engine.progress.state_progress import TaskProgress
from sfn_provider.engine.requests import CallTask, Event, TaskFailed, TaskHeartbeat, TaskSubmitted, TaskSucceeded
from sfn_provider.exceptions import StatesError


def _execute(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    resource = _resource(state)
    identity = step.new_request(frame, "task")
    try:
        call = _call(step, frame, state, resource, identity)
        oversized = oversized_parameters(state.name, call.arguments)
        if oversized is not None:
            step.close_request(frame, identity)
            step.fail(frame, state, oversized)
            return
        check_parameters(resource, call.arguments, with_types=step.machine.check_call is None)
        if step.machine.check_call is not None:
            step.machine.check_call(call)
    except StatesError:
        step.close_request(frame, identity)
        raise
    frame.calls += 1
    step.requests.append(call)
    if step.observer is not None:
        step.observer(CallRequested(step.place(frame), call))
    _start_timers(step, frame, call)
    _emit_scheduled(step, frame, resource, call)


def _resource(state: CompiledState) -> Resource:
    if state.compiled_fields is None:
        state.compiled_fields = parse_resource(state.model.resource)
    resource: Resource = state.compiled_fields
    return resource


def _call(step: ExecutionStep, frame: Frame, state: CompiledState, resource: Resource, identity: str) -> CallTask:
    waits = resource.pattern == "waitForTaskToken"
    place = f"{frame.place}/{frame.steps}.{frame.calls}"
    token = step.task_token(place) if waits or resource.kind == "activity" else None
    # The worker of an activity gets the token with its input; the state's own fields do not see it. Those of a task
    # with .sync see one that nobody waits for. Source: input-output-contextobject.html.
    is_job = resource.pattern in ("sync", "sync:2")
    scope = step.scope(frame, token if waits else step.task_token(place, is_awaited=False) if is_job else None)
    seen = state.data_flow.select_input(scope)
    credentials = state.model.credentials
    if credentials is not None:
        credentials = compile_evaluator(credentials, state.language, "Credentials")(seen, step.entropy)
    return CallTask(
        id=identity,
        state=state.name,
        resource=state.model.resource,
        arguments=state.data_flow.enter(scope, step.entropy),
        attempt=frame.calls,
        index=frame.index,
        timeout=_seconds(step, state, "TimeoutSeconds", seen),
        heartbeat=_seconds(step, state, "HeartbeatSeconds", seen),
        credentials=credentials,
        token=token,
        place=place,
    )


def _seconds(step: ExecutionStep, state: CompiledState, field: str, scope: Scope) -> float | None:
    value = evaluate_integer(state.model, state.language, field, scope, step.entropy)
    if value is not None and not 0 < value <= MAX_SECONDS:
        expected = "positive integer" if value == 0 else f"integer of at most {MAX_SECONDS}"
        raise wrong_value(state.language, field, f"Expected {expected} for {field}, got '{value}' instead.")
    return None if value is None else float(value)


def _start_timers(step: ExecutionStep, frame: Frame, call: CallTask) -> None:
    if call.timeout is not None:
        step.wake(frame, "timeout", step.execution.now + call.timeout)
    if call.heartbeat is not None:
        frame.progress = TaskProgress(call.heartbeat)
        step.wake(frame, "heartbeat", step.execution.now + call.heartbeat)


def _handle_event(step: ExecutionStep, frame: Frame, state: CompiledState, purpose: str, event: Event) -> None:
    resource = _resource(state)
    if isinstance(event, TaskSubmitted):
        _emit(step, frame, resource, "Submitted", {"output": event.output})
    elif isinstance(event, TaskHeartbeat):
        step.cancel(frame, "heartbeat")
        if isinstance(frame.progress, TaskProgress):
            step.wake(frame, "heartbeat", step.execution.now + frame.progress.heartbeat)
    elif isinstance(event, TaskSucceeded):
        _succeed(step, frame, state, resource, event.result)
    elif isinstance(event, TaskFailed):
        _fail(step, frame, state, resource, StatesError(event.error, _cause(resource, event.cause)))
    else:
        # A missed heartbeat is reported as States.Timeout as well (recorded executions).
        error = "States.HeartbeatTimeout" if purpose == "heartbeat" else "States.Timeout"
        _fail(step, frame, state, resource, StatesError(error))


def _succeed(step: ExecutionStep, frame: Frame, state: CompiledState, resource: Resource, result: Json) -> None:
    step.cancel(frame)
    error = oversized_result(resource.resource_type if resource.action else resource.text, result)
    if error is not None:
        _fail(step, frame, state, resource, error)
        return
    _emit(step, frame, resource, "Succeeded", {"output": result})
    step.succeed(frame, state, result, step.scope(frame))


def _fail(step: ExecutionStep, frame: Frame, state: CompiledState, resource: Resource, error: StatesError) -> None:
    shown = StatesError(reported_error_name(error.error), error.cause)
    _emit(step, frame, resource, "TimedOut" if is_timeout(error.error) else "Failed", shown.details)
    step.fail(frame, state, error)


def _cause(resource: Resource, cause: str | None) -> str | None:
    """Return the cause; ``lambda:invoke`` serializes the function's error payload again (recorded executions)."""
    if (resource.kind, resource.service) != ("optimized", "lambda") or cause is None or not cause.startswith("{"):
        return cause
    try:
        return to_json(json.loads(cause))
    except ValueError:
        return cause


def _emit_scheduled(step: ExecutionStep, frame: Frame, resource: Resource, call: CallTask) -> None:
    seconds = {"timeoutInSeconds": call.timeout, "heartbeatInSeconds": call.heartbeat}
    if resource.kind == "lambda":
        del seconds["heartbeatInSeconds"]  # LambdaFunctionScheduledEventDetails has no such member
    times = {key: int(value) for key, value in seconds.items() if value is not None}
    role = call.credentials.get("RoleArn") if isinstance(call.credentials, dict) else None
    further = times if role is None or resource.kind == "activity" else {**times, "taskCredentials": {"roleArn": role}}
    if resource.kind in ("lambda", "activity"):
        _emit(step, frame, resource, "Scheduled", {"resource": call.resource, "input": call.arguments, **further})
    else:
        region = {"region": resource.region or "us-east-1"}
        _emit(step, frame, resource, "Scheduled", {"parameters": call.arguments, **region, **further})
    _emit(step, frame, resource, "Started", {})


_EVENT_FAMILY = {"lambda": "LambdaFunction", "activity": "Activity"}


def _emit(step: ExecutionStep, frame: Frame, resource: Resource, suffix: str, details: dict[str, Any]) -> None:
    family = _EVENT_FAMILY.get(resource.kind, "Task")
    if family == "Task":
        details = {"resourceType": resource.resource_type, "resource": resource.resource, **details}
    step.emit(frame, family + suffix, details)


HANDLER = StateHandler(_execute, _handle_event)
