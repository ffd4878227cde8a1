"""Rule: a JSONata expression that reads nothing does not fail."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final

from sfn_provider.asl.definition_index.compiled_expressions import compiled_expressions
from sfn_provider.asl.definition_index.expression_walk import JsonataUse
from sfn_provider.asl.definition_index.index import DefinitionIndex
from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.jsonata import EvaluationLimits, is_timeout
from sfn_provider.asl.lint_rules.reporting import warning
from sfn_provider.asl.scope import Scope
from sfn_provider.exceptions import QueryEvaluationError

if TYPE_CHECKING:
    from sfn_provider.asl.jsonata.expression import Expression, JsonType

MAX_EXPRESSIONS = 200
"""Upper limit of expressions of a definition that are evaluated."""

MAX_WORK: Final = 20_000
"""How much work each of them may take, see `jsonata.budget`; one that needs more is not judged."""

MAX_WORK_OF_ALL: Final = 200_000
"""How much work all of them may take together; the rest is not judged."""

MAX_MATCHING_SECONDS: Final = 0.3
"""How long all of them together may match regular expressions."""

_CHANGING: Final = frozenset({"random", "uuid", "shuffle", "now", "millis"})
"""Functions whose results differ from run to run."""

_CONTEXT: Final = {"State": {"EnteredTime": "2025-01-01T00:00:00.000Z"}}
"""The context object: a time without a date, or with half of one, takes the rest from it."""

_NUMBERS = "Seconds TimeoutSeconds HeartbeatSeconds MaxConcurrency ToleratedFailureCount ToleratedFailurePercentage"
_TYPES: Final[dict[str, JsonType]] = {"Condition": "boolean", **{name: "number" for name in _NUMBERS.split()}}
"""The type that a field takes, where it takes one alone."""


def constant_expressions(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A JSONata expression that reads neither the input nor a variable does not fail in every run."""
    constant = (found for found in compiled_expressions(definition).valid if _is_constant(found[1]))
    left = EvaluationLimits(MAX_WORK_OF_ALL, MAX_MATCHING_SECONDS)
    for use, expression in islice(constant, MAX_EXPRESSIONS):
        cause = _cause_of_failure(use, expression, left)
        if cause is not None and not is_timeout(cause):
            yield warning("EXPRESSION_WILL_FAIL", f"{cause} The state fails whenever it runs", use.at)
        if left.work <= 0:
            return


def _cause_of_failure(use: JsonataUse, expression: Expression, left: EvaluationLimits) -> str | None:
    """Evaluate an expression, and take from what is left for all what it has taken; None where it does not fail."""
    work = min(MAX_WORK, left.work)
    limits = EvaluationLimits(work, left.matching_seconds)
    try:
        expression.evaluate(Scope(None, _CONTEXT), random.Random(0), _TYPES.get(use.field), limits=limits)
    except QueryEvaluationError as error:
        return error.cause
    finally:
        left.work -= work - limits.work
        left.matching_seconds = limits.matching_seconds
    return None


def _is_constant(expression: Expression) -> bool:
    reads = expression.references or expression.states_fields or expression.unsupported_references
    return not (reads or expression.reads_any_states_field or expression.functions & _CHANGING)
