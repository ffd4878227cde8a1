"""What Airflow's web server gets from this package: the endpoint for workers outside.

Airflow finds it by its entry point, or, where the package lies in the plugins folder, by reading this file. It loads
in every process of Airflow: nothing heavy at module level.
"""

from __future__ import annotations

from typing import Any

from sfn_provider._compat import AirflowPlugin, airflow_major
from sfn_provider.callbacks import URL_PREFIX


def _fastapi_apps() -> list[dict[str, Any]]:
    from sfn_provider.callbacks.asgi import application

    return [{"app": application, "url_prefix": URL_PREFIX, "name": "Step Functions for workers"}]


def _blueprints() -> list[Any]:
    from sfn_provider.callbacks.blueprint import make_blueprint

    return [make_blueprint()]


class SfnProviderPlugin(AirflowPlugin):
    """The plugin of this package."""

    name = "sfn_provider"
    fastapi_apps = _fastapi_apps() if airflow_major() >= 3 else []
    flask_blueprints = _blueprints() if airflow_major() < 3 else []
