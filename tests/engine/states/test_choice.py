"""The Choice state: which rule it takes, and what it leaves with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.engine import simulate
from tests.fixtures.machines.distributed_maps import event_types
from tests.fixtures.machines.engine import entered, group, jsonata, outcome, parallel, told


def rule(n: int, next: str, **fields: Any) -> dict[str, Any]:
    return {"Variable": "$.n", "NumericGreaterThan": n, "Next": next, **fields}


def choice(*rules: dict[str, Any], **fields: Any) -> dict[str, Any]:
    targets = dict.fromkeys([*(rule["Next"] for rule in rules), fields.get("Default")])
    ends: dict[str, Any] = {name: {"Type": "Pass"} for name in targets if name}
    return group({"Choose": {"Type": "Choice", "Choices": list(rules), **fields}, **ends})


@pytest.mark.parametrize(("n", "taken"), [(9, "A"), (4, "B"), (1, "C")])
def test_the_first_rule_that_holds_decides(n: int, taken: str) -> None:
    machine = choice(rule(5, "A"), rule(3, "B"), rule(4, "A"), Default="C")
    assert entered(simulate(machine, {"n": n})) == ["Choose", taken]


@pytest.mark.parametrize(
    "comparison", [{"IsString": True}, {"IsPresent": True}, {"IsNull": True}, {"NumericEquals": 1}]
)
@pytest.mark.parametrize("path", ["$", "$.a"])
def test_no_path_starts_from_an_input_of_null(path: str, comparison: dict[str, Any]) -> None:
    execution = simulate(choice({"Variable": path, **comparison, "Next": "A"}, Default="B"), None)
    assert outcome(execution) == ("FAILED", "States.Runtime")
    assert told(execution) == "Unable to apply Path transformation to null or empty input."


def test_a_path_to_the_context_needs_no_input() -> None:
    machine = choice({"Variable": "$$.Execution.Id", "IsString": True, "Next": "A"}, Default="B")
    assert entered(simulate(machine, None))[-1] == "A"


def test_rules_after_it_are_not_evaluated() -> None:
    machine = choice(rule(5, "A"), {"Variable": "$.missing", "IsNull": True, "Next": "B"}, Default="C")
    assert entered(simulate(machine, {"n": 9})) == ["Choose", "A"]


def test_no_rule_and_no_default_fail_the_execution() -> None:
    execution = simulate(choice(rule(5, "A"), rule(3, "B"), rule(3, "C")), {"n": 1})
    assert (execution.status, execution.error) == ("FAILED", "States.Runtime")
    assert execution.cause == (
        "An error occurred while executing the state 'Choose' (entered at the event id #2). "
        "Failed to transition out of the state. The state does not point to a next state."
    )
    assert event_types(execution) == ["ExecutionStarted", "ChoiceStateEntered", "ExecutionFailed"]


def test_no_rule_and_no_default_fail_in_jsonata_too() -> None:
    choose = {"Type": "Choice", "Choices": [{"Condition": "{% $states.input > 5 %}", "Next": "A"}]}
    execution = simulate(jsonata({"Choose": choose, "A": {"Type": "Pass"}}), 1)
    assert outcome(execution) == ("FAILED", "States.Runtime")
    assert told(execution) == "Failed to transition out of the state. The state does not point to a next state."


def test_nothing_around_catches_that_no_rule_holds() -> None:
    choose = {"Type": "Choice", "Choices": [rule(5, "Fine")]}
    around = parallel(
        {"Choose": choose, "Fine": {"Type": "Pass"}},
        Catch=[{"ErrorEquals": ["States.NoChoiceMatched"], "Next": "A"}, {"ErrorEquals": ["States.ALL"], "Next": "A"}],
    )
    execution = simulate(group({"Around": around, "A": {"Type": "Pass"}}), {"n": 1})
    assert outcome(execution) == ("FAILED", "States.Runtime")


def test_input_path_is_seen_by_rules_and_output() -> None:
    machine = choice(
        {"Variable": "$.n", "NumericEquals": 2, "Next": "A"}, Default="B", InputPath="$.part", OutputPath="$.n"
    )
    assert outcome(simulate(machine, {"n": 1, "part": {"n": 2}})) == ("SUCCEEDED", 2)


def test_output_is_the_input() -> None:
    assert simulate(choice(rule(5, "A"), Default="B"), {"n": 1, "x": [2]}).output == {"n": 1, "x": [2]}


def test_no_output() -> None:
    assert simulate(choice(rule(5, "A"), Default="B", OutputPath=None), {"n": 1}).output == {}


def with_variable(choose: dict[str, Any], language: str) -> dict[str, Any]:
    reads = {
        "JSONPath": {"Type": "Pass", "Parameters": {"who.$": "$who"}},
        "JSONata": {"Type": "Pass", "Output": {"who": "{% $who %}"}},
    }[language]
    return group(
        {
            "Set": {"Type": "Pass", "Assign": {"who": "before"}, "Next": "Choose"},
            "Choose": choose,
            "A": reads,
            "B": reads,
        },
        QueryLanguage=language,
    )


@dataclass(frozen=True)
class Case:
    input: Any
    who: str


ASSIGNS = {"the rule's": Case({"n": 9}, "rule"), "the state's, for the default": Case({"n": 1}, "state")}


@pytest.mark.parametrize("case", ASSIGNS.values(), ids=ASSIGNS)
def test_assign(case: Case) -> None:
    choose = {
        "Type": "Choice",
        "Choices": [rule(5, "A", Assign={"who": "rule"})],
        "Default": "B",
        "Assign": {"who": "state"},
    }
    assert simulate(with_variable(choose, "JSONPath"), case.input).output == {"who": case.who}


@pytest.mark.parametrize("case", ASSIGNS.values(), ids=ASSIGNS)
def test_assign_in_jsonata(case: Case) -> None:
    choose = {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input.n > 5 %}", "Next": "A", "Assign": {"who": "{% 'ru' & 'le' %}"}}],
        "Default": "B",
        "Assign": {"who": "state"},
    }
    assert simulate(with_variable(choose, "JSONata"), case.input).output == {"who": case.who}


def test_a_rule_without_assign_leaves_the_variables() -> None:
    choose = {"Type": "Choice", "Choices": [rule(5, "A")], "Default": "B", "Assign": {"who": "state"}}
    assert simulate(with_variable(choose, "JSONPath"), {"n": 9}).output == {"who": "before"}


@pytest.mark.parametrize("own", [{}, {"Assign": {"who": "rule"}}], ids=["rule without Assign", "rule with Assign"])
def test_where_a_rule_holds_the_states_assign_is_not_evaluated(own: dict[str, Any]) -> None:
    choose = {
        "Type": "Choice",
        "Choices": [rule(5, "A", **own)],
        "Default": "B",
        "Assign": {"who.$": "$.missing"},
        "OutputPath": "$.n",
    }
    execution = simulate(with_variable(choose, "JSONPath"), {"n": 9})
    assert outcome(execution) == ("SUCCEEDED", {"who": own.get("Assign", {}).get("who", "before")})
    assert outcome(simulate(with_variable(choose, "JSONPath"), {"n": 1}))[1] == "States.Runtime"


OUTPUTS = {
    "the rule's": ({"Output": "{% $states.input.n + 1 %}"}, {"n": 9}, 10),
    "the input without one": ({}, {"n": 9}, {"n": 9}),
    "the state's, for the default": ({"Output": 1}, {"n": 1}, "state"),
}


@pytest.mark.parametrize(("extra", "input", "output"), OUTPUTS.values(), ids=OUTPUTS)
def test_output_in_jsonata(extra: dict[str, Any], input: Any, output: Any) -> None:
    choose = {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input.n > 5 %}", "Next": "A", **extra}],
        "Default": "B",
        "Output": "state",
    }
    machine = jsonata({"Choose": choose, "A": {"Type": "Pass"}, "B": {"Type": "Pass"}})
    assert simulate(machine, input).output == output


def test_a_condition_may_be_a_constant() -> None:
    rules = [{"Condition": False, "Next": "A"}, {"Condition": True, "Next": "B"}]
    machine = jsonata({"Choose": {"Type": "Choice", "Choices": rules}, "A": {"Type": "Pass"}, "B": {"Type": "Pass"}})
    assert entered(simulate(machine, None)) == ["Choose", "B"]


def test_a_condition_must_be_a_boolean() -> None:
    rules = [{"Condition": False, "Next": "A"}, {"Condition": "{% $states.input %}", "Next": "A"}]
    execution = simulate(jsonata({"Choose": {"Type": "Choice", "Choices": rules}, "A": {"Type": "Pass"}}), 1)
    assert outcome(execution) == ("FAILED", "States.QueryEvaluationError")
    assert told(execution) == (
        "The JSONata expression '$states.input' specified for the field 'Choices[1]/Condition' returned an unexpected "
        "result type. Expected 'boolean', but was 'number' for value: 1"
    )


def test_rules_compare_variables() -> None:
    choose = {
        "Type": "Choice",
        "Choices": [{"Variable": "$who", "StringEqualsPath": "$.name", "Next": "A"}],
        "Default": "B",
    }
    assert entered(simulate(with_variable(choose, "JSONPath"), {"name": "before"}))[-1] == "A"
    assert entered(simulate(with_variable(choose, "JSONPath"), {"name": "after"}))[-1] == "B"
