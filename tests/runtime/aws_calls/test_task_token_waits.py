"""The live driver: tasks that wait for workers outside, over deferrals and in the worker."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from sfn_provider._compat import AirflowFailException
from sfn_provider.callbacks import wait_records
from sfn_provider.callbacks.task_tokens import TokenSigner
from sfn_provider.callbacks.wait_records import DEFAULT_TIMEOUT, WaitRecord
from sfn_provider.callbacks.worker_requests import WorkerAnswer
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Completed
from sfn_provider.operators.state_machine import ParallelStateOperator
from sfn_provider.triggers.callback import CallbackTrigger
from sfn_provider.triggers.jobs import JobsTrigger
from tests.fixtures.airflow.task_runs import Run
from tests.fixtures.calls.live_driver import JOB, LATER, NOW, YEAR_ENDS, Clock, FakeCaller, resume, task

ASK = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:pack"
PARAMETERS = {"MessageBody": {"Token.$": "$$.Task.Token"}}

pytestmark = pytest.mark.usefixtures("fake_clock", "fake_caller")


@dataclass
class Records:
    """The records of waits, as the task sees them."""

    waits: dict[str, WaitRecord] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)

    def write(self, wait: WaitRecord) -> None:
        self.waits[wait.id] = wait

    def read(self, identity: str) -> WaitRecord | None:
        wait = self.waits.get(identity)
        return None if wait is None or (wait.work is not None and wait.beat == NOW) else wait

    def delete(self, identity: str, activity_arn: str | None = None) -> None:
        self.waits.pop(identity, None)
        self.deleted.append(identity)

    def take(self, identity: str, answer: WorkerAnswer, now: float = NOW) -> None:
        """Answer, as the endpoint does."""
        self.waits[identity] = self.waits[identity].with_answer(answer, now)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Records:
    """The records."""
    made = Records()
    for name in ("write", "read", "delete"):
        monkeypatch.setattr(wait_records, f"{name}_record", getattr(made, name))
    return made


def deferral(made: Any, run: Run, event: Any = None) -> Any:
    from sfn_provider._compat import TaskDeferred

    with pytest.raises(TaskDeferred) as deferred:
        resume(made, run, event) if event is not None else run.execute(made)
    json.dumps(deferred.value.trigger.serialize())
    return deferred.value


def ask(**fields: Any) -> Any:
    return task(**({"resource": ASK, "parameters": PARAMETERS} | fields))


def token_of(caller: FakeCaller) -> str:
    return str(caller.calls[-1][0].arguments["MessageBody"]["Token"])


def test_the_record_is_there_before_the_token_is_given_away(fake_caller: FakeCaller, kept: Records, run: Run) -> None:
    def send() -> Completed:
        [wait] = kept.waits.values()
        assert wait.id == TokenSigner.from_configuration().verify(token_of(fake_caller)).id
        assert (wait.waiter.task_id, wait.waiter.run_id) == ("Call", run.run_id)
        assert (wait.expires, wait.heartbeat, wait.beat) == (NOW + 90, 20, NOW)
        return Completed({"MessageId": "m"})

    fake_caller.answers["Call"] = [send]
    event = deferral(ask(timeout_seconds=90, heartbeat_seconds=20), run)
    assert isinstance(event.trigger, CallbackTrigger)
    assert event.trigger.moment == NOW + 90
    [identity] = kept.waits
    assert event.trigger.waits == [{"id": identity, "beat": NOW, "heartbeat": 20.0, "activity": False}]


def test_without_times_only_an_answer_ends_the_wait(fake_caller: FakeCaller, kept: Records, run: Run) -> None:
    fake_caller.answers["Call"] = [Completed({})]
    event = deferral(ask(), run)
    assert (event.trigger.moment, event.trigger.waits[0]["heartbeat"]) == (YEAR_ENDS, None)
    assert next(iter(kept.waits.values())).expires == NOW + DEFAULT_TIMEOUT


def test_a_success_is_the_result_of_the_state(
    fake_caller: FakeCaller, fake_clock: Clock, kept: Records, run: Run
) -> None:
    fake_caller.answers["Call"] = [Completed({"MessageId": "m"})]
    event = deferral(ask(), run)
    [identity] = kept.waits
    kept.take(identity, WorkerAnswer("SendTaskSuccess", output='{"done": [1]}'))
    fake_clock.now = NOW + 1000
    assert resume(ask(), run, event) == {"done": [1]}
    assert kept.deleted == [identity]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (WorkerAnswer("SendTaskFailure", error="Boom", cause="why"), "Boom: why"),
        (WorkerAnswer("SendTaskFailure"), "the state failed without naming an error"),
    ],
    ids=["named", "without a name"],
)
def test_a_failure_is_the_error_of_the_state(
    fake_caller: FakeCaller, kept: Records, run: Run, answer: WorkerAnswer, told: str
) -> None:
    fake_caller.answers["Call"] = [Completed({})]
    event = deferral(ask(), run)
    [identity] = kept.waits
    kept.take(identity, answer)
    with pytest.raises(AirflowFailException, match=f"^{told}$"):
        resume(ask(), run, event)
    assert kept.waits == {}


def test_an_answer_that_comes_with_the_call_needs_no_deferral(fake_caller: FakeCaller, kept: Records, run: Run) -> None:
    def send() -> Completed:
        kept.take(next(iter(kept.waits)), WorkerAnswer("SendTaskSuccess", output="7"))
        return Completed({})

    fake_caller.answers["Call"] = [send]
    assert run.execute(ask()) == 7


def test_a_call_that_fails_closes_its_wait(fake_caller: FakeCaller, kept: Records, run: Run) -> None:
    fake_caller.answers["Call"] = [StatesError("SQS.QueueDoesNotExistException", "gone")]
    with pytest.raises(AirflowFailException, match=r"^SQS\.QueueDoesNotExistException: gone$"):
        run.execute(ask())
    assert kept.waits == {}


def test_heartbeats_keep_a_task_alive_and_their_end_fails_it(
    fake_caller: FakeCaller, fake_clock: Clock, kept: Records, run: Run
) -> None:
    fake_caller.answers["Call"] = [Completed({})]
    made = ask(heartbeat_seconds=30)
    event = deferral(made, run)
    assert event.trigger.moment == YEAR_ENDS
    [identity] = kept.waits
    kept.take(identity, WorkerAnswer("SendTaskHeartbeat"), NOW + 25)
    fake_clock.now = NOW + 31
    event = deferral(made, run, event)
    assert event.trigger.waits[0]["beat"] == NOW + 25
    fake_clock.now = NOW + 55
    with pytest.raises(AirflowFailException, match=r"^States\.Timeout|^States\.HeartbeatTimeout"):
        resume(made, run, event)
    assert kept.waits == {}


def test_an_answer_in_time_counts_although_the_task_looks_late(
    fake_caller: FakeCaller, fake_clock: Clock, kept: Records, run: Run
) -> None:
    fake_caller.answers["Call"] = [Completed({})]
    made = ask(timeout_seconds=30)
    event = deferral(made, run)
    [identity] = kept.waits
    kept.take(identity, WorkerAnswer("SendTaskSuccess", output='"in time"'), NOW + 29)
    fake_clock.now = NOW + 60
    assert resume(made, run, event) == "in time"


def test_a_timeout_closes_the_wait_and_a_retry_has_a_token_of_its_own(
    fake_caller: FakeCaller, fake_clock: Clock, kept: Records, run: Run
) -> None:
    fake_caller.answers["Call"] = [Completed({}), Completed({})]
    retry = [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    made = ask(timeout_seconds=30, retry=retry)
    event = deferral(made, run)
    first, [identity] = token_of(fake_caller), kept.waits
    fake_clock.now = NOW + 30
    deferral(made, run, event)
    assert token_of(fake_caller) != first
    assert kept.deleted == [identity] and len(kept.waits) == 1


def test_a_second_try_takes_the_answer_that_came_when_the_first_one_was_lost(
    fake_caller: FakeCaller, kept: Records, run: Run
) -> None:
    fake_caller.answers["Call"] = [Completed({}), Completed({})]
    deferral(ask(), run)
    [identity] = kept.waits
    kept.take(identity, WorkerAnswer("SendTaskSuccess", output='"kept"'))
    assert run.execute(ask()) == "kept"
    assert fake_caller.calls[0][0].token == fake_caller.calls[1][0].token


def test_tokens_differ_between_states_runs_and_tasks(kept: Records, run: Run, fake_caller: FakeCaller) -> None:
    tokens = []
    for name, other in (("Call", run), ("Again", run), ("Call", replace(run, run_id="another"))):
        fake_caller.answers[name] = [Completed({})]
        deferral(ask(task_id=name), other)
        tokens.append(token_of(fake_caller))
    assert len(set(tokens)) == 3


def test_a_killed_task_takes_no_answers(fake_caller: FakeCaller, kept: Records, run: Run) -> None:
    fake_caller.answers["Call"] = [Completed({})]
    made = ask()
    deferral(made, run)
    made.on_kill()
    assert kept.waits == {}


def test_in_the_worker_the_task_looks_again_and_again(
    fake_caller: FakeCaller, fake_clock: Clock, kept: Records, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__WAITING", "block")
    fake_caller.answers["Call"] = [Completed({})]

    def look(identity: str) -> WaitRecord:
        if fake_clock.now >= NOW + 10:
            kept.take(identity, WorkerAnswer("SendTaskSuccess", output="1"))
        return kept.waits[identity]

    made = ask(timeout_seconds=100)
    monkeypatch.setattr(wait_records, "read_record", lambda identity: look(identity) if kept.waits else None)
    assert run.execute(made) == 1
    assert NOW + 10 <= fake_clock.now < NOW + 13


# Activities -----------------------------------------------------------------------------------------------------------


def test_an_activity_leaves_its_work_and_calls_nothing(fake_caller: FakeCaller, kept: Records, run: Run) -> None:
    event = deferral(task(resource=ACTIVITY, timeout_seconds=60, heartbeat_seconds=10), run)
    assert fake_caller.calls == []
    [wait] = kept.waits.values()
    assert wait.work is not None and (wait.work.activity_arn, json.loads(wait.work.input)) == (ACTIVITY, {"a": 1})
    assert TokenSigner.from_configuration().verify(wait.work.token).id == wait.id
    assert event.trigger.waits == [{"id": wait.id, "beat": NOW, "heartbeat": 10.0, "activity": True}]


def test_heartbeats_of_an_activity_count_from_when_a_worker_has_it(
    fake_caller: FakeCaller, fake_clock: Clock, kept: Records, run: Run
) -> None:
    made = task(resource=ACTIVITY, timeout_seconds=60, heartbeat_seconds=10)
    event = deferral(made, run)
    fake_clock.now = NOW + 30
    event = deferral(made, run, event)
    [identity] = kept.waits
    kept.waits[identity] = kept.waits[identity].with_worker(NOW + 35)
    fake_clock.now = NOW + 41
    event = deferral(made, run, event)
    fake_clock.now = NOW + 46
    with pytest.raises(AirflowFailException, match=r"^States\.Timeout|^States\.HeartbeatTimeout"):
        resume(made, run, event)


def test_an_activity_nobody_takes_times_out(
    fake_caller: FakeCaller, fake_clock: Clock, kept: Records, run: Run
) -> None:
    made = task(resource=ACTIVITY, timeout_seconds=60)
    event = deferral(made, run)
    fake_clock.now = NOW + 60
    with pytest.raises(AirflowFailException, match=r"^States\.Timeout$"):
        resume(made, run, event)
    assert kept.waits == {}


# With other things to wait for ----------------------------------------------------------------------------------------


def states(name: str, resource: str, **more: Any) -> dict[str, Any]:
    return {"StartAt": name, "States": {name: {"Type": "Task", "Resource": resource, "End": True, **more}}}


def test_jobs_and_workers_are_waited_for_at_once(fake_caller: FakeCaller, kept: Records, run: Run) -> None:
    fake_caller.answers = {"Job": [LATER], "Ask": [Completed({})]}
    made = task(ParallelStateOperator, branches=[states("Job", JOB), states("Ask", ASK, Parameters=PARAMETERS)])
    event = deferral(made, run)
    assert isinstance(event.trigger, JobsTrigger)
    [identity] = kept.waits
    assert [wait["id"] for wait in event.trigger.waits] == [identity]
    kept.take(identity, WorkerAnswer("SendTaskFailure", error="Boom"))
    with pytest.raises(AirflowFailException, match=r"^Boom$"):
        resume(made, run, event)
    assert fake_caller.cancelled and kept.waits == {}
