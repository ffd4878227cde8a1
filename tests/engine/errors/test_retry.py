"""Retry: which errors it takes, how often, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from sfn_provider.asl.model import Retrier
from sfn_provider.engine import simulate
from sfn_provider.engine.errors.retry import choose_retrier, matches_error
from sfn_provider.engine.limits import OversizedOutput
from sfn_provider.exceptions import StatesError
from tests.fixtures.machines.distributed_maps import event_types
from tests.fixtures.machines.engine import (
    call_times,
    entered,
    group,
    inline_map,
    one,
    outcome,
    parallel,
    returns,
    seconds,
    task,
    throws,
)


def retrier(*errors: str, **fields: Any) -> dict[str, Any]:
    return {"ErrorEquals": list(errors) or ["States.ALL"], **fields}


def run(retry: list[dict[str, Any]], answers: list[dict[str, Any]], **more: Any) -> Any:
    return simulate(one(task(Retry=retry)), {}, mocks={"State": answers}, **more)


MATCHES = {
    # error: the names that take it, out of the wildcards and its own
    "Custom": {"States.ALL", "States.TaskFailed"},
    "States.TaskFailed": {"States.ALL", "States.TaskFailed"},
    "States.Permissions": {"States.ALL", "States.TaskFailed"},
    "States.QueryEvaluationError": {"States.ALL", "States.TaskFailed"},
    "States.Timeout": {"States.ALL", "States.Timeout"},
    "States.HeartbeatTimeout": {"States.ALL", "States.Timeout", "States.HeartbeatTimeout"},
    "States.DataLimitExceeded": {"States.ALL", "States.TaskFailed"},
    "States.Runtime": set(),
    None: {"States.ALL", "States.TaskFailed"},
}
WILDCARDS = ("States.ALL", "States.TaskFailed", "States.Timeout", "States.HeartbeatTimeout")


@pytest.mark.parametrize("error", MATCHES)
@pytest.mark.parametrize("name", WILDCARDS)
def test_matches_by_wildcard(error: str | None, name: str) -> None:
    assert matches_error([name], StatesError(error)) is (name in MATCHES[error])
    assert not matches_error([name], OversizedOutput("States.DataLimitExceeded"))


@pytest.mark.parametrize("error", [name for name in MATCHES if name])
def test_matches_by_name(error: str) -> None:
    assert matches_error(["Other", error], StatesError(error)) is (error != "States.Runtime")
    assert matches_error(["Other"], StatesError(error)) is False


@dataclass(frozen=True)
class Delays:
    fields: dict[str, Any]
    delays: tuple[float, ...]


DELAYS = {
    "defaults": Delays({}, (1, 2, 4)),
    "interval": Delays({"IntervalSeconds": 5}, (5, 10, 20)),
    "no backoff": Delays({"IntervalSeconds": 5, "BackoffRate": 1}, (5, 5, 5)),
    "fraction": Delays({"IntervalSeconds": 10, "BackoffRate": 1.5}, (10, 15, 22.5)),
    "attempts": Delays({"MaxAttempts": 5}, (1, 2, 4, 8, 16)),
    "cap": Delays({"MaxAttempts": 5, "MaxDelaySeconds": 5}, (1, 2, 4, 5, 5)),
    "cap below the interval": Delays({"IntervalSeconds": 4, "MaxDelaySeconds": 3, "MaxAttempts": 2}, (3, 3)),
    "no interval": Delays({"IntervalSeconds": 0}, (0, 0, 0)),
    "none": Delays({"MaxAttempts": 0}, ()),
    "far beyond all numbers": Delays({"BackoffRate": 1e300, "MaxDelaySeconds": 9, "MaxAttempts": 4}, (1, 9, 9, 9)),
}


@pytest.mark.parametrize("case", DELAYS.values(), ids=DELAYS)
def test_delays_pass_in_virtual_time(case: Delays) -> None:
    execution = run([retrier(**case.fields)], throws("E"))
    times = call_times(execution)
    assert outcome(execution) == ("FAILED", "E")
    assert tuple(late - early for early, late in pairwise(times)) == pytest.approx(case.delays)
    assert seconds(execution) == pytest.approx(sum(case.delays))


def test_a_retry_that_helps() -> None:
    execution = run([retrier()], throws("E", "E") + returns(5))
    assert (execution.output, seconds(execution)) == (5, 3)


def test_each_retry_is_a_transition() -> None:
    assert run([retrier()], throws("E", "E") + returns(5)).transitions == 3


def test_a_state_is_entered_once_however_often_it_is_tried() -> None:
    execution = run([retrier()], throws("E") + returns(5))
    assert event_types(execution) == [
        "ExecutionStarted",
        "TaskStateEntered",
        *("LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionFailed"),
        *("LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionSucceeded"),
        "TaskStateExited",
        "ExecutionSucceeded",
    ]


def test_retriers_count_for_themselves() -> None:
    retry = [
        retrier("A", MaxAttempts=1, IntervalSeconds=10),
        retrier("B", MaxAttempts=2, IntervalSeconds=100, BackoffRate=1),
    ]
    execution = run(retry, throws("B", "A", "B", "B"))
    assert (outcome(execution), call_times(execution)) == (("FAILED", "B"), [0, 100, 110, 210])


def test_the_backoff_of_a_retrier_ignores_the_others() -> None:
    execution = run([retrier("A"), retrier("B")], throws("A", "B", "A", "B") + returns(1))
    assert call_times(execution) == [0, 1, 2, 4, 6]


def test_the_first_retrier_that_matches_decides_even_when_used_up() -> None:
    execution = run([retrier("A", MaxAttempts=1), retrier()], throws("A"))
    assert (outcome(execution), len(call_times(execution))) == (("FAILED", "A"), 2)


def test_a_retrier_with_no_attempts_takes_the_error_away_from_later_ones() -> None:
    execution = run([retrier("A", MaxAttempts=0), retrier()], throws("A"))
    assert len(call_times(execution)) == 1


def test_counters_start_anew_when_the_state_is_entered_again() -> None:
    machine = group(
        {
            "Try": task(
                Retry=[retrier(MaxAttempts=2)], Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Again"}], Next="Done"
            ),
            "Again": {"Type": "Pass", "Next": "Try"},
            "Done": {"Type": "Succeed"},
        }
    )
    execution = simulate(machine, {}, mocks={"Try": throws(*"EEEEE") + returns(1)})
    assert entered(execution) == ["Try", "Again", "Try", "Done"]
    assert call_times(execution) == [0, 1, 3, 3, 4, 6]


def test_the_context_counts_the_retries() -> None:
    state = task(Parameters={"n.$": "$$.State.RetryCount"}, Retry=[retrier("A"), retrier("B")])
    execution = simulate(one(state), {}, mocks={"State": throws("A", "B", "B") + returns(1)})
    inputs = [
        event["lambdaFunctionScheduledEventDetails"]["input"]
        for event in execution.events
        if "Scheduled" in event["type"]
    ]
    assert inputs == ['{"n":0}', '{"n":1}', '{"n":2}', '{"n":3}']


JITTER = [retrier(MaxAttempts=6, IntervalSeconds=8, JitterStrategy="FULL", MaxDelaySeconds=60)]


@pytest.mark.parametrize("name", ["a", "b", "c", "d"])
def test_jitter_keeps_within_the_backoff(name: str) -> None:
    times = call_times(run(JITTER, throws("E"), name=name))
    for (early, late), most in zip(pairwise(times), (8, 16, 32, 60, 60, 60), strict=True):
        assert 0 <= late - early <= most


def test_jitter_is_made_from_the_name_of_the_execution() -> None:
    times = {name: call_times(run(JITTER, throws("E"), name=name)) for name in "abab"}
    assert times["a"] != times["b"]
    assert times["a"] == call_times(run(JITTER, throws("E"), name="a"))


def test_no_jitter_without_a_strategy() -> None:
    execution = run([retrier(JitterStrategy="NONE")], throws("E"))
    assert call_times(execution) == [0, 1, 3, 7]


@pytest.mark.parametrize(
    ("state", "mocks"),
    [
        (parallel({"Work": task()}, Retry=[retrier(MaxAttempts=1, IntervalSeconds=3)]), throws("E") + returns("ok")),
        (inline_map({"Work": task()}, Retry=[retrier(MaxAttempts=1, IntervalSeconds=3)]), throws("E") + returns("ok")),
    ],
    ids=["parallel", "map"],
)
def test_a_retry_runs_all_children_again(state: dict[str, Any], mocks: list[dict[str, Any]]) -> None:
    execution = simulate(one(state), [{}], mocks={"Work": mocks})
    assert (execution.output, seconds(execution)) == (["ok"], 3)
    assert event_types(execution).count(f"{state['Type']}StateStarted") == 2


def test_a_runtime_error_is_not_retried() -> None:
    state = task(OutputPath="$.missing", Retry=[retrier("States.Runtime"), retrier()])
    execution = simulate(one(state), {}, mocks={"State": returns({})})
    assert (outcome(execution), len(call_times(execution))) == (("FAILED", "States.Runtime"), 1)


def test_a_jsonata_error_is_retried() -> None:
    state = task(Arguments="{% $states.input.x %}", Retry=[retrier(MaxAttempts=2)])
    execution = simulate(one(state, QueryLanguage="JSONata"), {}, mocks={"State": returns(1)})
    assert (outcome(execution), seconds(execution)) == (("FAILED", "States.QueryEvaluationError"), 3)
    assert event_types(execution).count("EvaluationFailed") == 3


def test_choose_retrier_gives_the_place_in_the_list() -> None:
    retriers = [Retrier(error_equals=("A",)), Retrier(error_equals=("States.ALL",), max_attempts=1)]
    assert choose_retrier(retriers, [0, 0], StatesError("A")) == 0
    assert choose_retrier(retriers, [0, 0], StatesError("B")) == 1
    assert choose_retrier(retriers, [3, 0], StatesError("A")) is None
    assert choose_retrier(retriers, [0, 1], StatesError("B")) is None
    assert choose_retrier(retriers, [0, 0], StatesError("States.Runtime")) is None
    assert choose_retrier((), (), StatesError("A")) is None
