"""The Airflow plugin: the endpoint for workers, pages of state machines, links to the AWS console.

Airflow finds it by its entry point, or, where the package is in the plugins folder, by reading this file. Every Airflow
process imports it: nothing heavy at module level.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import AirflowPlugin, airflow_major, has_page_tabs
from sfn_provider.airflow_pages import PAGES_PREFIX
from sfn_provider.callbacks import URL_PREFIX
from sfn_provider.get_provider_info import get_provider_info

if TYPE_CHECKING:
    from sfn_provider._compat import BaseOperatorLink


def _fastapi_apps() -> list[dict[str, Any]]:
    from sfn_provider.airflow_pages import asgi as pages
    from sfn_provider.callbacks import asgi as endpoint

    apps = [{"app": endpoint.application, "url_prefix": URL_PREFIX, "name": "Step Functions for workers"}]
    if has_page_tabs():
        apps.append({"app": pages.application, "url_prefix": PAGES_PREFIX, "name": "State machines"})
    return apps


def _views() -> list[dict[str, Any]]:
    """The tabs of DAGs and runs, and the entry of the menu Browse; Airflow puts the ids into the addresses."""
    if not has_page_tabs():
        return []
    place = PAGES_PREFIX.removeprefix("/")  # relative to the web server's base URL
    dag, run = f"{place}/dags/{{DAG_ID}}", f"{place}/dags/{{DAG_ID}}/runs/{{RUN_ID}}"
    return [
        {"name": "State machine", "href": dag, "destination": "dag", "url_route": "state-machine"},
        {"name": "State machine", "href": run, "destination": "dag_run", "url_route": "state-machine-run"},
        {"name": "State machines", "href": f"{place}/", "category": "browse", "url_route": "state-machines"},
    ]


def _blueprints() -> list[Any]:
    from sfn_provider.airflow_pages import flask_blueprint as pages
    from sfn_provider.callbacks import flask_blueprint as endpoint

    return [endpoint.make_blueprint(), pages.make_blueprint()]


def _menu_items() -> list[dict[str, Any]]:
    from sfn_provider.airflow_pages.flask_blueprint import NAME

    return [{"name": "State machines", "category": "Browse", "href": f"{NAME}.index"}]


def _links() -> list[BaseOperatorLink]:
    """The links that Airflow does not register for the provider: those of a package in the plugins folder."""
    points = entry_points(group="apache_airflow_provider")
    if any(point.value.startswith("sfn_provider.") for point in points):
        return []
    paths = [path.rpartition(".") for path in get_provider_info()["extra-links"]]
    return [getattr(import_module(module), name)() for module, _, name in paths]


class SfnProviderPlugin(AirflowPlugin):
    """The plugin of this package."""

    name = "sfn_provider"
    fastapi_apps = _fastapi_apps() if airflow_major() >= 3 else []
    external_views = _views()
    flask_blueprints = _blueprints() if airflow_major() < 3 else []
    appbuilder_menu_items = _menu_items() if airflow_major() < 3 else []
    # Airflow 3 shows the URL that the task has stored; Airflow 2 makes it again, of registered classes only.
    operator_extra_links = _links() if airflow_major() < 3 else []
