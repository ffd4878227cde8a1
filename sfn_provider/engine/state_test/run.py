"""Tests one state: `test_state`, which answers as the TestState API does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sfn_provider.asl.model import ExecutionType
from sfn_provider.asl.scope import Json
from sfn_provider.botocore_models.models import is_installed
from sfn_provider.engine.dataflow.context_object import execution_context
from sfn_provider.engine.errors.retry import reported_error_name
from sfn_provider.engine.limits import EXPRESS_SECONDS
from sfn_provider.engine.progress.execution_state import ExecutionState
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.engine.simulation.simulator import EPOCH, advance
from sfn_provider.engine.state_test.context_checks import read_context
from sfn_provider.engine.state_test.inspection import Inspection
from sfn_provider.engine.state_test.json_texts import ResponseTexts, check_enum, read_object, read_value, refuse
from sfn_provider.engine.state_test.observed_step import Context, ObservedInterpreter
from sfn_provider.engine.state_test.request import Mock, StateConfiguration, read_configuration, read_mock
from sfn_provider.engine.state_test.result_checks import ShapeSource
from sfn_provider.engine.state_test.tested_state import StateUnderTest, find_state
from sfn_provider.exceptions import RequestRefused, StatesError

INSPECTION_LEVELS: Final = ("INFO", "DEBUG", "TRACE")
"""The values of inspectionLevel; the first one is the default."""

_EXECUTION, _MACHINE = "TestExecution", "TestState"


def test_state(
    definition: str | dict[str, Any],
    input: Json = None,
    *,
    mock: Mapping[str, Any] | None = None,
    context: Json = None,
    variables: Json = None,
    inspection_level: str = "INFO",
    state_name: str | None = None,
    state_configuration: Mapping[str, Any] | None = None,
    reveal_secrets: bool = False,
    result_shapes: ShapeSource | None = None,
    execution_type: ExecutionType = "STANDARD",
) -> dict[str, Any]:
    """Test one state without calling anything, as the TestState API does. Waiting takes no time.

    ``input``, ``context``, ``variables`` and ``mock["result"]`` are JSON texts in AWS's request: a text is read as JSON
    here too, any other value is taken as it is.

    Args:
        definition: of the state alone; or of a state machine, with ``state_name``. Text or an object.
        input: the state's input; ``{}`` for None.
        mock: ``{"result": json}`` or ``{"errorOutput": {"error": str, "cause": str}}``, for a Task, Map or Parallel,
            which need one here; with ``"fieldValidationMode"``: ``STRICT`` (the default), ``PRESENT`` or ``NONE``.
        context: fields of the context object, in place of the default ones; only with a mock.
        variables: an object of variables that are set before the state.
        inspection_level: ``INFO``; ``DEBUG`` or ``TRACE`` for the intermediate values.
        state_name: the state to test, at any depth of the state machine.
        state_configuration: ``retrierRetryCount``, ``errorCausedByState``, ``mapIterationFailureCount`` and
            ``mapItemReaderData``, as in AWS's request.
        reveal_secrets: refused beside a mock, as on AWS; a test without a mock calls nothing and has no secrets.
        result_shapes: the shapes that a Task's mocked result is compared with; None for those of the botocore that is
            installed.
        execution_type: ``STANDARD`` or ``EXPRESS``: the type of machine that the definition is checked for, which
            AWS's request does not say.

    Returns:
        AWS's response: ``status`` (``SUCCEEDED``, ``FAILED``, ``RETRIABLE`` or ``CAUGHT_ERROR``), ``output``,
        ``error``, ``cause``, ``nextState`` and ``inspectionData``, as far as there are any. ``output`` and most members
        of the inspection data are JSON texts, as in AWS's response.

    Raises:
        RequestRefused: where AWS refuses the request; has ``code`` and ``message``.
        UsageError: where an argument is malformed, or there are no shapes for the validation mode.
    """
    try:
        check_enum(inspection_level, "inspectionLevel", INSPECTION_LEVELS)
        tested = find_state(definition, state_name, execution_type)
        prepared = _prepare(tested, mock, state_configuration or {}, context, reveal_secrets, result_shapes)
        before = {} if variables is None else read_object(variables, "variables", "Variables must be a JSON object")
        problem = "Invalid State Machine Execution Input: '{error}'"
        data = {} if input is None else read_value(input, "input", problem, "InvalidExecutionInput")
        texts = ResponseTexts()
        if prepared.mock is not None and mock is not None:
            texts.read(mock.get("result"), prepared.mock.result)
        data = data if input is None else texts.read(input, data)
        return prepared.run(data, before, texts, with_inspection=inspection_level != "INFO")
    except RequestRefused as refusal:
        if context is None:
            raise
        # The refusals of requests with a context object are recorded with the opening that boto3 puts before them.
        opening = f"An error occurred ({refusal.code}) when calling the TestState operation: "
        raise RequestRefused(refusal.code, opening + refusal.message) from refusal


# pytest collects functions of that name, also those that a test module imports.
test_state.__test__ = False  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class _PreparedTest:
    tested: StateUnderTest
    mock: Mock | None
    configuration: StateConfiguration
    context: Context

    def run(
        self, input: Json, variables: dict[str, Json], texts: ResponseTexts, *, with_inspection: bool
    ) -> dict[str, Any]:
        inspection = Inspection(self.tested.model.type)
        interpreter = ObservedInterpreter(self.tested, self.mock, self.configuration, self.context, inspection)
        step = interpreter.start(
            input,
            at=EPOCH,
            context=_default_context(input),
            seed=_EXECUTION,
            variables=variables,
            # A mock answers at once: the time of a timeout that it stands for is not counted.
            deadline=EPOCH + EXPRESS_SECONDS if self.mock is None else None,
        )
        state = advance(interpreter, step, self._mocks()).state
        response = _outcome(state, inspection)
        if "output" in response:
            response["output"] = texts.write(response["output"])
        if with_inspection:
            response["inspectionData"] = inspection.as_json(input, state.variables or variables, texts)
        return response

    def _mocks(self) -> Mocks:
        if self.mock is None:
            return Mocks({})
        if self.mock.error is None:
            return Mocks({self.tested.name: [{"Return": self.mock.result}]})
        error = {"Error": self.mock.error.error, "Cause": self.mock.error.cause}
        return Mocks({self.tested.name: [{"Throw": error}]})


def _prepare(
    tested: StateUnderTest,
    mock: Mapping[str, Any] | None,
    configuration: Mapping[str, Any],
    context: Json,
    reveal_secrets: bool,
    shapes: ShapeSource | None,
) -> _PreparedTest:
    if mock is None:
        _refuse_without_mock(tested, context)
        return _PreparedTest(tested, None, read_configuration(configuration, tested, None), {})
    if reveal_secrets:
        refuse("TestState does not support RevealSecrets when a mock is specified.")
    replaced = read_mock(mock, tested, _installed_shapes if shapes is None else lambda: shapes)
    fields = {} if context is None else read_context(context, tested)
    return _PreparedTest(tested, replaced, read_configuration(configuration, tested, replaced), fields)


def _refuse_without_mock(tested: StateUnderTest, context: Json) -> None:
    kind = tested.model.type
    if context is not None:
        refuse("Context can only be specified when a mock is specified")
    if kind == "Task":
        refuse("RoleArn must be specified when testing a Task state")
    if kind in ("Map", "Parallel"):
        refuse(f"State type '{kind}' is only supported when a mock is specified")


def _installed_shapes() -> ShapeSource | None:
    """Return the shapes of the installed botocore's models; None where it is not installed."""
    if not is_installed():
        return None
    from sfn_provider.engine.state_test.result_shapes import find_result_shape

    return find_result_shape


