"""Wait: how long it lasts, in all its forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.engine import simulate
from sfn_provider.engine.simulation.simulator import EPOCH
from tests.fixtures.machines.distributed_maps import events
from tests.fixtures.machines.engine import Hand, group, jsonata, one, outcome, seconds, told

# A simulated execution starts at 2025-01-01T00:00:00Z.


@dataclass(frozen=True)
class Case:
    state: dict[str, Any]
    input: Any
    lasts: float


JSONPATH = {
    "seconds": Case({"Seconds": 90}, {}, 90),
    "no seconds": Case({"Seconds": 0}, {}, 0),
    "almost a year": Case({"Seconds": 31_535_999}, {}, 31_535_999),
    "seconds path": Case({"SecondsPath": "$.n"}, {"n": 5}, 5),
    "seconds path after input path": Case({"InputPath": "$.in", "SecondsPath": "$.n"}, {"in": {"n": 4}}, 4),
    "seconds path into the context": Case({"SecondsPath": "$$.Execution.Input.n"}, {"n": 3}, 3),
    "seconds as text": Case({"SecondsPath": "$.n"}, {"n": "12"}, 12),
    "seconds with a fraction of nothing": Case({"SecondsPath": "$.n"}, {"n": 2.0}, 2),
    "timestamp": Case({"Timestamp": "2025-01-02T00:00:00Z"}, {}, 86_400),
    "timestamp with an offset": Case({"Timestamp": "2025-01-01T02:00:00+01:00"}, {}, 3_600),
    "timestamp with a fraction": Case({"Timestamp": "2025-01-01T00:00:01.500Z"}, {}, 1.5),
    "timestamp in the past": Case({"Timestamp": "2020-01-01T00:00:00Z"}, {}, 0),
    "timestamp now": Case({"Timestamp": "2025-01-01T00:00:00Z"}, {}, 0),
    "timestamp path": Case({"TimestampPath": "$.at"}, {"at": "2025-01-01T00:01:00Z"}, 60),
    "timestamp path in the past": Case({"TimestampPath": "$.at"}, {"at": "1969-07-20T20:17:40Z"}, 0),
    "timestamp path into the context": Case({"TimestampPath": "$$.Execution.StartTime"}, {}, 0),
}

JSONATA = {
    "seconds": Case({"Seconds": 7}, {}, 7),
    "seconds of an expression": Case({"Seconds": "{% $states.input.n * 2 %}"}, {"n": 4}, 8),
    "no seconds": Case({"Seconds": "{% 0 %}"}, {}, 0),
    "timestamp": Case({"Timestamp": "2025-01-01T00:00:10Z"}, {}, 10),
    "timestamp of an expression": Case({"Timestamp": "{% $states.input.at %}"}, {"at": "2025-01-01T00:00:20Z"}, 20),
    "timestamp in the past": Case({"Timestamp": "{% $states.context.Execution.StartTime %}"}, {}, 0),
}


@pytest.mark.parametrize("case", JSONPATH.values(), ids=JSONPATH)
def test_in_jsonpath(case: Case) -> None:
    check(one({"Type": "Wait", "OutputPath": "$", **case.state}), case, case.input.get("in", case.input))


@pytest.mark.parametrize("case", JSONATA.values(), ids=JSONATA)
def test_in_jsonata(case: Case) -> None:
    check(jsonata({"State": {"Type": "Wait", **case.state}}), case, case.input)


def check(machine: dict[str, Any], case: Case, output: Any) -> None:
    execution = simulate(machine, case.input)
    assert outcome(execution) == ("SUCCEEDED", output)
    assert seconds(execution) == case.lasts


@dataclass(frozen=True)
class Refused:
    state: dict[str, Any]
    input: Any
    cause: str
    error: str = "States.Runtime"


NO_TIME = "does not reference a valid ISO-8601 extended offset date-time format string: $.v =="
REFUSED = {
    "seconds missing": Refused(
        {"SecondsPath": "$.v"}, {}, "The SecondsPath parameter does not reference an input value: $.v"
    ),
    "seconds negative": Refused(
        {"SecondsPath": "$.v"}, {"v": -1}, "The SecondsPath parameter references a negative value: $.v == -1"
    ),
    "seconds no number": Refused(
        {"SecondsPath": "$.v"}, {"v": "soon"}, "The SecondsPath parameter cannot be parsed as a long value: $.v == soon"
    ),
    "seconds with a fraction": Refused(
        {"SecondsPath": "$.v"}, {"v": 1.5}, "The SecondsPath parameter cannot be parsed as a long value: $.v == 1.5"
    ),
    "seconds null": Refused(
        {"SecondsPath": "$.v"}, {"v": None}, "The SecondsPath parameter cannot be parsed as a long value: $.v == null"
    ),
    "seconds true": Refused(
        {"SecondsPath": "$.v"}, {"v": True}, "The SecondsPath parameter cannot be parsed as a long value: $.v == true"
    ),
    "seconds of an input of null": Refused(
        {"SecondsPath": "$.v"}, None, "Unable to apply Path transformation to null or empty input."
    ),
    "seconds beyond all integers": Refused(
        {"SecondsPath": "$.v"},
        {"v": 1e30},
        "The SecondsPath parameter references a value greater than 99999999: $.v == 1.0E30",
    ),
    "seconds too many": Refused(
        {"SecondsPath": "$.v"},
        {"v": 100_000_000},
        "The SecondsPath parameter references a value greater than 99999999: $.v == 100000000",
    ),
    "timestamp missing": Refused(
        {"TimestampPath": "$.v"}, {}, "The TimestampPath parameter does not reference an input value: $.v"
    ),
    "timestamp without a zone": Refused(
        {"TimestampPath": "$.v"},
        {"v": "2025-01-01T00:00:00"},
        f"The TimestampPath parameter {NO_TIME} 2025-01-01T00:00:00",
    ),
    "timestamp of another type": Refused(
        {"TimestampPath": "$.v"}, {"v": 5}, f"The TimestampPath parameter {NO_TIME} 5"
    ),
    "timestamp in more than 68 years": Refused(
        {"TimestampPath": "$.v"}, {"v": "2093-12-01T00:00:00.000Z"}, "Wait state delay is too long."
    ),
    "timestamp of the definition in more than 68 years": Refused(
        {"Timestamp": "2093-12-01T00:00:00.000Z"}, {}, "Wait state delay is too long."
    ),
    "timestamp that is no day": Refused(
        {"TimestampPath": "$.v"},
        {"v": "2025-02-30T00:00:00Z"},
        f"The TimestampPath parameter {NO_TIME} 2025-02-30T00:00:00Z",
    ),
    "jsonata seconds of another type": Refused(
        {"Seconds": "{% 'x' %}"},
        {},
        "The JSONata expression ''x'' specified for the field 'Seconds' returned an unexpected result type. "
        "Expected 'number', but was 'string' for value: \"x\"",
        "States.QueryEvaluationError",
    ),
    "jsonata seconds negative": Refused(
        {"Seconds": "{% 0 - 1 %}"},
        {},
        "The Seconds field references a negative value: -1",
        "States.QueryEvaluationError",
    ),
    "jsonata seconds with a fraction": Refused(
        {"Seconds": "{% 1.5 %}"},
        {},
        "The Seconds field cannot be parsed as a long value: 1.5",
        "States.QueryEvaluationError",
    ),
    "jsonata seconds too many": Refused(
        {"Seconds": "{% 1e8 %}"},
        {},
        "The Seconds field references a value greater than 99999999: 100000000",
        "States.QueryEvaluationError",
    ),
    "jsonata timestamp of another type": Refused(
        {"Timestamp": "{% 1 %}"},
        {},
        "The JSONata expression '1' specified for the field 'Timestamp' returned an unexpected result type. "
        "Expected 'string', but was 'number' for value: 1",
        "States.QueryEvaluationError",
    ),
    "jsonata timestamp that is none": Refused(
        {"Timestamp": "{% 'soon' %}"},
        {},
        "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: soon",
        "States.QueryEvaluationError",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_refused(case: Refused) -> None:
    language = "JSONata" if "%" in str(case.state) else "JSONPath"
    execution = simulate(one({"Type": "Wait", **case.state}, QueryLanguage=language), case.input)
    assert outcome(execution) == ("FAILED", case.error)
    assert told(execution) == case.cause


def test_the_time_goes_on_in_the_context() -> None:
    machine = group(
        {
            "Wait": {"Type": "Wait", "Seconds": 90, "Next": "Look"},
            "Look": {"Type": "Pass", "Parameters": {"at.$": "$$.State.EnteredTime"}},
        }
    )
    assert simulate(machine, {}).output == {"at": "2025-01-01T00:01:30.000Z"}


def test_the_exit_follows_the_entry() -> None:
    assert events(simulate(one({"Type": "Wait", "Seconds": 5}), {})) == [
        ("ExecutionStarted", 1, 0),
        ("WaitStateEntered", 2, 0),
        ("WaitStateExited", 3, 2),
        ("ExecutionSucceeded", 4, 3),
    ]


def test_it_asks_for_one_timer() -> None:
    hand = Hand(one({"Type": "Wait", "Seconds": 5}), {"a": 1}, at=100.0)
    assert [timer.at for timer in hand.timers] == [105.0]
    hand.fire(hand.timers[0])
    assert (hand.step.state.status, hand.step.state.output, hand.step.state.now) == ("SUCCEEDED", {"a": 1}, 105.0)


def test_the_longest_wait() -> None:
    for state in ({"Seconds": 99_999_999}, {"SecondsPath": "$.n"}):
        hand = Hand(one({"Type": "Wait", **state}), {"n": 99_999_999})
        assert [timer.at for timer in hand.timers] == [99_999_999.0]


def test_a_wait_that_is_over_asks_for_nothing() -> None:
    hand = Hand(one({"Type": "Wait", "Timestamp": "2024-12-31T23:59:59Z"}), {}, at=EPOCH)
    assert (hand.open, hand.step.state.status) == ({}, "SUCCEEDED")


def test_the_output_sees_the_time_after_the_wait() -> None:
    state = {"Type": "Wait", "Seconds": 5, "Output": "{% $states.context.State.EnteredTime %}"}
    assert simulate(jsonata({"State": state}), {}).output == "2025-01-01T00:00:00.000Z"
