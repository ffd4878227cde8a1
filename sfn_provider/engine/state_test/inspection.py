"""Collects the intermediate values of a state under test: TestState's inspection data.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_InspectionData.html. Which members there are
for a type of state: recordings for Task, Parallel and Map, and in JSONata for Pass, Choice and Fail; the rest is
inferred.
"""

from __future__ import annotations

from typing import Any, Final

from sfn_provider.asl.scope import Json
from sfn_provider.engine.state_test.json_texts import ResponseTexts
from sfn_provider.exceptions import StatesError

_RESULT_FIELDS: Final = frozenset({"afterResultSelector", "afterResultPath"})
_INPUT_FIELDS: Final = frozenset({"afterInputPath", "afterParameters"})
_ITEM_FIELDS: Final = frozenset({"afterItemsPath", "afterItemsPointer", "afterItemSelector", "afterItemBatcher"})
_NUMBERS: Final = frozenset({"maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage"})

_MEMBERS: Final[dict[str, frozenset[str]]] = {
    "Task": _INPUT_FIELDS | _RESULT_FIELDS | {"afterArguments", "result"},
    "Pass": _INPUT_FIELDS | _RESULT_FIELDS | {"result"},
    "Choice": frozenset({"afterInputPath"}),
    "Wait": frozenset({"afterInputPath"}),
    "Succeed": frozenset({"afterInputPath"}),
    "Fail": frozenset(),
    "Parallel": _RESULT_FIELDS,
    "Map": _RESULT_FIELDS | _ITEM_FIELDS | _NUMBERS,
}
"""The members that a type of state may have besides its input, its variables and its error's details."""


class Inspection:
    """The intermediate values of one state.

    Args:
        state_type: the value of Type.

    Attributes:
        values: the members of the inspection data.
        error_details: which Retry or Catch took the error.
        error: the error that a Retry or Catch took, or that failed the state; None where none did.
        is_retriable: True where a Retry took it.
    """

    def __init__(self, state_type: str) -> None:
        self._members = _MEMBERS[state_type]
        self.values: dict[str, Json] = {}
        self.error_details: dict[str, int] = {}
        self.error: StatesError | None = None
        self.is_retriable = False

    def record(self, name: str, value: Json) -> Json:
        """Record an intermediate value where this type of state shows it, and return it."""
        if name in self._members:
            self.values[name] = value
        return value

    def as_json(self, input: Json, variables: dict[str, Json], texts: ResponseTexts) -> dict[str, Any]:
        """Return the inspection data.

        Args:
            input: the state's input.
            variables: the variables after the state.
            texts: writes values as JSON texts.
        """
        data: dict[str, Any] = {"input": texts.write(input)}
        for name, value in self.values.items():
            data[name] = value if name in _NUMBERS else texts.write(value)
        if self.error_details:
            data["errorDetails"] = self.error_details
        if variables:
            data["variables"] = texts.write(variables)
        return data
