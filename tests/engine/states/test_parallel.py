"""Parallel: branches side by side, their outputs, and what happens when one fails."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.engine import simulate
from tests.fixtures.machines.distributed_maps import event_types, events
from tests.fixtures.machines.engine import (
    Hand,
    entered,
    group,
    inline_map,
    jsonata,
    one,
    outcome,
    parallel,
    returns,
    seconds,
    task,
    throws,
    told,
)


def waits(name: str, long: int, **fields: Any) -> dict[str, Any]:
    return {name: {"Type": "Wait", "Seconds": long, **fields}}


def test_outputs_stand_in_the_order_of_the_branches() -> None:
    slow = {**waits("Slow", 9, Next="A"), "A": {"Type": "Pass", "Result": "a"}}
    fast = {**waits("Fast", 1, Next="B"), "B": {"Type": "Pass", "Result": "b"}}
    execution = simulate(one(parallel(slow, fast, {"C": {"Type": "Pass", "Result": "c"}})), {})
    assert (execution.output, seconds(execution)) == (["a", "b", "c"], 9)
    assert entered(execution) == ["State", "Slow", "Fast", "C", "B", "A"]


def test_each_branch_gets_the_same_input() -> None:
    branches = [{name: {"Type": "Pass"}} for name in "AB"]
    state = parallel(*branches, InputPath="$.in", Parameters={"n.$": "$.n", "x": 1})
    assert simulate(one(state), {"in": {"n": 5}}).output == [{"n": 5, "x": 1}, {"n": 5, "x": 1}]


def test_arguments_are_the_input_of_the_branches_in_jsonata() -> None:
    state = parallel(
        {"A": {"Type": "Pass"}}, Arguments={"n": "{% $states.input + 1 %}"}, Output="{% $states.result[0].n %}"
    )
    assert simulate(jsonata({"State": state}), 4).output == 5


def test_data_flow_of_the_state() -> None:
    state = parallel(
        {"A": {"Type": "Pass", "Result": 1}},
        {"B": {"Type": "Pass", "Result": 2}},
        ResultSelector={"first.$": "$[0]", "second.$": "$[1]"},
        ResultPath="$.both",
        OutputPath="$.both.second",
    )
    assert simulate(one(state), {"id": 7}).output == 2


def test_branches_do_not_share_what_they_change() -> None:
    change = {"Type": "Pass", "Result": 1, "ResultPath": "$.deep.x"}
    execution = simulate(one(parallel({"A": change}, {"B": {"Type": "Pass"}})), {"deep": {}})
    assert execution.output == [{"deep": {"x": 1}}, {"deep": {}}]


def test_calls_of_all_branches_are_open_at_once() -> None:
    hand = Hand(one(parallel({"A": task()}, {"B": task()}, {"C": task()})), {})
    assert [(call.state, call.index) for call in hand.calls] == [("A", 0), ("B", 1), ("C", 2)]
    for call in reversed(hand.calls):
        assert hand.step.state.status == "RUNNING"
        hand.succeed(call, call.state)
    assert hand.step.state.output == ["A", "B", "C"]


def test_a_failing_branch_withdraws_the_requests_of_the_others() -> None:
    nested = parallel({"Deep": task(TimeoutSeconds=9)}, {"Sleep": {"Type": "Wait", "Seconds": 99}})
    hand = Hand(one(parallel({"A": task()}, {"B": task(HeartbeatSeconds=5)}, {"C": nested})), {})
    assert [call.state for call in hand.calls] == ["A", "B", "Deep"]
    assert len(hand.timers) == 3
    hand.fail(hand.calls[0], "Broken", "told")
    assert hand.open == {}
    assert (hand.step.state.status, hand.step.state.error, hand.step.state.cause) == ("FAILED", "Broken", "told")


def test_a_caught_failure_withdraws_them_as_well() -> None:
    around = parallel({"A": task()}, {"B": task()}, Catch=[{"ErrorEquals": ["Broken"], "Next": "Mend"}])
    hand = Hand(group({"Around": around, "Mend": task()}), {})
    first, second = hand.calls
    hand.fail(first, "Broken")
    assert [call.state for call in hand.calls] == ["Mend"]
    hand.succeed(second, "late")
    assert [call.state for call in hand.calls] == ["Mend"]


def test_a_failing_branch_aborts_the_others() -> None:
    execution = simulate(one(parallel(waits("Long", 99), {"A": task()})), {}, mocks={"A": throws("Broken")})
    assert events(execution)[3:] == [
        ("WaitStateEntered", 4, 3),
        ("TaskStateEntered", 5, 3),
        ("LambdaFunctionScheduled", 6, 5),
        ("LambdaFunctionStarted", 7, 6),
        ("LambdaFunctionFailed", 8, 7),
        ("TaskStateAborted", 9, 8),
        ("WaitStateAborted", 10, 8),
        ("ParallelStateFailed", 11, 8),
        ("ExecutionFailed", 12, 11),
    ]


def test_a_branch_that_catches_does_not_fail_the_state() -> None:
    branch = {
        "A": task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Mend"}], Next="Fine"),
        "Mend": {"Type": "Pass"},
        "Fine": {"Type": "Pass"},
    }
    execution = simulate(one(parallel(branch, {"B": task()})), {}, mocks={"A": throws("X"), "B": returns(2)})
    assert execution.output == [{"Error": "X", "Cause": "told"}, 2]
    assert "TaskStateAborted" not in event_types(execution)


def test_a_fail_state_ends_its_branch_and_the_state() -> None:
    execution = simulate(one(parallel(waits("Long", 99), {"Stop": {"Type": "Fail", "Error": "E", "Cause": "c"}})), {})
    assert (execution.status, execution.error, execution.cause) == ("FAILED", "E", "c")
    assert seconds(execution) == 0


RUNTIME = {
    "in a branch": parallel({"A": {"Type": "Pass", "InputPath": "$.x.y"}}),
    "in an iteration": inline_map({"A": {"Type": "Pass", "InputPath": "$.x.y"}}, ItemsPath="$.list"),
    "deep": parallel({"In": inline_map({"A": {"Type": "Pass", "InputPath": "$.x.y"}}, ItemsPath="$.list")}),
}


@pytest.mark.parametrize("state", RUNTIME.values(), ids=RUNTIME)
def test_a_runtime_error_ends_the_execution_without_a_word_of_the_states_around(state: dict[str, Any]) -> None:
    caught = {
        **state,
        "Retry": [{"ErrorEquals": ["States.ALL"]}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}],
    }
    execution = simulate(group({"State": caught, "Done": {"Type": "Pass"}}), {"list": [{}, {}]})
    assert outcome(execution) == ("FAILED", "States.Runtime")
    assert execution.cause is not None and execution.cause.startswith("An error occurred while executing the state 'A'")
    assert not [kind for kind in event_types(execution) if "Failed" in kind or "Aborted" in kind][:-1]


def test_an_error_in_its_own_fields_names_the_state() -> None:
    execution = simulate(one(parallel({"A": {"Type": "Pass"}}, ResultSelector={"m.$": "$.x"})), {"a": 1})
    assert outcome(execution) == ("FAILED", "States.Runtime")
    assert (
        told(execution)
        == "The JSONPath '$.x' specified for the field 'm.$' could not be found in the input '[{\"a\":1}]'"
    )
    assert events(execution)[-2:] == [("ParallelStateSucceeded", 6, 5), ("ExecutionFailed", 7, 6)]


def test_nested() -> None:
    inner = parallel({"A": {"Type": "Pass", "Result": 1}}, {"B": {"Type": "Pass", "Result": 2}})
    outer = parallel({"Inner": inner}, {"C": {"Type": "Pass", "Result": 3}})
    assert simulate(one(outer), {}).output == [[1, 2], 3]


def test_an_inner_failure_reaches_the_outer_catch() -> None:
    inner = parallel({"A": {"Type": "Fail", "Error": "Broken"}})
    outer = parallel({"Inner": inner}, waits("Long", 9), Catch=[{"ErrorEquals": ["Broken"], "Next": "Done"}])
    execution = simulate(group({"Outer": outer, "Done": {"Type": "Pass"}}), {})
    assert execution.output == {"Error": "Broken", "Cause": None}
    assert event_types(execution).count("ParallelStateFailed") == 2


def test_chains_of_the_branches() -> None:
    two = {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass"}}
    machine = group({"Both": {**parallel(two, {"C": {"Type": "Pass"}}), "Next": "After"}, "After": {"Type": "Pass"}})
    assert events(simulate(machine, {})) == [
        ("ExecutionStarted", 1, 0),
        ("ParallelStateEntered", 2, 0),
        ("ParallelStateStarted", 3, 2),
        ("PassStateEntered", 4, 3),
        ("PassStateExited", 5, 4),
        ("PassStateEntered", 6, 3),
        ("PassStateExited", 7, 6),
        ("PassStateEntered", 8, 5),
        ("PassStateExited", 9, 8),
        ("ParallelStateSucceeded", 10, 9),
        ("ParallelStateExited", 11, 9),
        ("PassStateEntered", 12, 11),
        ("PassStateExited", 13, 12),
        ("ExecutionSucceeded", 14, 13),
    ]
