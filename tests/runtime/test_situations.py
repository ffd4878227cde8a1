"""What becomes of a job when its task is lost, killed, cleared or timed out: situation by kind of task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from sfn_provider._compat import AirflowException, TaskDeferred
from sfn_provider.integrations import Submitted
from sfn_provider.integrations.call_outcomes import Completed
from sfn_provider.operators.distributed_map import (
    ChildExecutionsOperator,
    DistributedMapJoinOperator,
    DistributedMapStartOperator,
)
from sfn_provider.operators.groups import MapTaskGroup
from sfn_provider.operators.state_machine import LoopOperator, ParallelStateOperator, TaskStateOperator
from sfn_provider.runtime.stores import snapshots
from tests.fixtures.airflow.task_runs import STARTED, Run, dag
from tests.fixtures.calls.live_driver import FUNCTION, JOB, Clock, FakeCaller, Variables, deferral, task
from tests.fixtures.machines.definitions import choose

WORK = {"Type": "Task", "Resource": FUNCTION, "Next": "Call"}
CALL = {"Type": "Task", "Resource": JOB}
LOOP = {"Work": WORK, "Call": CALL | {"Next": "Done?"}, "Done?": choose("$", {"more": "Work"}, "Next")}
BRANCHES = [{"StartAt": "Work", "States": {"Work": WORK, "Call": CALL | {"End": True}}}]
CHILD = BRANCHES[0] | {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}

KINDS: dict[str, tuple[Any, dict[str, Any], bool]] = {
    "task": (TaskStateOperator, {"resource": JOB}, False),
    "loop": (LoopOperator, {"states": LOOP}, True),
    "parallel": (ParallelStateOperator, {"branches": BRANCHES}, True),
    "children": (ChildExecutionsOperator, {"item_processor": CHILD}, True),
}
"""Operator and fields of a task whose state Call starts a job; does a call of the state Work come before?"""


def lost(made: Any, run: Run) -> None:
    """The worker is lost; Airflow starts the next try."""
    run.try_number += 1


def lost_and_other_task_cleared(made: Any, run: Run) -> None:
    """While the worker is lost, a user clears another task of the run."""
    run.clear_number += 1
    lost(made, run)


def cleared_while_deferred(made: Any, run: Run) -> None:
    """A user clears the task while it is deferred; no trigger is informed."""
    run.clear_number += 1
    run.max_tries += run.try_number
    lost(made, run)


def killed(state: str) -> Callable[[Any, Run], None]:
    """Airflow kills the running task, after it has set its state."""

    def kill(made: Any, run: Run) -> None:
        run.states[state_key(run)] = state
        made.on_kill()
        del run.states[state_key(run)]
        lost(made, run)

    return kill


def killed_then_cleared(made: Any, run: Run) -> None:
    """A user marks the running task as failed, and clears it later."""
    killed("failed")(made, run)
    cleared_while_deferred(made, run)


def killed_twice(made: Any, run: Run) -> None:
    """The task is killed and retried; so is the retry."""
    killed("running")(made, run)
    again = make(made.kind)
    deferral(again, run)
    killed("running")(again, run)


def deferral_fails(error: str, *, retried: bool = True) -> Callable[[Any, Run], None]:
    """Airflow ends the deferral itself: the next process of the task gets nothing of it."""

    def fail(made: Any, run: Run) -> None:
        run.states[state_key(run)] = "running"
        run.max_tries = run.max_tries if retried else 0
        with pytest.raises(AirflowException, match=error):
            make(made.kind).resume_execution("__fail__", {"error": error}, run.context(made))
        del run.states[state_key(run)]
        if not retried:
            run.max_tries = run.try_number + 2  # a user clears it
        lost(made, run)

    return fail


def created_again(made: Any, run: Run) -> None:
    """A user deletes the run; another one gets its id. Its first worker is lost before it has stored anything."""
    run.start_date = STARTED + timedelta(hours=1)
    run.try_number = 2


@dataclass(frozen=True)
class Situation:
    """What happens while the job runs, and what the next try does.

    Args:
        name: of the situation.
        happens: lets it happen to the task and the run.
        stopped: the jobs that are stopped before the end of the next try.
        starts_job: True where the next try starts a job of its own.
        repeats_work: True where the next try starts from the beginning.
    """

    name: str
    happens: Callable[[Any, Run], None]
    stopped: tuple[str, ...] = ("job 1",)
    starts_job: bool = True
    repeats_work: bool = True


SITUATIONS = [
    Situation("worker lost", lost, (), starts_job=False, repeats_work=False),
    Situation("worker lost, other task cleared", lost_and_other_task_cleared, (), starts_job=False, repeats_work=False),
    Situation("process replaced", killed("queued"), (), starts_job=False, repeats_work=False),
    Situation("cleared while deferred", cleared_while_deferred),
    Situation("cleared while running", killed("restarting")),
    Situation("marked failed, then cleared", killed_then_cleared),
    Situation("run deleted and created again", created_again),
    Situation("killed by a signal or execution_timeout", killed("running"), repeats_work=False),
    Situation("killed twice", killed_twice, ("job 1", "job 2"), repeats_work=False),
    Situation("deferral timed out", deferral_fails("Trigger timeout"), repeats_work=False),
    Situation("deferral timed out on Airflow 2", deferral_fails("Trigger/execution timeout"), repeats_work=False),
    Situation("last deferral timed out", deferral_fails("Trigger timeout", retried=False)),
    Situation("trigger failed", deferral_fails("Trigger failure"), (), starts_job=False, repeats_work=False),
    Situation("last trigger failed", deferral_fails("Trigger failure", retried=False)),
]


ENDS: dict[str, Any] = {"task": "done", "loop": "done", "parallel": ["done"], "children": {"SUCCEEDED": 1}}
"""What a task of each kind returns."""


def make(kind: str) -> Any:
    """Make a task of a kind."""
    operator, fields, _ = KINDS[kind]
    made = make_children(operator, fields) if kind == "children" else task(operator, **fields)
    made.kind = kind
    return made


def make_children(operator: Any, fields: dict[str, Any]) -> Any:
    """Make the task of child executions between the start and the join of its Map."""
    with dag():
        start = DistributedMapStartOperator(task_id="Start", state_name="Each", items_path="$.items")
        with MapTaskGroup("part", items=start, prefix_group_id=False):
            made = operator(task_id="Call", state_name="Each", **fields)
        made >> DistributedMapJoinOperator(task_id="Join", state_name="Each", end=True)
    return made


def start_map(made: Any, run: Run) -> None:
    """Run the start task of a distributed Map before its child executions."""
    run.execute(made.dag.get_task("Start"))
    run.states["Start"] = "success"
    run.map_index = 0


def state_key(run: Run) -> str:
    """The name of the task instance among the states of the run."""
    return "Call" if run.map_index < 0 else f"Call_{run.map_index}"


@pytest.fixture
def run(fake_caller: FakeCaller, fake_clock: Clock) -> Run:
    """A DAG run, whose calls of Work are answered and whose calls of Call start jobs."""
    jobs = [Submitted({"id": f"job {number}"}, {}, 30.0) for number in (1, 2, 3)]
    fake_caller.answers = {"Work": [Completed("worked"), Completed("worked")], "Call": jobs}
    return Run(conf={"a": 1, "items": ["x"]})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_the_next_try_follows_the_job_or_starts_another_one(
    situation: Situation, kind: str, run: Run, fake_caller: FakeCaller, fake_clock: Clock, variables: Variables
) -> None:
    made = make(kind)
    if kind == "children":
        start_map(made, run)
    deferral(made, run)
    situation.happens(made, run)
    before = len(fake_caller.calls)
    waiting = deferral(make(kind), run)
    made_then = [call.state for call, _ in fake_caller.calls[before:]]
    works_before = KINDS[kind][2] and situation.repeats_work
    assert made_then == ["Work"] * works_before + ["Call"] * situation.starts_job
    assert {job["id"] for job in fake_caller.cancelled} == set(situation.stopped)
    keys = [key for call, key in fake_caller.calls if call.state == "Call"]
    assert len(set(keys)) == len(keys), "a service that knows the key would return the job that was stopped"
    [followed] = waiting.trigger.jobs.values()
    assert followed["id"] == f"job {len(keys)}"
    fake_caller.polls = [Completed("done")]
    fake_clock.now += 60
    end = make(kind).resume(run.context(made), snapshot=waiting.kwargs["snapshot"])
    assert (end, run.kept, variables) == (ENDS[kind], {}, {})


def test_a_task_that_ends_without_a_retry_leaves_nothing(run: Run, variables: Variables) -> None:
    made = make("loop")
    deferral(made, run)
    run.states["Call"] = "failed"
    made.on_kill()
    assert (run.kept, variables) == ({}, {})


def test_a_job_whose_submission_is_under_way_is_stopped_when_the_task_is_killed(
    run: Run, fake_caller: FakeCaller
) -> None:
    made = make("task")

    def submit() -> Any:
        run.states["Call"] = "failed"
        made.on_kill()
        return Submitted({"id": "late"}, {}, 30.0)

    fake_caller.answers["Call"] = [submit]
    with pytest.raises(AirflowException, match="The task was killed"):
        run.execute(made)
    assert [job["id"] for job in fake_caller.cancelled] == ["late"]


def test_nothing_is_called_once_the_task_is_killed(run: Run, fake_caller: FakeCaller) -> None:
    made = make("loop")

    def work() -> Any:
        run.states["Call"] = "running"
        made.on_kill()
        return Completed("worked")

    fake_caller.answers["Work"] = [work, Completed("worked")]
    with pytest.raises(AirflowException, match="The task was killed"):
        run.execute(made)
    assert [call.state for call, _ in fake_caller.calls] == ["Work"]
    run.try_number = 2
    deferral(make("loop"), run)
    assert [call.state for call, _ in fake_caller.calls][1:] in (["Work", "Call"], ["Call"])


@pytest.mark.parametrize("late", [False, True], ids=["in time", "late"])
def test_a_deferral_ends_with_the_execution_timeout(late: bool, run: Run, fake_clock: Clock) -> None:
    with pytest.raises(TaskDeferred) as deferred:
        run.execute(task(resource=JOB, execution_timeout=timedelta(seconds=5 if late else 60)))
    assert deferred.value.timeout == timedelta(seconds=0 if late else 50), "it started ten seconds ago"


@pytest.mark.parametrize("argument", [{"do_xcom_push": False}, {"multiple_outputs": True}], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_a_task_without_its_xcoms_is_refused(kind: str, argument: dict[str, Any]) -> None:
    operator, fields, _ = KINDS[kind]
    with pytest.raises(AirflowException, match="'Call': do_xcom_push must be True and multiple_outputs False"):
        task(operator, **fields, **argument)


def test_a_job_that_had_succeeded_before_the_task_was_killed_is_not_started_again(
    run: Run, fake_caller: FakeCaller
) -> None:
    made = make("loop")
    deferral(made, run)
    killed("running")(made, run)
    fake_caller.cancelled.clear()  # to stop it was too late
    fake_caller.polls = [Completed("done"), Completed("done")]
    assert run.execute(make("loop")) == "done"
    assert [call.state for call, _ in fake_caller.calls] == ["Work", "Call"]


def test_a_job_is_stopped_where_airflow_cannot_be_asked(
    run: Run, fake_caller: FakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise ConnectionError("Airflow is not there")

    made = make("task")
    deferral(made, run)
    monkeypatch.setattr(snapshots, "task_states", refuse)
    made.on_kill()
    assert [job["id"] for job in fake_caller.cancelled] == ["job 1"]
