"""Serves the pages as a Flask blueprint, for Airflow 2: behind its login and its permissions on DAGs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sfn_provider.airflow_pages import PAGES_PREFIX

if TYPE_CHECKING:
    from flask import Blueprint, Response

    from sfn_provider.airflow_pages.answer_forms import AnswerForms
    from sfn_provider.airflow_pages.site import Page

NAME = "sfn_provider_pages"
"""The blueprint's name; with ``.index`` it is the endpoint of the page of all DAGs."""

_RUN = "/dags/<dag_id>/runs/<run_id>"


def make_blueprint() -> Blueprint:
    """Make the blueprint. Airflow's protection against forms of other sites (CSRF) covers it, as all views."""
    from flask import Blueprint

    blueprint = Blueprint(NAME, __name__, url_prefix=PAGES_PREFIX)
    blueprint.add_url_rule("/", "index", _index)
    blueprint.add_url_rule("/style.css", "style", _style)
    blueprint.add_url_rule("/dag", "choose_dag", _choose_dag)
    blueprint.add_url_rule("/dags/<dag_id>", "dag", _guarded(_dag, "GET", "RUN"))
    blueprint.add_url_rule("/dags/<dag_id>/report", "report", _guarded(_report, "GET", "RUN"))
    blueprint.add_url_rule(_RUN, "run", _guarded(_run, "GET", "RUN", "TASK_INSTANCE"))
    blueprint.add_url_rule(
        f"{_RUN}/executions/<task_id>", "execution", _guarded(_execution, "GET", "RUN", "TASK_INSTANCE")
    )
    blueprint.add_url_rule(_RUN, "answer", _guarded(_answer, "PUT", "TASK_INSTANCE"), methods=["POST"])
    return blueprint


def _guarded(view: Callable[..., Any], method: str, *entities: str) -> Callable[..., Any]:
    """Return a view that runs only where the user may read the DAG, and has a permission on these parts of it."""

    def call(**arguments: str) -> Any:
        return _permitted(view, method, entities)(**arguments)

    return call


# Made with the first request: every process of Airflow imports plugins, its views only the webserver.
@cache
def _permitted(view: Callable[..., Any], method: str, entities: tuple[str, ...]) -> Callable[..., Any]:
    auth = import_module("airflow.www.auth")
    entity_type = import_module("airflow.auth.managers.models.resource_details").DagAccessEntity
    for entity in entities:
        view = auth.has_access_dag(method, entity_type[entity])(view)
    permitted: Callable[..., Any] = auth.has_access_dag("GET")(view)
    return permitted


def _index() -> Any:
    from sfn_provider.airflow_pages import site

    manager = _auth_manager()
    if not manager.is_logged_in():
        return _respond(site.error_page("./", "Log in to Airflow, and open the page again.", 401))
    return _respond(site.index_page(manager.get_permitted_dag_ids(methods=["GET"], user=manager.get_user())))


def _style() -> Response:
    from sfn_provider.airflow_pages import site

    return _respond(site.style_sheet())


def _choose_dag() -> Response:
    from flask import request

    from sfn_provider.airflow_pages import site

    return _respond(site.redirect(f"dags/{quote(request.args.get('dag_id', ''), safe='')}"))


def _dag(dag_id: str) -> Response:
    from sfn_provider.airflow_pages import site

    return _respond(site.dag_page(dag_id))


def _report(dag_id: str) -> Response:
    from sfn_provider.airflow_pages import site

    return _respond(site.report_page(dag_id))


def _run(dag_id: str, run_id: str) -> Response:
    from sfn_provider.airflow_pages import site

    resources = import_module("airflow.auth.managers.models.resource_details")
    may_edit = _auth_manager().is_authorized_dag(
        method="PUT",
        access_entity=resources.DagAccessEntity.TASK_INSTANCE,
        details=resources.DagDetails(id=dag_id),
    )
    return _respond(site.run_page(dag_id, run_id, _forms() if may_edit else None))


def _execution(dag_id: str, run_id: str, task_id: str) -> Response:
    from sfn_provider.airflow_pages import site

    return _respond(site.execution_page(dag_id, run_id, task_id))


def _answer(dag_id: str, run_id: str) -> Response:
    from flask import request

    from sfn_provider.airflow_pages import site

    headers = {name.lower(): value for name, value in request.headers.items()}
    return _respond(site.answer_task(dag_id, run_id, _forms(), request.form, headers))


def _forms() -> AnswerForms:
    from sfn_provider.airflow_pages.answer_forms import AnswerForms

    manager = _auth_manager()
    csrf_token = import_module("flask_wtf.csrf").generate_csrf()
    return AnswerForms(str(manager.get_user_id()), str(manager.get_user_name()), csrf_token)


def _auth_manager() -> Any:
    return import_module("airflow.www.extensions.init_auth_manager").get_auth_manager()


def _respond(page: Page) -> Response:
    from flask import Response

    return Response(page.content, status=page.status, headers=dict(page.headers), content_type=page.media_type)
