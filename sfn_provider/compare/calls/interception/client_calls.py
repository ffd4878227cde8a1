"""Catches and answers the calls of boto3 and aiobotocore below hooks, waiters and triggers.

Both libraries make every call by one method of their clients. What a client does with the parameters before and with
the answer afterwards is done here as well: tokens that it fills in, the Python values of DynamoDB's resources.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

from sfn_provider.asl.scope import Json
from sfn_provider.compare.calls.api_calls import ApiCall, json_parameters
from sfn_provider.compare.calls.api_requests import is_api_request, make_response, read_request
from sfn_provider.compare.calls.interception.call_origins import CallOrigins
from sfn_provider.compare.calls.interception.call_script import CallScript, NoAnswer, ServiceError
from sfn_provider.compare.calls.interception.service_models import share_service_models
from sfn_provider.exceptions import SfnProviderError

_CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "ASIANOCREDENTIALSHERE",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_SESSION_TOKEN": "none",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
"""Let clients be made without an account: none of their calls leaves the machine."""

_FORGOTTEN: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")


_MOST_CALLS: Final = 20_000
"""How many calls one run may make."""


class EndlessCalls(SfnProviderError):
    """A DAG calls again and again, for what never comes."""


@dataclass
class CaughtCall:
    """A call of the DAG.

    Args:
        task_id: the task that made it; None for the DAG file itself, while it is read.
        map_index: the task's map index, -1 for a task that is not mapped.
        try_number: the task's try, from 1 on.
        call: the call.
        state: the state whose mock answered it; None for none.
        error: the code of the error that answered it; None for none.
        is_own: whether an operator, sensor, waiter or paginator makes it by itself: a poll, or a look at what is there.
    """

    task_id: str | None
    map_index: int
    try_number: int
    call: ApiCall
    state: str | None = None
    error: str | None = None
    is_own: bool = False

    def to_json(self) -> dict[str, Json]:
        """Return the call as JSON."""
        names = ("task_id", "map_index", "try_number", "state", "error", "is_own")
        named = {name: getattr(self, name) for name in names}
        call = {"service": self.call.service, "operation": self.call.operation, "parameters": self.call.parameters}
        return {**named, "call": call}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CaughtCall:
        """Read what `to_json` returned."""
        return cls(**{**data, "call": ApiCall(**data["call"])})


@dataclass
class CallRecorder:
    """Answers calls by a script and records them.

    Args:
        script: answers.
        task: who makes the calls now: task id, map index and try; None while the DAG file is read.
        calls: the calls so far.
    """

    script: CallScript
    task: tuple[str, int, int] | None = None
    calls: list[CaughtCall] = field(default_factory=list)
    _origins: CallOrigins = field(default_factory=CallOrigins)

    def answer(self, client: Any, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Record a call and answer it in the API's shape; raises what botocore raises."""
        from botocore.exceptions import ReadTimeoutError

        call = ApiCall(client.meta.service_model.service_name, operation, json_parameters(arguments))
        caught = self._record(call)
        try:
            response, caught.state = self.script.answer(call, arguments, caught.task_id)
        except ServiceError as error:
            caught.error, caught.state = error.code, error.state
            details = {
                "Error": {"Code": error.code, "Message": error.message},
                "ResponseMetadata": _metadata(_status(error.code)),
            }
            raise client.exceptions.from_code(error.code)(details, operation) from None
        except NoAnswer as error:
            caught.error, caught.state = "no answer", error.state
            raise ReadTimeoutError(endpoint_url=client.meta.endpoint_url, error=error.message) from None
        # Some operators check it: creating a job of Bedrock gives 201.
        status = client.meta.service_model.operation_model(operation).http.get("responseCode", 200)
        return {**response, "ResponseMetadata": _metadata(status)}

    def answer_request(self, request: Any) -> Any:
        """Record a request that the library requests sends to an API, and answer it; raises what it raises."""
        from requests.exceptions import ReadTimeout

        caught = self._record(read_request(request))
        try:
            answer, caught.state = self.script.answer_request(caught.call, caught.task_id)
        except NoAnswer as error:
            caught.error, caught.state = "no answer", error.state
            raise ReadTimeout(error.message, request=request) from None
        caught.error = str(answer.status) if answer.status >= 400 else None
        return make_response(request, answer)

    def _record(self, call: ApiCall) -> CaughtCall:
        task_id, map_index, try_number = self.task or (None, -1, 1)
        is_authors, is_again = self._origins.trace()
        if is_again:
            self.calls[-1].is_own = True
        caught = CaughtCall(task_id, map_index, try_number, call, is_own=is_again or not is_authors)
        self.calls.append(caught)
        if len(self.calls) > _MOST_CALLS:
            made = f"the DAG has made {_MOST_CALLS:,} calls, the last one {call}"
            raise EndlessCalls(f"{made}: it waits for what never comes")
        return caught


