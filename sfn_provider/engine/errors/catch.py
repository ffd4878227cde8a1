"""Finds the Catch that takes an error, and makes the state's output for it."""

from __future__ import annotations

from sfn_provider.asl.model import Catcher
from sfn_provider.asl.scope import Json, Randomness, Scope
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.dataflow.data_flow import (
    NO_VARIABLES,
    StateExit,
    compile_evaluator,
    compile_reference_path,
)
from sfn_provider.engine.errors.retry import is_timeout, matches_error, reported_error_name
from sfn_provider.engine.limits import OversizedOutput, restored_error
from sfn_provider.exceptions import StatesError


def find_catcher(state: CompiledState, error: StatesError) -> Catcher | None:
    """Return the first catcher of the state that matches an error."""
    return next(
        (catcher for catcher in getattr(state.model, "catch", ()) if matches_error(catcher.error_equals, error)), None
    )


def with_state_prefix(state: CompiledState, entered: int, error: StatesError) -> StatesError:
    """Return an error whose cause begins as AWS's do; ``entered`` is the number of the StateEntered event."""
    prefix = f"An error occurred while executing the state '{state.name}' (entered at the event id #{entered}). "
    cause = prefix + (error.cause or "")
    return restored_error(error.error, cause, is_oversized=isinstance(error, OversizedOutput))


def error_output(error: StatesError) -> Json:
    """Return the error as the next state gets it: null where a task named none, but a timeout's Cause is empty text.

    Source: recorded executions.
    """
    cause = "" if error.cause is None and is_timeout(error.error) else error.cause
    return {"Error": reported_error_name(error.error), "Cause": cause}


def apply_catcher(
    catcher: Catcher, state: CompiledState, scope: Scope, error: StatesError, entropy: Randomness
) -> StateExit:
    """Make output and variables for the state that the catcher goes to."""
    field = f"Catch[{state.model.catch.index(catcher)}]"
    caught = error_output(error)
    fields = catcher.model_fields_set
    if state.language == "JSONata":
        seen = scope.add_error_output(caught)
        output = (
            compile_evaluator(catcher.output, "JSONata", f"{field}/Output")(seen, entropy)
            if "output" in fields
            else caught
        )
    else:
        seen = scope.replace_input(caught)
        # Without ResultPath the error replaces the input. Source: concepts-error-handling.html, "Catch".
        output = _place(catcher.result_path, scope.input, caught)
    assigned = NO_VARIABLES
    if "assign" in fields:
        assigned = compile_evaluator(catcher.assign, state.language, f"{field}/Assign")(seen, entropy)
    return StateExit(output, assigned)


def _place(result_path: str | None, input: Json, caught: Json) -> Json:
    if result_path is None:
        return input
    return caught if result_path == "$" else compile_reference_path(result_path).write(input, caught)
