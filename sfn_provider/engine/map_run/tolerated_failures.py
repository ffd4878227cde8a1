"""How many failed items a distributed Map takes before it fails itself."""

from __future__ import annotations

import random
import re
from typing import NamedTuple

from sfn_provider.asl.scope import Scope
from sfn_provider.engine.compiled import Compiled
from sfn_provider.engine.dataflow.choice_rules import is_number
from sfn_provider.engine.dataflow.typed_fields import value_of, whole_number
from sfn_provider.engine.limits import to_json
from sfn_provider.exceptions import StatesError

EXCEEDED = StatesError(
    "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded"
)


class Tolerance(NamedTuple):
    """The thresholds of a Map; 0 where there is none.

    Args:
        items: failed items.
        percentage: failed items of all items, 0 to 100.
    """

    items: int
    percentage: float

    def exceeded(self, failed: int, total: int) -> bool:
        """Has the Map failed?

        Without a threshold it fails with the first item, else by any threshold that is exceeded. A threshold of 0
        counts as none: a count of 0 beside a percentage of 50 lets one item of three fail (observed on AWS).
        """
        if not self.items and not self.percentage:
            return failed > 0
        by_items = bool(self.items) and failed > self.items
        return by_items or (bool(self.percentage) and failed * 100 > self.percentage * total)


def read_tolerance(state: Compiled, scope: Scope, entropy: random.Random) -> Tolerance:
    """Evaluate ToleratedFailureCount and ToleratedFailurePercentage, or the paths in their place.

    Raises:
        StatesError: ``States.Runtime`` where a value cannot be taken, in AWS's words (recorded executions).
    """
    count = whole_number(state.model, state.language, "ToleratedFailureCount", scope, entropy)
    return Tolerance(count or 0, _percentage(state, scope, entropy))


def _percentage(state: Compiled, scope: Scope, entropy: random.Random) -> float:
    value = value_of(state.model, state.language, "ToleratedFailurePercentage", scope, entropy, "number")
    if value is None:
        return 0.0
    # Text that reads as a number is taken for one (recorded executions).
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+(\.\d+)?", value):
        value = float(value)
    if not is_number(value):
        shown = value if isinstance(value, str) else to_json(value)
        path = state.model.tolerated_failure_percentage_path
        cause = f'The ToleratedFailurePercentagePath field refers to value "{shown}" which is not a valid float: {path}'
        raise StatesError("States.Runtime", cause)
    if not 0 <= value <= 100:
        raise StatesError("States.Runtime", "ToleratedFailurePercentage must be between 0 and 100.")
    return float(value)
