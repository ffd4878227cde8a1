"""Makes plausible results of tasks, in the shape that the model of the called service has."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from sfn_provider.asl.resources import Resource, parse_resource
from sfn_provider.asl.scope import Json
from sfn_provider.compare.cases.data.sample_values import TIME, sample_text
from sfn_provider.engine.state_test.result_checks import ResultShape
from sfn_provider.exceptions import SfnProviderError

_USEFUL: Final = re.compile(r"^(?!Previous|Next|Parent).*(Id|Arn|ARN|Status|StatusCode|State|MessageId|Version)$")
"""Members of a result that are there although the model does not require them."""

_API_CALL: Final = ("apigateway", "invoke", "request_response")

_SUCCESS: Final = ("SUCCEEDED", "COMPLETED", "Completed", "COMPLETE", "ACTIVE", "SUCCESS", "AVAILABLE", "STOPPED")


@lru_cache(512)
def result_shape(resource: str) -> ResultShape | None:
    """Return the shape of a task's result; None for any JSON value, also where botocore is missing.

    Args:
        resource: the task's Resource as written.
    """
    try:
        from sfn_provider.engine.state_test.result_shapes import find_result_shape

        return find_result_shape(parse_resource(resource))
    except (SfnProviderError, ImportError):
        return None


def has_service_models() -> bool:
    """Whether the models of AWS's services can be read: botocore is installed."""
    try:
        import botocore.loaders  # noqa: F401
    except ImportError:
        return False
    return True


def sample_result(resource: str) -> Json:
    """Return a result of a task: an object that holds what the model requires, and ids and statuses.

    Args:
        resource: the task's Resource as written.
    """
    called = parse_resource(resource)
    if called.kind == "http:invoke" or (called.service, called.action, called.pattern) == _API_CALL:
        return {"ResponseBody": {}, "Headers": {}, "StatusCode": 200, "StatusText": "OK"}
    shape = result_shape(resource)
    if shape is None or shape.kind != "structure":
        return {}
    return _succeeded(_with_ids(shape), shape, called)


def _with_ids(shape: ResultShape) -> dict[str, Json]:
    """Return a structure with its required members, and with ids and statuses."""
    made: dict[str, Json] = sample_of_shape(shape, "result")
    for name in getattr(shape, "field_names", ()):
        inner = shape.field(name)
        if name not in made and inner is not None and inner.kind in ("string", "number") and _USEFUL.search(name):
            made[name] = sample_of_shape(inner, name)
    return made


def _succeeded(made: Json, shape: ResultShape, resource: Resource) -> Json:
    """Set the status of a job (``.sync``) to one of those with which it has succeeded."""
    if not resource.pattern.startswith("sync"):
        return made
    from sfn_provider.integrations.optimized.table import OPTIMIZED_INTEGRATIONS

    integration = OPTIMIZED_INTEGRATIONS.get(f"{resource.service}:{resource.action}")
    job = integration.syncs.get(resource.pattern) if integration is not None else None
    if job is None or not job.succeeded:
        return made
    status, keys = sorted(job.succeeded)[0], job.status.split(".")
    part = getattr(job.result, "path", "")
    keys = keys[len(part.split(".")) if part and job.status.startswith(part) else 0 :]
    holder = made
    for key in keys[:-1]:
        inner = shape.field(key)
        if inner is None:
            return made
        if inner.kind == "structure" and key not in holder:
            holder[key] = _with_ids(inner)
        holder, shape = holder.setdefault(key, sample_of_shape(inner, key)), inner
    if isinstance(holder, dict) and not keys[-1].isdecimal():
        holder[keys[-1]] = status
    return made


def sample_of_shape(shape: ResultShape, name: str) -> Json:
    """Return a value of a shape: an object with its required members, an empty list, a text that is allowed."""
    if shape.kind == "structure":
        required = ((field, shape.field(field)) for field in shape.required or _one_of(shape))
        return {field: sample_of_shape(inner, field) for field, inner in required if inner is not None}
    if shape.kind == "string":
        return _text(shape, name)
    if shape.kind == "number":
        least, greatest = shape.limits
        wished = 200 if name == "StatusCode" else 1
        return max(least or 0, wished) if greatest is None else min(greatest, max(least or 0, wished))
    return {"map": {}, "list": [], "boolean": True, "any": {}}[shape.kind]


def _one_of(shape: ResultShape) -> list[str]:
    """Return the member of a structure that has exactly one of several: a text where it may be one."""
    model = getattr(shape, "shape", None)
    is_union = getattr(model, "is_tagged_union", False) or getattr(model, "name", "") == "AttributeValue"
    if not is_union:
        return []
    names: list[str] = getattr(shape, "field_names", [])
    return [next((name for name in names if getattr(shape.field(name), "kind", "") == "string"), names[0])]


def _text(shape: ResultShape, name: str) -> str:
    if shape.values:
        return next((value for value in _SUCCESS if value in shape.values), next(iter(shape.values)))
    if getattr(getattr(shape, "shape", None), "type_name", "") == "timestamp":
        return TIME
    least, greatest = shape.limits
    text = sample_text(name)
    text += "0" * max(0, int(least or 0) - len(text))
    return text if greatest is None else text[: int(greatest)]
