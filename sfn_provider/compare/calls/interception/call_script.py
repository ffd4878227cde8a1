"""Answers the calls of a DAG from a case: machine's calls, mocks, started jobs, models."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.compare.calls.api_calls import ApiCall
from sfn_provider.compare.calls.api_requests import HttpAnswer, answer_of_mock
from sfn_provider.compare.calls.interception.jobs import Answer, Jobs, StartedJob, api_result, find_job_start
from sfn_provider.compare.calls.interception.responses import make_response, overlay, response_of_json
from sfn_provider.compare.calls.machine_calls import MachineCall, TaskState, parse_called_resource, plain_name
from sfn_provider.compare.calls.parameters.comparison import compare_parameters, distance
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.integration import Integration
from sfn_provider.integrations.optimized import bedrock
from sfn_provider.integrations.optimized.table import LAMBDA_FUNCTION
from sfn_provider.integrations.resolver import find_integration
from sfn_provider.integrations.value_shapes import json_text

_JOB_FAILURES: Final = ("States.TaskFailed", "States.Timeout", "States.HeartbeatTimeout")
"""Errors of a job that was started."""

_OTHER_THING: Final = 10
"""The distance from which on two calls are about different things."""

_NOT_FOUND_CODES: Final = {"glue": "EntityNotFoundException", "sagemaker": "ValidationException"}
"""The code of an error for what does not exist, where it is not ResourceNotFoundException."""

_UNKNOWN_CODE: Final = "InternalFailure"
"""The code of an error that no model names. Source: "Common Error Types" of each service's API reference."""


@dataclass(eq=False)
class ServiceError(Exception):
    """A service answers with an error.

    Args:
        code: its code.
        message: its message.
        state: the state whose mock it is; None for none.
    """

    code: str
    message: str
    state: str | None


@dataclass(eq=False)
class NoAnswer(Exception):
    """A service does not answer in time.

    Args:
        message: the mock's cause.
        state: the state whose mock it is.
    """

    message: str
    state: str


