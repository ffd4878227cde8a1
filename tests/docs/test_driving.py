"""The examples of docs/driving.md: each is a whole DAG file, and every class has one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sfn_provider.operators import step_function as operators
from tests.fixtures.session.versions import AIRFLOW

CLASSES = [*operators.__all__, "StepFunctionActivityTaskSensor", "StepFunctionExecutionSensor"]
PAGE = (Path(__file__).parents[2] / "docs" / "driving.md").read_text()
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def title_of(example: str) -> str:
    """The id of an example's DAG."""
    found = re.search(r'with DAG\("(\w+)"', example)
    assert found, example
    return found[1]


@pytest.mark.parametrize("example", EXAMPLES, ids=title_of)
def test_an_example_is_a_dag_file(example: str, tmp_path: Path) -> None:
    from sfn_provider._compat import DagBag

    if AIRFLOW < (3,) and "from airflow.sdk" in example:
        pytest.skip("the example is for Airflow 3")
    (tmp_path / "example.py").write_text(example)
    bag = DagBag(tmp_path)
    assert bag.import_errors == {}
    assert list(bag.dags) == [title_of(example)]


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_an_example(name: str) -> None:
    assert any(re.search(rf"\b{name}\b[.(]", example) for example in EXAMPLES)


def test_a_class_is_in_both_tables() -> None:
    tables = "\n".join(line for line in PAGE.splitlines() if line.startswith("|"))
    counted = {name: tables.count(f"`{name}`") for name in CLASSES if "SendTask" not in name}
    assert {name for name, count in counted.items() if count != 2} == set()
