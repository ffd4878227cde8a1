"""Who is let in: by the token alone, by a signature, by Airflow."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from time import time
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from sfn_provider.callbacks import authorization
from tests.callbacks.conftest import Waits, worker_client
from tests.fixtures.session.versions import AIRFLOW

KEY, SECRET = "worker-key", "worker-secret"
ARN = "arn:aws:states:us-east-1:123456789012:activity:pack"


def code_of(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return str(refused.value.response["Error"]["Code"])


def configure(monkeypatch: pytest.MonkeyPatch, **options: str) -> None:
    for name, value in options.items():
        monkeypatch.setenv(f"AIRFLOW__SFN_PROVIDER__{name.upper()}", value)


def test_by_default_a_token_is_enough_and_activities_are_closed(waits: Waits, endpoint: str) -> None:
    worker = worker_client(endpoint, config=Config(signature_version=UNSIGNED))
    worker.send_task_success(taskToken=waits.open(), output="1")
    waits.open(arn=ARN)
    assert code_of(worker.get_activity_task, activityArn=ARN) == "AccessDeniedException"


@pytest.fixture
def by_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests must be signed."""
    configure(monkeypatch, worker_auth="signature", worker_access_key_id=KEY, worker_secret_access_key=SECRET)


def signing(endpoint: str, key: str = KEY, secret: str = SECRET, **more: Any) -> Any:
    return worker_client(endpoint, aws_access_key_id=key, aws_secret_access_key=secret, **more)


@pytest.mark.usefixtures("by_signature")
def test_a_signed_request_is_let_in(waits: Waits, endpoint: str) -> None:
    signing(endpoint).send_task_success(taskToken=waits.open(), output='"é"')
    signing(endpoint, aws_session_token="session").send_task_success(taskToken=waits.open(), output="1")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"key": "other"}, "InvalidSignatureException"),
        ({"secret": "other"}, "InvalidSignatureException"),
        ({"config": Config(signature_version=UNSIGNED)}, "MissingAuthenticationTokenException"),
    ],
    ids=["another key", "another secret", "not signed"],
)
@pytest.mark.usefixtures("by_signature")
def test_other_requests_are_not(waits: Waits, endpoint: str, given: dict[str, Any], code: str) -> None:
    token = waits.open()
    assert code_of(signing(endpoint, **given).send_task_success, taskToken=token, output="1") == code
    found = waits.read(token)
    assert found is not None and found.answer is None


@pytest.mark.usefixtures("by_signature")
def test_a_body_that_was_not_signed_is_refused(waits: Waits, endpoint: str) -> None:
    def replace_body(request: Any, **_: Any) -> None:
        request.body = request.body.replace(b'"output": "1"', b'"output": "2"')

    worker = signing(endpoint)
    worker.meta.events.register("before-send.stepfunctions.SendTaskSuccess", replace_body)
    token = waits.open()
    assert code_of(worker.send_task_success, taskToken=token, output="1") == "InvalidSignatureException"


@pytest.mark.usefixtures("by_signature")
@pytest.mark.parametrize("claimed", ["UNSIGNED-PAYLOAD", hashlib.sha256(b"{}").hexdigest()], ids=["none", "another"])
def test_a_signature_that_covers_another_body_is_refused(waits: Waits, endpoint: str, claimed: str) -> None:
    def claim(request: Any, **_: Any) -> None:
        request.headers["X-Amz-Content-SHA256"] = claimed

    worker = signing(endpoint)
    worker.meta.events.register("before-sign.stepfunctions", claim)
    token = waits.open()
    assert code_of(worker.send_task_success, taskToken=token, output="1") == "InvalidSignatureException"
    found = waits.read(token)
    assert found is not None and found.answer is None


@pytest.mark.usefixtures("by_signature")
def test_a_request_that_names_its_bodys_digest_is_let_in(waits: Waits, endpoint: str) -> None:
    def claim(request: Any, **_: Any) -> None:
        request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(request.body).hexdigest()

    worker = signing(endpoint)
    worker.meta.events.register("before-sign.stepfunctions", claim)
    worker.send_task_success(taskToken=waits.open(), output="1")


