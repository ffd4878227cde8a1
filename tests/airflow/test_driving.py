"""Driving Step Functions on a whole Airflow: clears, kills, timeouts, lost workers, runs that are created again.

The DAGs run at once. Each has a state machine of its own, whose executions end after the seconds of their input.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.aws.server import serve
from tests.aws.step_functions import SimulatedExecution, SimulatedStepFunctions
from tests.fixtures.session.versions import AIRFLOW, from_airflow
from tests.fixtures.whole_airflow.driving_dags import DAGS, KEY, SECRET
from tests.fixtures.whole_airflow.real_airflow import RealAirflow, Run

REPORTS_KILLED_DEFERRALS = AIRFLOW >= (3, 3)
"""Whether Airflow tells a trigger that a user acted on its task."""


class Driving:
    """The DAGs' runs, and the executions that they have started.

    Args:
        airflow: runs the DAGs.
        service: runs the executions.
    """

    def __init__(self, airflow: RealAirflow, service: SimulatedStepFunctions) -> None:
        self.airflow, self.service = airflow, service
        self.runs: dict[str, Run] = {}

    def trigger(self, name: str, **fields: Any) -> None:
        """Start a run."""
        self.runs[name] = self.airflow.trigger(name, **fields)

    def executions(self, name: str) -> list[SimulatedExecution]:
        """Return a state machine's executions in the order of their starts."""
        prefix = f":execution:{name}:"
        found = [each for arn, each in list(self.service.executions.items()) if prefix in arn]
        return sorted(found, key=lambda each: each.start)

    def ends(self, name: str) -> list[tuple[str, str]]:
        """Return how a state machine's executions have ended: status and error."""
        now = self.service.clock()
        return [(each.status(now), each.failure.get("error", "")) for each in self.executions(name)]

    def wait_until(self, name: str, check: Callable[[], Any]) -> None:
        """Wait for something about a state machine's executions."""
        try:
            self.airflow.processes.wait_until(f"what executions of {name} wait for", check)
        except AssertionError as error:
            story = self.runs[name].story() if name in self.runs else ""
            raise AssertionError(f"{error}: {self.ends(name)}\n{story}") from None

    def wait_for_start(self, name: str) -> None:
        """Wait until an execution has started."""
        self.wait_until(name, lambda: self.executions(name))

    def links(self, name: str) -> list[str]:
        """Return the task's links to executions in the console."""
        path = f"dags/{name}/dagRuns/{self.runs[name].run_id}/taskInstances/start/links"
        links = self.airflow.call("GET", path)
        return [link for title, link in links.get("extra_links", links).items() if "Executions" in title and link]

    def mark_failed(self, name: str) -> None:
        """Mark the task as failed, as a user does."""
        run = self.runs[name]
        path = f"dags/{name}/dagRuns/{run.run_id}/taskInstances/start"
        self.airflow.call("PATCH", path, {"new_state": "failed"} | ({} if AIRFLOW >= (3,) else {"dry_run": False}))

    def backfill(self, name: str) -> None:
        """Run a DAG for one day, again if it has run."""
        body = {"from_date": "2025-03-15T00:00:00Z", "to_date": "2025-03-15T00:00:00Z"}
        self.airflow.call("POST", "backfills", {"dag_id": name, "reprocess_behavior": "completed", **body})

    def is_backfilled(self, name: str) -> bool:
        """Return whether no backfill of a DAG is running."""
        found = self.airflow.call("GET", f"backfills?dag_id={name}")["backfills"]
        return all(each["completed_at"] for each in found)


KILLED = ("ABORTED", "Airflow.TaskKilled")
SUCCEEDED = ("SUCCEEDED", "")


@pytest.fixture(scope="module")
def driving(real_airflow_process: RealAirflow) -> Iterator[Driving]:
    """All runs, each up to where something is done to it."""
    service = SimulatedStepFunctions()
    with serve(service) as service.url:
        real_airflow_process.ensure()
        real_airflow_process.set_connection("step_functions", service.url, password=KEY)
        real_airflow_process.add_dags({"driving": DAGS})
        machine = "arn:aws:states:us-east-1:123456789012:stateMachine:marked_while_starting"
        service.response_delays[machine] = 6.0
        driving = Driving(real_airflow_process, service)
        try:
            for name in ("worker_lost", "marked_while_starting", "marked_in_worker"):
                driving.trigger(name)
            if AIRFLOW >= (3,):
                driving.trigger("cleared_in_worker")
            driving.wait_for_start("marked_while_starting")
            driving.mark_failed("marked_while_starting")
            driving.wait_for_start("worker_lost")
            driving.runs["worker_lost"].kill_worker("start", supervisor=False)
            if AIRFLOW >= (3,):
                driving.wait_for_start("cleared_in_worker")
                driving.runs["cleared_in_worker"].clear("start")
            for name in ("cleared", "created_again", "timed_out", "mended", "set_up", "soft_fail", "driving"):
                driving.trigger(name)
            for name in ("native_types", "masked", "heard"):
                driving.trigger(name)
            if REPORTS_KILLED_DEFERRALS:
                driving.trigger("marked_deferred")
            if AIRFLOW >= (3,):
                driving.backfill("reprocessed")
            yield driving
        finally:  # no task goes on in a slot that the next tests need
            service.release(0)
            runs = list(driving.runs.values())
            real_airflow_process.processes.wait_until(
                "the end of all runs", lambda: all(run.state in ("success", "failed") for run in runs)
            )


