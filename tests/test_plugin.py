"""The plugin: found by Airflow, light, and harmless."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from sfn_provider.airflow_pages import PAGES_PREFIX
from sfn_provider.callbacks import URL_PREFIX
from sfn_provider.get_provider_info import get_provider_info
from tests.fixtures.session.versions import AIRFLOW

SHOWS_TABS = AIRFLOW >= (3, 2)
"""3.1 has tabs from 3.1.1 on; no version of it is tested."""

ROOT = Path(__file__).parents[1]
HEAVY = ("boto3", "botocore", "fastapi", "starlette", "flask", "sqlalchemy", "sfn_provider.callbacks.airflow_database")


def test_the_entry_point_names_the_plugin() -> None:
    import tomllib

    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["airflow.plugins"]
    [(name, value)] = points.items()
    plugin = EntryPoint(name, value, "airflow.plugins").load()
    assert plugin.name == "sfn_provider"
    endpoints = (
        [app["url_prefix"] for app in plugin.fastapi_apps],
        [blueprint.url_prefix for blueprint in plugin.flask_blueprints],
    )
    expected = [URL_PREFIX, *([PAGES_PREFIX] if SHOWS_TABS or AIRFLOW < (3,) else [])]
    assert endpoints == ((expected, []) if AIRFLOW >= (3,) else ([], expected))


def test_tabs_are_shown_where_a_browser_is_logged_in_for_them() -> None:
    from sfn_provider.plugin import SfnProviderPlugin

    destinations = [view.get("destination", "nav") for view in SfnProviderPlugin.external_views]
    assert destinations == (["dag", "dag_run", "nav"] if SHOWS_TABS else [])
    if SHOWS_TABS:
        from airflow.api_fastapi.core_api.datamodels.plugins import ExternalViewResponse

        for view in SfnProviderPlugin.external_views:
            ExternalViewResponse.model_validate(view)
    routes = [view["url_route"] for view in SfnProviderPlugin.external_views]
    assert len(set(routes)) == len(routes)  # Airflow drops a view whose route another one has
    assert not any(view["href"].startswith("/") for view in SfnProviderPlugin.external_views)  # below the base URL


def test_airflow_takes_it_for_a_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow import plugins_manager

    import sfn_provider.plugin

    # Older versions ask whether it is new to the list, which stands when they have begun to load.
    monkeypatch.setattr(plugins_manager, "plugins", [], raising=False)
    found = [value for value in vars(sfn_provider.plugin).values() if plugins_manager.is_valid_plugin(value)]
    assert found == [sfn_provider.plugin.SfnProviderPlugin]


def test_it_imports_nothing_that_airflow_has_not() -> None:
    # Every process of Airflow 2 has its DAG class, and Flask by it.
    code = f"""
import sys
import airflow.plugins_manager{"" if AIRFLOW >= (3,) else ", airflow.models.dag"}
before = set(sys.modules)
import sfn_provider.plugin
print(sorted(name for name in set(sys.modules) - before if name in {HEAVY!r}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def links_of_the_plugin(provider_is_known: bool, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    import sfn_provider.plugin as plugin

    value = "sfn_provider.get_provider_info:get_provider_info" if provider_is_known else "other.provider:info"
    point = EntryPoint("provider_info", value, "apache_airflow_provider")
    monkeypatch.setattr(plugin, "entry_points", lambda group: [point] if group == point.group else [])
    return [type(link).__name__ for link in plugin._links()]


def test_links_come_from_the_plugin_only_where_airflow_does_not_know_the_provider(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert links_of_the_plugin(True, monkeypatch) == []
    expected = [path.rpartition(".")[2] for path in get_provider_info()["extra-links"]]
    assert links_of_the_plugin(False, monkeypatch) == expected
