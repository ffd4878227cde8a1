"""The Airflow plugin: the callback endpoint for external workers, and links to the AWS console.

Airflow finds it by its entry point, or, where the package is in the plugins folder, by reading this file. Every Airflow
process imports it: nothing heavy at module level.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import AirflowPlugin, airflow_major
from sfn_provider.callbacks import URL_PREFIX
from sfn_provider.get_provider_info import get_provider_info

if TYPE_CHECKING:
    from sfn_provider._compat import BaseOperatorLink


def _fastapi_apps() -> list[dict[str, Any]]:
    from sfn_provider.callbacks.asgi import application

    return [{"app": application, "url_prefix": URL_PREFIX, "name": "Step Functions for workers"}]


def _blueprints() -> list[Any]:
    from sfn_provider.callbacks.flask_blueprint import make_blueprint

    return [make_blueprint()]


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
    flask_blueprints = _blueprints() if airflow_major() < 3 else []
    # Airflow 3 shows the URL that the task has stored; Airflow 2 makes it again, of registered classes only.
    operator_extra_links = _links() if airflow_major() < 3 else []
