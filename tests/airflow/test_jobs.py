"""Jobs of a translated DAG in a real Airflow: the triggerer waits for them."""

from __future__ import annotations

from sfn_provider.integrations.integration import dig
from sfn_provider.translate import translate
from tests.fixtures.moto_jobs import OVER, MotoJobs
from tests.fixtures.real_airflow import RealAirflow


def all_at_once(states: dict[str, dict[str, object]], dag_id: str) -> str:
    """A DAG of one task that runs the states in parallel."""
    branches = [{"StartAt": name, "States": {name: state | {"End": True}}} for name, state in states.items()]
    retry = [{"ErrorEquals": ["Never"]}]
    parallel = {"Type": "Parallel", "Branches": branches, "Retry": retry, "End": True}
    return translate({"StartAt": "All", "States": {"All": parallel}}, dag_id=dag_id).source


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
    assert {name: (path, dig(results[name], path)) for name, (path, _) in OVER.items()} == OVER
    assert moto_jobs.started() == dict.fromkeys(OVER, 1)
    assert run.log("All").count("Pre Execute") <= 1 + len(OVER), "a worker starts only where a job has ended"
