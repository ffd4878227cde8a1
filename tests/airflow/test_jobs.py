"""Jobs of a translated DAG in a real Airflow: the triggerer waits for them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from sfn_provider.integrations.json_templates import get_path
from sfn_provider.translate import translate
from tests.aws.local_step_functions import SharedStepFunctions
from tests.aws.lost_answers import STARTS, STATES, LostAnswersAws
from tests.aws.moto_jobs import OVER, MotoJobs
from tests.fixtures.real_airflow import RealAirflow


def all_at_once(states: dict[str, Any], dag_id: str, **arguments: object) -> str:
    """A DAG of one task that runs the states in parallel; with more arguments for it."""
    branches = [{"StartAt": name, "States": {name: state | {"End": True}}} for name, state in states.items()]
    retry = [{"ErrorEquals": ["Never"]}]
    parallel = {"Type": "Parallel", "Branches": branches, "Retry": retry, "End": True}
    source = translate({"StartAt": "All", "States": {"All": parallel}}, dag_id=dag_id).source
    task_id = 'task_id="All",'
    assert task_id in source
    return source.replace(task_id, task_id + "".join(f"{name}={value!r}," for name, value in arguments.items()))


@pytest.mark.stepfunctions(time="real")
def test_the_jobs_of_seven_services_are_waited_for_by_the_triggerer(
    real_airflow: RealAirflow, moto_jobs: MotoJobs
) -> None:
    moto_jobs.move(progression="time", seconds=1)
    real_airflow.add_dag("seven_jobs", all_at_once(moto_jobs.states, "seven_jobs"))
    run = real_airflow.trigger("seven_jobs")
    run.wait_for_task("All", "deferred")
    moto_jobs.end_steps()
    assert run.wait() == "success", run.story()
    results = dict(zip(moto_jobs.states, run.xcom("All"), strict=True))
    assert {name: (path, get_path(results[name], path)) for name, (path, _) in OVER.items()} == OVER
    assert moto_jobs.started() == dict.fromkeys(OVER, 1)
    assert run.log("All").count("Pre Execute") <= 1 + len(OVER), "a worker starts only where a job has ended"


def test_a_worker_that_is_lost_over_its_submissions_starts_nothing_twice(
    real_airflow: RealAirflow, lost_answers_aws: LostAnswersAws
) -> None:
    states = {
        name: {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters}
        for name, (resource, parameters) in STATES.items()
    }
    real_airflow.set_connection("once", lost_answers_aws.url)
    source = all_at_once(states, "lost_worker", aws_conn_id="once", retries=1, retry_delay=0)
    real_airflow.add_dag("lost_worker", source)
    run = real_airflow.trigger("lost_worker")
    for _ in STARTS:
        assert lost_answers_aws.first_calls.acquire(timeout=120), run.story()
    run.kill_worker("All", supervisor=False)
    assert run.wait() == "success", run.story()
    assert {action: len(started) for action, started in lost_answers_aws.started.items()} == dict.fromkeys(STARTS, 1)
    twice = {action for action, (token, _) in STARTS.items() if token}
    assert {action: lost_answers_aws.calls[action] for action in STARTS} == {
        action: 2 if action in twice else 1 for action in STARTS
    }, "a token makes the second call harmless; where there is none, the job is found"


@pytest.mark.stepfunctions(time="real")
def test_clearing_and_failing_a_deferred_task_stops_its_job(
    real_airflow: RealAirflow, stepfunctions: SharedStepFunctions, pending_machine: str
) -> None:
    resource = "arn:aws:states:::states:startExecution.sync"
    nested = {"Type": "Task", "Resource": resource, "Parameters": {"StateMachineArn": pending_machine}, "End": True}
    source = translate({"StartAt": "Nested", "States": {"Nested": nested}}, dag_id="stopped_job").source
    real_airflow.add_dag("stopped_job", source)
    run = real_airflow.trigger("stopped_job")

    def wait_for(*statuses: str) -> None:
        def look() -> bool:
            found = stepfunctions.client.list_executions(stateMachineArn=pending_machine)["executions"]
            return sorted(execution["status"] for execution in found) == list(statuses)

        real_airflow.processes.wait_until(f"executions that are {statuses}", look)

    def wait_for_the_triggerer(times: int) -> None:
        real_airflow.processes.wait_until("the triggerer", lambda: run.log("Nested").count(") starting") >= times)

    wait_for("RUNNING")
    wait_for_the_triggerer(1)
    clear = {"dry_run": False, "dag_run_id": run.run_id, "task_ids": ["Nested"], "only_failed": False}
    real_airflow.call("POST", "dags/stopped_job/clearTaskInstances", clear)
    wait_for("ABORTED", "RUNNING")
    wait_for_the_triggerer(2)
    task = f"dags/stopped_job/dagRuns/{quote(run.run_id)}/taskInstances/Nested"
    real_airflow.call("PATCH", task, {"new_state": "failed"})
    wait_for("ABORTED", "ABORTED")
    assert run.wait() == "failed", run.story()
