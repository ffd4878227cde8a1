"""What a task keeps over its tries: a worker is lost, and the next try goes on."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from cryptography.fernet import Fernet

from sfn_provider import _compat
from sfn_provider._compat import AirflowFailException
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.integrations import Completed, Submitted
from sfn_provider.integrations.jobs.job_recovery import Resubmission
from sfn_provider.operators.state_machine import (
    LoopOperator,
    ParallelStateOperator,
    PassStateOperator,
    SegmentOperator,
    WaitStateOperator,
)
from sfn_provider.runtime.stores import retry_stores
from sfn_provider.runtime.stores.retry_stores import retry_store
from sfn_provider.runtime.stores.snapshots import TaskSnapshotStore
from tests.fixtures.airflow.task_runs import Run, dag
from tests.fixtures.calls.live_driver import (
    FUNCTION,
    JOB,
    LATER,
    NOW,
    Answer,
    Clock,
    FakeCaller,
    branches,
    deferral,
    resume,
    task,
)

pytestmark = pytest.mark.usefixtures("fake_clock", "fake_caller")

LOOP: dict[str, Any] = {
    "Work": {"Type": "Task", "Resource": FUNCTION, "Next": "Rest"},
    "Rest": {"Type": "Wait", "Seconds": 60, "Next": "Look"},
    "Look": {"Type": "Task", "Resource": FUNCTION, "Next": "Done?"},
    "Done?": {
        "Type": "Choice",
        "Choices": [{"Variable": "$", "StringEquals": "again", "Next": "Work"}],
        "Default": "Next",
    },
}


def stored(run: Run) -> str | None:
    """What the task has stored, decrypted."""
    return retry_store(run.context(PassStateOperator(task_id="any", end=True))).get()


def loop() -> Any:
    """Two calls with a minute between, until the second answers something."""
    with dag():
        made = LoopOperator(task_id="Loop", states=LOOP)
        made >> PassStateOperator(task_id="Next", end=True)
    return made


def test_the_next_try_goes_on_from_the_last_deferral(fake_caller: FakeCaller, fake_clock: Clock, run: Run) -> None:
    fake_caller.answers = {"Work": [Completed(1), Completed(2)], "Look": [Completed("again"), Completed("done")]}
    event = deferral(loop(), run)
    fake_clock.now = NOW + 60
    with pytest.raises(_compat.TaskDeferred):
        resume(loop(), run, event)
    run.try_number = 2  # Airflow keeps nothing of the deferral
    fake_clock.now = NOW + 125
    assert run.execute(loop()) == "done"
    assert [call.state for call, _ in fake_caller.calls] == ["Work", "Look", "Work", "Look"]
    assert run.kept == {}


@pytest.mark.parametrize("runs", [False, True], ids=["while-it-waited", "while-it-ran"])
def test_a_task_that_is_cleared_starts_anew(fake_caller: FakeCaller, fake_clock: Clock, run: Run, runs: bool) -> None:
    fake_caller.answers = {"Work": [Completed(1), Completed(2)], "Look": [Completed("done")]}
    made = loop()
    deferral(made, run)
    run.try_number, run.clear_number = 2, 1
    if runs:
        run.states["Loop"] = "restarting"
        made.on_kill()
    else:
        run.max_tries = 3
    fake_clock.now = NOW + 60
    event = deferral(loop(), run)
    assert [call.state for call, _ in fake_caller.calls] == ["Work", "Work"]
    fake_clock.now = NOW + 120
    assert resume(loop(), run, event) == "done"


@pytest.mark.parametrize(
    ("tries", "cleared", "calls"),
    [(1, 0, ["Work", "Look"]), (2, 0, ["Work", "Look"]), (2, 1, ["Work", "Work"])],
    ids=["other-task", "other-task-and-worker-lost", "this-task"],
)
def test_what_a_deferral_kept_is_good_where_another_task_of_the_run_was_cleared(
    fake_caller: FakeCaller, fake_clock: Clock, run: Run, tries: int, cleared: int, calls: list[str]
) -> None:
    fake_caller.answers = {"Work": [Completed(1), Completed(2)], "Look": [Completed("again")]}
    event = deferral(loop(), run)
    run.clear_number, run.try_number, run.max_tries = 1, tries, run.max_tries + cleared
    fake_clock.now = NOW + 60
    with pytest.raises(_compat.TaskDeferred):
        resume(loop(), run, event)
    assert [call.state for call, _ in fake_caller.calls][:2] == calls


def test_what_a_task_kept_is_gone_before_the_task_that_was_cleared_waits(fake_clock: Clock, run: Run) -> None:
    made = task(WaitStateOperator, seconds_path="$.a")
    run.conf = {"a": 60}
    deferral(made, run)
    assert run.kept
    run.try_number, run.max_tries, run.conf = 2, 3, {"a": 0}
    assert run.execute(made) == {"a": 0}
    assert run.kept == {}


def test_a_task_that_fails_keeps_nothing(fake_caller: FakeCaller, fake_clock: Clock, run: Run) -> None:
    fake_caller.answers = {"Work": [Completed(1)], "Look": [StatesError("Broken")]}
    event = deferral(loop(), run)
    assert run.kept
    fake_clock.now = NOW + 60
    with pytest.raises(AirflowFailException):
        resume(loop(), run, event)
    assert run.kept == {}


def test_a_task_that_is_killed_cancels_its_jobs_and_starts_anew(fake_caller: FakeCaller, run: Run) -> None:
    fake_caller.answers["Call"] = [LATER]
    made = task(resource=JOB)
    deferral(made, run)
    made.on_kill()
    assert fake_caller.cancelled == [{"id": "jr_1"}]
    assert run.kept == {}


def test_a_job_is_kept_as_soon_as_it_is_submitted_and_open_calls_are_made_again(
    fake_caller: FakeCaller, fake_clock: Clock, run: Run
) -> None:
    kept: list[dict[str, Any]] = []

    def answer() -> Answer:
        kept.append(_until(lambda: dict(run.kept) if "jr_1" in str(stored(run)) else None))
        return Completed("b")

    fake_caller.answers = {
        "A": [Submitted({"id": "jr_1", "polls": 0}, {}, 30.0)],
        "B": [answer, Completed("again")],
    }
    made = task(ParallelStateOperator, branches=branches("A", "B"))
    deferral(made, run)
    run.kept, run.try_number = kept[0], 2  # the worker was lost before B had answered
    fake_caller.polls = [Completed("a")]
    fake_clock.now = NOW + 30
    assert run.execute(made) == ["a", "again"]
    assert sorted(call.state for call, _ in fake_caller.calls) == ["A", "B", "B"]
    assert len({key for call, key in fake_caller.calls if call.state == "B"}) == 1
    assert fake_caller.made_again == {"B": Resubmission(NOW, ({"id": "jr_1", "polls": 0},))}


@pytest.mark.parametrize(("resource", "is_kept"), [(JOB, True), (FUNCTION, False)], ids=["searched", "token or none"])
def test_a_call_whose_job_may_have_to_be_looked_for_is_kept_before_it_is_made(
    fake_caller: FakeCaller, fake_clock: Clock, run: Run, resource: str, is_kept: bool
) -> None:
    kept: list[dict[str, Any]] = []

    def answer() -> Answer:
        kept.append(dict(run.kept))
        return Completed("first")

    fake_caller.answers["Call"] = [answer, Completed("second")]
    made = task(resource=resource)
    run.execute(made)
    assert bool(kept[0]) is is_kept
    run.kept, run.try_number = kept[0], 2  # the worker was lost over the call
    fake_clock.now = NOW + 30
    assert run.execute(made) == "second"
    assert fake_caller.made_again == ({"Call": Resubmission(NOW)} if is_kept else {})


def segment(*names: str) -> Any:
    """Calls one after the other, in one task."""
    following = [*names[1:], "Next"]
    states = {
        name: {"Type": "Task", "Resource": FUNCTION, "Next": next} for name, next in zip(names, following, strict=True)
    }
    with dag():
        made = SegmentOperator(task_id="Segment", states=states)
        made >> PassStateOperator(task_id="Next", end=True)
    return made


def test_a_call_that_has_answered_is_not_made_again_where_the_worker_is_lost_over_the_next_one(
    fake_caller: FakeCaller, run: Run
) -> None:
    kept: list[dict[str, Any]] = []

    def answer() -> Answer:
        kept.append(_until(lambda: dict(run.kept)))
        return Completed("first")

    fake_caller.answers = {"One": [Completed(1)], "Two": [answer, Completed("again")]}
    made = segment("One", "Two")
    assert run.execute(made) == "first"
    assert run.kept == {}
    run.kept, run.try_number = kept[0], 2  # the worker was lost before Two had answered
    assert run.execute(made) == "again"
    assert [call.state for call, _ in fake_caller.calls] == ["One", "Two", "Two"]


def test_snapshots_take_a_tenth_of_the_time_at_most(
    fake_caller: FakeCaller, fake_clock: Clock, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[float] = []
    driver = "sfn_provider.runtime.stores.snapshots.TaskSnapshotStore.save"

    def save_slowly(store: TaskSnapshotStore, snapshot: dict[str, Any]) -> None:
        saved.append(fake_clock.now - NOW)
        fake_clock.now += 0.3

    def answer() -> Answer:
        fake_clock.now += 1.0
        return Completed(1)

    monkeypatch.setattr(driver, save_slowly)
    names = [f"S{number}" for number in range(8)]
    fake_caller.answers = {name: [answer] for name in names}
    run.execute(segment(*names))
    assert len(saved) in (2, 3)
    assert all(later - earlier >= 3.0 for earlier, later in pairwise(saved))


def test_waiting_in_the_worker_is_kept_before(
    fake_caller: FakeCaller, fake_clock: Clock, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__WAITING", "block")
    fake_caller.answers = {"Work": [Completed(1)], "Look": [lambda: Completed(bool(run.kept))]}
    assert run.execute(loop()) is True
    assert run.kept == {}


def test_short_tasks_keep_nothing(fake_caller: FakeCaller, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fixtures.airflow.task_runs.TaskStateStore.set", None)
    fake_caller.answers["Call"] = [Completed(1)]
    assert run.execute(task()) == 1


@pytest.mark.parametrize(
    ("defaults", "arguments", "expected"),
    [
        ({}, {}, (2, 10)),
        ({"retries": 5}, {}, (5, 10)),
        ({"retries": 5, "retry_delay": 60}, {"retries": 0}, (0, 60)),
    ],
    ids=["default", "default-args", "own"],
)
def test_how_often_a_worker_may_be_lost(
    defaults: dict[str, Any], arguments: dict[str, Any], expected: tuple[int, float]
) -> None:
    with _compat.DAG("machine", schedule=None, default_args=defaults):
        made = PassStateOperator(task_id="Pass", **arguments)
    assert (made.retries, made.retry_delay.total_seconds()) == expected


@pytest.mark.usefixtures("airflow_db")
def test_before_airflow_3_3_a_variable_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.models.variable import Variable

    monkeypatch.setattr(_compat, "Variable", Variable)

    class Instance:
        dag_id, run_id, task_id, map_index = "d" * 250, "r" * 250, "task", 3

    store = retry_store({"ti": Instance(), "task": task()})  # type: ignore[typeddict-item]
    assert store.get() is None
    store.set("one")
    store.set("two")
    assert store.get() == "two"
    other = Instance()
    other.map_index = 4
    assert retry_store({"ti": other, "task": task()}).get() is None  # type: ignore[typeddict-item]
    store.delete()
    assert store.get() is None


def test_nobody_reads_a_task_token_or_the_input_in_what_is_stored(
    fake_caller: FakeCaller, fake_clock: Clock, run: Run
) -> None:
    run.conf = {"card": "4111-1111"}
    fake_caller.answers = {"Work": [Submitted({"id": "jr_1"}, {}, 30.0)]}
    deferral(loop(), run)
    text = stored(run)
    assert text is not None and "4111-1111" in text and "jr_1" in text
    assert run.kept and not any(secret in str(run.kept) for secret in ("4111-1111", "jr_1"))


class NoFernet:
    """What Airflow gives without a key."""

    is_encrypted = False


def _refused() -> Any:
    raise _compat.AirflowException("Could not create Fernet object")


@pytest.fixture
def fresh_key_check() -> Iterator[None]:
    """A process asks once whether there is a key."""
    retry_stores._has_key.cache_clear()
    yield
    retry_stores._has_key.cache_clear()


@pytest.mark.usefixtures("fresh_key_check")
@pytest.mark.parametrize("fernet", [NoFernet, _refused], ids=["no key", "no good key"])
def test_without_a_key_nothing_is_stored_and_the_log_says_what_is_lost(
    fernet: Any, fake_caller: FakeCaller, run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_compat, "fernet", fernet)
    fake_caller.answers = {"Work": [Submitted({"id": "jr_1"}, {}, 30.0)]}
    deferral(loop(), run)
    assert run.kept == {} and stored(run) is None
    [line] = [record.message for record in caplog.records if "fernet_key" in record.message]
    assert "begins anew" in line
    monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__WAITING", "reschedule")
    with pytest.raises(UsageError, match=r"waiting = reschedule needs \[core\] fernet_key"):
        retry_store(run.context(loop())).set("text")


def test_what_another_key_has_encrypted_is_not_taken(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    store = retry_store(run.context(loop()))
    store.set("text")
    assert store.get() == "text"
    other = Fernet(Fernet.generate_key())
    monkeypatch.setattr(_compat, "fernet", lambda: other)
    assert store.get() is None


def _until(look: Callable[[], Any]) -> Any:
    """Poll from another thread until there is something."""
    deadline = time.monotonic() + 10
    while not (found := look()):
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)
    return found


def test_the_snapshot_of_a_deferral_is_what_is_kept(fake_caller: FakeCaller, run: Run) -> None:
    fake_caller.answers["Call"] = [LATER]
    event = deferral(task(resource=JOB), run)
    run.try_number = 2
    stored = TaskSnapshotStore(run.context(task())).load()
    assert stored == (json.loads(json.dumps(event.kwargs["snapshot"])), True, False)
