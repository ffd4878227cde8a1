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
    run = ("RUN", "TASK_INSTANCE")
    blueprint.add_url_rule("/", "index", _show_index)
    blueprint.add_url_rule("/style.css", "style", _page("style_sheet"))
    blueprint.add_url_rule("/dag", "choose_dag", _choose_dag)
    blueprint.add_url_rule("/dags/<dag_id>", "dag", _guard(_page("dag_page"), "GET", *run))
    blueprint.add_url_rule("/dags/<dag_id>/report", "report", _guard(_page("report_page"), "GET", "RUN"))
    blueprint.add_url_rule(_RUN, "run", _guard(_show_run, "GET", *run))
    blueprint.add_url_rule(f"{_RUN}/executions/<task_id>", "execution", _guard(_page("execution_page"), "GET", *run))
    blueprint.add_url_rule(_RUN, "answer", _guard(_answer_task, "PUT", "TASK_INSTANCE"), methods=["POST"])
    return blueprint


def _guard(view: Callable[..., Any], method: str, *entities: str) -> Callable[..., Any]:
    """Return a view that runs only where the user may read the DAG, and has a permission on these parts of it."""

    # Made with the first request: every process of Airflow imports plugins, its views only the webserver.
    @cache
    def permitted() -> Callable[..., Any]:
        has_access_dag = import_module("airflow.www.auth").has_access_dag
        guarded = view
        for entity in entities:
            guarded = has_access_dag(method, _resources().DagAccessEntity[entity])(guarded)
        found: Callable[..., Any] = has_access_dag("GET")(guarded)
        return found

    return lambda **arguments: permitted()(**arguments)


def _page(name: str) -> Callable[..., Response]:
    """Return the view of a page of `sfn_provider.airflow_pages.site`, whose arguments are those of the address."""

    def view(**arguments: str) -> Response:
        from sfn_provider.airflow_pages import site

        return _respond(getattr(site, name)(**arguments))

    return view


def _show_index() -> Response:
    from sfn_provider.airflow_pages import site

    manager = _auth_manager()
    if not manager.is_logged_in():
        return _respond(site.error_page("./", "Log in to Airflow, and open the page again.", 401))
    return _respond(site.index_page(manager.get_permitted_dag_ids(methods=["GET"], user=manager.get_user())))


def _choose_dag() -> Response:
    from flask import request

    from sfn_provider.airflow_pages import site

    return _respond(site.redirect(f"dags/{quote(request.args.get('dag_id', ''), safe='')}"))


def _show_run(dag_id: str, run_id: str) -> Response:
    from sfn_provider.airflow_pages import site

    may_edit = _auth_manager().is_authorized_dag(
        method="PUT",
        access_entity=_resources().DagAccessEntity.TASK_INSTANCE,
        details=_resources().DagDetails(id=dag_id),
    )
    return _respond(site.run_page(dag_id, run_id, _forms() if may_edit else None))


def _answer_task(dag_id: str, run_id: str) -> Response:
    from flask import request

    from sfn_provider.airflow_pages import site
    from sfn_provider.airflow_pages.answer_forms import MAX_FORM_BYTES

    if (request.content_length or 0) > MAX_FORM_BYTES:
        return _respond(site.error_page("../../../", "The form is too large.", 413))
    headers = {name.lower(): value for name, value in request.headers.items()}
    return _respond(site.answer_task(dag_id, run_id, _forms(), request.form, headers))


def _forms() -> AnswerForms:
    from sfn_provider.airflow_pages.answer_forms import AnswerForms

    manager = _auth_manager()
    csrf_token = import_module("flask_wtf.csrf").generate_csrf()
    return AnswerForms(str(manager.get_user_id()), str(manager.get_user_name()), csrf_token)


def _auth_manager() -> Any:
    return import_module("airflow.www.extensions.init_auth_manager").get_auth_manager()


def _resources() -> Any:
    return import_module("airflow.auth.managers.models.resource_details")


def _respond(page: Page) -> Response:
    from flask import Response

    return Response(page.content, status=page.status, headers=dict(page.headers), content_type=page.media_type)
