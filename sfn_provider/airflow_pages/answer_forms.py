"""Forms by which a user answers a task token: made, checked, stored with a line in the audit log.

The user never sees the token: a form names the wait by a digest, and is signed for the user, so that no other site can
send one (CSRF). That the user may edit the DAG's task instances, the adapter of the web framework has checked.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from itsdangerous import BadData, URLSafeTimedSerializer

from sfn_provider._compat import LogRow, create_session, secret_key
from sfn_provider.callbacks.airflow_database import list_waits, store_answer
from sfn_provider.callbacks.api_messages import ApiError
from sfn_provider.callbacks.task_tokens import TokenClaim
from sfn_provider.callbacks.wait_records import WaitRecord
from sfn_provider.callbacks.worker_requests import WorkerAnswer, parse_answer
from sfn_provider.exceptions import UsageError

log = logging.getLogger(__name__)

EVENT: Final = "answer_task_token"
"""The event of the line in Airflow's audit log."""

MAX_FORM_BYTES: Final = 1_048_576
"""The largest form that is read: an output of 256 KiB, each of whose bytes may be written as ``%XX``, and the rest."""

_MAX_AGE: Final = 12 * 3600
"""Seconds for which a form may be sent after its page was shown."""


class RefusedForm(Exception):
    """A form that is not the user's own, or too old."""


@dataclass(frozen=True)
class AnswerForms:
    """The forms of one user.

    Args:
        user_id: the user's id, for the signature.
        user_name: the user's name, for the audit log.
        csrf_token: Airflow 2: the value that its own protection wants to see; else empty.
    """

    user_id: str
    user_name: str
    csrf_token: str = ""

    def signature(self, wait: WaitRecord) -> str:
        """Return the value that the form for a wait must have."""
        return str(_serializer().dumps([self.user_id, wait_digest(wait)]))

    def answer(self, dag_id: str, run_id: str, fields: Mapping[str, str]) -> None:
        """Store the answer of a form, and write who gave it into the audit log.

        Args:
            dag_id: the DAG, whose task instances the user may edit.
            run_id: the run.
            fields: ``signature``; ``action``: ``approve`` or ``reject``; ``output`` as JSON text; ``error``, ``cause``.

        Raises:
            RefusedForm: the form was not made for this user, or long ago.
            ApiError: the answer is not valid, or the task waits no more.
        """
        digest = self._read_signature(fields.get("signature", ""))
        wait = next((wait for wait in list_waits(dag_id, run_id, time.time()) if wait_digest(wait) == digest), None)
        if wait is None:
            raise ApiError("TaskTimedOut", "The task does not wait for this answer any more")
        answer = read_answer(fields)
        store_answer(TokenClaim(wait.id, wait.waiter.digest), answer, time.time(), lambda _: True)
        self._write_audit_log(wait, answer)

    def _read_signature(self, signature: str) -> str:
        try:
            user_id, digest = _serializer().loads(signature, max_age=_MAX_AGE)
        except BadData as error:
            raise RefusedForm from error
        if user_id != self.user_id:
            raise RefusedForm
        return str(digest)

    def _write_audit_log(self, wait: WaitRecord, answer: WorkerAnswer) -> None:
        waiter = wait.waiter
        log.info(
            "%s of state %r by user %r: DAG %r, run %r, task %r, map index %d",
            *(answer.action, wait.state, self.user_name, waiter.dag_id, waiter.run_id, waiter.task_id),
            waiter.map_index,
        )
        extra: dict[str, Any] = {"action": answer.action, "state": wait.state}
        extra |= {"error": answer.error} if answer.error is not None else {}
        row: Any = LogRow(
            event=EVENT,
            owner=self.user_name,
            owner_display_name=self.user_name,
            extra=json.dumps(extra),
            dag_id=waiter.dag_id,
            run_id=waiter.run_id,
            task_id=waiter.task_id,
            map_index=waiter.map_index,
        )
        with create_session() as session:
            session.add(row)


def is_from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Return whether a browser says that another site has sent a form. Old browsers say nothing.

    Args:
        headers: the headers of the request, names in lower case.

    Source: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
    """
    return headers.get("sec-fetch-site", "same-origin") != "same-origin"


def parse_fields(body: bytes) -> dict[str, str]:
    """Return the fields of a form: of several with one name the first.

    Args:
        body: the request's body, ``application/x-www-form-urlencoded``.

    Raises:
        RefusedForm: it has more than ten fields.
    """
    try:
        pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=10)
    except ValueError as error:
        raise RefusedForm from error
    return dict(reversed(pairs))


def wait_digest(wait: WaitRecord) -> str:
    """Return what names a wait in a form: the id itself is a part of the token."""
    return hashlib.sha256(wait.id.encode()).hexdigest()


def read_answer(fields: Mapping[str, str]) -> WorkerAnswer:
    """Read the answer of a form.

    Args:
        fields: see `AnswerForms.answer`.

    Raises:
        ApiError: it is not valid as an answer of a worker.
    """
    action = fields.get("action")
    if action == "approve":
        return parse_answer("SendTaskSuccess", {"taskToken": "-", "output": fields.get("output", "")})[1]
    if action == "reject":
        given = {name: fields[name] for name in ("error", "cause") if fields.get(name)}
        return parse_answer("SendTaskFailure", {"taskToken": "-", **given})[1]
    raise ApiError("ValidationException", "Choose Approve or Reject")


def _serializer() -> URLSafeTimedSerializer:
    secret = secret_key()
    if not secret:
        raise UsageError("Answers by Airflow's pages need Airflow's secret key: set it for the web server")
    signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeTimedSerializer(secret.encode(), salt="sfn_provider.answer_form", signer_kwargs=signing)
