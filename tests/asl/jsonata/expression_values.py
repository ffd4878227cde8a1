"""Evaluates an expression in the scope of a state, for tests."""

from __future__ import annotations

import random

import pytest

from sfn_provider.asl.jsonata import (
    compile_jsonata,
)
from sfn_provider.asl.scope import Json, Scope
from sfn_provider.exceptions import QueryEvaluationError

PROGRAM_LIMITS = "sfn_provider.asl.jsonata.program.EvaluationLimits"
SCOPE = Scope(
    input={"city": "Bern", "trips": [{"km": 3}, {"km": 5}], "none": None},
    context={"State": {"EnteredTime": "2024-02-29T12:34:56.789Z"}},
    variables={"fare": 2.50},
    result={"ok": True},
)


def evaluate(source: str, scope: Scope = SCOPE, seed: int = 1) -> Json:
    return compile_jsonata(source, "Output").evaluate(scope, random.Random(seed))


def cause_of(source: str, field: str = "Output", scope: Scope = SCOPE) -> str:
    with pytest.raises(QueryEvaluationError) as caught:
        compile_jsonata(source, field).evaluate(scope, random.Random(1))
    assert caught.value.location == field
    return str(caught.value.cause)
