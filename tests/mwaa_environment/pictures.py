"""Pictures of a run's graph in Airflow's pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from tests.fixtures.chromium import Chromium
from tests.fixtures.whole_airflow.real_airflow import Run
from tests.mwaa_environment.environment import MwaaEnvironment
from tests.mwaa_environment.environments import FOLDER

PICTURES = FOLDER / "pictures"
WIDTH, HEIGHT = 1280, 720
PATIENCE = 60.0

_GRAPHS = {2: "{dag}/grid?dag_run_id={run}&tab=graph", 3: "{dag}/runs/{run}"}
_TASKS = {2: "{dag}/grid?dag_run_id={run}&task_id={task}", 3: "{dag}/runs/{run}/tasks/{task}/details"}

# Airflow 2 draws within a shadow tree, which the document does not look into.
_TREES = "[document.body, ...[...document.querySelectorAll('*')].map(one => one.shadowRoot).filter(Boolean)]"
_TEXT = f"{_TREES}.flatMap(tree => [tree, ...tree.children]).map(one => one.innerText ?? '').join('\\n')"
_NODES = f"{_TREES}.reduce((sum, tree) => sum + tree.querySelectorAll('.react-flow__node').length, 0)"
_PLACE = f"{_TREES}.map(tree => tree.querySelector('.react-flow__viewport')).find(Boolean)?.style.transform"


def open_graph(browser: Chromium, mwaa: MwaaEnvironment, run: Run) -> None:
    """Show the graph of a run, and wait until all its tasks are drawn where they stay."""
    _choose_view(browser, mwaa, "graph")
    browser.open(_address(_GRAPHS, mwaa, run), WIDTH, HEIGHT)
    tasks = len(run.tasks())
    _wait("the graph", browser, lambda: browser.evaluate(_NODES) >= tasks)
    _wait_until_still(browser, _PLACE)


def open_task(browser: Chromium, mwaa: MwaaEnvironment, run: Run, task_id: str, text: str) -> None:
    """Show a task instance, and wait until a text is on the page."""
    _choose_view(browser, mwaa, "grid")
    browser.open(_address(_TASKS, mwaa, run, task_id), WIDTH, HEIGHT)
    _wait(repr(text), browser, lambda: text in browser.evaluate(_TEXT))
    _wait_until_still(browser, _TEXT)


def keep(browser: Chromium, mwaa: MwaaEnvironment, name: str) -> None:
    """Write a picture of the page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    browser.screenshot(PICTURES / f"{name}-{mwaa.airflow_version}.png")


def _address(pages: dict[int, str], mwaa: MwaaEnvironment, run: Run, task_id: str = "") -> str:
    page = pages[mwaa.major].format(dag=run.dag_id, run=quote(run.run_id), task=task_id)
    return f"{mwaa.server}/dags/{page}"


def _choose_view(browser: Chromium, mwaa: MwaaEnvironment, view: str) -> None:
    """Airflow 3 remembers in the browser whether a run is shown as a grid or as a graph."""
    browser.open(mwaa.server, WIDTH, HEIGHT)
    browser.evaluate(f"localStorage.setItem('default_dag_view', JSON.stringify('{view}'))")


def _wait_until_still(browser: Chromium, expression: str) -> None:
    """Wait until a value on the page stays for a second."""
    seen = [browser.evaluate(expression)]

    def stays() -> bool:
        time.sleep(1)
        seen.append(browser.evaluate(expression))
        return bool(seen[-1] == seen[-2])

    _wait("a page that stays", browser, stays)


def _wait(what: str, browser: Chromium, look: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < end, f"{what} did not come:\n{browser.evaluate(_TEXT)}"
        time.sleep(0.2)