def test_a_retry_finds_the_execution_of_a_lost_worker(driving: Driving) -> None:
    run = driving.runs["worker_lost"]
    assert run.wait() == "success", run.story()
    assert driving.ends("worker_lost") == [SUCCEEDED]
    assert run.task("start")["try_number"] == 2


def test_a_task_that_is_marked_stops_its_execution(driving: Driving) -> None:
    driving.wait_until("marked_in_worker", lambda: driving.links("marked_in_worker"))  # while it waits in the worker
    driving.mark_failed("marked_in_worker")
    driving.wait_until("marked_in_worker", lambda: driving.ends("marked_in_worker") == [KILLED])


def test_a_task_that_is_marked_while_the_start_is_under_way_stops_its_execution(driving: Driving) -> None:
    driving.wait_until("marked_while_starting", lambda: driving.ends("marked_while_starting") == [KILLED])


@from_airflow(3, 3, reason="does not tell a trigger that its task was killed")
def test_a_deferred_task_that_is_marked_stops_its_execution(driving: Driving) -> None:
    run = driving.runs["marked_deferred"]
    # Airflow tells a trigger of it that runs, and no other.
    driving.wait_until("marked_deferred", lambda: "Waiting for execution" in run.log("start"))
    driving.mark_failed("marked_deferred")
    driving.wait_until("marked_deferred", lambda: driving.ends("marked_deferred") == [KILLED])


@from_airflow(3, reason="leaves a running task as it is where its REST API clears it")
def test_a_task_that_is_cleared_while_it_runs_stops_its_execution_and_starts_another(driving: Driving) -> None:
    run = driving.runs["cleared_in_worker"]
    driving.wait_until("cleared_in_worker", lambda: driving.ends("cleared_in_worker") == [KILLED, SUCCEEDED])
    assert run.wait() == "success", run.story()


def test_a_deferral_that_times_out_stops_its_execution_without_xcoms(driving: Driving) -> None:
    run = driving.runs["timed_out"]
    assert run.wait() == "failed", run.story()
    assert driving.ends("timed_out") == [KILLED]
    [arn] = [arn for arn in driving.service.executions if ":timed_out:" in arn]
    # Version 2 ends the task before our code can say it; the trigger has said it before.
    over = (
        "execution_timeout=0:00:20 is over: {} was stopped"
        if AIRFLOW >= (3,)
        else "{} has not ended before the deadline"
    )
    assert over.format(arn) in run.log("start")


def test_a_cleared_task_starts_another_execution(driving: Driving) -> None:
    run = driving.runs["cleared"]
    assert run.wait() == "success", run.story()
    first = run.xcom("start")
    run.clear("start")
    assert run.wait() == "success", run.story()
    assert driving.ends("cleared") == [SUCCEEDED, SUCCEEDED]
    assert run.xcom("start") != first
    assert run.xcom("start", "output") == {"did": run.xcom("start", "execution_name")}
    log = run.log("start")
    assert f"Started execution {first} of state machine" in log
    assert f"{first} ended as SUCCEEDED after" in log
    assert "No connection ID provided" not in log


def test_a_run_that_is_deleted_and_created_again_starts_another_execution(driving: Driving) -> None:
    run = driving.runs["created_again"]
    assert run.wait() == "success", run.story()
    driving.airflow.call("DELETE", f"dags/created_again/dagRuns/{run.run_id}")
    driving.trigger("created_again", run_id=run.run_id)
    assert run.wait() == "success", run.story()
    assert driving.ends("created_again") == [SUCCEEDED, SUCCEEDED]


