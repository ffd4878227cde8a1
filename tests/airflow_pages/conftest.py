"""DAG runs in Airflow's database, and the pages over HTTP as a user who has logged in sees them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sfn_provider._compat import has_page_tabs
from sfn_provider.airflow_pages import PAGES_PREFIX
from sfn_provider.runtime.routing.dag_run_execution import MOCKS_VARIABLE, load_run_mocks
from sfn_provider.translate import build_dag
from tests.fixtures.airflow.airflow_home import BUNDLE, run_dag, store_dag
from tests.fixtures.session.versions import AIRFLOW

USERS = {"ann": "admin", "bob": "viewer"}
"""Who may log in, and with which role: ann may edit, bob may only read."""


@dataclass(frozen=True)
class StoredRun:
    """A run of a translated DAG that has ended.

    Args:
        dag_id: the DAG.
        run_id: the run.
        definition: the definition of its state machine.
    """

    dag_id: str
    run_id: str
    definition: dict[str, Any]


def store(dag: Any) -> None:
    """Put a DAG into the database as the DAG processor does."""
    if AIRFLOW >= (3, 1):
        store_dag(dag)
        return
    from airflow.models.serialized_dag import SerializedDagModel

    dag.sync_to_db()
    SerializedDagModel.write_dag(dag, **({"bundle_name": BUNDLE} if AIRFLOW >= (3,) else {}))


@pytest.fixture(scope="session")
def run_machine(airflow_db: None, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., StoredRun]:
    """Runs a definition as a DAG, with mocks: ``run_machine(dag_id, definition, responses, input, **options)``."""
    folder = tmp_path_factory.mktemp("machines")

    def run(
        dag_id: str, definition: dict[str, Any], responses: Mapping[str, Any], input: Any, **options: Any
    ) -> StoredRun:
        (folder / f"{dag_id}.asl.json").write_text(json.dumps(definition))
        cases = {"Case": {name: name for name in responses}}
        numbered = {name: {str(n): answer for n, answer in enumerate(answers)} for name, answers in responses.items()}
        mocks = {"StateMachines": {dag_id: {"TestCases": cases}}, "MockedResponses": numbered}
        (folder / f"{dag_id}.mocks.json").write_text(json.dumps(mocks))
        dag = build_dag(folder / f"{dag_id}.asl.json", dag_id=dag_id, **options)
        os.environ[MOCKS_VARIABLE] = f"{folder / f'{dag_id}.mocks.json'}#Case"
        load_run_mocks.cache_clear()
        try:
            ended = run_dag(dag, run_conf=input)
        finally:
            del os.environ[MOCKS_VARIABLE]
            load_run_mocks.cache_clear()
        store(dag)
        return StoredRun(dag_id, str(ended.run_id), definition)

    return run


@dataclass
class Response:
    """A response to a browser."""

    status: int
    text: str
    headers: Mapping[str, str]


@dataclass
class Browser:
    """A browser in which a user has logged in.

    Args:
        request: sends a request: method, path, user, form, headers.
    """

    request: Callable[..., Response]
    refused: set[str] = field(default_factory=set)
    """The DAGs that nobody may read."""
    refused_parts: set[str] = field(default_factory=set)
    """The parts of DAGs that nobody may read, as "TASK_INSTANCE"."""

    def permits(self, details: Any, part: Any) -> bool:
        """Whether users may read a DAG, or a part of it, as far as that is not a matter of their roles."""
        return (details is None or details.id not in self.refused) and getattr(
            part, "name", ""
        ) not in self.refused_parts

    def get(self, path: str, user: str | None = "ann") -> Response:
        """Open a page; ``user`` None: nobody has logged in."""
        return self.request("GET", f"{PAGES_PREFIX}/{path}", user, None, {})

    def send(self, path: str, fields: Mapping[str, str], user: str | None = "ann", **headers: str) -> Response:
        """Send a form."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", f"{PAGES_PREFIX}/{path}", user, dict(fields), named)


