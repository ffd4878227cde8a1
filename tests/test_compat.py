"""Airflow's names, wherever this version has them."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider import _compat
from tests.fixtures.airflow.airflow_home import run_dag, xcom
from tests.fixtures.airflow.task_runs import STARTED
from tests.fixtures.session.versions import AIRFLOW

LATER = {"NEVER_EXPIRE": (3, 3), "SharedStreamProducer": (3, 3)}
"""Names that nothing uses on an Airflow before this one, where they have no home."""


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", _compat.__all__)
def test_every_name_is_there(name: str) -> None:
    if LATER.get(name, AIRFLOW) > AIRFLOW:
        with pytest.raises(ImportError, match=f"this Airflow has no {name}"):
            _compat.__getattr__(name)  # tests have a stand-in for one of them
    else:
        assert getattr(_compat, name) is not None


def test_every_name_with_a_home_is_exported() -> None:
    assert sorted(_compat._LOCATIONS) == sorted(_compat.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'BaseOperater'"):
        _ = _compat.BaseOperater


def test_a_name_without_a_home_in_this_airflow_says_where_it_was_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    homes = ("airflow.nowhere", "airflow.sdk:NoSuchThing")
    monkeypatch.setitem(_compat._LOCATIONS, "Thing", homes)
    with pytest.raises(ImportError, match=r"airflow\.nowhere, airflow\.sdk:NoSuchThing"):
        _compat.__getattr__("Thing")


class Echo(_compat.BaseOperator):
    """Gives its value back."""

    def __init__(self, *, value: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value = value

    def execute(self, context: Any) -> int:
        """Give the value back."""
        return self.value


class States(_compat.BaseOperator):
    """Gives the states of tasks before it."""

    def execute(self, context: Any) -> list[Any]:
        """Give the states of tasks before it."""
        return sorted([*key, state] for key, state in _compat.task_states(context, {"One", "Each", "None"}).items())


@pytest.mark.usefixtures("airflow_db")
def test_the_states_of_task_instances_are_there_by_task_and_index() -> None:
    with _compat.DAG("states", schedule=None, start_date=STARTED) as dag:
        each = Echo.partial(task_id="Each").expand(value=[1, 2])
        [Echo(task_id="One"), Echo(task_id="One_2"), each] >> States(task_id="States")
    run = run_dag(dag)
    assert xcom(run, "States") == [["Each", 0, "success"], ["Each", 1, "success"], ["One", -1, "success"]]
