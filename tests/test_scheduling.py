"""How the tests are spread over processes."""

from __future__ import annotations

import pytest

from tests.fixtures.collection import first_place
from tests.fixtures.scheduling import pytest_xdist_make_scheduler


@pytest.mark.parametrize("dist", ["load", "worksteal", "loadgroup"])
def test_another_distribution_than_by_files_is_that_of_xdist(dist: str, pytestconfig: pytest.Config) -> None:
    """Otherwise `make test-oldest`, whose tests stand in one file, would run in one process."""

    class Config:
        def getoption(self, name: str) -> object:
            return dist if name == "dist" else pytestconfig.getoption(name)

    assert pytest_xdist_make_scheduler(Config(), None) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [1, 2, 10, 31])
def test_processes_begin_the_collection_at_places_of_their_own(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "3")
    places = []
    for name in ("gw0", "gw1", "gw2"):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", name)
        places.append(first_place(count))
    assert places[0] == 0 and max(places) < count
    assert len(set(places)) == min(count, 3)
