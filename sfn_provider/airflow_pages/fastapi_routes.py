"""Routes of the pages for FastAPI, each behind Airflow's login and its permissions on the DAG.

Airflow's own dependencies decide: `requires_access_dag` refuses a DAG that there is not just as one that the user may
not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import get_user, requires_access_dag
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from starlette.exceptions import HTTPException as StarletteHTTPException

from sfn_provider.airflow_pages import PAGES_PREFIX, site
from sfn_provider.airflow_pages.answer_forms import MAX_FORM_BYTES, AnswerForms, RefusedForm, parse_fields

_MAY_READ_DAG = [Depends(requires_access_dag("GET")), Depends(requires_access_dag("GET", DagAccessEntity.RUN))]
_MAY_READ_TASKS = [*_MAY_READ_DAG, Depends(requires_access_dag("GET", DagAccessEntity.TASK_INSTANCE))]
_requires_edit = requires_access_dag("PUT", DagAccessEntity.TASK_INSTANCE)
_MAY_EDIT_RUN = [*_MAY_READ_TASKS, Depends(_requires_edit)]

User = Annotated[Any, Depends(get_user)]

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


@app.exception_handler(StarletteHTTPException)
def show_refusal(request: Request, error: StarletteHTTPException) -> Response:
    """Show why a request was refused, as a page."""
    below = request.url.path.partition(f"{PAGES_PREFIX}/")[2]
    messages = {401: "Log in to Airflow, and open the page again.", 403: "You may not read this DAG, or not do this."}
    message = messages.get(error.status_code, str(error.detail))
    return _respond(site.error_page("../" * below.count("/") or "./", message, error.status_code))


@app.get("/")
def show_index(user: User) -> Response:
    """Show the translated DAGs that the user may read."""
    return _respond(site.index_page(get_auth_manager().get_authorized_dag_ids(user=user, method="GET")))


@app.get("/style.css")
def style_sheet() -> Response:
    """Return the style sheet, to everybody."""
    return _respond(site.style_sheet())


@app.get("/dag")
def choose_dag(dag_id: str, user: User) -> Response:
    """Lead to the page of the DAG whose id was typed."""
    return _respond(site.redirect(f"dags/{quote(dag_id, safe='')}"))


@app.get("/dags/{dag_id}", dependencies=_MAY_READ_TASKS)
def show_dag(dag_id: str) -> Response:
    """Show a DAG."""
    return _respond(site.dag_page(dag_id))


@app.get("/dags/{dag_id}/report", dependencies=_MAY_READ_DAG)
def show_report(dag_id: str) -> Response:
    """Show the report of a DAG's last comparison."""
    return _respond(site.report_page(dag_id))


@app.get("/dags/{dag_id}/runs/{run_id}", dependencies=_MAY_READ_TASKS)
def show_run(request: Request, dag_id: str, run_id: str, user: User) -> Response:
    """Show a DAG run, with forms where the user may answer its task tokens."""
    return _respond(site.run_page(dag_id, run_id, _forms(user) if _may_edit(request, user) else None))


@app.get("/dags/{dag_id}/runs/{run_id}/executions/{task_id}", dependencies=_MAY_READ_TASKS)
def show_execution(dag_id: str, run_id: str, task_id: str) -> Response:
    """Show the execution that a task has started."""
    return _respond(site.execution_page(dag_id, run_id, task_id))


async def _form_fields(request: Request) -> Mapping[str, str]:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM_BYTES:
            raise HTTPException(413, "The form is too large")
    try:
        return parse_fields(bytes(body))
    except RefusedForm as error:
        raise HTTPException(400, "The form has too many fields") from error


@app.post("/dags/{dag_id}/runs/{run_id}", dependencies=_MAY_EDIT_RUN)
def answer_task(
    request: Request, dag_id: str, run_id: str, user: User, fields: Annotated[Any, Depends(_form_fields)]
) -> Response:
    """Answer a task token of a run."""
    return _respond(site.answer_task(dag_id, run_id, _forms(user), fields, request.headers))


def _forms(user: Any) -> AnswerForms:
    return AnswerForms(str(user.get_id()), str(user.get_name()))


def _may_edit(request: Request, user: Any) -> bool:
    try:
        _requires_edit(request, user)
    except HTTPException:
        return False
    return True


def _respond(page: site.Page) -> Response:
    return Response(page.content, page.status, dict(page.headers), page.media_type)