@pytest.fixture(scope="module")
def served_browser(airflow_db: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser before the pages, which stand behind Airflow's own login."""
    with pytest.MonkeyPatch.context() as patches:
        if has_page_tabs():
            yield _fastapi_browser(patches, tmp_path_factory.mktemp("users"))
        elif AIRFLOW >= (3,):
            pytest.skip("this version shows no pages of plugins to users")
        else:
            yield _flask_browser(patches)


@pytest.fixture
def browser(served_browser: Browser) -> Browser:
    """The same, in which all DAGs may be read again."""
    served_browser.refused.clear()
    served_browser.refused_parts.clear()
    return served_browser


def _fastapi_browser(patches: pytest.MonkeyPatch, folder: Path) -> Browser:
    from airflow.api_fastapi.app import create_auth_manager
    from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
    from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from sfn_provider.plugin import SfnProviderPlugin

    users = ",".join(f"{name}:{role}" for name, role in USERS.items())
    patches.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", users)
    patches.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(folder / "passwords.json"))
    patches.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "a secret of the tests" * 4)
    patches.setenv("AIRFLOW__API__SECRET_KEY", "another secret of the tests")
    manager = create_auth_manager()
    app = FastAPI()
    for mounted in SfnProviderPlugin.fastapi_apps:
        app.mount(mounted["url_prefix"], mounted["app"])
    client = TestClient(app, follow_redirects=False)
    made = Browser(lambda *_: Response(0, "", {}))
    permits = SimpleAuthManager.is_authorized_dag

    def is_authorized_dag(self: Any, *, details: Any = None, **arguments: Any) -> bool:
        allowed = made.permits(details, arguments.get("access_entity"))
        return allowed and permits(self, details=details, **arguments)

    patches.setattr(SimpleAuthManager, "is_authorized_dag", is_authorized_dag)

    def request(method: str, path: str, user: str | None, form: Any, headers: dict[str, str]) -> Response:
        client.cookies.clear()
        if user is not None:
            token = manager.generate_jwt(SimpleAuthManagerUser(username=user, role=USERS[user]))
            client.cookies.set(COOKIE_NAME_JWT_TOKEN, token)
        answer = client.request(method, path, data=form, headers=headers)
        return Response(answer.status_code, answer.text, answer.headers)

    made.request = request
    return made


def _flask_browser(patches: pytest.MonkeyPatch) -> Browser:
    from airflow.www.app import create_app
    from airflow.www.extensions.init_auth_manager import get_auth_manager

    app = create_app(testing=True)
    security = app.appbuilder.sm
    security.sync_roles()
    roles = {"admin": "Admin", "viewer": "Viewer"}
    for name, role in USERS.items():
        if security.find_user(name) is None:
            security.add_user(name, name, name, f"{name}@example.com", security.find_role(roles[role]), password=name)
    made = Browser(lambda *_: Response(0, "", {}))
    manager = get_auth_manager()
    permits = manager.is_authorized_dag

    def is_authorized_dag(*, details: Any = None, **arguments: Any) -> bool:
        return made.permits(details, arguments.get("access_entity")) and permits(details=details, **arguments)

    permitted = manager.get_permitted_dag_ids
    patches.setattr(manager, "is_authorized_dag", is_authorized_dag)
    patches.setattr(manager, "get_permitted_dag_ids", lambda **arguments: permitted(**arguments) - made.refused)

    def request(method: str, path: str, user: str | None, form: Any, headers: dict[str, str]) -> Response:
        client = clients[user]
        answer = client.open(path, method=method, data=form, headers=headers)
        return Response(answer.status_code, answer.get_data(as_text=True), answer.headers)

    clients: dict[str | None, Any] = {None: app.test_client()}
    for name in USERS:
        clients[name] = app.test_client()
        with app.app_context():
            user_id = str(security.find_user(name).id)
        with clients[name].session_transaction() as session:
            session["_user_id"], session["_fresh"] = user_id, True
    made.request = request
    return made
