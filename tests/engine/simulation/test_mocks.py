"""Mocks as a mapping: which answer each call gets, when, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.engine import Mocks, simulate
from sfn_provider.engine.requests import CallTask, TaskFailed, TaskSucceeded
from sfn_provider.exceptions import UsageError
from tests.fixtures.machines.engine import FUNCTION, group, inline_map, one, outcome, parallel, returns, task, throws


def call(state: str = "Work", **fields: Any) -> CallTask:
    return CallTask("1", state, FUNCTION, {}, **fields)


def test_answers_come_in_order_and_the_last_one_repeats() -> None:
    mocks = Mocks.from_mapping({"Work": returns(1) + throws("E") + returns(None)})
    answers = [mocks.answer(call(), 5.0) for _ in range(4)]
    assert answers == [
        TaskSucceeded("1", 1, 5.0),
        TaskFailed("1", "E", "told", 5.0),
        TaskSucceeded("1", None, 5.0),
        TaskSucceeded("1", None, 5.0),
    ]


def test_each_state_has_its_own_count() -> None:
    mocks = Mocks.from_mapping({"A": returns(1, 2), "B": returns(3, 4)})
    answers = [mocks.answer(call(state), 0.0) for state in "ABBA"]
    assert [answer.result for answer in answers if isinstance(answer, TaskSucceeded)] == [1, 3, 4, 2]


def test_fresh_mocks_begin_again() -> None:
    mocks = Mocks.from_mapping({"A": returns(1, 2)}, {"s3://b/k": "text"})
    mocks.answer(call("A"), 0.0)
    fresh = mocks.fresh()
    assert fresh.answer(call("A"), 0.0) == TaskSucceeded("1", 1, 0.0)
    assert fresh.objects == {"s3://b/k": "text"}
    assert mocks.calls == {"A": 1}


TIMES = {
    "timeout": ("States.Timeout", {"timeout": 30.0}, 30.0),
    "heartbeat": ("States.HeartbeatTimeout", {"timeout": 30.0, "heartbeat": 5.0}, 5.0),
    "timeout without a time": ("States.Timeout", {}, 0.0),
    "another error": ("E", {"timeout": 30.0}, 0.0),
}


@pytest.mark.parametrize(("error", "fields", "took"), TIMES.values(), ids=TIMES)
def test_a_timeout_comes_when_its_time_is_over(error: str, fields: dict[str, Any], took: float) -> None:
    mocks = Mocks.from_mapping({"Work": [{"Throw": {"Error": error}}]})
    assert mocks.answer(call(**fields), 100.0) == TaskFailed("1", error, None, 100.0 + took)


@pytest.mark.parametrize("details", [{}, {"Error": "E"}, {"Cause": "c"}, {"Error": None, "Cause": None}])
def test_a_throw_needs_neither_error_nor_cause(details: dict[str, Any]) -> None:
    answer = Mocks.from_mapping({"Work": [{"Throw": details}]}).answer(call(), 0.0)
    assert answer == TaskFailed("1", details.get("Error"), details.get("Cause"), 0.0)


FORM = r'must be \{"Return": <json>\} or \{"Throw": \{"Error": <text>, "Cause": <text>\}\}'
REFUSED = {
    "no list": ({"A": {"Return": 1}}, r"the mock of state 'A' must be a list of Return or Throw entries"),
    "text": ({"A": "x"}, r"the mock of state 'A' must be a list of Return or Throw entries"),
    "entry that is no object": ({"A": [1]}, rf"entry 0 of the mock of state 'A' {FORM}"),
    "empty entry": ({"A": [{"Return": 1}, {}]}, rf"entry 1 of the mock of state 'A' {FORM}"),
    "other key": ({"A": [{"return": 1}]}, rf"entry 0 of the mock of state 'A' {FORM}"),
    "both": ({"A": [{"Return": 1, "Throw": {}}]}, rf"entry 0 of the mock of state 'A' {FORM}"),
    "throw that is text": ({"A": [{"Throw": "E"}]}, rf"entry 0 of the mock of state 'A' {FORM}"),
    "throw with another key": ({"A": [{"Throw": {"error": "E"}}]}, rf"entry 0 of the mock of state 'A' {FORM}"),
    "throw of a number": ({"A": [{"Throw": {"Error": 5}}]}, rf"entry 0 of the mock of state 'A' {FORM}"),
}


@pytest.mark.parametrize(("answers", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(answers: Any, message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}$"):
        Mocks.from_mapping(answers)
    with pytest.raises(UsageError, match=f"^{message}$"):
        simulate(one(task()), {}, mocks=answers)


MISSING = {
    "no mocks": (None, "none"),
    "another state's": ({"Other": returns(1), "Empty": []}, "Other"),
    "two others": ({"B": returns(1), "A": returns(1)}, "A, B"),
}


@pytest.mark.parametrize(("mocks", "known"), MISSING.values(), ids=MISSING)
def test_a_call_without_a_mock(mocks: Any, known: str) -> None:
    others = [{"StartAt": name, "States": {name: {"Type": "Succeed"}}} for name in mocks or ("None",)]
    machine = group({"State": task(Next="Others"), "Others": {"Type": "Parallel", "Branches": others}})
    with pytest.raises(UsageError) as raised:
        simulate(machine, {}, mocks=mocks)
    assert str(raised.value) == f"state 'State' calls {FUNCTION} but has no mock: add one; states with one: {known}"


def test_a_call_with_a_timeout_and_no_mock_does_not_time_out() -> None:
    with pytest.raises(UsageError, match="state 'State' calls"):
        simulate(one(task(TimeoutSeconds=5)), {})


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_a_call_without_a_mock_does_not_run_into_the_end_of_the_execution(kind: str) -> None:
    for fields in ({}, {"TimeoutSeconds": 60}):
        with pytest.raises(UsageError, match="state 'State' calls"):
            simulate(one(task(), **fields), {}, execution_type=kind)


def test_an_empty_list_never_answers() -> None:
    assert outcome(simulate(one(task(TimeoutSeconds=5)), {}, mocks={"State": []})) == ("FAILED", "States.Timeout")
    assert simulate(one(task(), TimeoutSeconds=5), {}, mocks={"State": []}).status == "TIMED_OUT"


def test_a_withdrawn_call_needs_no_mock_later() -> None:
    around = parallel({"Silent": task()}, {"Loud": task()}, Catch=[{"ErrorEquals": ["E"], "Next": "Long"}], Next="Long")
    machine = group({"Around": around, "Long": {"Type": "Wait", "Seconds": 100}}, TimeoutSeconds=60)
    assert simulate(machine, {}, mocks={"Loud": throws("E")}).status == "TIMED_OUT"


def test_a_call_without_a_mock_may_be_ended_by_another_branch() -> None:
    state = parallel({"Silent": task()}, {"Loud": task()})
    assert outcome(simulate(one(state), {}, mocks={"Loud": throws("E")})) == ("FAILED", "E")


def test_mocks_may_be_given_as_an_object() -> None:
    mocks = Mocks.from_mapping({"State": returns("a", "b")})
    outputs = [simulate(one(task()), {}, mocks=mocks).output for _ in range(3)]
    assert outputs == ["a", "b", "b"]
    assert mocks.calls == {"State": 3}


def test_calls_of_iterations_take_answers_as_they_are_scheduled() -> None:
    machine = group({"Each": inline_map({"Work": task()})})
    assert simulate(machine, [1, 2, 3], mocks={"Work": returns("a", "b", "c")}).output == ["a", "b", "c"]


def test_as_configuration_is_a_mock_file_with_one_case() -> None:
    mocks = Mocks.from_mapping({"A": returns(1) + throws("E"), "B": []}, {"s3://b/k": "text"})
    assert mocks.as_configuration() == {
        "StateMachines": {"StateMachine": {"TestCases": {"case": {"A": "A"}}}},
        "MockedResponses": {"A": {"0": {"Return": 1}, "1": {"Throw": {"Error": "E", "Cause": "told"}}}},
        "Objects": {"s3://b/k": "text"},
    }


@pytest.mark.parametrize(
    ("state", "hint"),
    [("Insde", "; did you mean 'Inside'?"), ("Zzz", "; it has 'Inside', 'Outer'")],
    ids=["misspelt", "another"],
)
def test_a_mock_of_a_state_that_the_machine_lacks_is_refused(state: str, hint: str) -> None:
    inside = {"StartAt": "Inside", "States": {"Inside": {"Type": "Pass", "End": True}}}
    machine = {"StartAt": "Outer", "States": {"Outer": {"Type": "Parallel", "Branches": [inside], "End": True}}}
    assert simulate(machine, {}, mocks={"Inside": []}).status == "SUCCEEDED"
    with pytest.raises(UsageError) as caught:
        simulate(machine, {}, mocks={state: []})
    assert str(caught.value) == f"there is a mock of state {state!r}, which the machine does not have{hint}"
