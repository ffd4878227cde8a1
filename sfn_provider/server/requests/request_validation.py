"""Validates requests against botocore's model of the service, with AWS's errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.asl.json_values.json_checks import find_invalid_json
from sfn_provider.server.api_errors import VALIDATION, ApiError

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel, Shape

Json = Any

MAX_DEPTH: Final = 100
"""How many lists and objects of a request may lie in one another; definitions and inputs are texts in it."""

_PATTERNS: Final = {r"\p{ASCII}*": r"[\x00-\x7f]*"}
"""Regular expressions of Java that Python lacks."""


@cache
def service_model() -> ServiceModel:
    """Return botocore's model of Step Functions."""
    from botocore.session import get_session

    return get_session().get_service_model("stepfunctions")


@cache
def operation_model(operation: str) -> OperationModel:
    """Return botocore's model of an operation.

    Raises:
        ApiError: ``UnknownOperationException``.
    """
    model = service_model()
    if operation not in model.operation_names:
        raise ApiError("UnknownOperationException", f"Step Functions has no operation {operation!r}")
    return model.operation_model(operation)


def validate_request(operation: str, parameters: Json) -> dict[str, Json]:
    """Validate the parameters of a request.

    Args:
        operation: the operation's name.
        parameters: the body of the request, as JSON value.

    Returns:
        The parameters, without those that are null: AWS takes these as missing.

    Raises:
        ApiError: ``UnknownOperationException``; ``SerializationException`` where the body is no object;
            ``ValidationException`` with all problems.
    """
    model = operation_model(operation)
    if not isinstance(parameters, dict):
        raise ApiError("SerializationException", "The body of the request must be a JSON object")
    # How deep Python can go depends on the thread, and on what else runs in it.
    invalid = find_invalid_json(parameters, MAX_DEPTH)
    if invalid is not None:
        raise ApiError("SerializationException", f"The body of the request: {invalid.problem}")
    present: dict[str, Json] = _without_nulls(parameters)
    shape = model.input_shape
    if shape is None:
        return present
    problems = list(_problems(shape, present, ""))
    if problems:
        count = "1 validation error" if len(problems) == 1 else f"{len(problems)} validation errors"
        raise ApiError(VALIDATION, f"{count} detected: {'; '.join(problems)}")
    _check_types(shape, present)
    return present


def _without_nulls(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    return [_without_nulls(member) for member in value] if isinstance(value, list) else value


def _check_types(shape: Shape, parameters: dict[str, Json]) -> None:
    """Refuse values of other types, and members that the operation does not have."""
    from botocore.validate import ParamValidator

    report = ParamValidator().validate(parameters, shape)
    if report.has_errors():
        raise ApiError(VALIDATION, f"The request is not valid: {report.generate_report()}")


def _problems(shape: Shape, value: Json, place: str) -> Iterator[str]:
    """Yield what AWS reports of a value; types are checked elsewhere."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        for name in getattr(shape, "required_members", ()):
            if name not in value:
                yield _problem(None, _join(place, name), "must not be null")
        for name, member in shape.members.items():
            if name in value:
                yield from _problems(member, value[name], _join(place, name))
    elif kind == "list" and isinstance(value, list):
        yield from _length_problems(shape, value, len(value), place)
        for index, member in enumerate(value, 1):
            yield from _problems(shape.member, member, f"{place}.{index}.member")
    elif kind == "string" and isinstance(value, str):
        yield from _text_problems(shape, value, place)
    elif kind in ("integer", "long", "float") and isinstance(value, (int, float)):
        if isinstance(value, bool):  # which Python takes for 0 and 1
            raise ApiError(VALIDATION, f"The request is not valid: {place} is {json.dumps(value)}, not a number")
        yield from _limit_problems(shape, value, value, place, "have value")


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _text_problems(shape: Shape, value: str, place: str) -> Iterator[str]:
    # What data may have is counted in bytes.
    length = len(value.encode(errors="replace")) if shape.name.startswith("SensitiveData") else len(value)
    yield from _length_problems(shape, value, length, place)
    enum, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern")
    if enum and value not in enum:
        yield _problem(_shown(shape, value), place, f"must satisfy enum value set: [{', '.join(enum)}]")
    if pattern and not re.fullmatch(_PATTERNS.get(pattern, pattern), value):
        yield _problem(_shown(shape, value), place, f"must satisfy regular expression pattern: {pattern}")


def _length_problems(shape: Shape, value: Json, length: int, place: str) -> Iterator[str]:
    yield from _limit_problems(shape, value, length, place, "have length")


def _limit_problems(shape: Shape, value: Json, measured: float, place: str, what: str) -> Iterator[str]:
    least, greatest = shape.metadata.get("min"), shape.metadata.get("max")
    if greatest is not None and measured > greatest:
        yield _problem(_shown(shape, value), place, f"must {what} less than or equal to {greatest}")
    elif least is not None and measured < least:
        yield _problem(_shown(shape, value), place, f"must {what} greater than or equal to {least}")


_LONGEST_SHOWN: Final = 2_000


def _shown(shape: Shape, value: Json) -> str:
    """Return a value as the message shows it; empty where it is sensitive, or too long to help."""
    text = str(value)
    return "" if shape.metadata.get("sensitive") or len(text) > _LONGEST_SHOWN else f" '{text}'"


def _problem(shown: str | None, place: str, rule: str) -> str:
    value = " null" if shown is None else shown
    return f"Value{value} at '{place}' failed to satisfy constraint: Member {rule}"
