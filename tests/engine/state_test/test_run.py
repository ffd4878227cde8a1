"""What `test_state` answers: status, output, next state, and every intermediate value."""

from __future__ import annotations

import json

import pytest

from sfn_provider.engine import simulate, test_state
from tests.engine.state_test.response_cases import CASES, Case, opened
from tests.engine.state_test.states import INVOKE, Json, task
from tests.fixtures.machines.engine import FUNCTION, one


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_response_has_the_outcome_and_every_intermediate_value(case: Case) -> None:
    response = test_state(case.state, case.input, inspection_level="TRACE", **case.arguments)
    inspected = response.pop("inspectionData")
    assert opened(inspected) == {"input": case.input, **case.inspected}
    if "output" in response:
        response["output"] = json.loads(response["output"])
    assert response == case.expected


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_observing_changes_nothing(case: Case) -> None:
    debug = test_state(case.state, case.input, inspection_level="DEBUG", **case.arguments)
    del debug["inspectionData"]
    assert test_state(case.state, case.input, **case.arguments) == debug


SIMULATED = ("pass", "pass with a result", "succeed", "task", "task in JSONata")


@pytest.mark.parametrize("name", SIMULATED)
def test_the_output_is_that_of_an_execution(name: str) -> None:
    case = CASES[name]
    state = {**case.state, "End": True} if case.state["Type"] != "Succeed" else case.state
    mock = case.arguments.get("mock", {}).get("result")
    mocks = {"State": [{"Return": json.loads(mock) if isinstance(mock, str) else mock}]}
    execution = simulate(one({name: value for name, value in state.items() if name != "Next"}), case.input, mocks=mocks)
    assert execution.output == case.expected["output"]


def test_values_of_the_request_keep_their_text() -> None:
    response = test_state({"Type": "Pass", "End": True}, '{ "a":[1,  2] }', inspection_level="DEBUG")
    assert response["output"] == '{ "a":[1,  2] }' == response["inspectionData"]["afterParameters"]
    computed = test_state({"Type": "Pass", "Parameters": {"b.$": "$.a"}, "End": True}, '{ "a":[1,  2] }')
    assert computed["output"] == '{"b":[1,2]}'


def test_input_is_an_empty_object_by_default_and_null_is_a_text() -> None:
    state = {"Type": "Succeed"}
    assert test_state(state)["output"] == "{}"
    assert test_state(state, "null")["output"] == "null"


DOUBLE = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input * 2 %}", "Next": "Done"}
MACHINE = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemProcessor": {"StartAt": "Work", "States": {"Work": DOUBLE, "Done": {"Type": "Succeed"}}},
            "Next": "Old",
        },
        "Old": {"Type": "Pass", "OutputPath": "$.a", "End": True},
    },
}


@pytest.mark.parametrize(
    ("name", "input", "expected"),
    [("Work", 21, ("42", "Done")), ("Old", {"a": 1}, ("1", None)), ("Each", [1], ('["r"]', "Old"))],
)
def test_a_state_of_a_machine(name: str, input: Json, expected: tuple[str, str | None]) -> None:
    mock = {"result": ["r"]} if name == "Each" else None
    for definition in (MACHINE, json.dumps(MACHINE)):
        response = test_state(definition, input, state_name=name, mock=mock)
        assert (response["output"], response.get("nextState")) == expected


def test_the_context_object() -> None:
    state = task(QueryLanguage="JSONata", Resource=FUNCTION, Output="{% $states.context %}")
    mock = {"result": 1}
    context = json.loads(test_state(state, {"a": 1}, mock=mock)["output"])
    assert context["Execution"]["Input"] == {"a": 1}
    assert ":express:" in context["Execution"]["Id"] and "RedriveCount" not in context["Execution"]
    assert context["State"] == {"Name": "StateName", "EnteredTime": "2025-01-01T00:00:00.000Z", "RetryCount": 0}
    mine = {"Execution": {"Name": "e"}, "State": {"RetryCount": 7}}
    changed = json.loads(test_state(state, {"a": 1}, mock=mock, context=json.dumps(mine))["output"])
    context["Execution"]["Name"], context["State"]["RetryCount"] = "e", 7
    assert changed == context


def test_a_task_token_of_the_context_object() -> None:
    state = task(
        Resource=INVOKE + ".waitForTaskToken",
        Parameters={"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}},
    )
    response = test_state(state, mock={"result": 1}, context={"Task": {"Token": "t"}}, inspection_level="DEBUG")
    parameters = json.loads(response["inspectionData"]["afterParameters"])
    assert parameters["Payload"] == {"token": "t"}


def test_it_is_no_test_for_pytest_where_a_test_module_imports_it() -> None:
    assert test_state.__test__ is False  # type: ignore[attr-defined]
