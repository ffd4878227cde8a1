"""Makes the pages as HTML, for any web framework: who may see them, its adapter has checked before."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment

from sfn_provider._compat import airflow_major
from sfn_provider.airflow_pages import database
from sfn_provider.airflow_pages.answer_forms import AnswerForms, RefusedForm, is_from_elsewhere
from sfn_provider.airflow_pages.database import LoadedRun
from sfn_provider.airflow_pages.drawings import draw_bounded
from sfn_provider.airflow_pages.driven_executions import is_allowed, read_driven_execution
from sfn_provider.airflow_pages.reports import find_report, reports_folder
from sfn_provider.airflow_pages.run_paths import machine_paths, task_paths, without_unknown_states
from sfn_provider.callbacks.airflow_database import list_waits
from sfn_provider.callbacks.api_messages import ApiError
from sfn_provider.drawing.html_templates import make_environment
from sfn_provider.drawing.svg import Drawing
from sfn_provider.drawing.taken_paths import TakenPaths
from sfn_provider.formatting import count

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_REPORT_HEADERS: Final = _HEADERS | {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
}
"""Whatever lies in the folder of the reports: nothing of it runs."""

_RUNNING: Final = frozenset({"queued", "running", "restarting"})
_REFRESH_SECONDS: Final = 10
_MAX_WAITS: Final = 100
"""Waits that a page lists, the oldest first: a Map may have thousands, each with two forms."""


@dataclass(frozen=True)
class Page:
    """A response.

    Args:
        content: its body.
        status: its HTTP status.
        media_type: its type.
        headers: its headers.
    """

    content: bytes
    status: int = 200
    media_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=lambda: _HEADERS)


def index_page(permitted: Collection[str]) -> Page:
    """Show the translated DAGs, and how many task tokens of each DAG wait for an answer.

    Args:
        permitted: the ids of the DAGs that the user may read.
    """
    waiting = Counter(wait.waiter.dag_id for wait in list_waits(time.time()))
    counts = sorted((dag_id, count(number, "answer")) for dag_id, number in waiting.items() if dag_id in permitted)
    return _render("index.html.j2", "./", dag_ids=database.tagged_dags(permitted), waiting=counts)


def dag_page(dag_id: str) -> Page:
    """Show a DAG: its state machine beside its tasks, its last runs, its waits, its last comparison."""
    dag = database.load_dag(dag_id)
    if dag is None:
        return not_found("../")
    waits = list_waits(time.time(), dag_id)
    return _render(
        "dag.html.j2",
        "../",
        dag_id=dag_id,
        dag=dag,
        has_machine=dag.machine is not None,
        machine=draw_bounded(dag.machine, TakenPaths()) if dag.machine is not None else None,
        tasks=draw_bounded(dag.tasks, TakenPaths()),
        runs=database.latest_runs(dag_id),
        waits=waits[:_MAX_WAITS],
        more_waits=len(waits[_MAX_WAITS:]),
        report=find_report(dag_id),
        has_reports=reports_folder() is not None,
    )


def run_page(
    dag_id: str,
    run_id: str,
    forms: AnswerForms | None = None,
    message: str = "",
    sent: Mapping[str, str] = MappingProxyType({}),
) -> Page:
    """Show a DAG run: its way through the state machine and the tasks, and what waits for an answer.

    Args:
        dag_id: the DAG.
        run_id: the run.
        forms: makes the forms by which the user may answer; None where the user may not.
        message: what is wrong with the answer that was sent; empty where none was.
        sent: the fields of the form that was sent: what was typed stays.
    """
    run = database.load_run(dag_id, run_id)
    if run is None:
        return not_found("../../../")
    waits = list_waits(time.time(), dag_id, run_id)
    refresh = run.summary.state in _RUNNING and not (waits and forms is not None)
    return _render(
        "run.html.j2",
        "../../../",
        status=400 if message else 200,
        dag_id=dag_id,
        run=run,
        has_machine=run.dag.machine is not None,
        machine=_machine_drawing(run),
        tasks=draw_bounded(run.dag.tasks, task_paths(run.dag.tasks, run.tasks)),
        batched=sorted(name for name, tasks in run.dag.states.items() if tasks.is_batched),
        waits=waits[:_MAX_WAITS],
        more_waits=len(waits[_MAX_WAITS:]),
        forms=forms,
        message=message,
        sent=sent,
        reads_aws=is_allowed(),
        report=find_report(dag_id),
        has_reports=reports_folder() is not None,
        refresh=_REFRESH_SECONDS if refresh else 0,
    )


def execution_page(dag_id: str, run_id: str, task_id: str) -> Page:
    """Show the execution on AWS that a task has started, where the configuration permits to read it."""
    root = "../../../../../"
    run = database.load_run(dag_id, run_id)
    arn = run.executions.get(task_id) if run is not None else None
    if arn is None or run is None or not is_allowed():
        return not_found(root)
    task = next(task for task in run.dag.driving if task.task_id == task_id)
    read = read_driven_execution(task, arn)
    return _render("execution.html.j2", root, dag_id=dag_id, run=run, task_id=task_id, arn=arn, read=read)


def report_page(dag_id: str) -> Page:
    """Show the report of a DAG's last comparison."""
    report = find_report(dag_id)
    content = report.read() if report is not None else None
    return not_found("../../") if content is None else Page(content, headers=_REPORT_HEADERS)


