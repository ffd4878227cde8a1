"""Reads a Task that calls API Gateway as a request, signed where AuthType asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sfn_provider.asl.resources import Resource
from sfn_provider.integrations.adapters.https import join_path, with_query
from sfn_provider.translate.native.data_flow.templates import format_parts
from sfn_provider.translate.native.data_flow.values import (
    Call,
    Constant,
    Key,
    Object,
    Value,
    as_json,
    constant,
    is_constant,
)
from sfn_provider.translate.native.expressions.places import ValuePlace
from sfn_provider.translate.native.model import NotNative

_PARAMETERS = frozenset(
    {"ApiEndpoint", "Method", "Stage", "Path", "QueryParameters", "Headers", "RequestBody", "AuthType"}
)
_PARTS = ("ResponseBody", "Headers", "StatusCode", "StatusText")
"""The members of the result."""


@dataclass(frozen=True, slots=True)
class ApiForm:
    """A Task as a function that sends a request to a stage of an API.

    Args:
        method: the HTTP method.
        stage: the URL of the stage.
        path: what follows it, with the query; None where nothing does.
        body: the body, which is sent as JSON; None for none.
        headers: the headers beside those that the library sends.
        is_signed: whether the request is signed with AWS Signature Version 4.
        prefix: the path of what the function returns in the Task's result; None where nobody reads it.
    """

    method: str
    stage: Value
    path: Value | None
    body: Value | None
    headers: dict[str, str] = field(compare=False)
    is_signed: bool
    prefix: tuple[Key, ...] | None

    def place(self, task_id: str, keys: tuple[Key, ...]) -> ValuePlace:
        """Return where a path of the result is found.

        Raises:
            NotNative: the path was not among those that the function was made for.
        """
        prefix = self.prefix
        if prefix is None or keys[: len(prefix)] != prefix:
            raise NotNative("the response is read in a way that was not foreseen")
        return ValuePlace(task_id, path=keys[len(prefix) :])


def calls_api(resource: Resource) -> bool:
    """Whether a Task calls an API of API Gateway and does not wait for a task token."""
    return (resource.service, resource.action, resource.pattern) == ("apigateway", "invoke", "request_response")


def api_form(parameters: Value, reads: Sequence[tuple[Key, ...]]) -> ApiForm:
    """Return the form of a Task that calls an API.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html

    Args:
        parameters: the Task's parameters.
        reads: the paths into its result that later states read.

    Raises:
        NotNative: the request is not as plain as that.
    """
    if not isinstance(parameters, Object) or parameters.base is not None:
        raise NotNative("the parameters are known only in a run")
    known = dict(parameters.members)
    if others := sorted(known.keys() - _PARAMETERS):
        raise NotNative(f"the request has {', '.join(others)}")
    if any(keys and keys[0] not in _PARTS for keys in reads):
        raise NotNative("the response has other members")
    method, stage, authentication, query, headers = (
        _constant(known, name) for name in ("Method", "Stage", "AuthType", "QueryParameters", "Headers")
    )
    if not isinstance(method, str) or "ApiEndpoint" not in known:
        raise NotNative("the request has no method, or no endpoint")
    if any(len(values) != 1 for values in (headers or {}).values()):
        raise NotNative("a header has several values")
    address = (constant("https://"), known["ApiEndpoint"], constant(join_path(stage)))
    is_body_alone = all(keys[:1] == ("ResponseBody",) for keys in reads)
    return ApiForm(
        method.lower(),
        constant("".join(map(as_json, address))) if is_constant(known["ApiEndpoint"]) else Call("&", address),
        _path(known.get("Path"), query),
        known.get("RequestBody"),
        {name: values[0] for name, values in (headers or {}).items()},
        authentication not in (None, "NO_AUTH"),
        None if not reads else ("ResponseBody",) if is_body_alone else (),
    )


def _constant(parameters: dict[str, Value], name: str) -> Any:
    value = parameters.get(name, constant(None))
    if not is_constant(value):
        raise NotNative(f"the request's {name} is known only in a run")
    return as_json(value)


def _path(path: Value | None, query: object) -> Value | None:
    """Return the path of a request behind its stage, with the query: a text, or one made in a run that starts so."""
    parts = [*format_parts(path)] if isinstance(path, Call) and path.name == "States.Format" else [path]
    if isinstance(path, Call) and path.name == "&":
        parts = [*path.arguments]
    first = parts[0]
    if first is None:
        return constant(with_query("", query)) if query else None
    if not isinstance(first, Constant) or not isinstance(first.value, str):
        raise NotNative("the request's path is known only in a run")
    end = [constant(with_query("", query))] if query else []
    if len(parts) == 1:
        return constant(join_path(first.value) + "".join(map(as_json, end)))
    return Call("&", (constant(f"/{first.value.lstrip('/')}"), *parts[1:], *end))
