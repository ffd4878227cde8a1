"""What DAGs recognize as valid without the linter has no error for the linter, whatever is changed in it."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from sfn_provider.asl.comparison_operators import COMPARISONS
from sfn_provider.asl.intrinsics.functions import FUNCTIONS
from sfn_provider.asl.model import STATE_TYPES
from sfn_provider.asl.parser import lint
from sfn_provider.runtime.flow import valid_fields, valid_values
from sfn_provider.runtime.flow.valid_fields import is_plain_state
from tests.golden import ROOT

Json = Any
EXAMPLES = 400
ODD: list[Json] = [
    *("", "10", "$", "$.", "$.a[", "$.a[0]", "$.a[*]", "$..a", "$$.a", "$x.b", "$.a b", "$[0]", "$['a']"),
    *(
        "States.UUID()",
        "States.Format('a{}', $.b)",
        "States.Formt('a')",
        "States.Array(,)",
        "States.Array()x",
        "States.",
    ),
    *(
        f"arn:aws:states:::{name}"
        for name in ("glue:startJobRn.sync", "glue:startJobRun.sync:2", "aws-sdk:s3:getObjct")
    ),
    *("arn:aws:states:::aws-sdk:s3:getObject.sync", "arn:aws:lambda:us-east-1:123456789012:function:f.sync"),
    *("{% 1 %}", "{% 1", "1 %}", "2025-13-01T00:00:00Z", "2025-01-01T00:00:00Z", "FULL", "INLINE", "JSONata", "Pass"),
    *(None, True, 0, 1, -1, 1.5, 10**9, float("nan"), [], {}, [1], [{}], ["A"], ["States.ALL", "A"], {"a.$": "$."}),
]
NAMES = [
    *COMPARISONS,
    *valid_fields._VALUES,
    *valid_fields._NESTED,
    "And",
    "Or",
    "Not",
    "Variable",
    "Interval",
    "Resource",
]
NOT_CHECKED = ("give it Next", "does not support the field", "needs Parameters", "needs Arguments", "but missing")
"""What is said of transitions, which the flow checks, and of the parameters of calls."""


def states() -> list[tuple[str, Json, str]]:
    """Return the states of the golden machines, with their names and query languages."""
    machines = [json.loads(path.read_text("utf-8")) for path in sorted((ROOT / "tests/golden").glob("*/*.asl.json"))]
    return [
        (name, state, each.get("QueryLanguage", "JSONPath"))
        for each in machines
        for name, state in each["States"].items()
    ]


def places(value: Json) -> Iterator[tuple[Json, Json]]:
    """Yields each object and list with each of its keys or indexes."""
    if isinstance(value, (dict, list)):
        for key, item in [*(value.items() if isinstance(value, dict) else enumerate(value))]:
            yield value, key
            yield from places(item)


def changed(state: Json, chance: random.Random) -> Json:
    state = copy.deepcopy(state)
    holder, key = chance.choice([*places(state)])
    if chance.random() < 0.3 and isinstance(holder, dict):
        holder[chance.choice(NAMES)] = copy.deepcopy(chance.choice(ODD))
    elif chance.random() < 0.3:
        holder.pop(key)
    else:
        holder[key] = copy.deepcopy(chance.choice(ODD))
    return state


@pytest.mark.parametrize("seed", range(3))
def test_what_is_recognized_has_no_error_for_the_linter(seed: int) -> None:
    chance, made = random.Random(seed), states()
    recognized = 0
    for _ in range(EXAMPLES):
        name, state, language = chance.choice(made)
        state = changed(state, chance)
        if not is_plain_state(state, language):
            continue
        recognized += 1
        found = lint({"QueryLanguage": language, "StartAt": name, "States": {name: state}})
        assert [
            diagnostic
            for diagnostic in found
            if diagnostic.level == "error"
            and diagnostic.code == "SCHEMA_VALIDATION_FAILED"
            and not diagnostic.location.endswith(("/Next", "/Default", "/StartAt"))
            and "'Next' is required" not in diagnostic.message
            and not any(words in diagnostic.message for words in NOT_CHECKED)
        ] == [], state
    assert EXAMPLES / 10 < recognized < EXAMPLES * 0.9


def test_golden_machines_are_recognized() -> None:
    assert [name for name, state, language in states() if not is_plain_state(state, language)] == []


@pytest.mark.parametrize("name", COMPARISONS)
def test_every_comparison_is_recognized(name: str) -> None:
    comparison = COMPARISONS[name]
    operand = {"boolean": True, "numeric": 1.5, "timestamp": "2025-01-01T00:00:00Z", "test": False}
    value = "$.b" if comparison.operand_is_path else operand.get(comparison.kind, "text")
    rule = {"Variable": "$.a", name: value, "Next": "B"}
    assert is_plain_state({"Type": "Choice", "Choices": [rule]}, "JSONPath")
    rule["Next"] = rule.pop(name)
    assert not is_plain_state({"Type": "Choice", "Choices": [{**rule, name + "x": value}]}, "JSONPath")


def test_the_tables_have_the_languages_words() -> None:
    assert {f"States.{name}" for name in valid_values._FUNCTIONS} == FUNCTIONS.keys()
    for name, model in STATE_TYPES.items():
        fields = {field.alias or key for key, field in model.model_fields.items()}
        assert valid_fields._FIELDS[name] <= fields
        assert fields - valid_fields._FIELDS[name] <= {"Assign", "Arguments"}, name
