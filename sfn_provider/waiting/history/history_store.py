"""Stores how far a history has been logged, so that a trigger that is created again continues there.

A trigger is created from arguments that are fixed at the deferral: after a restart of the triggerer it would log the
history since then once more. The position is therefore an XCom of the deferred task instance: from Airflow 2.10 on
triggers read and write XComs, which outlast the deferral and are removed when the next try starts, or with the DAG run.
"""

from __future__ import annotations

from typing import Any, Final

from sfn_provider.executions.history.history_log import HistoryLog
from sfn_provider.secret_masking import masked_line

XCOM_KEY: Final = "logged_history"

_NOT_STORED: Final = (
    "How far the history of %s is logged could not be stored, so that lines may come again after a restart of the "
    "triggerer: %s"
)


def store_at_deferral(context: Any, execution_arn: str, history: HistoryLog, log: Any) -> None:
    """Store the position in the worker, for the trigger's first look: Airflow 3 logs an error for an XCom not there.

    Args:
        context: of the task that is about to defer; empty in a user's unit test.
        execution_arn: the execution.
        history: the position.
        log: the task's logger, for a warning if it cannot be stored.
    """
    if not context:
        return
    try:
        context["ti"].xcom_push(key=XCOM_KEY, value=_stored(execution_arn, history))
    except Exception as error:  # as in the triggerer
        log.warning(_NOT_STORED, execution_arn, masked_line(error))


def _stored(execution_arn: str, history: HistoryLog) -> dict[str, Any]:
    return {"execution_arn": execution_arn, "history": history.to_dict()}


class HistoryStore:
    """Reads and writes the position in a history of a deferred task instance.

    What cannot be read or written does not end a wait: it is logged as a warning, once, and nothing is stored after.

    Args:
        task_instance: of the trigger; None if it has none, as under ``dag.test()``: then nothing is stored.
        execution_arn: the execution.
        log: the trigger's logger.
    """

    def __init__(self, task_instance: Any, execution_arn: str, log: Any) -> None:
        self._key: dict[str, Any] | None = None
        if task_instance is not None:
            self._key = {name: getattr(task_instance, name) for name in ("dag_id", "run_id", "task_id", "map_index")}
        self._task_instance = task_instance
        self._execution_arn = execution_arn
        self._log = log
        self._saved_id = 0

    async def latest(self, history: HistoryLog) -> HistoryLog:
        """Return the log with what has been stored, if that is further than a log.

        Args:
            history: the position at the deferral.
        """
        stored = await self._try(self._read)
        if not stored or stored["execution_arn"] != self._execution_arn:
            return history
        saved = HistoryLog.from_dict(stored["history"])
        self._saved_id = saved.position.last_id
        return max(saved, history, key=lambda log: log.position.last_id)

    async def save(self, history: HistoryLog) -> None:
        """Store the position, unless it is the one stored last."""
        if history.position.last_id > self._saved_id:
            self._saved_id = history.position.last_id
            await self._try(self._write, _stored(self._execution_arn, history))

    async def _try(self, call: Any, *arguments: Any) -> Any:
        if self._key is None:
            return None
        from asgiref.sync import sync_to_async

        try:
            # Not asyncio.to_thread: Airflow 3 reads and writes through the triggerer's loop, which asgiref knows.
            return await sync_to_async(call)(*arguments)
        except Exception as error:  # of the database, of the API or of an XCom backend
            self._key = None
            self._log.warning(_NOT_STORED, self._execution_arn, masked_line(error))
            return None

    def _read(self) -> Any:
        from sfn_provider._compat import XCom

        return XCom.get_value(ti_key=self._task_instance, key=XCOM_KEY)

    def _write(self, value: dict[str, Any]) -> None:
        from sfn_provider._compat import XCom

        XCom.set(key=XCOM_KEY, value=value, **(self._key or {}))
