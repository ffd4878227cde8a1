"""The distributed Map as a whole, run by the simulator."""

from __future__ import annotations

import json
from typing import Any

from sfn_provider.asl import parse
from sfn_provider.asl.model import StateMachine
from sfn_provider.engine import simulate
from sfn_provider.engine.dataflow.context_object import execution_context
from sfn_provider.engine.interpreter import Interpreter
from sfn_provider.engine.requests import CallTask, TaskSucceeded
from tests.fixtures.machines.distributed_maps import CALL, PASS, each, event_types, events, reading


def test_results_keep_the_order_of_the_items_whatever_the_children_take() -> None:
    wait = {"Wait": {"Type": "Wait", "SecondsPath": "$", "End": True}}
    assert simulate(each(wait), [5, 1, 3]).output == [5, 1, 3]


def test_history_shows_the_map_run_and_none_of_its_children() -> None:
    execution = simulate(each(), [1, 2])
    assert events(execution) == [
        ("ExecutionStarted", 1, 0),
        ("MapStateEntered", 2, 0),
        ("MapStateStarted", 3, 2),
        ("MapRunStarted", 4, 3),
        ("MapRunSucceeded", 5, 4),
        ("MapStateSucceeded", 6, 5),
        ("MapStateExited", 7, 4),
        ("ExecutionSucceeded", 8, 7),
    ]
    assert execution.events[2]["mapStateStartedEventDetails"] == {"length": 2}
    arn = execution.events[3]["mapRunStartedEventDetails"]["mapRunArn"]
    assert arn.startswith("arn:aws:states:us-east-1:") and ":mapRun:StateMachine/Each:" in arn


def test_no_items_make_an_empty_result() -> None:
    execution = simulate(each(), [])
    assert (execution.status, execution.output) == ("SUCCEEDED", [])


def test_a_child_is_an_execution_of_its_own() -> None:
    look = {
        "Look": {
            "Type": "Pass",
            "Parameters": {
                "id.$": "$$.Execution.Id",
                "name.$": "$$.Execution.Name",
                "input.$": "$$.Execution.Input",
                "start.$": "$$.Execution.StartTime",
                "machine.$": "$$.StateMachine.Id",
            },
            "End": True,
        }
    }
    states = {"Wait": {"Type": "Wait", "Seconds": 5, "Next": "Look"}} | look
    first, second = simulate(each(states, MaxConcurrency=1), ["a", "b"]).output
    assert first["id"].endswith(f":execution:StateMachine/Each:{first['name']}")
    assert first["machine"].endswith(":stateMachine:StateMachine/Each")
    assert (first["input"], second["input"]) == ("a", "b")
    assert first["name"] != second["name"]
    assert [first["start"], second["start"]] == ["2025-01-01T00:00:00.000Z", "2025-01-01T00:00:05.000Z"]


def test_what_runs_inside_a_child_shares_its_context() -> None:
    inner = {"Type": "Pass", "Parameters": {"input.$": "$$.Execution.Input"}, "End": True}
    branches = {"Both": {"Type": "Parallel", "Branches": [{"StartAt": "In", "States": {"In": inner}}], "End": True}}
    assert simulate(each(branches), [7]).output == [[{"input": 7}]]


def test_a_child_sees_no_variables_of_its_parent() -> None:
    machine = each({"Item": {**PASS, "Parameters": {"seen.$": "$outer"}}}, ItemSelector={"outer.$": "$outer"})
    machine["States"]["Set"] = {"Type": "Pass", "Assign": {"outer": 1}, "Next": "Each"}
    machine["StartAt"] = "Set"
    machine["States"]["Each"]["ToleratedFailurePercentage"] = 100
    execution = simulate(parse_leniently(machine), [0])
    (failed,) = execution.output
    assert (failed["Status"], failed["Error"]) == ("FAILED", "States.Runtime")
    assert json.loads(failed["Input"]) == {"outer": 1}


def parse_leniently(machine: dict[str, Any]) -> Any:
    """Build the model without lint, which refuses a variable that cannot be seen."""
    return StateMachine.model_validate(machine)


def test_the_cause_of_a_child_counts_the_events_of_the_child() -> None:
    states = {
        "First": {"Type": "Pass", "Next": "Second"},
        "Second": {"Type": "Pass", "InputPath": "$.none", "End": True},
    }
    (failed,) = simulate(each(states, ToleratedFailureCount=1), [{}]).output
    assert failed["Cause"].startswith(
        "An error occurred while executing the state 'Second' (entered at the event id #4)."
    )


