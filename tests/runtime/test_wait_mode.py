"""Where a task waits: the option ``[sfn_provider] waiting``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sfn_provider import _compat
from sfn_provider._compat import AirflowException, AirflowRescheduleException
from sfn_provider.get_provider_info import get_provider_info
from sfn_provider.integrations import Completed
from sfn_provider.operators.state_machine import PassStateOperator, WaitStateOperator
from sfn_provider.runtime import wait_mode
from tests.fixtures.airflow.airflow_home import dag_serialization
from tests.fixtures.airflow.task_runs import Run, dag
from tests.fixtures.calls.live_driver import JOB, LATER, NOW, STILL, Clock, FakeCaller, task

pytestmark = pytest.mark.usefixtures("fake_clock", "fake_caller")


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Sets the option."""

    def set_to(mode: str) -> None:
        monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__WAITING", mode)
        wait_mode.is_reschedule_mode.cache_clear()

    yield set_to
    monkeypatch.undo()
    wait_mode.is_reschedule_mode.cache_clear()


def reschedule(made: Any, run: Run) -> float:
    """Execute a task; when it wants to be started again, in seconds from the start."""
    with pytest.raises(AirflowRescheduleException) as raised:
        run.execute(made)
    return float(raised.value.reschedule_date.timestamp() - NOW)


def test_a_wait_is_over_when_the_scheduler_starts_the_task_again(waiting: Any, fake_clock: Clock) -> None:
    waiting("reschedule")
    run = Run(conf={"a": 1})
    made = task(WaitStateOperator, seconds=600)
    assert reschedule(made, run) == 600.0
    assert run.kept
    fake_clock.now = NOW + 601
    assert run.execute(made) == {"a": 1}
    assert (run.kept, fake_clock.sleeps) == ({}, [])


def test_a_job_is_looked_at_each_time(waiting: Any, fake_caller: FakeCaller, fake_clock: Clock) -> None:
    waiting("reschedule")
    run = Run(conf={})
    fake_caller.answers["Call"] = [LATER]
    fake_caller.polls = [STILL, Completed("done")]
    made = task(resource=JOB)
    assert reschedule(made, run) == 30.0
    fake_clock.now = NOW + 30
    assert reschedule(made, run) == 90.0
    fake_clock.now = NOW + 90
    assert run.execute(made) == "done"
    assert len(fake_caller.calls) == 1


def test_a_task_that_is_cleared_while_it_waits_starts_anew(waiting: Any, fake_clock: Clock) -> None:
    waiting("reschedule")
    run = Run(conf={})
    made = task(WaitStateOperator, seconds=600)
    reschedule(made, run)
    run.try_number, run.max_tries = 2, 3
    fake_clock.now = NOW + 300
    assert reschedule(made, run) == 900.0


def test_a_blocking_task_waits_in_the_worker(waiting: Any, fake_clock: Clock) -> None:
    waiting("block")
    assert Run(conf={}).execute(task(WaitStateOperator, seconds=600)) == {}
    assert sum(fake_clock.sleeps) == 600.0


def test_another_mode_is_refused_where_the_dag_is_read(waiting: Any) -> None:
    waiting("poke")
    with pytest.raises(AirflowException, match="waiting is 'poke': it must be one of defer, reschedule, block"):
        task(WaitStateOperator, seconds=600)


def test_airflow_is_told_of_all_modes() -> None:
    option = get_provider_info()["config"]["sfn_provider"]["options"]["waiting"]
    assert all(f"``{mode}``" in option["description"] for mode in wait_mode.MODES)


def scheduled(mode: str, waiting: Any) -> Any:
    """A task as the scheduler reads it."""
    waiting(mode)
    with dag() as made:
        PassStateOperator(task_id="a", start_date=datetime(2025, 1, 1, tzinfo=UTC), end=True)
    return dag_serialization().from_dict(dag_serialization().to_dict(made)).task_dict["a"]


def test_the_scheduler_heeds_when_a_task_wants_to_be_started_again(waiting: Any) -> None:
    from airflow.ti_deps.deps.ready_to_reschedule import ReadyToRescheduleDep

    told, untold = scheduled("reschedule", waiting), scheduled("defer", waiting)
    assert told.reschedule is True and ReadyToRescheduleDep() in told.deps
    assert not getattr(untold, "reschedule", False) and ReadyToRescheduleDep() not in untold.deps


def test_in_airflow_2_the_operator_says_so_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow.__version__", "2.10.3")
    made = PassStateOperator(task_id="a", end=True)
    vars(made)["deps"] = frozenset()
    _compat.enable_reschedule(made)
    assert {type(dep).__name__ for dep in vars(made)["deps"]} == {"ReadyToRescheduleDep"}
    assert vars(made)["reschedule"] is True
