"""A branch that fails stops the tasks of other branches before their next state, in the worker and in a deferral."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sfn_provider._compat import AirflowFailException, AirflowSkipException
from sfn_provider.integrations import Completed, Submitted
from sfn_provider.translate import translate
from tests.fixtures.airflow.dag_cases import call, distributed, fail, flow, larger_than, map_, parallel, pass_, wait
from tests.fixtures.airflow.task_runs import Run
from tests.fixtures.calls.live_driver import JOB, LATER, NOW, Clock, FakeCaller, deferral, resume

States = dict[str, Any]

NIGHTLY = {"Resource": JOB, "Parameters": {"JobName": "nightly"}}


def polling() -> States:
    """A loop that polls until a number is larger than 9, and waits half a minute in between."""
    return flow(Poll=call("Ready?"), **{"Ready?": larger_than(9, "Done", "Rest")}, Rest=wait("Poll", 30), Done=pass_())


class Branches:
    """The tasks of a translated machine whose first state is a Parallel that was entered."""

    def __init__(self, definition: States, run: Run) -> None:
        from sfn_provider.runtime.state_task import StateTask

        names: dict[str, Any] = {}
        exec(translate(definition, dag_id="machine").source, names)
        self.dag = next(value.dag for value in names.values() if isinstance(value, StateTask))
        self.run = run
        for start in [task_id for task_id in self.dag.task_dict if task_id.endswith("start")]:
            if "Own" not in start:
                self.execute(start)

    def execute(self, task_id: str) -> Any:
        """Execute a task."""
        return self.run.execute(self.task(task_id))

    def task(self, name: str) -> Any:
        """The task of a state, or the one whose id ends so."""
        [found] = [
            task
            for task_id, task in self.dag.task_dict.items()
            if task_id.endswith(name) or (task.role == "state" and name in task.states)
        ]
        return found

    def fail(self, task_id: str = "Bad") -> None:
        """Run the state that fails."""
        with pytest.raises(AirflowFailException):
            self.execute(task_id)


@pytest.fixture
def run() -> Run:
    return Run(conf={"n": 1})


AROUND: dict[str, Callable[[States, States], States]] = {
    "a loop": lambda loop, bad: flow(Both=parallel(loop, bad)),
    "a loop in an inner Parallel": lambda loop, bad: flow(
        Both=parallel(flow(Inner=parallel(loop, flow(Other=pass_()))), bad)
    ),
    "a loop that one task runs with the Parallel around it": lambda loop, bad: flow(
        Both=parallel(flow(Inner=parallel(loop, Retry=[{"ErrorEquals": ["Never"]}])), bad)
    ),
    "a loop in a Map that one task runs": lambda loop, bad: flow(
        Both=parallel(flow(Inner=map_(loop, ItemsPath="$.items", MaxConcurrency=1)), bad)
    ),
}
TASKS = {"a loop": "Poll", "a loop in an inner Parallel": "Poll"}


@pytest.mark.parametrize("name", AROUND)
def test_a_loop_in_a_deferral_stops_before_its_next_state(
    name: str, fake_caller: FakeCaller, fake_clock: Clock, run: Run
) -> None:
    run.conf = {"n": 1, "items": [{"n": 1}]}
    branches = Branches(AROUND[name](polling(), flow(Bad=fail())), run)
    fake_caller.answers["Poll"] = [Completed({"n": 1}), Completed({"n": 10})]
    loop = branches.task(TASKS.get(name, "Inner"))
    event = deferral(loop, run)
    branches.fail()
    fake_clock.now = NOW + 30
    with pytest.raises(AirflowSkipException, match="another branch of a Parallel or Map around this state has failed"):
        resume(loop, run, event)
    assert [made.state for made, _ in fake_caller.calls] == ["Poll"]
    assert run.kept == {}, "no later try resumes"


def test_a_loop_in_the_worker_stops_before_its_next_state(
    fake_caller: FakeCaller, fake_clock: Clock, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__WAITING", "block")
    branches = Branches(flow(Both=parallel(polling(), flow(Bad=fail()))), run)

    def third() -> Completed:
        branches.fail()
        return Completed({"n": 1})

    fake_caller.answers["Poll"] = [Completed({"n": 1}), Completed({"n": 1}), third, Completed({"n": 10})]
    with pytest.raises(AirflowSkipException):
        branches.execute("Poll")
    assert len(fake_caller.calls) == 3
    assert fake_clock.now == NOW + 60, "not even the wait after it begins"


def test_jobs_of_what_stops_are_stopped(fake_caller: FakeCaller, fake_clock: Clock, run: Run) -> None:
    inner = parallel(flow(Job={**call(), **NIGHTLY}), polling(), Retry=[{"ErrorEquals": ["Never"]}])
    branches = Branches(flow(Both=parallel(flow(Inner=inner), flow(Bad=fail()))), run)
    fake_caller.answers = {"Job": [Submitted({"id": "jr_1"}, {}, 600.0)], "Poll": [Completed({"n": 1})]}
    event = deferral(branches.task("Inner"), run)
    branches.fail()
    fake_clock.now = NOW + 30
    with pytest.raises(AirflowSkipException):
        resume(branches.task("Inner"), run, event)
    assert fake_caller.cancelled == [{"id": "jr_1"}]


def test_the_retry_of_a_single_task_does_not_come(fake_caller: FakeCaller, fake_clock: Clock, run: Run) -> None:
    from sfn_provider.exceptions import StatesError

    retry = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 60}]
    branches = Branches(flow(Both=parallel(flow(Work=call(Retry=retry)), flow(Bad=fail()))), run)
    fake_caller.answers["Work"] = [StatesError("Busy"), Completed(1)]
    event = deferral(branches.task("Work"), run)
    branches.fail()
    fake_clock.now = NOW + 60
    with pytest.raises(AirflowSkipException):
        resume(branches.task("Work"), run, event)
    assert len(fake_caller.calls) == 1


def test_child_executions_stop_too(fake_caller: FakeCaller, fake_clock: Clock, run: Run) -> None:
    each = distributed(polling(), ItemsPath="$.items")
    run.conf, run.map_index = {"items": [{"n": 1}, {"n": 2}]}, -1
    branches = Branches(flow(Both=parallel(flow(Own=each), flow(Bad=fail()))), run)
    branches.execute("Own.start")
    run.map_index = 0
    fake_caller.answers["Poll"] = [Completed({"n": 1})] * 2
    children = branches.task("children")
    event = deferral(children, run)
    run.map_index = -1
    branches.fail()
    run.map_index, fake_clock.now = 0, NOW + 30
    with pytest.raises(AirflowSkipException):
        resume(children, run, event)
    assert len(fake_caller.calls) == 2


def test_an_error_that_an_inner_state_catches_stops_nothing(
    fake_caller: FakeCaller, fake_clock: Clock, run: Run
) -> None:
    caught = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    inner = flow(Inner=parallel(flow(Bad=fail()), Catch=caught), Caught=pass_())
    branches = Branches(flow(Both=parallel(polling(), inner)), run)
    fake_caller.answers["Poll"] = [Completed({"n": 1}), Completed({"n": 10})]
    event = deferral(branches.task("Poll"), run)
    branches.fail()
    fake_clock.now = NOW + 30
    assert resume(branches.task("Poll"), run, event) == {"n": 10}


def test_a_job_that_ends_leads_to_no_further_state(fake_caller: FakeCaller, fake_clock: Clock, run: Run) -> None:
    loop = flow(Job={**call("Ready?"), **NIGHTLY}, **{"Ready?": larger_than(9, "Done", "Rest")}, Rest=wait("Job", 30))
    loop["States"]["Done"] = pass_()
    branches = Branches(flow(Both=parallel(loop, flow(Bad=fail()))), run)
    fake_caller.answers["Job"], fake_caller.polls = [LATER], [Completed({"n": 1})]
    event = deferral(branches.task("Job"), run)
    branches.fail()
    fake_clock.now = NOW + 600
    with pytest.raises(AirflowSkipException):
        resume(branches.task("Job"), run, event)
    assert fake_clock.now == NOW + 600 and fake_caller.cancelled == []
