"""What an inline Map leaves in the history, and what happens when an item fails."""

from __future__ import annotations

from sfn_provider.engine import simulate
from tests.fixtures.machines.distributed_maps import event_types, events
from tests.fixtures.machines.engine import Hand, inline_map, one, outcome, returns, sent, task

PASS = {"Item": {"Type": "Pass"}}


def test_a_failing_item_withdraws_the_requests_of_the_others() -> None:
    hand = Hand(one(inline_map({"Work": task(TimeoutSeconds=5)}, MaxConcurrency=3)), [1, 2, 3, 4])
    hand.fail(hand.calls[1], "Broken", "told")
    assert hand.open == {}
    assert (hand.step.state.status, hand.step.state.error, hand.step.state.cause) == ("FAILED", "Broken", "told")


def test_no_iteration_starts_after_a_failure() -> None:
    states = {
        "Choose": {
            "Type": "Choice",
            "Choices": [{"Variable": "$", "NumericEquals": 2, "Next": "Stop"}],
            "Default": "Work",
        },
        "Stop": {"Type": "Fail", "Error": "E"},
        "Work": task(),
    }
    execution = simulate(one(inline_map(states, MaxConcurrency=1)), [1, 2, 3], mocks={"Work": returns(1)})
    assert (outcome(execution), sent(execution)) == (("FAILED", "E"), [1])


def test_events_of_a_failure() -> None:
    states = {"Work": task(TimeoutSeconds=5)}
    hand = Hand(one(inline_map(states)), [1, 2])
    hand.fail(hand.calls[0], "Broken")
    failed = next(record.id for record in hand.records if record.type == "LambdaFunctionFailed")
    tail = [(record.type, record.previous, record.details.get("index")) for record in hand.records[-7:]]
    assert tail == [
        ("LambdaFunctionFailed", failed - 4, None),
        ("MapIterationFailed", failed, 0),
        ("TaskStateAborted", failed, None),
        ("MapIterationAborted", failed, 1),
        ("TaskStateAborted", failed, None),
        ("MapStateFailed", failed, None),
        ("ExecutionFailed", failed + 5, None),
    ]


def test_a_runtime_error_leaves_no_events_of_the_map() -> None:
    execution = simulate(one(inline_map({"Item": {"Type": "Pass", "InputPath": "$.x"}})), [{}, {}])
    assert event_types(execution)[3:] == [
        "MapIterationStarted",
        "MapIterationStarted",
        "PassStateEntered",
        "ExecutionFailed",
    ]


def test_events_of_a_success() -> None:
    assert events(simulate(one(inline_map(PASS, MaxConcurrency=1)), [1, 2])) == [
        ("ExecutionStarted", 1, 0),
        ("MapStateEntered", 2, 0),
        ("MapStateStarted", 3, 2),
        ("MapIterationStarted", 4, 3),
        ("PassStateEntered", 5, 4),
        ("PassStateExited", 6, 5),
        ("MapIterationSucceeded", 7, 6),
        ("MapIterationStarted", 8, 6),
        ("PassStateEntered", 9, 8),
        ("PassStateExited", 10, 9),
        ("MapIterationSucceeded", 11, 10),
        ("MapStateSucceeded", 12, 10),
        ("MapStateExited", 13, 10),
        ("ExecutionSucceeded", 14, 13),
    ]


def test_events_without_items() -> None:
    execution = simulate(one(inline_map(PASS)), [])
    assert events(execution)[2:] == [
        ("MapStateStarted", 3, 2),
        ("MapStateSucceeded", 4, 3),
        ("MapStateExited", 5, 3),
        ("ExecutionSucceeded", 6, 5),
    ]
    assert execution.events[2]["mapStateStartedEventDetails"] == {"length": 0}
