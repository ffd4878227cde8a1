"""What a state takes of its input and makes of its result."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.engine import simulate
from tests.fixtures.machines.engine import group, jsonata, one, outcome, returns, sent, task, told

ORDER: dict[str, Any] = {"id": 7, "lines": [{"sku": "tea", "n": 2}, {"sku": "cup", "n": 1}], "note": None}


@dataclass(frozen=True)
class Case:
    state: dict[str, Any]
    output: Any
    input: Any = None


def run(case: Case, machine: dict[str, Any]) -> None:
    given = copy.deepcopy(ORDER if case.input is None else case.input)
    before = copy.deepcopy(given)
    execution = simulate(machine, given, mocks={"State": returns({"ok": True, "more": [1, 2]})})
    assert outcome(execution) == ("SUCCEEDED", case.output)
    assert given == before


PASS = {
    "nothing": Case({}, ORDER),
    "input path": Case({"InputPath": "$.lines[1]"}, {"sku": "cup", "n": 1}),
    "input path to null": Case({"InputPath": "$.note"}, None),
    "input path of many": Case({"InputPath": "$.lines[*].sku"}, ["tea", "cup"]),
    "input path into the context": Case({"InputPath": "$$.Execution.Input.id"}, 7),
    "no input": Case({"InputPath": None}, {}),
    "parameters": Case({"Parameters": {"id.$": "$.id", "kind": "order"}}, {"id": 7, "kind": "order"}),
    "parameters see the input path": Case(
        {"InputPath": "$.lines[0]", "Parameters": {"what.$": "$.sku"}}, {"what": "tea"}
    ),
    "parameters without input": Case({"InputPath": None, "Parameters": {"all.$": "$"}}, {"all": {}}),
    "result": Case({"Result": [1, None]}, [1, None]),
    "result null": Case({"Result": None}, None),
    "result over parameters": Case({"Result": "r", "Parameters": {"p": 1}}, "r"),
    "result beside the input": Case({"Result": "r", "ResultPath": "$.got"}, {**ORDER, "got": "r"}),
    "result in a new object": Case({"Result": 1, "ResultPath": "$.a.b"}, {**ORDER, "a": {"b": 1}}),
    "result over a member": Case({"Result": 1, "ResultPath": "$.lines"}, {**ORDER, "lines": 1}),
    "result in a list": Case(
        {"Result": 1, "ResultPath": "$.lines[1].n"},
        {**ORDER, "lines": [{"sku": "tea", "n": 2}, {"sku": "cup", "n": 1}]},
    ),
    "result dropped": Case({"Result": 1, "ResultPath": None}, ORDER),
    "result path works on the whole input": Case(
        {"InputPath": "$.lines[0]", "ResultPath": "$.first"}, {**ORDER, "first": {"sku": "tea", "n": 2}}
    ),
    "dropped result leaves the whole input": Case({"InputPath": "$.lines[0]", "ResultPath": None}, ORDER),
    "output path": Case({"OutputPath": "$.id"}, 7),
    "output path after result path": Case({"Result": {"b": 2}, "ResultPath": "$.a", "OutputPath": "$.a.b"}, 2),
    "output path into the context": Case({"OutputPath": "$$.Execution.Name"}, "simulated"),
    "no output": Case({"OutputPath": None}, {}),
    "null input": Case({"ResultPath": None, "Result": 1}, [], []),
}


@pytest.mark.parametrize("case", PASS.values(), ids=PASS)
def test_pass(case: Case) -> None:
    run(case, one({"Type": "Pass", **case.state}))


TASK = {
    "nothing": Case({}, {"ok": True, "more": [1, 2]}),
    "selector": Case({"ResultSelector": {"n.$": "$.more[1]", "from": "work"}}, {"n": 2, "from": "work"}),
    "selector does not see the input": Case({"ResultSelector": {"all.$": "$"}}, {"all": {"ok": True, "more": [1, 2]}}),
    "selector sees the context": Case({"ResultSelector": {"id.$": "$$.Execution.Input.id"}}, {"id": 7}),
    "result path": Case({"ResultPath": "$.work"}, {**ORDER, "work": {"ok": True, "more": [1, 2]}}),
    "selector, then result path": Case(
        {"ResultSelector": {"n.$": "$.more[0]"}, "ResultPath": "$.work"}, {**ORDER, "work": {"n": 1}}
    ),
    "dropped": Case({"ResultPath": None}, ORDER),
    "dropped and cut": Case({"ResultPath": None, "OutputPath": "$.id"}, 7),
    "all of them": Case(
        {
            "InputPath": "$.lines",
            "Parameters": {"skus.$": "$[*].sku"},
            "ResultSelector": {"done.$": "$.ok"},
            "ResultPath": "$.work",
            "OutputPath": "$.work.done",
        },
        True,
    ),
}


@pytest.mark.parametrize("case", TASK.values(), ids=TASK)
def test_task(case: Case) -> None:
    run(case, one(task(**case.state)))


@pytest.mark.parametrize(
    ("fields", "called_with"),
    [
        ({}, ORDER),
        ({"InputPath": "$.lines[0]"}, {"sku": "tea", "n": 2}),
        ({"InputPath": None}, {}),
        ({"InputPath": "$.lines", "Parameters": {"first.$": "$[0].sku"}}, {"first": "tea"}),
        ({"Parameters": {"$.literal": 1}}, {"$.literal": 1}),
    ],
    ids=["input", "input path", "no input", "parameters", "literal"],
)
def test_what_a_task_is_called_with(fields: dict[str, Any], called_with: Any) -> None:
    assert sent(simulate(one(task(**fields)), ORDER, mocks={"State": returns(1)})) == [called_with]


JSONATA = {
    "nothing": Case({}, {"ok": True, "more": [1, 2]}),
    "result": Case({"Output": "{% $states.result.more[1] %}"}, 2),
    "input": Case({"Output": "{% $states.input.id %}"}, 7),
    "context": Case({"Output": "{% $states.context.State.Name %}"}, "State"),
    "both": Case(
        {"Output": {"id": "{% $states.input.id %}", "n": "{% $count($states.result.more) %}"}}, {"id": 7, "n": 2}
    ),
    "constant": Case({"Output": {"a": [1, "x"]}}, {"a": [1, "x"]}),
    "null": Case({"Output": None}, None),
    "text that is no expression": Case({"Output": "$states.input"}, "$states.input"),
    "false": Case({"Output": False}, False),
    "null from an expression": Case({"Output": "{% $states.input.note %}"}, None),
    "in a list": Case({"Output": ["{% $states.input.id %}", [2]]}, [7, [2]]),
}


@pytest.mark.parametrize("case", JSONATA.values(), ids=JSONATA)
def test_jsonata_task(case: Case) -> None:
    run(case, jsonata({"State": task(**case.state)}))


def test_jsonata_arguments_replace_the_input_of_the_call_alone() -> None:
    state = task(Arguments={"skus": "{% $states.input.lines.sku %}"}, Output="{% $states.input.id + $states.result %}")
    execution = simulate(jsonata({"State": state}), ORDER, mocks={"State": returns(1)})
    assert sent(execution) == [{"skus": ["tea", "cup"]}]
    assert execution.output == 8


@pytest.mark.parametrize("arguments", [None, False, 0, "", [], "{% $states.input.note %}"])
def test_jsonata_arguments_may_be_any_value(arguments: Any) -> None:
    execution = simulate(jsonata({"State": task(Arguments=arguments)}), ORDER, mocks={"State": returns(1)})
    assert sent(execution) == [None if isinstance(arguments, str) and arguments else arguments]


def test_languages_meet_in_one_machine() -> None:
    machine = group(
        {
            "A": {"Type": "Pass", "Parameters": {"id.$": "$.id"}, "Next": "B"},
            "B": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.id * 2 %}", "Next": "C"},
            "C": {"Type": "Pass", "Parameters": {"twice.$": "$"}},
        }
    )
    assert simulate(machine, ORDER).output == {"twice": 14}


@dataclass(frozen=True)
class Refused:
    state: dict[str, Any]
    error: str
    cause: str
    input: Any = None


REFUSED = {
    "input path": Refused(
        {"InputPath": "$.x.y"}, "States.Runtime", "Invalid path '$.x.y' : Missing property in path $['x']"
    ),
    "output path": Refused({"OutputPath": "$.x"}, "States.Runtime", "Invalid path '$.x' : No results for path: $['x']"),
    "parameters": Refused(
        {"Parameters": {"a.$": "$.x"}},
        "States.Runtime",
        "The JSONPath '$.x' specified for the field 'a.$' could not be found in the input '{\"id\":7}'",
        {"id": 7},
    ),
    "result path into text": Refused(
        {"Result": 1, "ResultPath": "$.a.b"},
        "States.ReferencePathConflict",
        'Unable to apply step "b" to input {"a":"text"}',
        {"a": "text"},
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_refused(case: Refused) -> None:
    execution = simulate(one({"Type": "Pass", **case.state}), ORDER if case.input is None else case.input)
    assert outcome(execution) == ("FAILED", case.error)
    assert told(execution) == case.cause


NULL = {
    "input path": {"InputPath": "$.a"},
    "output path": {"OutputPath": "$.a"},
    "parameters": {"Parameters": {"a.$": "$.a"}},
    "parameters with everything": {"Parameters": {"a.$": "$"}},
}


@pytest.mark.parametrize("state", NULL.values(), ids=NULL)
def test_no_path_applies_to_null(state: dict[str, Any]) -> None:
    execution = simulate(one({"Type": "Pass", **state}), None)
    assert outcome(execution) == ("FAILED", "States.Runtime")
    assert told(execution) == "Unable to apply Path transformation to null or empty input."


def test_null_passes_where_no_path_is_given() -> None:
    assert outcome(simulate(one({"Type": "Pass"}), None)) == ("SUCCEEDED", None)


def test_a_context_path_needs_no_input() -> None:
    assert simulate(one({"Type": "Pass", "Parameters": {"n.$": "$$.Execution.Name"}}), None).output == {
        "n": "simulated"
    }


def test_jsonata_result_does_not_exist_in_a_pass() -> None:
    execution = simulate(jsonata({"State": {"Type": "Pass", "Output": "{% $lookup($states, 'result') %}"}}), 1)
    assert outcome(execution) == ("FAILED", "States.QueryEvaluationError")
