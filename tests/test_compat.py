"""Airflow's names, wherever this version has them."""

from __future__ import annotations

import pytest

from sfn_provider import _compat
from tests.fixtures.versions import AIRFLOW

LATER = {"SharedStreamProducer": (3, 3)}
"""Names that nothing uses on an Airflow before this one, where they have no home."""


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", _compat.__all__)
def test_every_name_is_there(name: str) -> None:
    if LATER.get(name, AIRFLOW) > AIRFLOW:
        with pytest.raises(ImportError, match=f"this Airflow has no {name}"):
            getattr(_compat, name)
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
