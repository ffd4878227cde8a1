"""Reads and checks the mock and the state configuration of a TestState request.

Sources: https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html; the words of most refusals
are recorded ones.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_type_hints

from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.engine.state_test.json_texts import check_enum, check_length, read_value, refuse
from sfn_provider.engine.state_test.result_checks import ShapeSource, check_result
from sfn_provider.engine.state_test.tested_state import StateUnderTest
from sfn_provider.exceptions import StatesError, UsageError

VALIDATION_MODES: Final = ("STRICT", "PRESENT", "NONE")
"""The values of fieldValidationMode; the first one is the default."""

ShapeFinder = Callable[[], ShapeSource | None]

_MOCKABLE: Final = ("Task", "Map", "Parallel")


@dataclass(frozen=True, slots=True)
class Mock:
    """What a state's work is replaced by.

    Args:
        result: its result; MISSING where it fails.
        error: its error; None where it succeeds.
    """

    result: Json = MISSING
    error: StatesError | None = None


@dataclass(frozen=True, slots=True)
class StateConfiguration:
    """What a request says about the state's past.

    Args:
        retrier_retry_count: how often the retrier of the mocked error has retried.
        error_caused_by_state: the state inside of a Map or Parallel that the mocked error comes from.
        map_iteration_failure_count: how many iterations of a Map have failed.
        map_item_reader_data: what a Map's ItemReader reads, as text.
    """

    retrier_retry_count: int | None = None
    error_caused_by_state: str | None = None
    map_iteration_failure_count: int | None = None
    map_item_reader_data: str | None = None


_CONFIGURATION: Final = {
    "retrierRetryCount": "retrier_retry_count",
    "errorCausedByState": "error_caused_by_state",
    "mapIterationFailureCount": "map_iteration_failure_count",
    "mapItemReaderData": "map_item_reader_data",
}


def check_members(value: Any, name: str, allowed: tuple[str, ...]) -> Mapping[str, Any]:
    """Return a structure of the request, which must have no other members than AWS's.

    Raises:
        UsageError: if it has, or is no mapping.
    """
    if not isinstance(value, Mapping):
        raise UsageError(
            f"TestState's {name} must be an object with {', '.join(allowed)}, but is {reprlib.repr(value)}"
        )
    unknown = ", ".join(repr(member) for member in value if member not in allowed)
    if unknown:
        raise UsageError(f"TestState's {name} has the members {', '.join(allowed)}, but not {unknown}")
    return value


def read_mock(mock: Any, tested: StateUnderTest, find_shapes: ShapeFinder) -> Mock:
    """Return the mock of a request, checked against the state.

    Args:
        mock: the request's ``mock``: ``result`` (JSON text, or another JSON value as it is) or ``errorOutput``, and
            ``fieldValidationMode``.
        tested: the state under test.
        find_shapes: returns the shapes of results by resource, where they are needed; None where there are none.

    Raises:
        UsageError: if it is malformed, or asks for a validation without shapes.
        RequestRefused: if AWS refuses it.
    """
    members = check_members(mock, "mock", ("result", "errorOutput", "fieldValidationMode"))
    mode = members.get("fieldValidationMode") or VALIDATION_MODES[0]
    check_enum(mode, "mock.fieldValidationMode", VALIDATION_MODES)
    has_result, error = "result" in members, members.get("errorOutput")
    if has_result and error is not None:
        refuse("A test mock should have only one of the following fields: [result, errorOutput].")
    if not has_result and error is None:
        refuse("A test mock should have one of the following fields: [result, errorOutput].")
    if tested.model.type not in _MOCKABLE:
        refuse(f"State type '{tested.model.type}' is not supported when a mock is specified")
    if error is not None:
        return Mock(error=_read_error(error))
    result = read_value(members["result"], "mock.result", "Mocked result must be valid JSON")
    _RESULT_CHECKS[tested.model.type](result, tested.model, mode, find_shapes)
    return Mock(result)


def _read_error(value: Any) -> StatesError:
    members = check_members(value, "mock.errorOutput", ("error", "cause"))
    error, cause = members.get("error"), members.get("cause")
    for name, text, longest in (("error", error, 256), ("cause", cause, 32_768)):
        if not isinstance(text, str | None):
            raise UsageError(f"TestState's mock.errorOutput.{name} must be text, but is {reprlib.repr(text)}")
        if len(text or "") > longest:
            limit = f"Member must have length less than or equal to {longest}"
            where = f"mock.errorOutput.{name}"
            refuse(f"1 validation error detected: Value at '{where}' failed to satisfy constraint: {limit}")
    if error is None:
        refuse("The error field is required when mock.errorOutput is specified.")
    return StatesError(error, cause)


def _check_parallel(result: Json, model: Any, _mode: str, _shapes: ShapeFinder) -> None:
    if not isinstance(result, list):
        refuse("Mocked result must be an array.")
    if len(result) != len(model.branches):
        refuse("Mocked result must contain the same number of items as number of Parallel branches.")


def _check_map(result: Json, model: Any, _mode: str, _shapes: ShapeFinder) -> None:
    exports = model.result_writer is not None and model.result_writer.resource is not None
    if exports and not isinstance(result, dict):
        refuse("Mocked result must be a JSON object.")
    if not exports and not isinstance(result, list):
        refuse("Mocked result must be an array.")


def _check_task(result: Json, model: Any, mode: str, find_shapes: ShapeFinder) -> None:
    if mode == "NONE":
        return
    resource, shapes = parse_resource(model.resource), find_shapes()
    if shapes is None:
        raise UsageError(
            f"fieldValidationMode {mode} compares the mock of {resource.text} with AWS's models, and there are none "
            "here: install botocore, pass result_shapes, or ask for the mode NONE"
        )
    shape = shapes(resource)
    if shape is not None:
        check_result(result, shape, strict=mode == "STRICT")


_RESULT_CHECKS: Final = {"Parallel": _check_parallel, "Map": _check_map, "Task": _check_task}


def read_configuration(value: Any, tested: StateUnderTest, mock: Mock | None) -> StateConfiguration:
    """Return the state configuration of a request, checked against the state and its mock.

    Args:
        value: the request's ``stateConfiguration``.
        tested: the state under test.
        mock: the mock; None where there is none.

    Raises:
        UsageError: if it is malformed.
        RequestRefused: if AWS refuses it, or it says something that this state cannot have.
    """
    members = check_members(value, "stateConfiguration", tuple(_CONFIGURATION))
    found = {_CONFIGURATION[name]: member for name, member in members.items() if member is not None}
    types = get_type_hints(StateConfiguration)
    for name, member in members.items():
        expected = types[_CONFIGURATION[name]]
        if not isinstance(member, expected) or isinstance(member, bool):
            raise UsageError(
                f"TestState's stateConfiguration.{name} must be of type {expected}, but is {reprlib.repr(member)}"
            )
        if isinstance(member, int) and member < 0:
            limit = "Member must have value greater than or equal to 0"
            where = f"stateConfiguration.{name}"
            refuse(f"1 validation error detected: Value at '{where}' failed to satisfy constraint: {limit}")
    configuration = StateConfiguration(**found)
    _check_applies(configuration, tested, mock)
    return configuration


def _check_applies(configuration: StateConfiguration, tested: StateUnderTest, mock: Mock | None) -> None:
    model, error = tested.model, mock.error if mock is not None else None
    if configuration.retrier_retry_count is not None and (error is None or not getattr(model, "retry", ())):
        refuse("retrierRetryCount can only be specified for a state with Retry when an error is mocked")
    name = configuration.error_caused_by_state
    if name is not None and (error is None or model.type not in ("Map", "Parallel")):
        refuse("errorCausedByState can only be specified for a Map or Parallel state when an error is mocked")
    if name is not None and name not in tested.inner_names:
        refuse(f"State '{name}' specified as errorCausedByState does not exist in the {model.type} state")
    failures = configuration.map_iteration_failure_count
    if failures is not None and (mock is None or model.type != "Map"):
        refuse("mapIterationFailureCount can only be specified for a Map state when a mock is specified")
    if failures and error is None and not model.distributed:
        refuse("mapIterationFailureCount of an inline Map state needs an errorOutput: a failed iteration fails the Map")
    if configuration.map_item_reader_data is not None:
        if model.type != "Map" or model.item_reader is None:
            refuse("mapItemReaderData can only be specified for a Map state with an ItemReader")
        check_length(configuration.map_item_reader_data, "stateConfiguration.mapItemReaderData")
