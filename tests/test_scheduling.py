"""How the tests are spread over processes."""

from __future__ import annotations

import pytest

from tests.fixtures.session.airflow_marker import AIRFLOW_FILES, AIRFLOW_FOLDERS, TESTS
from tests.fixtures.session.collection import first_place
from tests.fixtures.session.scheduling import (
    LONGEST_FIRST,
    MATRIX,
    MATRIX_LONGEST,
    PRIVATE_AIRFLOW,
    SLOW,
    AirflowScheduling,
    pytest_xdist_make_scheduler,
)
from tests.matrix import test_matrix


@pytest.mark.parametrize("dist", ["load", "worksteal", "loadgroup"])
def test_another_distribution_than_by_files_is_that_of_xdist(dist: str, pytestconfig: pytest.Config) -> None:

    class Config:
        def getoption(self, name: str) -> object:
            return dist if name == "dist" else pytestconfig.getoption(name)

    assert pytest_xdist_make_scheduler(Config(), None) is None  # type: ignore[arg-type]


def test_the_tests_of_a_matrix_are_spread_the_longest_first() -> None:
    """They stand in one file, and some take minutes."""
    scheduling = AirflowScheduling.__new__(AirflowScheduling)  # without the processes of a run
    names = [f"{MATRIX}{name}[3.0.6]" for name in vars(test_matrix) if name.startswith("test_")]
    assert [scheduling._split_scope(name) for name in names] == names
    ranked = sorted(names, key=lambda name: scheduling._rank(name, True, False))
    assert [name.startswith(MATRIX + longest) for name, longest in zip(ranked, MATRIX_LONGEST, strict=False)] == [
        True
    ] * 3


def test_the_tests_that_a_matrix_names_exist() -> None:
    names = {*test_matrix.SENSITIVE, *(name for names in test_matrix.WHOLE_AIRFLOW.values() for name in names)}
    assert {name for name in names if not (test_matrix.TESTS / name).is_file()} == set()


def test_the_files_that_are_marked_or_scheduled_by_name_exist() -> None:
    marked = {*AIRFLOW_FILES, *AIRFLOW_FOLDERS, *(f"airflow/{name}" for name in LONGEST_FIRST)}
    scheduled = {name.removeprefix("tests/") for name in (*PRIVATE_AIRFLOW, *SLOW)}
    assert {name for name in marked | scheduled if not (TESTS / name).exists()} == set()


@pytest.mark.parametrize("count", [1, 2, 10, 31])
def test_processes_begin_the_collection_at_places_of_their_own(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "3")
    places = []
    for name in ("gw0", "gw1", "gw2"):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", name)
        places.append(first_place(count))
    assert places[0] == 0 and max(places) < count
    assert len(set(places)) == min(count, 3)
