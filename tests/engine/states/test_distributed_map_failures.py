"""Failures in a distributed Map: which are tolerated, and what becomes of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.asl.model import StateMachine
from sfn_provider.engine import simulate
from tests.fixtures.machines.distributed_maps import CALL, FAIL_ON_BAD, PASS, each, event_types, goods


@dataclass(frozen=True)
class Failing:
    id: str
    fields: dict[str, Any]
    succeeds: bool
    bad: tuple[int, ...] = (1, 3)


FAILINGS = [
    Failing("none tolerated", {}, False, (4,)),
    Failing("none failed", {}, True, ()),
    Failing("as many as tolerated", {"ToleratedFailureCount": 2}, True),
    Failing("more than tolerated", {"ToleratedFailureCount": 1}, False),
    Failing("the percentage tolerated", {"ToleratedFailurePercentage": 40}, True),
    Failing("more than the percentage", {"ToleratedFailurePercentage": 39.9}, False),
    Failing("a path to a count", {"ToleratedFailureCountPath": "$.two"}, True),
    Failing("a path to a percentage", {"ToleratedFailurePercentagePath": "$.forty"}, True),
    Failing("a path to text", {"ToleratedFailurePercentagePath": "$.text"}, False),
    Failing(
        "a batch counts its items", {"ToleratedFailureCount": 1, "ItemBatcher": {"MaxItemsPerBatch": 2}}, False, (1,)
    ),
    Failing("a batch within", {"ToleratedFailureCount": 2, "ItemBatcher": {"MaxItemsPerBatch": 2}}, True, (1,)),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in FAILINGS])
def test_tolerated_failures(case: Failing) -> None:
    states = dict(FAIL_ON_BAD)
    if "ItemBatcher" in case.fields:
        variable = {"Variable": "$.Items[1].bad", "BooleanEquals": True}
        present = {"Variable": "$.Items[1]", "IsPresent": True}
        states["Check"] = states["Check"] | {"Choices": [{"And": [present, variable], "Next": "Bad"}]}
        states["Good"] = PASS
    given = {"list": goods(*case.bad), "two": 2, "forty": 40, "text": "12.5"}
    execution = simulate(each(states, ItemsPath="$.list", **case.fields), given)
    if case.succeeds:
        assert execution.status == "SUCCEEDED"
    else:
        assert (execution.status, execution.error, execution.cause) == (
            "FAILED",
            "States.ExceedToleratedFailureThreshold",
            "The specified tolerated failure threshold was exceeded",
        )


def test_a_tolerated_failure_stands_in_the_result_as_described() -> None:
    execution = simulate(each(FAIL_ON_BAD, ToleratedFailureCount=1), goods(1, count=3))
    first, failed, last = execution.output
    assert (first, last) == (0, 2)
    assert (failed["Status"], failed["Error"], failed["Cause"]) == ("FAILED", "Spoilt", "it smells")


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ("many", 'The ToleratedFailurePercentagePath field refers to value "many" which is not a valid float: $.p'),
        ([], 'The ToleratedFailurePercentagePath field refers to value "[]" which is not a valid float: $.p'),
        (-0.5, "ToleratedFailurePercentage must be between 0 and 100."),
        (101, "ToleratedFailurePercentage must be between 0 and 100."),
    ],
)
def test_percentages_that_are_refused(value: Any, cause: str) -> None:
    machine = each(ItemsPath="$.list", ToleratedFailurePercentagePath="$.p")
    execution = simulate(machine, {"list": [1], "p": value})
    assert execution.error == "States.Runtime"
    assert (
        execution.cause == f"An error occurred while executing the state 'Each' (entered at the event id #2). {cause}"
    )
    assert event_types(execution)[2] == "MapStateStarted"


def test_negative_concurrency_is_refused_before_the_map_starts() -> None:
    execution = simulate(each(ItemsPath="$.list", MaxConcurrencyPath="$.p"), {"list": [1], "p": -1})
    assert (execution.cause or "").endswith("Expected non-negative integer for MaxConcurrency, got '-1' instead.")
    assert "MapStateStarted" not in event_types(execution)


def test_a_failing_map_run_stops_its_other_children() -> None:
    states = {**FAIL_ON_BAD, "Good": {"Type": "Wait", "Seconds": 1000, "End": True}}
    execution = simulate(each(states), goods(4))
    assert execution.status == "FAILED"
    assert execution.events[-1]["timestamp"] == execution.events[0]["timestamp"]


def test_a_retry_is_a_new_map_run() -> None:
    retry = [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "IntervalSeconds": 2, "MaxAttempts": 1}]
    mocks = {"Work": [{"Return": 1}, {"Throw": {"Error": "Busy"}}, {"Return": 2}]}
    execution = simulate(each({"Work": CALL}, Retry=retry), ["a", "b"], mocks=mocks)
    assert execution.output == [2, 2]
    arns = [
        event["mapRunStartedEventDetails"]["mapRunArn"]
        for event in execution.events
        if event["type"] == "MapRunStarted"
    ]
    assert len(arns) == len(set(arns)) == 2
    assert event_types(execution).count("MapRunFailed") == 1


def test_a_failure_after_the_map_run_is_not_the_map_runs() -> None:
    machine = {"QueryLanguage": "JSONata", **each(Output="{% $none %}", Items="{% [] %}")}
    execution = simulate(StateMachine.model_validate(machine), {})
    assert execution.error == "States.QueryEvaluationError"
    kinds = event_types(execution)
    assert "MapRunSucceeded" in kinds and "MapRunFailed" not in kinds


def test_a_failure_after_a_tolerated_one_is_the_maps() -> None:
    machine = each(FAIL_ON_BAD, ToleratedFailureCount=1, ResultSelector={"x.$": "$.none"})
    execution = simulate(machine, goods(0, count=1))
    assert execution.error == "States.Runtime"
    assert "executing the state 'Each'" in (execution.cause or "")


def test_an_express_child_times_out_after_five_minutes() -> None:
    wait = {"Wait": {"Type": "Wait", "SecondsPath": "$", "End": True}}
    execution = simulate(each(wait, kind="EXPRESS", ToleratedFailureCount=1), [1000, 299])
    failed, waited = execution.output
    assert (failed["Status"], failed["Error"], waited) == ("TIMED_OUT", "States.Timeout", 299)
    assert simulate(each(wait), [1000]).output == [1000]


def test_an_express_child_that_calls_before_it_waits_times_out_too() -> None:
    states = {"Work": {**CALL, "Next": "Wait"}, "Wait": {"Type": "Wait", "Seconds": 400, "End": True}}
    del states["Work"]["End"]
    execution = simulate(each(states, kind="EXPRESS"), [1], mocks={"Work": [{"Return": {}}]})
    assert execution.error == "States.ExceedToleratedFailureThreshold"


def test_the_time_of_an_express_child_ends_with_it() -> None:
    machine = each(kind="EXPRESS", Next="Later")
    machine["States"]["Later"] = {"Type": "Wait", "Seconds": 1000, "End": True}
    assert simulate(machine, [1, 2]).output == [1, 2]
