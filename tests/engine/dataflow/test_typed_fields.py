"""Fields whose value has the right JSON type and still cannot be taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.engine import simulate
from tests.fixtures.machines.distributed_maps import GET_OBJECT, each, event_types
from tests.fixtures.machines.engine import group, inline_map, jsonata, outcome, parallel, returns, task, told

ONE: dict[str, Any] = {"One": {"Type": "Pass"}}
ALL_CAUGHT = {"Catch": [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Next": "Caught"}]}


def distributed(**fields: Any) -> dict[str, Any]:
    """A distributed Map over two items."""
    state: dict[str, Any] = each(**fields)["States"]["Each"]
    return {name: value for name, value in state.items() if name not in ("ItemsPath", "End")}


def reader(most: str) -> dict[str, Any]:
    """An ItemReader with MaxItems."""
    config = {"InputType": "JSON", "MaxItems": most}
    return {"Resource": GET_OBJECT, "ReaderConfig": config, "Arguments": {"Bucket": "data", "Key": "items"}}


@dataclass(frozen=True)
class Case:
    state: dict[str, Any]
    cause: str


NO_INTEGER = 'The {} field has the value "1.5" which is not a valid integer'
CASES = {
    "TimeoutSeconds with a fraction": Case(task(TimeoutSeconds="{% 1.5 %}"), NO_INTEGER.format("TimeoutSeconds")),
    "TimeoutSeconds 0": Case(
        task(TimeoutSeconds="{% 0 %}"), "Expected positive integer for TimeoutSeconds, got '0' instead."
    ),
    "HeartbeatSeconds negative": Case(task(HeartbeatSeconds="{% -1 %}"), "HeartbeatSeconds cannot be negative."),
    "MaxConcurrency with a fraction": Case(
        inline_map(ONE, MaxConcurrency="{% 1.5 %}"), NO_INTEGER.format("MaxConcurrency")
    ),
    "MaxConcurrency negative": Case(
        inline_map(ONE, MaxConcurrency="{% -1 %}"),
        "Expected non-negative integer for MaxConcurrency, got '-1' instead.",
    ),
    "ToleratedFailureCount with a fraction": Case(
        distributed(ToleratedFailureCount="{% 1.5 %}"), NO_INTEGER.format("ToleratedFailureCount")
    ),
    "ToleratedFailurePercentage of more than all": Case(
        distributed(ToleratedFailurePercentage="{% 101 %}"),
        "ToleratedFailurePercentage must be between 0 and 100.",
    ),
    "MaxItems with a fraction": Case(distributed(ItemReader=reader("{% 1.5 %}")), NO_INTEGER.format("MaxItems")),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_in_jsonata_the_error_can_be_caught(case: Case) -> None:
    items = {"Items": "{% [1, 2] %}"} if case.state["Type"] == "Map" and "ItemReader" not in case.state else {}
    machine = jsonata({"State": {**case.state, **items, **ALL_CAUGHT}, "Caught": {"Type": "Pass"}})
    execution = simulate(machine, {}, mocks={"State": returns(1)}, objects={"s3://data/items": "[1]"})
    assert outcome(execution)[0] == "SUCCEEDED"
    assert execution.output["Error"] == "States.QueryEvaluationError"
    assert execution.output["Cause"].endswith(case.cause)
    assert "MapRunStarted" not in event_types(execution)


NULLS = {
    "MaxConcurrencyPath": inline_map(ONE, ItemsPath="$.list", MaxConcurrencyPath="$.null"),
    "ToleratedFailureCountPath": distributed(ItemsPath="$.list", ToleratedFailureCountPath="$.null"),
    "TimeoutSecondsPath": task(TimeoutSecondsPath="$.null"),
    "HeartbeatSecondsPath": task(HeartbeatSecondsPath="$.null"),
}


@pytest.mark.parametrize(("field", "state"), NULLS.items(), ids=NULLS)
def test_a_path_to_null_leads_to_no_integer(field: str, state: dict[str, Any]) -> None:
    execution = simulate(group({"State": state}), {"list": [1], "null": None}, mocks={"State": returns(1)})
    assert execution.error == "States.Runtime"
    assert told(execution) == f'The {field} field refers to value "null" which is not a valid integer: $.null'


def test_a_path_to_null_leads_to_no_percentage() -> None:
    state = distributed(ItemsPath="$.list", ToleratedFailurePercentagePath="$.null")
    execution = simulate(group({"State": state}), {"list": [1], "null": None})
    field = "ToleratedFailurePercentagePath"
    assert execution.error == "States.Runtime"
    assert told(execution) == f'The {field} field refers to value "null" which is not a valid float: $.null'


def test_an_integer_in_quotes_may_have_a_sign() -> None:
    state = inline_map(ONE, ItemsPath="$.list", MaxConcurrencyPath="$.most")
    assert outcome(simulate(group({"State": state}), {"list": [1], "most": "+1"})) == ("SUCCEEDED", [1])


def test_a_wait_of_a_branch_is_caught_by_the_parallel() -> None:
    wait = {"Type": "Wait", "Timestamp": "{% $states.input.due %}"}
    state = parallel({"Wait": wait}, **ALL_CAUGHT)
    execution = simulate(jsonata({"State": state, "Caught": {"Type": "Succeed"}}), {"due": "2016-12-05 21:29:29Z"})
    assert execution.output["Error"] == "States.QueryEvaluationError"
    assert execution.output["Cause"].endswith(
        "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: "
        "2016-12-05 21:29:29Z"
    )


def test_max_items_that_are_no_integer_end_the_execution_before_the_map_run() -> None:
    config = {"InputType": "JSON", "MaxItemsPath": "$.most"}
    source = {"Resource": GET_OBJECT, "ReaderConfig": config, "Parameters": {"Bucket": "data", "Key": "items"}}
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Each"}]
    execution = simulate(each(ItemReader=source, Catch=catch), {"most": 1.5}, objects={"s3://data/items": "[1]"})
    assert outcome(execution) == ("FAILED", "States.Runtime")
    assert told(execution) == 'The MaxItemsPath field refers to value "1.5" which is not a valid integer: $.most'
    assert "MapRunStarted" not in event_types(execution)
