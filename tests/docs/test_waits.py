"""The examples of docs/sensors.md, which are one DAG file together, and of docs/waiting.md, each a DAG file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sfn_provider._compat import DagBag, airflow_major
from sfn_provider.sensors import step_function as sensors

DOCS = Path(__file__).parents[2] / "docs"


def examples_of(page: str) -> list[str]:
    """The Python examples of a page."""
    return re.findall(r"^```python\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


SENSORS = "\n".join(examples_of("sensors.md"))


def dags_of(source: str, folder: Path) -> DagBag:
    """Load a DAG file."""
    (folder / "example.py").write_text(source)
    return DagBag(folder)


def test_the_sensors_are_a_dag_file(tmp_path: Path) -> None:
    bag = dags_of(SENSORS, tmp_path)
    assert bag.import_errors == {}
    assert {task.task_type for task in bag.dags["wait_for_orders"].tasks} >= {*sensors.__all__} - {
        "StepFunctionActivityTaskSensor"  # docs/driving.md has it
    }


@pytest.mark.parametrize("number", range(len(examples_of("waiting.md"))))
def test_an_example_of_waiting_is_a_dag_file(number: int, tmp_path: Path) -> None:
    source = examples_of("waiting.md")[number]
    if "AssetWatcher" in source and airflow_major() < 3:
        pytest.skip("asset watchers came with Airflow 3")
    bag = dags_of(source, tmp_path)
    assert bag.import_errors == {}
    assert len(bag.dags) == 1
