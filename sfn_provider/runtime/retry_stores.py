"""Stores a text of a task instance across its tries: in Airflow's task state store, or in a Variable."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sfn_provider import _compat

if TYPE_CHECKING:
    from sfn_provider._compat import Context


class RetryStore:
    """Stores a text of a task instance across its tries.

    Args:
        context: the task's context.
    """

    _KEY = "sfn_provider"

    def __init__(self, context: Context) -> None:
        self._context: Any = context

    def get(self) -> str | None:
        """Return the text; None where there is none."""
        value = self._context["task_state_store"].get(self._KEY)
        return str(value) if value is not None else None

    def set(self, text: str) -> None:
        """Store a text, in place of the previous one."""
        # Airflow removes it with the DAG run.
        self._context["task_state_store"].set(self._KEY, text, retention=_compat.NEVER_EXPIRE)

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

    def get(self) -> str | None:
        # None is the default; the parameter's name differs between versions.
        value = _compat.Variable.get(self._key(), None)
        return str(value) if value is not None else None

    def set(self, text: str) -> None:
        instance = self._context["ti"]
        description = f"Where task {instance.task_id} of DAG {instance.dag_id} stands; removed when the task ends"
        _compat.Variable.set(self._key(), text, description=description)

    def delete(self) -> None:
        _compat.Variable.delete(self._key())

    def _key(self) -> str:
        instance = self._context["ti"]
        key = [instance.dag_id, instance.run_id, instance.task_id, instance.map_index]
        # A Variable's key has 250 characters at most, which a DAG's id alone may have.
        return f"sfn_provider_{self._purpose}{sha256(json.dumps(key).encode()).hexdigest()}"


def retry_store(context: Context) -> RetryStore:
    """Return the store of a task instance."""
    return RetryStore(context) if "task_state_store" in context else _RetryVariable(context)


def kill_store(context: Context) -> RetryStore:
    """Return the store of what a killed task leaves for its next try.

    It is a Variable on every version: Airflow 3.3 answers 404 to a task that was cleared while it ran and uses its
    ``task_state_store``, which goes by an id of the task instance that a clear replaces.
    """
    return _RetryVariable(context, "kill_")
