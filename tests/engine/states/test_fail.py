"""Fail: the error and the cause with which an execution ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.engine import simulate
from tests.fixtures.machines.distributed_maps import events
from tests.fixtures.machines.engine import group, one, outcome, parallel, told


@dataclass(frozen=True)
class Case:
    fields: dict[str, Any]
    error: str | None
    cause: str | None
    input: Any = None


CASES = {
    "neither": Case({}, None, None),
    "error": Case({"Error": "Broken"}, "Broken", None),
    "cause": Case({"Cause": "it broke"}, None, "it broke"),
    "both": Case({"Error": "Broken", "Cause": "it broke"}, "Broken", "it broke"),
    "empty": Case({"Error": "", "Cause": ""}, "", ""),
    "paths": Case({"ErrorPath": "$.e", "CausePath": "$.c"}, "E", "C", {"e": "E", "c": "C"}),
    "path into the context": Case({"CausePath": "$$.Execution.Name"}, None, "simulated"),
    "intrinsic": Case({"CausePath": "States.Format('{} of {}', $.n, $.all)"}, None, "1 of 2", {"n": 1, "all": 2}),
    "json text": Case({"CausePath": "States.JsonToString($)"}, None, '{"a":1}', {"a": 1}),
}

JSONATA = {
    "text": Case({"Error": "Broken", "Cause": "it broke"}, "Broken", "it broke"),
    "expressions": Case({"Error": "{% 'E' & 1 %}", "Cause": "{% $states.input.c %}"}, "E1", "C", {"c": "C"}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_in_jsonpath(case: Case) -> None:
    check(one({"Type": "Fail", **case.fields}), case)


@pytest.mark.parametrize("case", JSONATA.values(), ids=JSONATA)
def test_in_jsonata(case: Case) -> None:
    check(one({"Type": "Fail", **case.fields}, QueryLanguage="JSONata"), case)


def check(machine: dict[str, Any], case: Case) -> None:
    execution = simulate(machine, case.input)
    assert (execution.status, execution.error, execution.cause) == ("FAILED", case.error, case.cause)
    assert execution.output is None


REFUSED = {
    "missing": (
        {"ErrorPath": "$.e"},
        "The JSONPath '$.e' specified for the field 'ErrorPath' could not be found in the input '{\"x\":1}'",
    ),
    "no text": ({"CausePath": "$.x"}, "The value for the field 'CausePath' must be text, but was 1"),
}


@pytest.mark.parametrize(("fields", "cause"), REFUSED.values(), ids=REFUSED)
def test_refused(fields: dict[str, Any], cause: str) -> None:
    execution = simulate(one({"Type": "Fail", **fields}), {"x": 1})
    assert outcome(execution) == ("FAILED", "States.Runtime")
    assert told(execution) == cause


def test_the_execution_fails_without_an_exit() -> None:
    execution = simulate(one({"Type": "Fail", "Error": "Broken"}), {})
    assert events(execution) == [("ExecutionStarted", 1, 0), ("FailStateEntered", 2, 0), ("ExecutionFailed", 3, 2)]
    assert execution.events[2]["executionFailedEventDetails"] == {"error": "Broken"}


def test_it_may_name_an_error_of_the_language() -> None:
    branch = {"Stop": {"Type": "Fail", "Error": "States.Timeout"}}
    caught = parallel(branch, Catch=[{"ErrorEquals": ["States.Timeout"], "Next": "Done"}])
    execution = simulate(group({"Around": caught, "Done": {"Type": "Pass"}}), {})
    assert execution.output == {"Error": "States.Timeout", "Cause": ""}
