"""Rules: a state has only fields of its query language, and JSONata machines have no JSONPath states.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sfn_provider.asl.comparison_operators import COMPARISONS
from sfn_provider.asl.definition_index.index import DefinitionIndex, PlacedState
from sfn_provider.asl.diagnostics import Diagnostic, pointer
from sfn_provider.asl.lint_rules.reporting import error
from sfn_provider.asl.lint_rules.unknown_fields import has_field

ONLY_IN: dict[str, dict[str, dict[str, str]]] = {
    "JSONPath": {
        # part of the state: {field: what the other language has instead}
        "": {
            "InputPath": "Arguments and Output",
            "OutputPath": "Output",
            "ResultPath": "Output or Assign",
            "ResultSelector": "Output",
            "Parameters": "Arguments",
            "Result": "Output",
            "ItemsPath": "Items",
            "SecondsPath": "Seconds",
            "TimestampPath": "Timestamp",
            "TimeoutSecondsPath": "TimeoutSeconds",
            "HeartbeatSecondsPath": "HeartbeatSeconds",
            "MaxConcurrencyPath": "MaxConcurrency",
            "ToleratedFailureCountPath": "ToleratedFailureCount",
            "ToleratedFailurePercentagePath": "ToleratedFailurePercentage",
            "ErrorPath": "Error",
            "CausePath": "Cause",
        },
        "Catch/*": {"ResultPath": "Output or Assign"},
        "Choices/*": dict.fromkeys(("Variable", "And", "Or", "Not", *COMPARISONS), "Condition"),
        "ItemReader": {"Parameters": "Arguments"},
        "ItemReader/ReaderConfig": {"MaxItemsPath": "MaxItems"},
        "ItemBatcher": {
            "MaxItemsPerBatchPath": "MaxItemsPerBatch",
            "MaxInputBytesPerBatchPath": "MaxInputBytesPerBatch",
        },
        "ResultWriter": {"Parameters": "Arguments"},
    },
    "JSONata": {
        "": {
            "Arguments": "Parameters",
            "Output": "ResultPath, ResultSelector or OutputPath",
            "Items": "ItemsPath",
        },
        "Catch/*": {"Output": "ResultPath"},
        "Choices/*": {"Condition": "Variable and a comparison", "Output": ""},
        "ItemReader": {"Arguments": "Parameters"},
        "ResultWriter": {"Arguments": "Parameters"},
    },
}


def fields_of_other_language(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A state has no field of the other query language."""
    for state in definition.states:
        other = "JSONPath" if state.language == "JSONata" else "JSONata"
        if _downgraded(state, definition):
            continue  # measured: AWS then reports the language alone
        for part, names in ONLY_IN[other].items():
            for at, fields in state.parts.get(part, ()):
                for name in filter(names.__contains__, fields):
                    if not part and not has_field(state.type, name):
                        continue  # `unknown_fields` reports it
                    hint = f"; {state.language} has {names[name]}" if names[name] else ""
                    message = f"{name} belongs to {other}, but the state's QueryLanguage is {state.language}{hint}"
                    yield error(message, at + pointer(name))


def query_languages(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A machine in JSONata has no JSONPath states; a JSONPath machine may have JSONata states."""
    for state in definition.states:
        if _downgraded(state, definition):
            message = "a state cannot go back to JSONPath where the state machine's QueryLanguage is JSONata"
            yield error(message, state.at + "/QueryLanguage")


def _downgraded(state: PlacedState, definition: DefinitionIndex) -> bool:
    return definition.language == "JSONata" and state.fields.get("QueryLanguage") == "JSONPath"
