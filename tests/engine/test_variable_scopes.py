"""Variables: when Assign is evaluated, who sees what it sets, and when that ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sfn_provider.engine import simulate
from tests.fixtures.machines.engine import group, inline_map, jsonata, outcome, parallel, returns, task, throws, told

SHOW = {"JSONPath": {"Parameters": {"v.$": "$v"}}, "JSONata": {"Output": {"v": "{% $v %}"}}}


def reads(language: str = "JSONPath", **fields: Any) -> dict[str, Any]:
    """A state that gives ``{"v": <the variable v>}``."""
    return {"Type": "Pass", **SHOW[language], **fields}


def sets(value: Any, next: str, name: str = "v") -> dict[str, Any]:
    return {"Type": "Pass", "Assign": {name: value}, "Next": next}


LANGUAGES = ["JSONPath", "JSONata"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_later_states_see_a_variable(language: str) -> None:
    machine = group(
        {"Set": sets([1, {"a": 2}], "Between"), "Between": {"Type": "Pass", "Next": "Read"}, "Read": reads(language)},
        QueryLanguage=language,
    )
    assert simulate(machine, {}).output == {"v": [1, {"a": 2}]}


SOURCES = {
    "JSONPath, input": ("JSONPath", {"v.$": "$.a"}, {"a": 1}, 1),
    "JSONPath, context": ("JSONPath", {"v.$": "$$.Execution.Name"}, {}, "simulated"),
    "JSONPath, intrinsic": ("JSONPath", {"v.$": "States.MathAdd($.a, 1)"}, {"a": 1}, 2),
    "JSONPath, constant": ("JSONPath", {"v": {"x": None}}, {}, {"x": None}),
    "JSONata, input": ("JSONata", {"v": "{% $states.input.a %}"}, {"a": 1}, 1),
    "JSONata, constant": ("JSONata", {"v": [1, "{% 1 + 1 %}"]}, {}, [1, 2]),
}


@pytest.mark.parametrize(("language", "assign", "input", "value"), SOURCES.values(), ids=SOURCES)
def test_sources(language: str, assign: Any, input: Any, value: Any) -> None:
    first = {"Type": "Pass", "Assign": assign, "Next": "Read"}
    assert simulate(group({"Set": first, "Read": reads(language)}, QueryLanguage=language), input).output == {
        "v": value
    }


RESULTS = {
    "JSONPath, result": ("JSONPath", {"Assign": {"v.$": "$.n"}}),
    "JSONPath, after the selector": ("JSONPath", {"ResultSelector": {"m.$": "$.n"}, "Assign": {"v.$": "$.m"}}),
    "JSONPath, result dropped": ("JSONPath", {"Assign": {"v.$": "$.n"}, "ResultPath": None}),
    "JSONata, result": ("JSONata", {"Assign": {"v": "{% $states.result.n %}"}}),
}


@pytest.mark.parametrize(("language", "fields"), RESULTS.values(), ids=RESULTS)
def test_a_task_assigns_from_its_result(language: str, fields: dict[str, Any]) -> None:
    machine = group({"Work": task(**fields, Next="Read"), "Read": reads(language)}, QueryLanguage=language)
    assert simulate(machine, {}, mocks={"Work": returns({"n": 5})}).output == {"v": 5}


def test_assign_sees_the_values_from_before() -> None:
    swap = {"Type": "Pass", "Assign": {"v": "{% $w %}", "w": "{% $v %}"}, "Next": "Read"}
    first = {"Type": "Pass", "Assign": {"v": 1, "w": 2}, "Next": "Swap"}
    machine = jsonata({"Set": first, "Swap": swap, "Read": {"Type": "Pass", "Output": "{% [$v, $w] %}"}})
    assert simulate(machine, {}).output == [2, 1]


def test_output_sees_the_values_from_before() -> None:
    change = {"Type": "Pass", "Assign": {"v": "{% $v + 1 %}"}, "Output": "{% $v %}", "Next": "After"}
    after = {"Type": "Pass", "Output": {"old": "{% $states.input %}", "new": "{% $v %}"}}
    assert simulate(jsonata({"Set": sets(1, "Change"), "Change": change, "After": after}), {}).output == {
        "old": 1,
        "new": 2,
    }


def test_assign_sees_the_values_from_before_in_jsonpath() -> None:
    swap = {"Type": "Pass", "Assign": {"v.$": "$w", "w.$": "$v"}, "Next": "Read"}
    first = {"Type": "Pass", "Assign": {"v": 1, "w": 2}, "Next": "Swap"}
    machine = group(
        {"Set": first, "Swap": swap, "Read": {"Type": "Pass", "Parameters": {"all.$": "States.Array($v, $w)"}}}
    )
    assert simulate(machine, {}).output == {"all": [2, 1]}


@pytest.mark.parametrize("field", ["InputPath", "OutputPath"])
def test_paths_may_start_at_a_variable(field: str) -> None:
    machine = group({"Set": sets({"a": [7]}, "Read"), "Read": {"Type": "Pass", field: "$v.a[0]"}})
    assert simulate(machine, {}).output == 7


def test_numbers_of_other_fields_may_come_from_a_variable() -> None:
    machine = group(
        {
            "Set": sets(30, "Wait"),
            "Wait": {"Type": "Wait", "SecondsPath": "$v", "Next": "Look"},
            "Look": {"Type": "Pass", "Parameters": {"at.$": "$$.State.EnteredTime"}},
        }
    )
    assert simulate(machine, {}).output == {"at": "2025-01-01T00:00:30.000Z"}


def test_branches_see_the_variables_around_and_keep_their_own() -> None:
    inner = {
        "Own": {"Type": "Pass", "Assign": {"w": 2}, "Next": "Read"},
        "Read": {"Type": "Pass", "Parameters": {"all.$": "States.Array($v, $w)"}},
    }
    around = {**parallel(inner), "Next": "After"}
    machine = group({"Set": sets(1, "Around"), "Around": around, "After": {"Type": "Pass", "OutputPath": "$[0].all"}})
    assert simulate(machine, {}).output == [1, 2]


def test_a_variable_of_a_branch_is_gone_after_it() -> None:
    around = {**parallel({"Own": {"Type": "Pass", "Assign": {"w": 2}}}), "Next": "Read"}
    read = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $exists($w) ? 'there' : 'gone' %}"}
    assert simulate(group({"Around": around, "Read": read}), {}).output == "gone"


def test_branches_do_not_see_each_other() -> None:
    one = {"A": {"Type": "Pass", "Assign": {"w": 1}, "Next": "B"}, "B": {"Type": "Wait", "Seconds": 1}}
    two = {
        "C": {"Type": "Wait", "Seconds": 1, "Next": "D"},
        "D": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $exists($w) %}"},
    }
    assert simulate(group({"Both": parallel(one, two)}), {}).output == [{}, False]


def test_iterations_keep_their_own_variables() -> None:
    item = {
        "Own": {"Type": "Pass", "Assign": {"w.$": "$"}, "Next": "Wait"},
        "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Read"},
        "Read": {"Type": "Pass", "Parameters": {"all.$": "States.Array($v, $w)"}},
    }
    machine = group({"Set": sets(0, "Each"), "Each": inline_map(item)})
    assert [row["all"] for row in simulate(machine, [1, 2, 3]).output] == [[0, 1], [0, 2], [0, 3]]


def test_parallel_and_map_assign_from_their_results() -> None:
    each = {**inline_map({"Item": {"Type": "Pass"}}), "Assign": {"v.$": "$[1]"}, "Next": "Read"}
    assert simulate(group({"Each": each, "Read": reads()}), [4, 5]).output == {"v": 5}


def test_a_catch_assigns() -> None:
    work = task(Catch=[{"ErrorEquals": ["States.ALL"], "Assign": {"v.$": "$.Error"}, "Next": "Read"}], Next="Read")
    machine = group({"Set": sets("before", "Work"), "Work": work, "Read": reads()})
    assert simulate(machine, {}, mocks={"Work": throws("Broken")}).output == {"v": "Broken"}
    assert simulate(machine, {}, mocks={"Work": returns(1)}).output == {"v": "before"}


def test_a_retry_sees_the_variables_of_the_entry() -> None:
    work = task(Parameters={"v.$": "$v"}, Retry=[{"ErrorEquals": ["States.ALL"]}], Next="Read")
    execution = simulate(
        group({"Set": sets(1, "Work"), "Work": work, "Read": reads()}), {}, mocks={"Work": throws("A") + returns(1)}
    )
    assert execution.output == {"v": 1}


def test_the_exit_shows_what_was_assigned() -> None:
    machine = group(
        {"Set": {"Type": "Pass", "Assign": {"v": {"a": "ü"}, "w": None}, "Next": "End"}, "End": {"Type": "Succeed"}}
    )
    details = simulate(machine, {}).events[2]["stateExitedEventDetails"]
    assert details["assignedVariables"] == {"v": '{"a":"ü"}', "w": "null"}
    assert "assignedVariables" not in simulate(machine, {}).events[4]["stateExitedEventDetails"]


def test_a_variable_that_was_never_set_fails() -> None:
    choose = {"Type": "Choice", "Choices": [{"Variable": "$.set", "IsPresent": True, "Next": "Set"}], "Default": "Read"}
    machine = group({"Choose": choose, "Set": sets(1, "Read"), "Read": reads()})
    assert simulate(machine, {"set": 1}).output == {"v": 1}
    execution = simulate(machine, {"a": 1})
    assert outcome(execution) == ("FAILED", "States.Runtime")
    assert told(execution).startswith("The JSONPath '$v' specified for the field 'v.$' could not be found in the input")


def test_a_loop_counts_with_a_variable() -> None:
    count = {"Type": "Pass", "Assign": {"v": "{% $v + 1 %}"}, "Next": "Enough"}
    enough = {"Type": "Choice", "Choices": [{"Condition": "{% $v < 10 %}", "Next": "Count"}], "Default": "Read"}
    machine = jsonata({"Set": sets(0, "Count"), "Count": count, "Enough": enough, "Read": reads("JSONata")})
    execution = simulate(machine, {})
    assert (execution.output, execution.transitions) == ({"v": 10}, 22)


def test_a_variable_keeps_its_value_when_the_input_it_came_from_is_changed() -> None:
    change = {"Type": "Pass", "Result": 2, "ResultPath": "$.a.b", "Next": "Read"}
    machine = group(
        {"Set": {"Type": "Pass", "Assign": {"v.$": "$.a"}, "Next": "Change"}, "Change": change, "Read": reads()}
    )
    assert json.dumps(simulate(machine, {"a": {"b": 1}}).output) == '{"v": {"b": 1}}'
