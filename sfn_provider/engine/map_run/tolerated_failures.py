"""Evaluates how many failed items a distributed Map tolerates."""

from __future__ import annotations

import re

from sfn_provider.asl.json_values.java_values import unquoted_json
from sfn_provider.asl.json_values.json_checks import is_number
from sfn_provider.asl.scope import Randomness, Scope
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.dataflow.typed_fields import evaluate_field, evaluate_integer, wrong_value
from sfn_provider.engine.progress.map_run_progress import Tolerance
from sfn_provider.exceptions import StatesError

THRESHOLD_EXCEEDED = StatesError(
    "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded"
)


def evaluate_tolerance(state: CompiledState, scope: Scope, entropy: Randomness) -> Tolerance:
    """Evaluate ToleratedFailureCount and ToleratedFailurePercentage, or the paths in their place.

    Raises:
        StatesError: ``States.Runtime`` if a value cannot be taken, in AWS's words (recorded executions);
            ``States.QueryEvaluationError`` in JSONata.
    """
    count = evaluate_integer(state.model, state.language, "ToleratedFailureCount", scope, entropy)
    return Tolerance(count or 0, _percentage(state, scope, entropy))


def _percentage(state: CompiledState, scope: Scope, entropy: Randomness) -> float:
    value = evaluate_field(state.model, state.language, "ToleratedFailurePercentage", scope, entropy, "number")
    path = state.model.tolerated_failure_percentage_path
    if value is None and path is None:
        return 0.0
    # Text that reads as a number is taken for one (recorded executions).
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+(\.\d+)?", value):
        value = float(value)
    if not is_number(value):
        shown = unquoted_json(value)
        cause = f'The ToleratedFailurePercentagePath field refers to value "{shown}" which is not a valid float: {path}'
        raise StatesError("States.Runtime", cause)
    if not 0 <= value <= 100:
        cause = "ToleratedFailurePercentage must be between 0 and 100."
        raise wrong_value(state.language, "ToleratedFailurePercentage", cause)
    return float(value)
