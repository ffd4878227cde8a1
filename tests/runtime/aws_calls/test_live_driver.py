"""The live driver: calls, time, and what a deferral keeps."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest

from sfn_provider._compat import AirflowFailException
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.integrations import Completed, Submitted
from sfn_provider.operators.state_machine import ParallelStateOperator, WaitStateOperator
from sfn_provider.runtime.aws_calls.live_driver import LiveDriver
from sfn_provider.runtime.state_task_runner import StateTaskRunner
from sfn_provider.runtime.strategies.table import STRATEGIES
from tests.fixtures.airflow.task_runs import Run
from tests.fixtures.calls.live_driver import (
    FUNCTION,
    JOB,
    LATER,
    NOW,
    STILL,
    Answer,
    Clock,
    FakeCaller,
    branches,
    deferral,
    due,
    resume,
    task,
)

pytestmark = pytest.mark.usefixtures("fake_clock", "fake_caller")


# Calls ----------------------------------------------------------------------------------------------------------------


def test_a_call_that_ends_at_once_is_made_and_answered(fake_caller: FakeCaller, run: Run) -> None:
    fake_caller.answers["Call"] = [Completed({"b": 2})]
    assert run.execute(task(parameters={"x.$": "$.a"}, region_name="eu-west-1", aws_conn_id="c")) == {"b": 2}
    [(call, key)] = fake_caller.calls
    assert (call.state, call.resource, call.arguments) == ("Call", FUNCTION, {"x": 1})
    assert key == "machine/manual__1/Call/-1/2025-03-15T02:00:00+00:00.2.0//0.0"
    assert {"aws_conn_id": "c", "region_name": "eu-west-1"}.items() <= fake_caller.made[0].items()
    assert run.xcoms["Call", "token"]["next"] == "Next"
    assert run.xcoms["Call", "token"]["now"] == NOW


def test_a_task_that_airflow_runs_again_uses_the_same_key(fake_caller: FakeCaller, run: Run) -> None:
    fake_caller.answers["Call"] = [Completed(1), Completed(2)]
    made = task()
    run.execute(made)
    run.execute(made)
    assert fake_caller.calls[0][1] == fake_caller.calls[1][1]


def test_an_error_fails_the_task_by_its_name(fake_caller: FakeCaller, run: Run) -> None:
    fake_caller.answers["Call"] = [StatesError("Lambda.Unknown", "gone")]
    with pytest.raises(AirflowFailException, match=r"^Lambda\.Unknown: gone$"):
        run.execute(task())


def test_an_error_that_is_caught_leads_to_the_handler(fake_caller: FakeCaller, run: Run) -> None:
    fake_caller.answers["Call"] = [StatesError("Broken", "why")]
    made = task(catch=[{"ErrorEquals": ["Broken"], "Next": "Next"}])
    assert run.execute(made) == {"Error": "Broken", "Cause": "why"}


def test_a_connection_that_cannot_be_used_is_told_as_it_is(fake_caller: FakeCaller, run: Run) -> None:
    fake_caller.answers["Call"] = [UsageError("the connection has no region")]
    with pytest.raises(UsageError, match="has no region"):
        run.execute(task())


def test_the_delay_of_a_retry_is_a_deferral_and_each_attempt_has_its_own_key(
    fake_caller: FakeCaller, fake_clock: Clock, run: Run
) -> None:
    fake_caller.answers["Call"] = [StatesError("Broken"), StatesError("Broken"), Completed("at last")]
    made = task(retry=[{"ErrorEquals": ["Broken"], "IntervalSeconds": 10, "BackoffRate": 3}])
    event = deferral(made, run)
    assert due(event) == 10
    fake_clock.now = NOW + 12  # the triggerer is never quite in time
    event = deferral(made, run, event)
    assert due(event) == 12 + 30
    fake_clock.now = NOW + 42
    assert resume(made, run, event) == "at last"
    assert [call.attempt for call, _ in fake_caller.calls] == [0, 1, 2]
    assert len({key for _, key in fake_caller.calls}) == 3


def test_calls_of_branches_are_made_at_the_same_time(fake_caller: FakeCaller, run: Run) -> None:
    together = threading.Barrier(3, timeout=10)

    def answer() -> Answer:
        together.wait()
        return Completed(1)

    fake_caller.answers = {name: [answer] for name in "ABC"}
    assert run.execute(task(ParallelStateOperator, branches=branches(*"ABC"))) == [1, 1, 1]


# Time -----------------------------------------------------------------------------------------------------------------


def test_a_wait_is_a_deferral_until_its_time(fake_clock: Clock, run: Run) -> None:
    made = task(WaitStateOperator, seconds=3600)
    event = deferral(made, run)
    assert due(event) == 3600
    fake_clock.now = NOW + 3600
    assert resume(made, run, event) == {"a": 1}
    assert fake_clock.sleeps == []


def test_a_triggerer_that_is_early_leads_to_another_deferral(fake_clock: Clock, run: Run) -> None:
    made = task(WaitStateOperator, seconds=3600)
    event = deferral(made, run)
    fake_clock.now = NOW + 3000
    event = deferral(made, run, event)
    assert due(event) == 3600


def test_a_short_wait_is_spent_in_the_worker(fake_clock: Clock, run: Run) -> None:
    assert run.execute(task(WaitStateOperator, seconds=2)) == {"a": 1}
    assert fake_clock.sleeps == [2]


def test_a_wait_until_a_time_that_is_over_does_not_wait(fake_clock: Clock, run: Run) -> None:
    assert run.execute(task(WaitStateOperator, timestamp="2025-03-15T01:00:00Z")) == {"a": 1}
    assert fake_clock.sleeps == []


def test_all_waiting_is_done_in_the_worker_where_airflow_is_set_so(
    fake_caller: FakeCaller, fake_clock: Clock, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__WAITING", "block")
    fake_caller.answers["Call"], fake_caller.polls = [LATER], [STILL, Completed("done")]
    assert run.execute(task(resource=JOB)) == "done"
    assert fake_clock.sleeps == [30, 60]


def test_the_deferral_ends_at_what_is_due_first(fake_caller: FakeCaller, run: Run) -> None:
    fake_caller.answers = {"A": [LATER], "B": [Submitted({"id": "jr_2"}, {}, 20.0)]}
    wait = {"StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "Seconds": 25, "End": True}}}
    assert due(deferral(task(ParallelStateOperator, branches=[*branches("A", "B"), wait]), run)) == 20


# What a deferral keeps ------------------------------------------------------------------------------------------------


def test_data_that_airflow_would_misread_is_kept_over_a_deferral(fake_clock: Clock) -> None:
    run = Run(conf={"__type": "dict", "__var": {"a": 1}})
    made = task(WaitStateOperator, seconds=60)
    event = deferral(made, run)
    assert set(event.kwargs["snapshot"]) == {"sfn_provider:json"}
    fake_clock.now = NOW + 60
    assert json.loads(resume(made, run, event)["sfn_provider:json"]) == run.conf


@pytest.fixture
def driver(run: Run) -> Iterator[LiveDriver]:
    """A driver that has not started."""
    made = task()
    runner = StateTaskRunner(made, run.context(made), STRATEGIES["state"])
    context, waits = run.context(made), runner.token_waits
    yield LiveDriver(runner.interpreter, made, context, waits, lambda: None, "key", runner.log)


def test_there_is_nothing_to_keep_before_the_start(driver: LiveDriver) -> None:
    with pytest.raises(RuntimeError, match="the region has not started"):
        driver.snapshot()


def test_a_request_that_is_not_known_is_an_error(driver: LiveDriver) -> None:
    with pytest.raises(TypeError, match="unknown request 'nonsense'"):
        driver._handle("nonsense")  # type: ignore[arg-type]
