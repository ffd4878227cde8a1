"""Requests that AWS refuses, with its code and words; and arguments that are none of its request."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.engine import test_state
from sfn_provider.exceptions import RequestRefused, UsageError
from sfn_provider.text_files import TOO_MANY_DIGITS
from tests.engine.state_test.states import BUSY, INVOKE, map_state, reader, task

Json = Any
PASS = {"Type": "Pass", "End": True}
PARALLEL = {"Type": "Parallel", "Branches": [{"StartAt": "P", "States": {"P": PASS}}] * 1, "End": True}
MACHINE = {"StartAt": "A", "States": {"A": PASS}}
RESULT = {"result": {}}
OPENING = "An error occurred (ValidationException) when calling the TestState operation: "
CONTEXT = OPENING + "Invalid Context object provided: "
DETECTED = "1 validation error detected: Value"
TOO_LONG = "failed to satisfy constraint: Member must have length less than or equal to"


def writer() -> dict[str, Json]:
    return {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}}


REFUSED: dict[str, tuple[dict[str, Json], dict[str, Json], str]] = {
    "a task without a mock": (task(), {}, "RoleArn must be specified when testing a Task state"),
    "a parallel without a mock": (PARALLEL, {}, "State type 'Parallel' is only supported when a mock is specified"),
    "result and error": (
        task(),
        {"mock": {**RESULT, **BUSY}},
        "A test mock should have only one of the following fields: [result, errorOutput].",
    ),
    "neither": (task(), {"mock": {}}, "A test mock should have one of the following fields: [result, errorOutput]."),
    "a mock of a pass": (PASS, {"mock": RESULT}, "State type 'Pass' is not supported when a mock is specified"),
    "no JSON": (task(), {"mock": {"result": "no JSON"}}, "Mocked result must be valid JSON"),
    "NaN": (task(), {"mock": {"result": "[NaN]"}}, "Mocked result must be valid JSON"),
    "secrets": (
        task(),
        {"mock": RESULT, "reveal_secrets": True},
        "TestState does not support RevealSecrets when a mock is specified.",
    ),
    "parallel: no array": (PARALLEL, {"mock": RESULT}, "Mocked result must be an array."),
    "parallel: too many": (
        PARALLEL,
        {"mock": {"result": [1, 2]}},
        "Mocked result must contain the same number of items as number of Parallel branches.",
    ),
    "map: no array": (map_state(), {"mock": RESULT}, "Mocked result must be an array."),
    "map with export: no object": (
        map_state("DISTRIBUTED", ResultWriter=writer()),
        {"mock": {"result": []}},
        "Mocked result must be a JSON object.",
    ),
    "more failures than iterations": (
        map_state("DISTRIBUTED", ItemsPath="$.i"),
        {"mock": {"result": []}, "input": {"i": [1]}, "state_configuration": {"mapIterationFailureCount": 2}},
        "Map iteration failure count must be less than or equal to the number of Map iterations",
    ),
    "inline failures without an error": (
        map_state(),
        {"mock": {"result": []}, "state_configuration": {"mapIterationFailureCount": 1}},
        "mapIterationFailureCount of an inline Map state needs an errorOutput: a failed iteration fails the Map",
    ),
    "retries without Retry": (
        task(),
        {"mock": BUSY, "state_configuration": {"retrierRetryCount": 1}},
        "retrierRetryCount can only be specified for a state with Retry when an error is mocked",
    ),
    "an error from nowhere": (
        PARALLEL,
        {"mock": BUSY, "state_configuration": {"errorCausedByState": "Q"}},
        "State 'Q' specified as errorCausedByState does not exist in the Parallel state",
    ),
    "an error from inside a task": (
        task(),
        {"mock": BUSY, "state_configuration": {"errorCausedByState": "Q"}},
        "errorCausedByState can only be specified for a Map or Parallel state when an error is mocked",
    ),
    "data without a reader": (
        map_state(),
        {"mock": BUSY, "state_configuration": {"mapItemReaderData": "[]"}},
        "mapItemReaderData can only be specified for a Map state with an ItemReader",
    ),
    "rows that are no JSON": (
        map_state("DISTRIBUTED", ItemReader=reader(InputType="PARQUET")),
        {"mock": BUSY, "state_configuration": {"mapItemReaderData": "["}},
        "mapItemReaderData must be valid JSON: Expecting value: line 1 column 2 (char 1)",
    ),
    "a negative count": (
        map_state(),
        {"mock": BUSY, "state_configuration": {"mapIterationFailureCount": -1}},
        "1 validation error detected: Value at 'stateConfiguration.mapIterationFailureCount' failed to satisfy "
        "constraint: Member must have value greater than or equal to 0",
    ),
    "level": (
        PASS,
        {"inspection_level": "info"},
        "1 validation error detected: Value 'info' at 'inspectionLevel' failed to satisfy constraint: Member must "
        "satisfy enum value set: [INFO, DEBUG, TRACE]",
    ),
    "mode": (
        task(),
        {"mock": {**RESULT, "fieldValidationMode": "LAX"}},
        "1 validation error detected: Value 'LAX' at 'mock.fieldValidationMode' failed to satisfy constraint: Member "
        "must satisfy enum value set: [STRICT, PRESENT, NONE]",
    ),
    "a long input": (
        PASS,
        {"input": "x" * 262_145},
        f"1 validation error detected: Value at 'input' {TOO_LONG} 262144",
    ),
    "a long error": (
        task(),
        {"mock": {"errorOutput": {"error": "x" * 257}}},
        f"{DETECTED} at 'mock.errorOutput.error' {TOO_LONG} 256",
    ),
    "a state that is not there": (
        MACHINE,
        {"state_name": "B"},
        "State 'B' does not exist in the state machine definition",
    ),
    "variables": (PASS, {"variables": "[]"}, "Variables must be a JSON object"),
    "context without a mock": (
        PASS,
        {"context": {}},
        OPENING + "Context can only be specified when a mock is specified",
    ),
    "context of a pass": (
        PASS,
        {"context": {}, "mock": RESULT},
        OPENING + "State type 'Pass' is not supported when a mock is specified",
    ),
    "context: a member": (task(), {"context": {"Pokedex": {}}}, CONTEXT + "Field 'Pokedex' is not allowed"),
    "context: a field": (task(), {"context": {"State": {"n": 1}}}, CONTEXT + "Field 'n' is not allowed"),
    "context: no text": (task(), {"context": {"State": {"Name": 1}}}, CONTEXT + "State.Name must be a string"),
    "context: no number": (
        task(),
        {"context": {"State": {"RetryCount": "1"}}},
        CONTEXT + "State.RetryCount must be a number",
    ),
    "context: no object": (task(), {"context": {"State": 1}}, CONTEXT + "State must be an object"),
    "context: map": (
        task(),
        {"context": {"Map": {}}},
        CONTEXT + "'Map' field is not supported when mocking a Context object",
    ),
    "context: no JSON": (task(), {"context": "{"}, CONTEXT + "Context must be a JSON object"),
    "context: token": (
        task(),
        {"context": {"Task": {"Token": "t"}}},
        CONTEXT + "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' "
        "service integration pattern",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_is_refused_in_the_words_of_aws(name: str) -> None:
    definition, arguments, message = REFUSED[name]
    if name.startswith("context: "):
        arguments = {"mock": {**RESULT, "fieldValidationMode": "NONE"}, **arguments}
    with pytest.raises(RequestRefused) as refused:
        test_state(definition, **arguments)
    assert (refused.value.code, refused.value.message) == ("ValidationException", message)


INVALID = {
    "an unknown type": ({"Type": "Pas", "End": True}, None, "SCHEMA_VALIDATION_FAILED: ", " at /Type'"),
    "an unknown field": ({**PASS, "Foo": 1}, None, "SCHEMA_VALIDATION_FAILED: ", " at /Foo'"),
    "in a machine": ({"StartAt": "A", "States": {"A": {**PASS, "Foo": 1}}}, "A", "SCHEMA", " at /States/A/Foo'"),
    "a machine without a name": (MACHINE, None, "The definition is of a state machine", "'"),
    "a name without a machine": (PASS, "A", "The definition must be of a state machine", "'"),
    "no JSON": ("{]", None, "INVALID_JSON_DESCRIPTION", " at /'"),
}


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_definition_is_refused(name: str) -> None:
    definition, state_name, start, end = INVALID[name]
    with pytest.raises(RequestRefused) as refused:
        test_state(definition, state_name=state_name)
    assert refused.value.code == "InvalidDefinition"
    assert refused.value.message.startswith(f"Invalid State Machine Definition: '{start}")
    assert refused.value.message.endswith(end)


@pytest.mark.parametrize(("text", "problem"), [("[1", "Expecting"), ("1" * 4_301, TOO_MANY_DIGITS)])
def test_an_input_that_is_no_json_is_refused(text: str, problem: str) -> None:
    with pytest.raises(RequestRefused, match=rf"Invalid State Machine Execution Input: '{problem}") as refused:
        test_state(PASS, text)
    assert refused.value.code == "InvalidExecutionInput"


MISUSED: dict[str, tuple[dict[str, Json], dict[str, Json], str]] = {
    "a mock of no members": (task(), {"mock": 1}, "mock must be an object with result, errorOutput"),
    "an unknown member": (task(), {"mock": {"Result": 1}}, "but not 'Result'"),
    "an error that is no text": (
        task(),
        {"mock": {"errorOutput": {"error": 1}}},
        "mock.errorOutput.error must be text",
    ),
    "a count that is no number": (
        task(),
        {"mock": BUSY, "state_configuration": {"retrierRetryCount": True}},
        "retrierRetryCount must be of type",
    ),
    "an input that is no JSON value": (PASS, {"input": {1, 2}}, "input is no JSON: a Python set"),
    "a manifest": (
        map_state("DISTRIBUTED", ItemReader=reader(InputType="MANIFEST", ManifestType="ATHENA_DATA")),
        {"mock": {"result": []}, "state_configuration": {"mapItemReaderData": '"s3://b/k"\n'}},
        "reads a list of files and then each of them",
    ),
}


@pytest.mark.parametrize("name", MISUSED)
def test_misuse_says_what_is_wrong(name: str) -> None:
    definition, arguments, message = MISUSED[name]
    with pytest.raises(UsageError, match=message):
        test_state(definition, **arguments)


@pytest.mark.parametrize("mode", ["STRICT", "PRESENT"])
def test_no_shapes_no_validation(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfn_provider.engine.state_test.run.is_installed", lambda: False)
    with pytest.raises(UsageError, match=f"fieldValidationMode {mode} compares the mock of {INVOKE} with AWS's models"):
        test_state(task(), mock={**RESULT, "fieldValidationMode": mode})
    assert test_state(task(), mock={**RESULT, "fieldValidationMode": "NONE"})["output"] == "{}"