def _intercept_requests(recorder: CallRecorder) -> AbstractContextManager[Any]:
    """Catch what the library requests sends to APIs of API Gateway."""
    from requests.adapters import HTTPAdapter

    send = HTTPAdapter.send

    def answer(self: HTTPAdapter, request: Any, *others: Any, **options: Any) -> Any:
        if not is_api_request(request):
            return send(self, request, *others, **options)
        return recorder.answer_request(request)

    return patch.object(HTTPAdapter, "send", answer)


@contextmanager
def intercept_calls(recorder: CallRecorder, region: str) -> Iterator[None]:
    """Catches every call of boto3 and aiobotocore, and requests to API Gateway, without any credentials.

    Lengths and ranges of arguments are not checked. Those of a state machine's call are the service's to check, which
    on the machine's side nobody plays: the two sides would end differently by values that a case has made up.

    Args:
        recorder: answers the calls.
        region: the region of clients whose connection names none.
    """
    import aiobotocore.client
    import botocore.client

    def answer(self: Any, operation_name: str, api_params: dict[str, Any]) -> dict[str, Any]:
        model, context = _prepare(self, operation_name)
        arguments = self._emit_api_params(api_params, model, context)
        _validate(self, model, arguments)
        response = recorder.answer(self, operation_name, arguments)
        _add_streams(model, response, _make_stream)
        self.meta.events.emit(*_after_call(model), **_finished(response, model, context))
        return response

    async def answer_async(self: Any, operation_name: str, api_params: dict[str, Any]) -> dict[str, Any]:
        model, context = _prepare(self, operation_name)
        arguments = await self._emit_api_params(api_params, model, context)
        _validate(self, model, arguments)
        response = recorder.answer(self, operation_name, arguments)
        _add_streams(model, response, _make_async_stream)
        await self.meta.events.emit(*_after_call(model), **_finished(response, model, context))
        return response

    environment = {name: value for name, value in os.environ.items() if name not in _FORGOTTEN}
    regions = {"AWS_DEFAULT_REGION": region, "AWS_REGION": region}
    with (
        patch.dict(os.environ, {**environment, **_CREDENTIALS, **regions}, clear=True),
        patch.object(botocore.client.BaseClient, "_make_api_call", answer),
        patch.object(aiobotocore.client.AioBaseClient, "_make_api_call", answer_async),
        patch("botocore.validate.range_check"),
        _intercept_requests(recorder),
        share_service_models(),
    ):
        yield


def _prepare(client: Any, operation: str) -> tuple[Any, dict[str, Any]]:
    """The operation's model, and what handlers of botocore's events get."""
    model = client.meta.service_model.operation_model(operation)
    context = {
        "client_region": client.meta.region_name,
        "client_config": client.meta.config,
        "has_streaming_input": model.has_streaming_input,
        "auth_type": model.auth_type,
    }
    return model, context


def _validate(client: Any, model: Any, arguments: dict[str, Any]) -> None:
    """Refuse arguments that botocore refuses."""
    from botocore.exceptions import ParamValidationError
    from botocore.validate import ParamValidator

    if model.input_shape is None or not client.meta.config.parameter_validation:
        return
    report = ParamValidator().validate(arguments, model.input_shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())


def _after_call(model: Any) -> tuple[str]:
    return (f"after-call.{model.service_model.service_id.hyphenize()}.{model.name}",)


def _finished(response: dict[str, Any], model: Any, context: dict[str, Any]) -> dict[str, Any]:
    http = SimpleNamespace(status_code=200, headers={}, content=b"", raw=None)
    return {"http_response": http, "parsed": response, "model": model, "context": context}


def _status(code: str) -> int:
    """The HTTP status of an error: some operators read it."""
    return int(code) if code.isdecimal() else 404 if "NotFound" in code else 500 if code == "InternalFailure" else 400


def _metadata(status: int) -> dict[str, Any]:
    request = "00000000-0000-0000-0000-000000000000"
    return {"RequestId": request, "HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0}


def _add_streams(model: Any, response: dict[str, Any], make: Callable[[bytes], Any]) -> None:
    """Replace the bytes of a streamed member by a stream."""
    shape = model.output_shape
    name = shape.serialization.get("payload") if shape is not None else None
    if name is not None and model.has_streaming_output and not model.has_event_stream_output:
        body = response.get(name, b"")
        response[name] = make(body.encode() if isinstance(body, str) else body)


def _make_stream(body: bytes) -> Any:
    from botocore.response import StreamingBody

    return StreamingBody(io.BytesIO(body), len(body))


class _AsyncStream(io.BytesIO):
    """A body whose ``read`` is awaited, as that of aiobotocore."""

    async def read(self, size: int = -1) -> bytes:  # type: ignore[override]
        """Read the body."""
        return super().read(size)

    async def __aenter__(self) -> _AsyncStream:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


def _make_async_stream(body: bytes) -> Any:
    return _AsyncStream(body)