@pytest.mark.usefixtures("by_signature")
def test_an_old_request_is_refused(waits: Waits, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authorization, "time", lambda: time() + 301)
    token = waits.open()
    assert code_of(signing(endpoint).send_task_success, taskToken=token, output="1") == "InvalidSignatureException"


def test_without_keys_nobody_is_let_in(waits: Waits, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, worker_auth="signature")
    worker = signing(endpoint)
    assert code_of(worker.send_task_success, taskToken=waits.open(), output="1") == "InvalidSignatureException"


class AuthManager:
    """Knows one user, who may edit the task instances of one DAG."""

    def __init__(self, dag_id: str) -> None:
        self.dag_id = dag_id
        self.asked: list[Any] = []

    async def get_user_from_token(self, token: str) -> Any:
        from jwt import InvalidTokenError

        if token != "jwt":
            raise InvalidTokenError("no")
        return SimpleNamespace(name="ann")

    def is_authorized_dag(self, *, method: str, access_entity: Any, details: Any, user: Any = None) -> bool:
        self.asked.append((method, access_entity.name, details.id, user and user.name))
        return bool(details.id == self.dag_id)


def check_authentication() -> None:
    """As the API of Airflow 2 lets requests in: it is the one that knows the user, then."""
    from airflow.api_connexion.exceptions import Unauthenticated
    from flask import request

    if request.headers["Authorization"] != "Bearer jwt":
        raise Unauthenticated


@pytest.fixture
def let_in_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[AuthManager], None]:
    """Put an auth manager in the place of Airflow's."""

    def put(manager: AuthManager) -> None:
        if AIRFLOW >= (3,):
            monkeypatch.setattr("airflow.api_fastapi.app.get_auth_manager", lambda: manager)
        else:
            monkeypatch.setattr("airflow.www.extensions.init_auth_manager.get_auth_manager", lambda: manager)
            monkeypatch.setattr("airflow.api_connexion.security.check_authentication", check_authentication)

    return put


def bearing(endpoint: str, token: str) -> Any:
    worker = worker_client(endpoint, config=Config(signature_version=UNSIGNED))

    def bear(request: Any, **_: Any) -> None:
        request.headers["Authorization"] = token

    worker.meta.events.register("before-send.stepfunctions.*", bear)
    return worker


@pytest.mark.parametrize(
    ("dag_id", "header", "code"),
    [
        ("waits", "Bearer jwt", None),
        ("other", "Bearer jwt", "AccessDeniedException"),
        ("waits", "Bearer else", "UnrecognizedClientException"),
        ("waits", "Basic jwt", "UnrecognizedClientException"),
    ],
)
def test_airflow_is_asked(
    waits: Waits,
    endpoint: str,
    let_in_by: Callable[[AuthManager], None],
    monkeypatch: pytest.MonkeyPatch,
    dag_id: str,
    header: str,
    code: str | None,
) -> None:
    manager = AuthManager(dag_id)
    let_in_by(manager)
    configure(monkeypatch, worker_auth="airflow")
    worker, token = bearing(endpoint, header), waits.open()
    if code is not None:
        assert code_of(worker.send_task_success, taskToken=token, output="1") == code
        return
    worker.send_task_success(taskToken=token, output="1")
    assert manager.asked == [("PUT", "TASK_INSTANCE", "waits", "ann" if AIRFLOW >= (3,) else None)]
    work = waits.open(arn=ARN)
    assert worker.get_activity_task(activityArn=ARN)["taskToken"] == work


def test_an_unknown_way_lets_nobody_in(waits: Waits, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, worker_auth="open")
    token = waits.open()
    with pytest.raises(ClientError) as refused:
        worker_client(endpoint).send_task_success(taskToken=token, output="1")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    found = waits.read(token)
    assert found is not None and found.answer is None
