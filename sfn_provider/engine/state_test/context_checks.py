"""Checks the context object of a TestState request.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html; the words of refusals are
recorded ones, where there are recordings: a field that is not allowed, text, ``Map``, and ``Task``.
"""

from __future__ import annotations

from typing import Final, Literal

from sfn_provider.asl.json_values.json_checks import is_number
from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.scope import Json
from sfn_provider.engine.state_test.json_texts import read_object, refuse
from sfn_provider.engine.state_test.tested_state import StateUnderTest

_FieldType = Literal["string", "number", "any"]

_SECTIONS: Final[dict[str, dict[str, _FieldType]]] = {
    "Execution": {
        "Id": "string",
        "Input": "any",
        "Name": "string",
        "RoleArn": "string",
        "StartTime": "string",
        "RedriveCount": "number",
        "RedriveTime": "string",
    },
    "State": {"EnteredTime": "string", "Name": "string", "RetryCount": "number"},
    "StateMachine": {"Id": "string", "Name": "string"},
    "Task": {"Token": "string"},
}
"""The fields of the context object that a request may set."""

_INVALID = "Invalid Context object provided: "


def read_context(context: Json, tested: StateUnderTest) -> dict[str, dict[str, Json]]:
    """Return the context object of a request.

    Args:
        context: JSON text, or the object.
        tested: the state under test.

    Raises:
        RequestRefused: if AWS refuses it.
    """
    found = read_object(context, "context", f"{_INVALID}Context must be a JSON object")
    for name, section in found.items():
        _check_section(name, section)
    if "Task" in found and not _has_task(tested):
        pattern = "a Task state with a '.sync' or '.waitForTaskToken' service integration pattern"
        refuse(f"{_INVALID}Context object contains 'Task' when state is not {pattern}")
    return found


def _has_task(tested: StateUnderTest) -> bool:
    model = tested.model
    return model.type == "Task" and parse_resource(model.resource).pattern != "request_response"


def _check_section(name: str, section: Json) -> None:
    if name == "Map":
        refuse(f"{_INVALID}'Map' field is not supported when mocking a Context object")
    if name not in _SECTIONS:
        refuse(f"{_INVALID}Field '{name}' is not allowed")
    if not isinstance(section, dict):
        refuse(f"{_INVALID}{name} must be an object")
    for field, value in section.items():
        expected = _SECTIONS[name].get(field)
        if expected is None:
            refuse(f"{_INVALID}Field '{field}' is not allowed")
        if (expected == "string" and not isinstance(value, str)) or (expected == "number" and not is_number(value)):
            refuse(f"{_INVALID}{name}.{field} must be a {expected}")
