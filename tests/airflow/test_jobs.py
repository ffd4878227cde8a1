"""Jobs of a translated DAG in a real Airflow: the triggerer waits for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from sfn_provider.integrations.json_templates import get_path
from sfn_provider.translate import translate
from tests.aws.local_step_functions import PENDING, SharedStepFunctions
from tests.aws.lost_answers import STARTS, STATES, LostAnswersAws
from tests.aws.moto_jobs import OVER, MotoJobs, make_jobs
from tests.fixtures.whole_airflow.real_airflow import RealAirflow, Run


def all_at_once(states: dict[str, Any], dag_id: str, **arguments: object) -> str:
    """A DAG of one task that runs the states in parallel; with more arguments for it."""
    branches = [{"StartAt": name, "States": {name: state | {"End": True}}} for name, state in states.items()]
    retry = [{"ErrorEquals": ["Never"]}]
    parallel = {"Type": "Parallel", "Branches": branches, "Retry": retry, "End": True}
    source = translate({"StartAt": "All", "States": {"All": parallel}}, dag_id=dag_id).source
    task_id = 'task_id="All",'
    assert task_id in source
    return source.replace(task_id, task_id + "".join(f"{name}={value!r}," for name, value in arguments.items()))


@pytest.fixture(scope="module")
def jobs(empty_moto_server: str, real_time_step_functions: SharedStepFunctions) -> Iterator[MotoJobs]:
    """The jobs of seven services, each of which takes a second."""
    made = make_jobs(empty_moto_server, real_time_step_functions)
    made.move(progression="time", seconds=1)
    yield made
    made.restore_transitions()


@pytest.fixture(scope="module")
def pending(real_time_step_functions: SharedStepFunctions) -> str:
    """The ARN of a state machine whose executions outlast the test."""
    return real_time_step_functions.create_state_machine(PENDING, name="PendingJob")


@pytest.fixture(scope="module")
def runs(
    real_airflow_process: RealAirflow, lost_answers_aws: LostAnswersAws, jobs: MotoJobs, pending: str
) -> dict[str, Run]:
    """A run of each DAG."""
    real_airflow_process.ensure()
    real_airflow_process.set_connection("once", lost_answers_aws.url)
    states = {
        name: {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters}
        for name, (resource, parameters) in STATES.items()
    }
    resource = "arn:aws:states:::states:startExecution.sync"
    nested = {"Type": "Task", "Resource": resource, "Parameters": {"StateMachineArn": pending}, "End": True}
    sources = {
        "lost_worker": all_at_once(states, "lost_worker", aws_conn_id="once", retries=1, retry_delay=0),
        "seven_jobs": all_at_once(jobs.states, "seven_jobs"),
        "stopped_job": translate({"StartAt": "Nested", "States": {"Nested": nested}}, dag_id="stopped_job").source,
    }
    real_airflow_process.add_dags(sources)
    return {dag_id: real_airflow_process.trigger(dag_id) for dag_id in sources}


@pytest.fixture(scope="module")
def seven_jobs(runs: dict[str, Run], jobs: MotoJobs) -> Run:
    """The run whose jobs all come to their ends."""
    run = runs["seven_jobs"]
    run.wait_for_task("All", "deferred")
    jobs.end_steps()
    return run


def test_a_worker_that_is_lost_over_its_submissions_starts_nothing_twice(
    runs: dict[str, Run], lost_answers_aws: LostAnswersAws
) -> None:
    run = runs["lost_worker"]
    for _ in STARTS:
        assert lost_answers_aws.first_calls.acquire(timeout=120), run.story()
    run.kill_worker("All", supervisor=False)
    assert run.wait() == "success", run.story()
    assert {action: len(started) for action, started in lost_answers_aws.started.items()} == dict.fromkeys(STARTS, 1)
    twice = {action for action, (token, _) in STARTS.items() if token}
    assert {action: lost_answers_aws.calls[action] for action in STARTS} == {
        action: 2 if action in twice else 1 for action in STARTS
    }, "a token makes the second call harmless; where there is none, the job is found"


@pytest.mark.usefixtures("seven_jobs")  # they end meanwhile
def test_clearing_and_failing_a_deferred_task_stops_its_job(
    runs: dict[str, Run], real_time_step_functions: SharedStepFunctions, pending: str
) -> None:
    run = runs["stopped_job"]
    airflow = run.airflow

    def wait_for(*statuses: str) -> None:
        def look() -> bool:
            found = real_time_step_functions.client.list_executions(stateMachineArn=pending)["executions"]
            return sorted(execution["status"] for execution in found) == list(statuses)

        airflow.processes.wait_until(f"executions that are {statuses}", look)

    def wait_for_the_triggerer(times: int) -> None:
        airflow.processes.wait_until("the triggerer", lambda: run.log("Nested").count(") starting") >= times)

    wait_for("RUNNING")
    wait_for_the_triggerer(1)
    clear = {"dry_run": False, "dag_run_id": run.run_id, "task_ids": ["Nested"], "only_failed": False}
    airflow.call("POST", "dags/stopped_job/clearTaskInstances", clear)
    wait_for("ABORTED", "RUNNING")
    wait_for_the_triggerer(2)
    task = f"dags/stopped_job/dagRuns/{quote(run.run_id)}/taskInstances/Nested"
    airflow.call("PATCH", task, {"new_state": "failed"})
    wait_for("ABORTED", "ABORTED")
    assert run.wait() == "failed", run.story()


def test_the_jobs_of_seven_services_are_waited_for_by_the_triggerer(seven_jobs: Run, jobs: MotoJobs) -> None:
    run = seven_jobs
    assert run.wait() == "success", run.story()
    results = dict(zip(jobs.states, run.xcom("All"), strict=True))
    assert {name: (path, get_path(results[name], path)) for name, (path, _) in OVER.items()} == OVER
    assert jobs.started() == dict.fromkeys(OVER, 1)
    assert run.log("All").count("Pre Execute") <= 1 + len(OVER), "a worker starts only where a job has ended"
