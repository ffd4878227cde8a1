"""Parses and validates the request bodies of workers: SendTaskSuccess, GetActivityTask and so on.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html and following.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.callbacks.api_messages import ApiError
from sfn_provider.formatting import count
from sfn_provider.strict_json import parse_strict_json

if TYPE_CHECKING:
    from sfn_provider.asl.scope import Json

MAX_OUTPUT_BYTES: Final = 262_144
"""Maximum bytes of an output."""

ANSWER_ACTIONS: Final = ("SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat")
"""The actions that answer a task."""


@dataclass(frozen=True, slots=True)
class WorkerAnswer:
    """A worker's answer to a task.

    Args:
        action: ``SendTaskSuccess``, ``SendTaskFailure`` or ``SendTaskHeartbeat``.
        output: for SendTaskSuccess, the output as JSON text.
        error: for SendTaskFailure, the error's name, if the worker gave one.
        cause: for SendTaskFailure, its cause, if the worker gave one.
    """

    action: str
    output: str | None = None
    error: str | None = None
    cause: str | None = None

    @property
    def result(self) -> Json:
        """The output as a JSON value."""
        return json.loads(self.output or "null")


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    max_length: int
    required: bool = False
    min_length: int = 0


_TOKEN: Final = _Member("taskToken", 2048, required=True, min_length=1)
_MEMBERS: Final[dict[str, tuple[_Member, ...]]] = {
    "SendTaskSuccess": (_TOKEN, _Member("output", MAX_OUTPUT_BYTES, required=True)),
    "SendTaskFailure": (_TOKEN, _Member("error", 256), _Member("cause", 32_768)),
    "SendTaskHeartbeat": (_TOKEN,),
    "GetActivityTask": (
        _Member("activityArn", 256, required=True, min_length=1),
        _Member("workerName", 80, min_length=1),
    ),
}


def read_members(action: str, body: Any) -> dict[str, str]:
    """Validate a request body and give the members that the action has.

    Args:
        action: the action.
        body: the request body as a JSON value.

    Raises:
        ApiError: ``ValidationException`` with all problems; ``SerializationException`` where the body is not an object
            of strings, or one of them but the output has a lone surrogate.
    """
    if not isinstance(body, dict):
        raise ApiError("SerializationException", "The request body must be a JSON object")
    found: dict[str, str] = {}
    problems: list[str] = []
    for member in _MEMBERS[action]:
        value = body.get(member.name)
        if value is None:
            problems += [_problem(member.name, "must not be null")] if member.required else []
        elif not isinstance(value, str) or not (member.name == "output" or _is_unicode(value)):
            raise ApiError("SerializationException", f"{member.name} must be a string of Unicode characters")
        else:
            problems += _length_problems(member, value)
            found[member.name] = value
    if problems:
        number = count(len(problems), "validation error")
        raise ApiError("ValidationException", f"{number} detected: {'; '.join(problems)}")
    return found


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _length_problems(member: _Member, value: str) -> list[str]:
    # The length of an output is counted in bytes, like all data that states pass on.
    length = len(value.encode("utf-8", "surrogatepass")) if member.name == "output" else len(value)
    if length > member.max_length:
        return [_problem(member.name, f"must have length less than or equal to {member.max_length}")]
    if length < member.min_length:
        return [_problem(member.name, f"must have length greater than or equal to {member.min_length}")]
    return []


def _problem(name: str, rule: str) -> str:
    return f"Value at '{name}' failed to satisfy constraint: Member {rule}"


def parse_answer(action: str, body: Any) -> tuple[str, WorkerAnswer]:
    """Parse the request that answers a task.

    Args:
        action: one of `ANSWER_ACTIONS`.
        body: the request body as a JSON value.

    Returns:
        The task token, as sent, and the answer.

    Raises:
        ApiError: the body is not valid for the action; ``InvalidOutput`` where the output is not JSON.
    """
    values = read_members(action, body)
    token = values.pop("taskToken")
    answer = WorkerAnswer(action, **values)
    if answer.output is not None:
        try:
            parse_strict_json(answer.output, finite=False)
            answer.output.encode()
        except (ValueError, RecursionError) as error:
            raise ApiError("InvalidOutput", "Invalid Output: 'The output is not valid JSON'") from error
    return token, answer