class CallScript:
    """Answers calls for one run of a DAG.

    Args:
        calls: the calls that the machine's execution makes; each answers one call of the DAG.
        states: all Task states: they answer further calls, those of other routes included.
    """

    def __init__(self, calls: Sequence[MachineCall], states: Sequence[TaskState]) -> None:
        self._clients = Clients(None)
        self._open = list(calls)
        self._states = states
        self._jobs = Jobs(self._clients)
        self._used: Counter[str] = Counter()
        self._number = 0

    def answer(
        self, call: ApiCall, arguments: Mapping[str, Any], task_id: str | None = None
    ) -> tuple[dict[str, Any], str | None]:
        """Answer a call.

        Args:
            call: the call.
            arguments: its arguments as botocore has them.
            task_id: the task that makes it: of states whose calls are equal, the one of its name answers.

        Returns:
            The answer in the API's shape, without ResponseMetadata, and the state whose mock it is; None for none.

        Raises:
            ServiceError: the mock is an error of the service.
            NoAnswer: the mock is a timeout, or the state never gets an answer.
        """
        job = self._jobs.find(call.service, call.operation, call.parameters)
        followed = job if job is not None and self._describes(job, call) else None
        if job is not None and followed is None:
            return self._jobs.describe(job, call.operation, call.parameters), None
        if self._is_new_object(call):
            raise ServiceError("404", "Not Found", None)
        if followed is None and self._jobs.lacks(call.service, call.operation) and not self._is_machines(call):
            code = _NOT_FOUND_CODES.get(call.service, "ResourceNotFoundException")
            raise ServiceError(code, "there is none of this name yet", None)
        state, resource, answer = self._choose(call, task_id)
        self._number += 1
        if answer is not None and (integration := self._integration(resource)) is not None:
            started = find_job_start(call.service, call.operation)
            if "Throw" in answer and not (started and _fails_as_job(integration, answer)):
                return self._raise(integration, answer, state or ""), state
            if started is None or parse_called_resource(resource).pattern == "request_response":
                result = self._result(integration, answer, call, arguments, started is not None)
                if followed is not None and call.operation == followed.sync.describe.operation:
                    followed.description = result
                return result, state
        started = find_job_start(call.service, call.operation)
        if started is not None:
            return self._jobs.start(*started, call.parameters, answer), state
        operation = self._clients.model(call.service).operation_model(call.operation)
        return make_response(operation, arguments, self._number), state

    def answer_request(self, call: ApiCall, task_id: str | None = None) -> tuple[HttpAnswer, str | None]:
        """Answer a request to an API.

        Args:
            call: the request, as `sfn_provider.compare.calls.api_requests` describes it.
            task_id: the task that makes it.

        Returns:
            The answer, and the state whose mock it is; None for none.

        Raises:
            NoAnswer: the mock is a timeout.
        """
        state, _, answer = self._choose(call, task_id)
        error = answer["Throw"].get("Error") or "" if answer is not None and "Throw" in answer else ""
        if "imeout" in error:
            raise NoAnswer(str(answer["Throw"].get("Cause") or error) if answer else error, state or "")
        return answer_of_mock(answer), state

    def _describes(self, job: StartedJob, call: ApiCall) -> bool:
        """Whether the call that describes a job is one of a state, whose mock then answers it.

        A job that the machine waits for (`.sync`) is described by states only after it has ended.
        """
        return (job.is_followed or job.polls > 1) and self._next_call(call) is not None

    def _is_new_object(self, call: ApiCall) -> bool:
        """Whether it asks for an object that the machine is yet to write: operators refuse to overwrite one."""
        if call.service != "s3" or not isinstance(call.parameters, dict):
            return False
        place = {name: call.parameters.get(name) for name in ("Bucket", "Key")}
        return call.operation == "HeadObject" and any(
            other.call is not None
            and other.call.operation == "PutObject"
            and {name: other.call.parameters.get(name) for name in place} == place
            for other in self._open
        )

    def _is_machines(self, call: ApiCall) -> bool:
        """Whether a state makes calls of the same operation."""
        return any(
            state.call is not None and (state.call.service, state.call.operation) == (call.service, call.operation)
            for state in self._states
        )

    def _choose(self, call: ApiCall, task_id: str | None) -> tuple[str | None, str, Answer | None]:
        """The state, the resource and the mock that answer a call."""
        found = self._next_call(call, task_id)
        if found is not None:
            self._open.remove(found)
            self._used[found.state] += 1
            return found.state, found.resource, found.answer
        near = self._nearest_state(call, task_id)
        if near is None:
            return None, "", None
        used = self._used[near.state]
        self._used[near.state] += 1
        answer = near.answers[min(used, len(near.answers) - 1)] if near.answers else None
        return near.state, near.resource, answer

    def _next_call(self, call: ApiCall, task_id: str | None = None) -> MachineCall | None:
        """The machine's call that a call is: about the same thing, with the fewest differences, the first of these.

        Branches side by side may make equal calls: that of the state which the task is named after comes first.
        """
        task = plain_name(task_id or "")
        same = [
            (distance(other.call, call, other.run_specific), plain_name(other.state) != task, index)
            for index, other in enumerate(self._open)
            if other.call is not None and (other.call.service, other.call.operation) == (call.service, call.operation)
        ]
        apart, _, index = min(same, default=(_OTHER_THING, True, 0))
        return self._open[index] if apart < _OTHER_THING else None

    def _nearest_state(self, call: ApiCall, task_id: str | None) -> TaskState | None:
        task = plain_name(task_id or "")
        candidates = [
            (_distance_of_constants(state.call, call), plain_name(state.state) != task, index)
            for index, state in enumerate(self._states)
            if state.call is not None and (state.call.service, state.call.operation) == (call.service, call.operation)
        ]
        return self._states[min(candidates)[-1]] if candidates else None

    def _integration(self, resource: str) -> Integration | None:
        return find_integration(parse_called_resource(resource), self._clients) if resource else None

    def _result(
        self, integration: Integration, answer: Answer, call: ApiCall, arguments: Mapping[str, Any], starts_job: bool
    ) -> dict[str, Any]:
        """The answer whose result the mock is; a started job is remembered, so that it can be described."""
        operation = self._clients.model(call.service).operation_model(call.operation)
        if integration.client == "lambda" and call.operation == "Invoke":
            return _invocation(integration, answer["Return"])
        result = api_result(call.service, call.operation, answer["Return"])
        if integration.result is bedrock.result and isinstance(result, dict):
            body = json_text(result.get("Body", {})).encode()
            result = result | {"Body": base64.b64encode(body).decode()}  # as blobs are written in JSON
        started = find_job_start(call.service, call.operation)
        if starts_job and started is not None:
            under = self._jobs.start(*started, call.parameters, {"Return": result}, is_followed=True)
        else:
            under = make_response(operation, arguments, self._number)
        return dict(overlay(under, response_of_json(operation.output_shape, result, integration.style)))

    def _raise(self, integration: Integration, answer: Answer, state: str) -> dict[str, Any]:
        """Raise a mocked error as the service would, or return a function's failure."""
        error, cause = answer["Throw"].get("Error") or "", answer["Throw"].get("Cause") or ""
        if (error.startswith("States.") and "imeout" in error) or error.endswith(".SdkClientException"):
            raise NoAnswer(cause or error, state)
        names = integration.errors
        prefix, _, name = error.partition(".")
        own = prefix in (names.prefix, names.prefix.upper()) and bool(name)
        if integration.client == "lambda" and not (own and name != "Unknown"):
            return _failed_invocation(error, cause)
        if not own:
            code = "AccessDeniedException" if error == "States.Permissions" else error or _UNKNOWN_CODE
            raise ServiceError(code, cause, state)
        model = self._clients.model(integration.client)
        for shape in model.error_shapes:
            if names.modelled(shape.name) == name:
                raise ServiceError(shape.metadata.get("error", {}).get("code") or shape.name, cause, state)
        raise ServiceError(_UNKNOWN_CODE if name == names.base else name, cause, state)


