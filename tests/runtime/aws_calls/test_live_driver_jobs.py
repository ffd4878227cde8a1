"""The live driver: jobs that go on over deferrals, and what stops them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from sfn_provider._compat import AirflowFailException
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Completed, Submitted
from sfn_provider.operators.state_machine import (
    LoopOperator,
    ParallelStateOperator,
    PassStateOperator,
    TaskStateOperator,
)
from sfn_provider.runtime.aws_calls import live_driver
from sfn_provider.runtime.aws_calls.live_driver import LiveDriver
from sfn_provider.triggers.jobs import JobsTrigger
from tests.fixtures.airflow.task_runs import Run, dag
from tests.fixtures.calls.live_driver import (
    FUNCTION,
    JOB,
    LATER,
    NOW,
    STILL,
    YEAR_ENDS,
    Answer,
    Clock,
    FakeCaller,
    branches,
    deferral,
    due,
    resume,
    task,
)
from tests.fixtures.machines.definitions import choose
from tests.fixtures.session.versions import AIRFLOW, from_airflow

DAG_TEST = "airflow.sdk.definitions.dag" if AIRFLOW >= (3,) else "airflow.models.dag"
"""Where ``dag.test()`` is."""

pytestmark = pytest.mark.usefixtures("fake_clock", "fake_caller")


# Jobs -----------------------------------------------------------------------------------------------------------------


def test_a_job_is_followed_over_deferrals_by_new_drivers(fake_caller: FakeCaller, fake_clock: Clock, run: Run) -> None:
    fake_caller.answers["Call"] = [LATER]
    fake_caller.polls = [STILL, Completed({"JobRunState": "SUCCEEDED"})]
    event = deferral(task(resource=JOB), run)
    assert due(event) == 30
    fake_clock.now = NOW + 30
    event = deferral(task(resource=JOB), run, event)
    assert due(event) == 90
    fake_clock.now = NOW + 95
    made = task(resource=JOB)
    assert resume(made, run, event) == {"JobRunState": "SUCCEEDED"}
    assert fake_caller.polled == [{"id": "jr_1"}, {"id": "jr_1", "polls": 1}]
    assert len(fake_caller.calls) == 1 and fake_caller.cancelled == []
    assert run.xcoms["Call", "token"]["now"] == NOW + 95


def test_a_job_that_fails_fails_its_state(fake_caller: FakeCaller, fake_clock: Clock, run: Run) -> None:
    fake_caller.answers["Call"], fake_caller.polls = [LATER], [StatesError("States.TaskFailed", "{}")]
    made = task(resource=JOB)
    event = deferral(made, run)
    fake_clock.now = NOW + 30
    with pytest.raises(AirflowFailException, match=r"^States\.TaskFailed: \{\}$"):
        resume(made, run, event)


def test_the_history_goes_on_over_a_deferral(
    fake_caller: FakeCaller, fake_clock: Clock, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFN_PROVIDER_HISTORY", "1")
    fake_caller.answers["Call"], fake_caller.polls = [LATER], [Completed(1)]
    made = task(resource=JOB)
    event = deferral(made, run)
    fake_clock.now = NOW + 30
    resume(made, run, event)
    types = [record[2] for record in run.xcoms["Call", "history"]]
    assert types == [
        *("ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"),
        "TaskStateExited",
    ]


def test_a_task_that_takes_too_long_times_out_and_its_job_is_cancelled(
    fake_caller: FakeCaller, fake_clock: Clock, run: Run
) -> None:
    fake_caller.answers["Call"], fake_caller.polls = [Submitted({"id": "jr_1"}, {}, 600.0)], []
    made = task(resource=JOB, timeout_seconds=300)
    event = deferral(made, run)
    assert due(event) == 300
    fake_clock.now = NOW + 300
    with pytest.raises(AirflowFailException, match=r"^States\.Timeout"):
        resume(made, run, event)
    assert fake_caller.cancelled == [{"id": "jr_1"}]


def test_an_execution_that_takes_too_long_ends_with_its_jobs(
    fake_caller: FakeCaller, fake_clock: Clock, run: Run
) -> None:
    fake_caller.answers["Call"] = [Submitted({"id": "jr_1"}, {}, 600.0)]
    made = task(resource=JOB, timeout=100)
    event = deferral(made, run)
    assert due(event) == 90, "the run started ten seconds ago"
    fake_clock.now = NOW + 90
    with pytest.raises(AirflowFailException, match="ran longer than the 0:01:40"):
        resume(made, run, event)
    assert fake_caller.cancelled == [{"id": "jr_1"}]


def test_only_the_jobs_that_the_trigger_names_are_looked_at(
    fake_caller: FakeCaller, fake_clock: Clock, run: Run
) -> None:
    fake_caller.answers = {"A": [LATER], "B": [Submitted({"id": "jr_2"}, {}, 10.0)]}
    fake_caller.polls = [Completed("b")]
    made = task(ParallelStateOperator, branches=branches("A", "B"))
    event = deferral(made, run)
    assert isinstance(event.trigger, JobsTrigger)
    names = {job["id"]: name for name, job in event.trigger.jobs.items()}
    said = {
        "over": [names["jr_2"]],
        "polls": {names["jr_1"]: NOW + 80},
        "jobs": {names["jr_1"]: {"polls": 4}, names["jr_2"]: {"polls": 1}},
    }
    fake_clock.now = NOW + 60
    event = deferral(made, run, event, said)
    assert fake_caller.polled == [{"id": "jr_2", "polls": 1}]
    assert due(event) == 80
    assert event.trigger.jobs == {names["jr_1"]: {"id": "jr_1", "polls": 4, "known_result": None}}


def test_quick_jobs_are_waited_for_in_the_worker_and_others_handed_over(
    fake_caller: FakeCaller, fake_clock: Clock, run: Run
) -> None:
    quick = [Submitted({"id": f"jr_{number}"}, {}, 0.6) for number in range(20)]
    fake_caller.answers, fake_caller.polls = {"A": quick[:1], "B": quick[1:2]}, list(quick[2:])
    event = deferral(task(ParallelStateOperator, branches=branches("A", "B")), run)
    assert fake_clock.now - NOW < live_driver.SHORT_WAIT + 1, "although a look at one of the jobs is always due soon"
    assert sorted(event.trigger.jobs) == sorted(event.trigger.polls) and event.trigger.moment == YEAR_ENDS


def test_a_timer_that_is_due_soon_is_waited_for_in_the_worker(
    fake_caller: FakeCaller, fake_clock: Clock, run: Run
) -> None:
    fake_caller.answers["Call"] = [Submitted({"id": "jr_1"}, {}, 0.6)]
    fake_caller.polls = [Submitted({"id": "jr_1"}, {}, 0.6) for _ in range(9)]
    with pytest.raises(AirflowFailException, match=r"^States\.Timeout"):
        run.execute(task(resource=JOB, timeout_seconds=3))


def test_a_failing_branch_cancels_the_jobs_of_the_others(fake_caller: FakeCaller, fake_clock: Clock, run: Run) -> None:
    fake_caller.answers = {"A": [LATER], "B": [Submitted({"id": "jr_2"}, {}, 10.0)]}
    fake_caller.polls = [StatesError("Broken", "why")]
    made = task(ParallelStateOperator, branches=branches("A", "B"))
    event = deferral(made, run)
    assert due(event) == 10
    fake_clock.now = NOW + 10
    with pytest.raises(AirflowFailException, match=r"^Broken: why$"):
        resume(made, run, event)
    assert fake_caller.polled == [{"id": "jr_2"}]
    assert fake_caller.cancelled == [{"id": "jr_1"}]


def test_a_job_that_cannot_be_cancelled_does_not_change_the_outcome(
    fake_caller: FakeCaller, fake_clock: Clock, run: Run
) -> None:
    fake_caller.refuse_to_cancel = True
    fake_caller.answers = {"A": [LATER], "B": [StatesError("Broken")]}
    with pytest.raises(AirflowFailException, match=r"^Broken$"):
        run.execute(task(ParallelStateOperator, branches=branches("A", "B")))
    assert fake_caller.cancelled == [{"id": "jr_1"}]


def test_a_job_that_starts_when_its_branch_was_given_up_is_cancelled(fake_caller: FakeCaller, run: Run) -> None:
    going_on = threading.Event()

    def start_late() -> Answer:
        assert going_on.wait(10)
        return LATER

    def after_the_catch() -> Answer:
        going_on.set()
        assert fake_caller.stopped.wait(10)
        return Completed("mended")

    fake_caller.answers = {"A": [start_late], "B": [StatesError("Broken")], "Mend": [after_the_catch]}
    states = {
        "Both": {
            **{"Type": "Parallel", "Branches": branches("A", "B"), "Next": "Next"},
            "Catch": [{"ErrorEquals": ["Broken"], "Next": "Mend"}],
        },
        "Mend": {"Type": "Task", "Resource": FUNCTION, "Next": "Both or not"},
        "Both or not": choose("$", {"mended": "Next"}, "Both"),
    }
    assert run.execute(task(LoopOperator, states=states)) == "mended"
    assert fake_caller.cancelled == [{"id": "jr_1"}]


def test_a_job_that_starts_when_the_execution_has_failed_is_cancelled(
    fake_caller: FakeCaller, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()
    end_calls = LiveDriver._end_calls

    def end(driver: LiveDriver) -> None:
        failed.set()
        end_calls(driver)

    def start_late() -> Answer:
        assert failed.wait(10)
        return LATER

    monkeypatch.setattr(LiveDriver, "_end_calls", end)
    fake_caller.answers = {"A": [start_late], "B": [StatesError("Broken")]}
    with pytest.raises(AirflowFailException, match=r"^Broken$"):
        run.execute(task(ParallelStateOperator, branches=branches("A", "B")))
    assert fake_caller.cancelled == [{"id": "jr_1"}]


@pytest.mark.parametrize("refused", [False, True])
def test_killing_the_task_cancels_all_of_its_jobs(
    refused: bool, fake_caller: FakeCaller, fake_clock: Clock, run: Run
) -> None:
    fake_caller.refuse_to_cancel = refused
    fake_caller.answers = {"A": [LATER], "B": [Submitted({"id": "jr_2"}, {}, 30.0)]}
    fake_caller.polls = [STILL, Submitted({"id": "jr_2"}, None, 60.0)]
    made = task(ParallelStateOperator, branches=branches("A", "B"))
    event = deferral(made, run)
    fake_clock.now = NOW + 30
    deferral(made, run, event)
    made.on_kill()
    assert sorted(job["id"] for job in fake_caller.cancelled) == ["jr_1", "jr_2"]
    made.on_kill()
    assert len(fake_caller.cancelled) == 2


# In Airflow -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def in_airflow(monkeypatch: pytest.MonkeyPatch, fake_caller: FakeCaller, airflow_db: None) -> Callable[[], Any]:
    """Run a DAG of two states in Airflow, the first of them a job that is looked at twice. Gives the run."""
    from tests.fixtures.airflow.airflow_home import run_dag

    monkeypatch.undo()
    monkeypatch.setattr(live_driver, "Caller", fake_caller)
    monkeypatch.setattr(live_driver, "SHORT_WAIT", 0.0)
    fake_caller.answers["Call"] = [Submitted({"id": "jr_1", "__type": "x"}, {}, 0.01)]
    fake_caller.polls = [Submitted({"id": "jr_1"}, None, 0.01), Completed({"done": True})]
    with dag() as made:
        call = TaskStateOperator(task_id="Call", resource=JOB, result_path="$.result", next="Next")
        call >> PassStateOperator(task_id="Next", end=True)
    return lambda: run_dag(made, run_conf={"a": 1})


def check(run: Any, fake_caller: FakeCaller) -> None:
    """Check that the run of `in_airflow` went through."""
    from tests.fixtures.airflow.airflow_home import task_states, xcom

    assert task_states(run) == {"Call": "success", "Next": "success"}
    assert xcom(run, "Next") == {"a": 1, "result": {"done": True}}
    assert fake_caller.polled == [{"id": "jr_1", "__type": "x"}, {"id": "jr_1"}]


def test_a_deferral_goes_through_airflow(
    monkeypatch: pytest.MonkeyPatch, fake_caller: FakeCaller, in_airflow: Callable[[], Any]
) -> None:
    triggers: list[Any] = []
    monkeypatch.setattr(live_driver, "in_dag_test", lambda: False)
    # dag.test() drops what the deferral keeps, but where the trigger has no event.
    monkeypatch.setattr(f"{DAG_TEST}._run_inline_trigger", lambda trigger, *_: triggers.append(trigger))
    check(in_airflow(), fake_caller)
    assert [type(trigger) for trigger in triggers] == [JobsTrigger] * 2


@from_airflow(3, 0, reason="does not let a task tell that it runs under dag.test()")
def test_dag_test_waits_in_the_worker_because_it_drops_what_a_deferral_keeps(
    monkeypatch: pytest.MonkeyPatch, fake_caller: FakeCaller, in_airflow: Callable[[], Any]
) -> None:
    def fail(*_: Any) -> None:
        raise AssertionError("deferred")

    monkeypatch.setattr(f"{DAG_TEST}._run_inline_trigger", fail)
    check(in_airflow(), fake_caller)


def test_a_task_that_lost_its_state_says_what_to_do(run: Run) -> None:
    made = task()
    with pytest.raises(AirflowFailException, match="set AIRFLOW__SFN_PROVIDER__WAITING=block"):
        made.resume(run.context(made), event="2025-03-15T02:00:00+00:00")
