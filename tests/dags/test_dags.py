"""Every DAG under ``dags``, as Airflow finds it there; the translated one is run against the engine."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest

from sfn_provider._compat import has_event_triggers
from sfn_provider.compare.airflow.dag_execution import read_outcome
from sfn_provider.compare.airflow.runner import shared_runner
from sfn_provider.engine import load_mocks, simulate
from sfn_provider.engine.simulation.mock_files import load_test_cases
from tests.fixtures.airflow.airflow_home import schedule_of
from tests.fixtures.machines.definitions import passed
from tests.golden import DAGS

INPUT = json.loads((DAGS / "sales_pipeline.input.json").read_text())
MOCKS = DAGS / "sales_pipeline.mocks.json"


@pytest.fixture(scope="module")
def bag() -> Any:
    """The folder as Airflow reads it, with every warning an error."""
    from sfn_provider._compat import DagBag

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return DagBag(DAGS)


def test_every_file_is_read_without_an_error_or_a_warning(bag: Any) -> None:
    assert bag.import_errors == {}
    assert not getattr(bag, "captured_warnings", None)
    names = {"sales_pipeline", "start_sales_pipeline", "after_sales_pipeline", "replay_sales_pipeline"}
    assert {path.stem for path in DAGS.glob("*.py")} == names
    assert set(bag.dags) == (names if has_event_triggers() else names - {"after_sales_pipeline"})


def test_both_pipelines_start_at_the_same_time_of_the_night(bag: Any) -> None:
    pipelines = [bag.dags[name] for name in ("sales_pipeline", "start_sales_pipeline")]
    assert {schedule_of(dag) for dag in pipelines} == {"0 2 * * *"}
    assert not any(dag.catchup for dag in bag.dags.values())


def test_the_tasks_of_the_pipeline(bag: Any) -> None:
    dag = bag.dags["sales_pipeline"]
    ways = {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks}
    assert ways == {
        "ValidateInputFile": ["NotifyFailure", "RunGlueTransform"],
        "RunGlueTransform": ["CheckDataQuality"],
        "CheckDataQuality": ["QualityPassed"],
        "QualityPassed": ["NotifyQualityFailure", "RunGoldAggregation"],
        "RunGoldAggregation": ["NotifySuccess"],
        "NotifySuccess": [],
        "NotifyQualityFailure": [],
        "NotifyFailure": [],
    }


WAYS = {
    "QualityPasses": (
        "SUCCEEDED",
        "ValidateInputFile RunGlueTransform CheckDataQuality QualityPassed? RunGoldAggregation NotifySuccess",
    ),
    "QualityFails": (
        "SUCCEEDED",
        "ValidateInputFile RunGlueTransform CheckDataQuality QualityPassed? NotifyQualityFailure",
    ),
    # The Catch replaces the input, and NotifyFailure reads $.error, which is not there.
    "FileIsMissing": ("FAILED", "ValidateInputFile NotifyFailure"),
    "GlueFailsTwiceThenSucceeds": (
        "SUCCEEDED",
        "ValidateInputFile RunGlueTransform CheckDataQuality QualityPassed? RunGoldAggregation NotifySuccess",
    ),
    "GlueFailsForGood": ("FAILED", "ValidateInputFile RunGlueTransform"),
}


def test_all_routes_have_a_mock() -> None:
    assert list(load_test_cases(str(MOCKS))) == list(WAYS)


@pytest.mark.usefixtures("user_airflow_home")
@pytest.mark.parametrize("case", WAYS)
def test_the_pipeline_takes_the_route_that_step_functions_takes(case: str) -> None:
    mocks = load_mocks(f"{MOCKS}#{case}")
    source = (DAGS / "sales_pipeline.py").read_text()
    result = shared_runner().run(source, "sales_pipeline", {}, mocks.as_configuration())
    found = read_outcome(result)
    definition = (DAGS / "sales_pipeline.asl.json").read_text()
    expected = simulate(definition, INPUT, mocks=mocks.fresh(), machine_name="sales_pipeline")
    assert (found.status, found.output, found.error) == (expected.status, expected.output, expected.error)
    assert (found.status, passed(found)) == (WAYS[case][0], WAYS[case][1].split())
    assert (result.state == "success") is (found.status == "SUCCEEDED")