def _distance_of_constants(known: ApiCall, call: ApiCall) -> int:
    """How much a call differs from what a definition has as constants; what that leaves open does not count."""
    verdicts = compare_parameters(known, call, {})
    return sum(found.weight for found in verdicts if found.kind == "different" and found.expected is not MISSING)


def _fails_as_job(integration: Integration, answer: Answer) -> bool:
    """Whether an error is that of a job which was started, not of the call that starts it."""
    error = answer["Throw"].get("Error") or ""
    return error in _JOB_FAILURES or not error.startswith((f"{integration.errors.prefix}.", "States."))


def _invocation(integration: Integration, result: Json) -> dict[str, Any]:
    if integration is LAMBDA_FUNCTION or not isinstance(result, dict) or "Payload" not in result:
        metadata: dict[str, Any] = {}
        payload = result
    else:
        names = ("StatusCode", "ExecutedVersion", "LogResult")
        metadata = {name: result[name] for name in names if name in result}
        payload = result["Payload"]
    return {"StatusCode": 200, "ExecutedVersion": "$LATEST", **metadata, "Payload": json_text(payload).encode()}


def _failed_invocation(error: str, cause: str) -> dict[str, Any]:
    try:
        details = json.loads(cause)
    except ValueError:
        details = cause
    payload: dict[str, Json] = dict(details) if isinstance(details, dict) else {"errorMessage": cause}
    if error != "Lambda.Unknown":
        payload.setdefault("errorType", error)
    body = json.dumps(payload).encode()
    return {"StatusCode": 200, "ExecutedVersion": "$LATEST", "FunctionError": "Unhandled", "Payload": body}