@from_airflow(3, reason="has no backfills in its REST API")
def test_a_backfill_that_reprocesses_a_run_starts_another_execution(driving: Driving) -> None:
    driving.wait_until("reprocessed", lambda: driving.ends("reprocessed") == [SUCCEEDED])
    driving.wait_until("reprocessed", lambda: driving.is_backfilled("reprocessed"))
    driving.backfill("reprocessed")
    driving.wait_until("reprocessed", lambda: driving.ends("reprocessed") == [SUCCEEDED, SUCCEEDED])


def test_a_cleared_task_runs_although_a_failed_execution_fails_its_retries(driving: Driving) -> None:
    run = driving.runs["mended"]
    assert run.wait() == "failed", run.story()
    run.clear("start")
    assert run.wait() == "success", run.story()
    assert driving.ends("mended") == [("FAILED", "Orders.Bad"), SUCCEEDED]


def test_a_cleared_task_sets_up_anew(driving: Driving) -> None:
    run = driving.runs["set_up"]
    assert run.wait() == "success", run.story()
    run.clear("work")
    driving.wait_until("set_up", lambda: len(driving.executions("set_up")) == 2)
    assert run.wait() == "success", run.story()
    assert driving.ends("set_up_work") == [SUCCEEDED, SUCCEEDED]
    log = run.log("stop")
    assert ":execution:set_up:" in log and ":execution:set_up_work:" not in log, log


def test_mapped_tasks_hand_on_each_its_own_execution(driving: Driving) -> None:
    run = driving.runs["driving"]
    assert run.wait() == "success", run.story()
    arns = [run.xcom("each.start", map_index=index) for index in (0, 1)]
    inputs = [json.loads(driving.service.executions[arn].input)["n"] for arn in arns]
    outputs = [run.xcom("output", map_index=index)["did"] for index in (0, 1)]
    assert (inputs, outputs) == ([0, 1], [arn.rpartition(":")[2] for arn in arns])


def test_a_message_ends_a_deferral_with_its_output_and_a_forged_one_does_not(driving: Driving) -> None:
    run = driving.runs["heard"]
    driving.wait_until("heard", lambda: "Waiting for execution" in run.log("start"))
    arn, now = run.xcom("start", "execution_arn"), driving.service.clock()
    dates = {"startDate": int(now * 1000) - 1000, "stopDate": int(now * 1000) + 1000}
    for output, machine in (("forged", "other"), ("heard", "heard")):
        state_machine = f"arn:aws:states:us-east-1:123456789012:stateMachine:{machine}"
        event = {"stateMachineArn": state_machine, "output": json.dumps({"is": output}), **dates}
        driving.service.send_event(arn, "SUCCEEDED", now, **event)
    assert run.wait() == "success", run.story()
    assert run.xcom("start", "output") == {"is": "heard"}


def test_soft_fail_skips_timeouts_and_other_ends_in_every_mode_and_no_wrong_argument(driving: Driving) -> None:
    run = driving.runs["soft_fail"]
    assert run.wait() == "failed", run.story()
    modes = ("poke", "reschedule", "True")
    states = run.states()
    assert {states[f"timeout_{mode}"] for mode in modes} == {"skipped"}, run.story()
    assert {states[f"ended_{mode}"] for mode in modes} == {"skipped"}, run.story()
    assert {states[f"wrong_{mode}"] for mode in modes} == {"failed"}, run.story()
    for mode in modes:
        assert "execution_arn: 'arn:aws:s3:::orders/1' is not the ARN of an execution" in run.log(f"wrong_{mode}")


def test_text_stays_text_in_a_dag_with_native_rendering(driving: Driving) -> None:
    run = driving.runs["native_types"]
    assert run.wait() == "success", run.story()
    [first], [second] = driving.executions("native_types"), driving.executions("native_types_next")
    assert run.xcom("start") == "arn:aws:states:us-east-1:123456789012:execution:native_types:20250301"
    assert json.loads(first.input) == {"seconds": 1, "output": "2025-03-01", "text": "007"}
    assert run.xcom("output") == "2025-03-01"
    assert second.input == '"2025-03-01"'


def test_secrets_of_a_cause_stay_out_of_logs_and_no_line_is_forged(driving: Driving) -> None:
    run = driving.runs["masked"]
    assert run.wait() == "failed", run.story()
    assert driving.ends("masked") == [("FAILED", "Orders.Bad")] * 3
    for task_id in ("worker", "triggerer", "sensor"):
        log = run.log(task_id)
        assert "Orders.Bad" in log and "***" in log, log
        assert SECRET not in log and KEY not in log, log
        assert not [line for line in log.splitlines() if line.startswith("ERROR - all is lost")], log