def answer_task(
    dag_id: str, run_id: str, forms: AnswerForms, fields: Mapping[str, str], headers: Mapping[str, str]
) -> Page:
    """Store a user's answer to a task token, and lead back to the page of the run.

    Args:
        dag_id: the DAG, whose task instances the user may edit.
        run_id: the run.
        forms: the user's forms.
        fields: those of the form that was sent.
        headers: those of the request, names in lower case.
    """
    try:
        if is_from_elsewhere(headers):
            raise RefusedForm
        forms.answer(dag_id, run_id, fields)
    except RefusedForm:
        return error_page("../../../", "This form is not from a page that was shown to you. Open the run again.", 403)
    except ApiError as error:
        return run_page(dag_id, run_id, forms, str(error), fields)
    return redirect(f"./{quote(run_id, safe='')}")


def redirect(address: str) -> Page:
    """Lead to another page, by its relative address."""
    return Page(b"", 303, headers=_HEADERS | {"Location": address})


def error_page(root: str, message: str, status: int) -> Page:
    """Show why a request was refused.

    Args:
        root: the relative address of the page of all DAGs.
        message: the reason.
        status: the HTTP status.
    """
    return _render("error.html.j2", root, status=status, message=message)


def not_found(root: str) -> Page:
    """Show that there is no such page; ``root`` is the relative address of the page of all DAGs."""
    return error_page(root, "Airflow has no such DAG or run, or nothing of it to show here.", 404)


def style_sheet() -> Page:
    """Return the style sheet of all pages."""
    text = _environment().get_template("style.css.j2").render()
    return Page(text.encode(), 200, "text/css; charset=utf-8", _HEADERS | {"Cache-Control": "max-age=60"})


def _machine_drawing(run: LoadedRun) -> Drawing | None:
    if run.dag.machine is None:
        return None
    graph = without_unknown_states(run.dag, run.dag.machine)
    return draw_bounded(graph, machine_paths(run.dag, run.tasks))


def _time(moment: datetime | float | None) -> str:
    if not moment:
        return ""
    made = moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, UTC)
    return made.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


@cache
def _environment() -> Environment:
    made = make_environment("sfn_provider.airflow_pages")
    made.filters["time"] = _time
    return made


def _render(template: str, root: str, *, status: int = 200, **values: Any) -> Page:
    # Airflow 3 shows the pages within its own; in the webserver of Airflow 2 they need a way back.
    airflow_home = f"{root}../home" if airflow_major() < 3 else ""
    made = _environment().get_template(template)
    text = made.render(root=root, airflow_home=airflow_home, **{"refresh": 0, **values})
    # JSON may hold halves of surrogate pairs, which no file can.
    return Page(text.encode("utf-8", "backslashreplace"), status)