def _default_context(input: Json) -> dict[str, Any]:
    """Return the context object of a test, which is that of an Express execution without redrives (recorded)."""
    context = execution_context(input, EPOCH, machine=_MACHINE, name=_EXECUTION)
    execution = context["Execution"]
    del execution["RedriveCount"]
    execution["Id"] = f"{execution['Id'].replace(':execution:', ':express:')}"
    return context


def _outcome(state: ExecutionState, inspection: Inspection) -> dict[str, Any]:
    """Return the response without its inspection data."""
    error = inspection.error
    if inspection.is_retriable and error is not None:
        return {**_error_members(reported_error_name(error.error), error.cause), "status": "RETRIABLE"}
    if state.status == "TIMED_OUT":
        return {"error": "States.Timeout", "status": "FAILED"}
    if state.status == "FAILED":
        return {**_error_members(state.error, state.cause), "status": "FAILED"}
    response: dict[str, Any] = {"output": state.output, "status": "SUCCEEDED"}
    if error is not None:
        response |= _error_members(reported_error_name(error.error), error.cause)
        response["status"] = "CAUGHT_ERROR"
    if state.exit is not None:
        response["nextState"] = state.exit
    return response


def _error_members(error: str | None, cause: str | None) -> dict[str, str]:
    return StatesError(error, cause).details
