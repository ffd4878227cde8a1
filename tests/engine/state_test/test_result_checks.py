"""Mocked results against shapes: what each mode refuses, in AWS's words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from sfn_provider.engine import test_state
from sfn_provider.engine.state_test.result_checks import ShapeKind
from sfn_provider.exceptions import RequestRefused
from tests.engine.state_test.states import task

OPENING = "Mock result schema validation error: "


@dataclass(frozen=True)
class Shape:
    kind: ShapeKind
    members: dict[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    limits: tuple[float | None, float | None] = (None, None)
    values: tuple[str, ...] = ()
    inner: Shape | None = None

    def field(self, name: str) -> Shape | None:
        return self.members.get(name)

    def entry(self) -> Shape:
        assert self.inner is not None
        return self.inner


TEXT = Shape("string", limits=(2, 3))
JOB = Shape(
    "structure",
    {
        "Id": TEXT,
        "Count": Shape("number", limits=(1, 5)),
        "Ratio": Shape("number"),
        "Done": Shape("boolean"),
        "Status": Shape("string", values=("ON", "OFF")),
        "Any": Shape("any"),
    },
    required=("Id",),
)
ANSWER = Shape(
    "structure",
    {"Job": JOB, "Jobs": Shape("list", inner=JOB, limits=(1, 2)), "Tags": Shape("map", inner=TEXT)},
    required=("Job",),
)

PROBLEMS: dict[str, tuple[Any, str]] = {
    "text": ({"Job": {"Id": 1}}, "Field 'Id' must be a string"),
    "short": ({"Job": {"Id": "a"}}, "Field 'Id' is smaller than the minimum length"),
    "long": ({"Job": {"Id": "abcd"}}, "Field 'Id' exceeds the maximum length"),
    "number": ({"Job": {"Id": "ab", "Ratio": "1.5"}}, "Field 'Ratio' must be a number"),
    "a boolean is no number": ({"Job": {"Id": "ab", "Ratio": True}}, "Field 'Ratio' must be a number"),
    "low": ({"Job": {"Id": "ab", "Count": 0}}, "Field 'Count' is less than the minimum value"),
    "high": ({"Job": {"Id": "ab", "Count": 6}}, "Field 'Count' exceeds the maximum value"),
    "boolean": ({"Job": {"Id": "ab", "Done": 1}}, "Field 'Done' must be a boolean"),
    "value": ({"Job": {"Id": "ab", "Status": "on"}}, "Field 'Status' must be one of the values [ON, OFF]"),
    "object": ({"Job": []}, "Field 'Job' must be an object"),
    "array": ({"Job": {"Id": "ab"}, "Jobs": {}}, "Field 'Jobs' must be an array"),
    "an empty array": ({"Job": {"Id": "ab"}, "Jobs": []}, "Field 'Jobs' is smaller than the minimum length"),
    "in an array": ({"Job": {"Id": "ab"}, "Jobs": [{"Id": "ab"}, {"Id": 1}]}, "Field 'Id' must be a string"),
    "in a map": ({"Job": {"Id": "ab"}, "Tags": {"t": 1}}, "Field 'Tags' must be a string"),
}


def outcome(result: Any, mode: str) -> str:
    try:
        mock = {"result": result, "fieldValidationMode": mode}
        return str(test_state(task(), mock=mock, result_shapes=lambda _resource: ANSWER)["status"])
    except RequestRefused as refusal:
        return refusal.message


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_field_of_another_shape_is_refused(name: str) -> None:
    result, problem = PROBLEMS[name]
    assert outcome(result, "STRICT") == outcome(result, "PRESENT") == OPENING + problem
    assert outcome(result, "NONE") == "SUCCEEDED"


@pytest.mark.parametrize("result", [{}, {"Job": {}}, {"Job": None}, {"Job": {"Id": None}}], ids=str)
def test_only_strict_requires_fields(result: dict[str, Any]) -> None:
    missing = "Id" if result.get("Job") is not None else "Job"
    assert outcome(result, "STRICT") == f"{OPENING}Field '{missing}' is required but was missing"
    assert outcome(result, "PRESENT") == "SUCCEEDED"


def test_what_the_api_does_not_have_is_allowed() -> None:
    result = {"Job": {"Id": "ab", "Any": [1], "Other": 1}, "other": 1, "Jobs": [{"Id": "ab"}], "Tags": {"t": "ab"}}
    assert outcome(result, "STRICT") == "SUCCEEDED"


def test_a_result_must_be_an_object_where_the_api_returns_one() -> None:
    assert outcome([1], "PRESENT") == "Mocked result must be a JSON object."