def test_selector_sees_index_value_and_source() -> None:
    selector = {"at.$": "$$.Map.Item.Index", "is.$": "$$.Map.Item.Value", "from.$": "$$.Map.Item.Source", "k.$": "$.k"}
    execution = simulate(each(ItemsPath="$.list", ItemSelector=selector), {"list": ["a", "b"], "k": 9})
    assert execution.output == [
        {"at": 0, "is": "a", "from": "STATE_DATA", "k": 9},
        {"at": 1, "is": "b", "from": "STATE_DATA", "k": 9},
    ]


def test_the_members_of_an_object_are_items() -> None:
    pairs = {"north": 1, "south": {"x": 2}}
    assert simulate(each(), pairs).output == [{"Key": "north", "Value": 1}, {"Key": "south", "Value": {"x": 2}}]
    selector = {"key.$": "$$.Map.Item.Key", "value.$": "$$.Map.Item.Value"}
    assert simulate(each(ItemSelector=selector), pairs).output[1] == {"key": "south", "value": {"x": 2}}


def test_nested_maps_make_nested_map_runs() -> None:
    inner = each({"Name": {**PASS, "Parameters": {"id.$": "$$.Execution.Id"}}})["States"]["Each"] | {"Label": "Inner"}
    execution = simulate(each({"Deep": inner}), [[1, 2], [3]])
    found = [child["id"] for group in execution.output for child in group]
    assert len(set(found)) == 3
    assert all(":execution:StateMachine/Each/Inner:" in arn for arn in found)
    assert event_types(execution).count("MapRunStarted") == 1


def test_an_inline_map_inside_a_child() -> None:
    inner = {"Type": "Map", "ItemProcessor": {"StartAt": "In", "States": {"In": PASS}}, "End": True}
    assert simulate(each({"Deep": inner}), [[1, 2], []]).output == [[1, 2], []]


def test_max_concurrency_limits_the_children_at_work() -> None:
    interpreter = Interpreter(parse(each({"Work": CALL}, MaxConcurrencyPath="$.at_once", ItemsPath="$.list")))
    given = {"at_once": 2, "list": [10, 20, 30]}
    step = interpreter.start(given, at=0.0, context=execution_context(given, 0.0, machine="Shop", name="one"))
    asked = [request for request in step.requests if isinstance(request, CallTask)]
    assert [request.arguments["Payload"] for request in asked] == [10, 20]
    step = interpreter.resume(step.state, TaskSucceeded(asked[0].id, "x", 0.0))
    assert [r.arguments["Payload"] for r in step.requests if isinstance(r, CallTask)] == [30]


def test_ten_thousand_children_at_once() -> None:
    count = 10_000
    execution = simulate(each({"Work": CALL}), list(range(count)), mocks={"Work": [{"Return": 1}]})
    assert execution.output == [1] * count


def test_batches() -> None:
    batcher = {"MaxItemsPerBatchPath": "$.size", "BatchInput": {"shop.$": "$.shop", "fixed": 1}}
    machine = each(ItemsPath="$.list", ItemBatcher=batcher)
    execution = simulate(machine, {"list": [1, 2, 3], "size": 2, "shop": "north"})
    about = {"shop": "north", "fixed": 1}
    assert execution.output == [{"BatchInput": about, "Items": [1, 2]}, {"BatchInput": about, "Items": [3]}]


def test_batches_in_jsonata() -> None:
    machine = {
        "QueryLanguage": "JSONata",
        **each(
            Items="{% $states.input.list %}",
            ItemSelector={"v": "{% $states.context.Map.Item.Value * 2 %}"},
            ItemBatcher={"MaxItemsPerBatch": "{% $states.input.size %}", "BatchInput": "{% $states.input.size + 1 %}"},
        ),
    }
    execution = simulate(machine, {"list": [1, 2, 3], "size": 2})
    assert execution.output == [
        {"BatchInput": 3, "Items": [{"v": 2}, {"v": 4}]},
        {"BatchInput": 3, "Items": [{"v": 6}]},
    ]


def test_a_child_input_may_not_be_larger_than_a_payload() -> None:
    machine = each(ItemReader=reading({"InputType": "JSON"}))
    execution = simulate(machine, {}, objects={"s3://data/items": json.dumps(["x" * 300_000])})
    assert (execution.status, execution.error) == ("FAILED", "States.DataLimitExceeded")


def test_a_child_does_not_see_where_its_parent_is_in_a_map() -> None:
    distributed = each({"Look": {**PASS, "InputPath": "$$.Map"}})["States"]["Each"] | {"ToleratedFailureCount": 1}
    inline = {"Type": "Map", "ItemProcessor": {"StartAt": "In", "States": {"In": distributed}}, "End": True}
    ((failed,),) = simulate({"StartAt": "Out", "States": {"Out": inline}}, [["x"]]).output
    assert (failed["Status"], failed["Error"]) == ("FAILED", "States.Runtime")
