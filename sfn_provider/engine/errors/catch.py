"""What a state leaves with when a Catch takes its error."""

from __future__ import annotations

import random

from sfn_provider.asl.model import Catcher
from sfn_provider.asl.paths import compile_reference
from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.compiled import Compiled
from sfn_provider.engine.dataflow.flow import NOTHING_ASSIGNED, Exit, rescope, template
from sfn_provider.engine.errors.retry import is_timeout, matches, reported
from sfn_provider.exceptions import StatesError


def find(state: Compiled, error: str | None) -> Catcher | None:
    """The first catcher of the state that matches an error name."""
    return next(
        (catcher for catcher in getattr(state.model, "catch", ()) if matches(catcher.error_equals, error)), None
    )


def with_state_prefix(state: Compiled, entered: int, error: StatesError) -> StatesError:
    """The error of an evaluation with the opening that AWS gives its cause; ``entered`` is the number of an event."""
    opening = f"An error occurred while executing the state '{state.name}' (entered at the event id #{entered}). "
    return StatesError(error.error, opening + (error.cause or ""))


def error_output(error: StatesError) -> Json:
    """The error as the next state gets it: null where a task named none, but a timeout's Cause is empty text.

    Source: recorded executions.
    """
    cause = "" if error.cause is None and is_timeout(error.error) else error.cause
    return {"Error": reported(error.error), "Cause": cause}


def apply(catcher: Catcher, state: Compiled, scope: Scope, error: StatesError, entropy: random.Random) -> Exit:
    """Make output and variables for the state that the catcher goes to."""
    field = f"Catch[{state.model.catch.index(catcher)}]"
    caught = error_output(error)
    given = catcher.model_fields_set
    if state.language == "JSONata":
        seen = Scope(scope.input, scope.context, scope.variables, error_output=caught)
        output = template(catcher.output, "JSONata", f"{field}/Output")(seen, entropy) if "output" in given else caught
    else:
        seen = rescope(scope, caught)
        # Without ResultPath the error replaces the input. Source: concepts-error-handling.html, "Catch".
        output = _place(catcher.result_path, scope.input, caught)
    assigned = NOTHING_ASSIGNED
    if "assign" in given:
        assigned = template(catcher.assign, state.language, f"{field}/Assign")(seen, entropy)
    return Exit(output, assigned)


def _place(result_path: str | None, input: Json, caught: Json) -> Json:
    if result_path is None:
        return input
    return caught if result_path == "$" else compile_reference(result_path).write(input, caught)
