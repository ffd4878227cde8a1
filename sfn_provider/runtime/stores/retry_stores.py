"""Stores a text of a task instance across its tries: in the task state store, a Variable, or S3.

The text holds task tokens and a state's input, and whoever may see a task can read the task state store: so it is
encrypted with Airflow's ``[core] fernet_key``, which workers have and users have not. Without a key nothing is stored.
"""

from __future__ import annotations

import json
import logging
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sfn_provider import _compat
from sfn_provider.exceptions import UsageError
from sfn_provider.runtime.stores.workflow_storage import workflow_storage
from sfn_provider.runtime.wait_mode import get_wait_mode

if TYPE_CHECKING:
    from sfn_provider._compat import Context


_log = logging.getLogger(__name__)

_NO_KEY = (
    "Without it Airflow would show task tokens and the input of states to everybody who may see the task, so that "
    "nothing is stored of where a task stands"
)


class RetryStore:
    """Stores a text of a task instance across its tries, encrypted.

    Args:
        context: the task's context.
    """

    _KEY = "sfn_provider"

    def __init__(self, context: Context) -> None:
        self._context: Any = context

    def get(self) -> str | None:
        """Return the text; None where there is none, or where Airflow's key has changed since it was stored."""
        value = self._read()
        return _decrypt(str(value)) if value is not None else None

    def set(self, text: str) -> None:
        """Store a text, in place of the previous one.

        Raises:
            UsageError: Airflow has no key, and tasks that wait are started again, which they cannot without a text.
        """
        if _has_key():
            self._write(_compat.fernet().encrypt(text.encode()).decode())
        elif get_wait_mode() == "reschedule":
            raise UsageError(f"[sfn_provider] waiting = reschedule needs [core] fernet_key. {_NO_KEY}")

    def _read(self) -> Any:
        return self._context["task_state_store"].get(self._KEY)

    def _write(self, encrypted: str) -> None:
        # Airflow removes it with the DAG run.
        self._context["task_state_store"].set(self._KEY, encrypted, retention=_compat.NEVER_EXPIRE)

    def delete(self) -> None:
        """Remove the text."""
        self._context["task_state_store"].delete(self._KEY)


class _RetryVariable(RetryStore):
    """Before Airflow 3.3, in a Variable: XComs and a deferral's arguments are lost with a try.

    Args:
        context: the task's context.
        purpose: what is stored, where that is not the task's snapshot; a part of the Variable's key.
    """

    def __init__(self, context: Context, purpose: str = "") -> None:
        super().__init__(context)
        self._purpose = purpose

    def _read(self) -> Any:
        # None is the default; the parameter's name differs between versions.
        return _compat.Variable.get(self._key(), None)

    def _write(self, encrypted: str) -> None:
        instance = self._context["ti"]
        description = f"Where task {instance.task_id} of DAG {instance.dag_id} stands; removed when the task ends"
        _compat.Variable.set(self._key(), encrypted, description=description)

    def delete(self) -> None:
        _compat.Variable.delete(self._key())

    def _key(self) -> str:
        instance = self._context["ti"]
        key = [instance.dag_id, instance.run_id, instance.task_id, instance.map_index]
        # A Variable's key has 250 characters at most, which a DAG's id alone may have.
        return f"sfn_provider_{self._purpose}{sha256(json.dumps(key).encode()).hexdigest()}"


class _WorkflowStore(RetryStore):
    """On MWAA Serverless, in S3; where the workflow names no place there, nothing is stored.

    It is not encrypted with Airflow's key: only the workflow's role, and whom the bucket's owner lets, can read it.

    Args:
        context: the task's context.
        name: what is stored: the name of the object below those of the task instance.
    """

    def __init__(self, context: Context, name: str) -> None:
        super().__init__(context)
        self._name = name
        self._storage = workflow_storage(context)

    def get(self) -> str | None:
        return self._storage.read(self._name) if self._storage is not None else None

    def set(self, text: str) -> None:
        if self._storage is not None:
            self._storage.write(self._name, text)

    def delete(self) -> None:
        if self._storage is not None:
            self._storage.delete(self._name)


def retry_store(context: Context) -> RetryStore:
    """Return the store of a task instance."""
    if _on_serverless(context):
        return _WorkflowStore(context, "snapshot.json")
    return RetryStore(context) if "task_state_store" in context else _RetryVariable(context)


def kill_store(context: Context) -> RetryStore:
    """Return the store of what a killed task leaves for its next try.

    It is a Variable on every version: Airflow 3.3 answers 404 to a task that was cleared while it ran and uses its
    ``task_state_store``, which goes by an id of the task instance that a clear replaces.
    """
    return _WorkflowStore(context, "kill.json") if _on_serverless(context) else _RetryVariable(context, "kill_")


def _on_serverless(context: Context) -> bool:
    task: Any = context["task"]
    return bool(task.on_serverless)


@cache
def _has_key() -> bool:
    """Return True where Airflow encrypts; says once in a process what is lost where it does not."""
    try:
        if _compat.fernet().is_encrypted:
            return True
        reason = "Airflow has no [core] fernet_key"
    except _compat.AirflowException as error:  # it is no key, or was never set
        reason = f"Airflow's [core] fernet_key cannot be used ({error})"
    lost = "the next try after a lost worker begins anew, and may start jobs again"
    _log.warning("%s. %s: %s", reason, _NO_KEY, lost)
    return False


def _decrypt(encrypted: str) -> str | None:
    from cryptography.fernet import InvalidToken

    if not _has_key():
        return None
    try:
        return str(_compat.fernet().decrypt(encrypted.encode()).decode())
    except (InvalidToken, UnicodeEncodeError):
        _log.warning("What the task had stored before was not encrypted with today's [core] fernet_key: it begins anew")
        return None
