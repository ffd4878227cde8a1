"""Describes requests to APIs of API Gateway as calls, of a state and of a DAG, and answers them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.client import responses
from typing import Any, Final
from urllib.parse import urlsplit

from sfn_provider.asl.scope import Json
from sfn_provider.compare.calls.api_calls import ApiCall
from sfn_provider.integrations.adapters.api_gateway import api_url, is_signed
from sfn_provider.integrations.value_shapes import json_text

_SERVICE: Final = "execute-api"
_OWN_HEADERS: Final = ("accept", "accept-encoding", "authorization", "connection", "content-length", "user-agent")
"""Headers that the library requests sends of its own, and those of signatures."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What an API answers.

    Args:
        status: the HTTP status.
        text: the body.
        headers: the headers.
    """

    status: int
    text: str
    headers: Mapping[str, str]


def describe_api_request(parameters: Mapping[str, Any]) -> ApiCall:
    """Return the request that a Task makes.

    Args:
        parameters: the Task's parameters; of a definition's constants some may be missing.
    """
    known = {"ApiEndpoint": "", **parameters}
    body = known.get("RequestBody")
    headers = {name.lower(): ", ".join(values) for name, values in (known.get("Headers") or {}).items()}
    return _call(
        str(known.get("Method", "")),
        api_url(known),
        None if body is None else json_text(body),
        headers,
        signed=is_signed(known),
    )


def is_api_request(request: Any) -> bool:
    """Return whether a request of the library requests goes to an API of API Gateway."""
    return ".execute-api." in (urlsplit(request.url).hostname or "")


def read_request(request: Any) -> ApiCall:
    """Return a request of the library requests as a call."""
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    body = request.body.decode() if isinstance(request.body, bytes) else request.body
    own = {name: value for name, value in headers.items() if not name.startswith(("x-amz-", *_OWN_HEADERS))}
    return _call(request.method, request.url, body, own, signed="authorization" in headers)


def _call(method: str, url: str, body: str | None, headers: dict[str, str], *, signed: bool) -> ApiCall:
    others = {name: value for name, value in headers.items() if (name, value) != ("content-type", "application/json")}
    parameters: dict[str, Json] = {"Url": url, "Body": body, "Headers": others, "Signed": signed}
    return ApiCall(_SERVICE, method, {name: value for name, value in parameters.items() if value not in (None, {})})


def answer_of_mock(answer: Mapping[str, Any] | None) -> HttpAnswer:
    """Return what an API answers by the mock of a state; an empty object where there is none."""
    if answer is not None and "Throw" in answer:
        status = str(answer["Throw"].get("Error") or "").rpartition(".")[2]
        return HttpAnswer(int(status) if status.isdecimal() else 500, str(answer["Throw"].get("Cause") or ""), {})
    result = answer["Return"] if answer is not None else {}
    known = result if isinstance(result, dict) else {}
    headers = {name: ", ".join(values) for name, values in (known.get("Headers") or {}).items()}
    body = known.get("ResponseBody", {})
    return HttpAnswer(int(known.get("StatusCode") or 200), body if body == "" else json_text(body), headers)


def make_response(request: Any, answer: HttpAnswer) -> Any:
    """Return an answer as a response of the library requests."""
    from requests import Response
    from requests.structures import CaseInsensitiveDict

    response = Response()
    response.status_code, response.reason = answer.status, responses.get(answer.status, "")
    response.headers = CaseInsensitiveDict(answer.headers)
    response.url, response.request, response.encoding = request.url, request, "utf-8"
    response._content = answer.text.encode()
    return response
