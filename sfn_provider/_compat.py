"""Differences between Airflow versions: imports each name from where the installed version has it.

No other module depends on Airflow's version. Names are imported on first use (PEP 562), so that importing this module
imports nothing of Airflow::

    from sfn_provider._compat import BaseOperator, timezone

Each name has a list of locations, newest first. The Task SDK comes first because the old paths warn there; a name that
an early Task SDK lacks (3.0 has no ``airflow.sdk.TriggerRule``) is imported from the next one.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Collection
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

_EXCEPTIONS = (
    "AirflowException",
    "AirflowFailException",
    "AirflowRescheduleException",
    "AirflowSensorTimeout",
    "AirflowSkipException",
    "AirflowTaskTimeout",
    "TaskDeferralError",
    "TaskDeferred",
)

_LOCATIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_EXCEPTIONS, ("airflow.sdk.exceptions", "airflow.exceptions")),
    "AirflowPlugin": ("airflow.plugins_manager",),
    # Airflow 2 has none: has_event_triggers() is False there, and a trigger of ours raises when it is constructed.
    "BaseEventTrigger": ("airflow.triggers.base", "airflow.triggers.base:BaseTrigger"),
    "BaseHook": ("airflow.sdk", "airflow.hooks.base"),
    "BaseOperator": ("airflow.sdk", "airflow.models.baseoperator"),
    "BaseOperatorLink": ("airflow.sdk", "airflow.models.baseoperatorlink"),
    "BaseSensorOperator": ("airflow.sdk", "airflow.sensors.base"),
    "BaseTrigger": ("airflow.triggers.base",),
    "Context": ("airflow.sdk", "airflow.utils.context"),
    "DAG": ("airflow.sdk", "airflow.models.dag"),
    "DagRunRow": ("airflow.models.dagrun:DagRun",),
    "DagTagRow": ("airflow.models.dag:DagTag",),
    "DagBag": ("airflow.dag_processing.dagbag", "airflow.models.dagbag"),
    "DictOfListsExpandInput": ("airflow.sdk.definitions._internal.expandinput", "airflow.models.expandinput"),
    "DateTimeTrigger": ("airflow.providers.standard.triggers.temporal", "airflow.triggers.temporal"),
    "LogRow": ("airflow.models.log:Log",),
    "NEVER_EXPIRE": ("airflow.sdk.execution_time.context",),  # from 3.3 on
    "MappedTaskGroup": ("airflow.sdk.definitions.taskgroup", "airflow.utils.task_group"),
    "PokeReturnValue": ("airflow.sdk", "airflow.sensors.base"),
    "SerializedDagRow": ("airflow.models.serialized_dag:SerializedDagModel",),
    "SharedStreamProducer": ("airflow.triggers.shared_stream",),  # from 3.3 on
    "SkipMixin": ("airflow.sdk", "airflow.providers.standard.utils.skipmixin", "airflow.models.skipmixin"),
    "Stats": ("airflow.sdk.observability.stats", "airflow.stats"),  # the old module warns where there is the new one
    # Airflow 2 raises TaskDeferralError for a timeout, too.
    "TaskDeferralTimeout": ("airflow.sdk.exceptions", "airflow.exceptions", "airflow.exceptions:TaskDeferralError"),
    "TaskGroup": ("airflow.sdk", "airflow.utils.task_group"),
    "TaskInstanceRow": ("airflow.models.taskinstance:TaskInstance",),
    "TriggerEvent": ("airflow.triggers.base",),
    "TriggerRow": ("airflow.models.trigger:Trigger",),
    "TriggerRule": ("airflow.sdk", "airflow.utils.trigger_rule"),
    "Variable": ("airflow.sdk", "airflow.models.variable"),
    "VariableRow": ("airflow.models.variable:Variable",),
    "XCom": ("airflow.sdk.execution_time.xcom", "airflow.models.xcom"),
    "XComRow": ("airflow.models.xcom:XComModel", "airflow.models.xcom:XCom"),
    "XComArg": ("airflow.sdk", "airflow.models.xcom_arg"),
    "conf": ("airflow.sdk.configuration", "airflow.configuration"),
    "create_session": ("airflow.utils.session",),
    # The Task SDK has one of its own where it has one.
    "get_listener_manager": ("airflow.sdk.listener", "airflow.listeners.listener"),
    # Airflow 3.1 moved it; the module of 3.0 warns since.
    "redact": tuple(f"airflow.{at}.secrets_masker" for at in ("sdk._shared", "sdk.execution_time", "utils.log")),
    "timezone": ("airflow.sdk.timezone:", "airflow.utils.timezone:"),
}
"""By name: modules, newest first, each with the attribute after a colon where that differs; nothing after the colon
stands for the module itself."""

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.models.dag import DagTag as DagTagRow
    from airflow.models.dagrun import DagRun as DagRunRow
    from airflow.models.log import Log as LogRow
    from airflow.models.serialized_dag import SerializedDagModel as SerializedDagRow
    from airflow.models.taskinstance import TaskInstance as TaskInstanceRow
    from airflow.models.trigger import Trigger as TriggerRow
    from airflow.models.variable import Variable as VariableRow
    from airflow.models.xcom import XComModel as XComRow
    from airflow.plugins_manager import AirflowPlugin
    from airflow.providers.standard.triggers.temporal import DateTimeTrigger
    from airflow.sdk import (
        DAG,
        BaseHook,
        BaseOperator,
        BaseOperatorLink,
        BaseSensorOperator,
        Context,
        PokeReturnValue,
        SkipMixin,
        TaskGroup,
        TriggerRule,
        Variable,
        XComArg,
        timezone,
    )
    from airflow.sdk._shared.secrets_masker import redact
    from airflow.sdk.configuration import conf
    from airflow.sdk.definitions._internal.expandinput import DictOfListsExpandInput
    from airflow.sdk.definitions.taskgroup import MappedTaskGroup
    from airflow.sdk.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowRescheduleException,
        AirflowSensorTimeout,
        AirflowSkipException,
        AirflowTaskTimeout,
        TaskDeferralError,
        TaskDeferralTimeout,
        TaskDeferred,
    )
    from airflow.sdk.execution_time.context import NEVER_EXPIRE
    from airflow.sdk.execution_time.xcom import XCom
    from airflow.sdk.listener import get_listener_manager
    from airflow.sdk.observability.stats import Stats
    from airflow.triggers.base import BaseEventTrigger, BaseTrigger, TriggerEvent
    from airflow.triggers.shared_stream import SharedStreamProducer
    from airflow.utils.session import create_session

__all__ = [
    "DAG", "NEVER_EXPIRE", "AirflowException", "AirflowFailException", "AirflowPlugin", "AirflowRescheduleException",
    "AirflowSensorTimeout", "AirflowSkipException", "AirflowTaskTimeout", "BaseEventTrigger", "BaseHook",
    "BaseOperator", "BaseOperatorLink", "BaseSensorOperator", "BaseTrigger", "Context", "DagBag", "DagRunRow",
    "DagTagRow", "DateTimeTrigger", "DictOfListsExpandInput", "LogRow", "MappedTaskGroup", "PokeReturnValue",
    "SerializedDagRow", "SharedStreamProducer", "SkipMixin", "Stats", "TaskDeferralError", "TaskDeferralTimeout",
    "TaskDeferred", "TaskGroup", "TaskInstanceRow", "TriggerEvent", "TriggerRow", "TriggerRule", "Variable",
    "VariableRow", "XCom", "XComArg", "XComRow", "conf", "create_session", "get_listener_manager", "redact", "timezone",
]  # fmt: skip


def mapped_group_input(task: BaseOperator) -> DictOfListsExpandInput:
    """Return the input of a mapped task group: an instance for each entry of the list that a task returns.

    It equals that of ``expand(item=task.output)`` on a function with ``@task_group``.
    """
    expand_input: DictOfListsExpandInput = _lookup("DictOfListsExpandInput")({"item": task.output})
    return expand_input


def mapped_groups_must_expand() -> bool:
    """Must a mapped task group be expanded, if only by an empty list, for its downstream tasks to start?

    Airflow 3.0 and 3.1 respond to a task behind a group that was skipped before it was expanded with a server error.
    Source: https://github.com/apache/airflow/issues/52730
    """
    from airflow import __version__

    major, minor = (int(part) for part in __version__.split(".")[:2])
    return (3, 0) <= (major, minor) < (3, 2)


def has_event_triggers() -> bool:
    """Can triggers start DAGs, by an AssetWatcher? From Airflow 3.0 on."""
    return airflow_major() >= 3


def task_states(context: Context, task_ids: Collection[str]) -> dict[tuple[str, int], str]:
    """Return the states of tasks of the same DAG run by task id and map index, -1 for a task that is not mapped.

    A task instance without a state, as one that was cleared and not scheduled since, is left out.
    """
    instance: Any = context["ti"]
    found: dict[tuple[str, int], Any] = {}
    if hasattr(instance, "get_task_states"):  # Airflow 3: tasks do not see the database
        runs = instance.get_task_states(dag_id=instance.dag_id, task_ids=[*task_ids], run_ids=[instance.run_id])
        for name, state in runs.get(instance.run_id, {}).items():
            task_id, _, index = name.rpartition("_")  # of a mapped one
            found[(name, -1) if name in task_ids else (task_id, int(index))] = state
    else:
        run: Any = context["dag_run"]
        found = {(other.task_id, other.map_index): other.state for other in run.get_task_instances()}
    return {
        key: str(getattr(state, "value", state))
        for key, state in found.items()
        if key[0] in task_ids and state is not None
    }


def fields_to_render(*names: str) -> tuple[str, ...]:
    """Return the ``template_fields`` by which Airflow's page of rendered fields shows what `set_rendered_fields` sets.

    Airflow 3 shows what is stored, and renders nothing then. Airflow 2 shows the template fields of the operator, which
    must have attributes of these names.
    """
    return () if airflow_major() >= 3 else names


def stores_links_at_end() -> bool:
    """Does Airflow store the addresses of an operator's links when a task ends? From Airflow 3.0 on."""
    return airflow_major() >= 3


def set_rendered_fields(context: Context, fields: dict[str, Any]) -> None:
    """Set the rendered fields of a running task as Airflow shows them: short JSON values without secrets."""
    instance: Any = context["ti"]
    if airflow_major() >= 3:
        if (supervisor := _supervisor()) is not None:
            message: Any = import_module("airflow.sdk.execution_time.comms").SetRenderedFields
            supervisor.send(message(rendered_fields=fields))
    elif hasattr(instance, "refresh_from_task"):
        import_module("airflow.models.taskinstance")._update_rtif(ti=instance, rendered_fields=fields)


def set_rendered_fields_at_end(context: Context, fields: dict[str, Any]) -> bool:
    """Have Airflow set the rendered fields when it has the result of a task that ends; False before Airflow 3.0.

    The arguments are those of `set_rendered_fields`; the task sends no request.
    """
    if airflow_major() < 3 or _supervisor() is None:
        return False
    instance: Any = context["ti"]
    # A copy: on the task itself these attributes would be arguments, and be rendered as templates in its next run.
    shown = copy.copy(instance.task)
    shown.__dict__.update(fields, template_fields=tuple(fields), overwrite_rtif_after_execution=True)
    instance.task = shown
    return True


def _supervisor() -> Any:
    """Return by what a task of Airflow 3 sends requests; None outside of one."""
    return getattr(sys.modules.get("airflow.sdk.execution_time.task_runner"), "SUPERVISOR_COMMS", None)


def enable_reschedule(task: BaseOperator) -> None:
    """Let an operator raise AirflowRescheduleException: the scheduler applies its date to sensors alone otherwise.

    Airflow 2 checks the operator's ``deps``, Airflow 3.0 to 3.2 whether it is a sensor; all check ``reschedule``, which
    must be among the serialized fields (`RESCHEDULE_FIELDS`).
    """
    from airflow import __version__

    operator: Any = task
    operator.reschedule = True
    if __version__.startswith("2."):
        from airflow.ti_deps.deps.ready_to_reschedule import ReadyToRescheduleDep

        operator.deps = operator.deps | {ReadyToRescheduleDep()}
    else:
        operator._is_sensor = True


RESCHEDULE_FIELDS = frozenset({"reschedule", "_is_sensor"})
"""The attributes that `enable_reschedule` sets, for ``get_serialized_fields``."""


def first_reschedule_start(context: Context) -> datetime | None:
    """Return when a sensor in reschedule mode was first started in this try; None while that is the first time."""
    instance: Any = context["ti"]
    start: Any
    if hasattr(instance, "get_first_reschedule_date"):  # Airflow 3
        start = instance.get_first_reschedule_date(context)
        if isinstance(start, str):  # in dag.test() of Airflow 3.0
            start = datetime.fromisoformat(start)
    else:
        rows = import_module("airflow.models.taskreschedule").TaskReschedule
        query = rows.stmt_for_task_instance(instance).with_only_columns(rows.start_date).limit(1)
        with _lookup("create_session")() as session:
            start = session.scalar(query)
    found: datetime | None = start
    return found


def __getattr__(name: str) -> Any:
    """Import ``name`` from its location and cache it.

    Raises:
        AttributeError: ``name`` is not in the table.
        ImportError: no location of ``name`` exists; the message lists them.
    """
    locations = _LOCATIONS.get(name)
    if locations is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    for location in locations:
        module, colon, attribute = location.partition(":")
        try:
            value: Any = import_module(module)
            if attribute or not colon:
                value = getattr(value, attribute or name)
        except (ImportError, AttributeError):
            continue
        globals()[name] = value
        return value
    tried = ", ".join(locations)
    raise ImportError(f"this Airflow has no {name}: looked for {tried}; Airflow 2.10.3 up to 3.3 is supported")


def _lookup(name: str) -> Any:
    return getattr(sys.modules[__name__], name)


def secret_key() -> str:
    """Return the secret that Airflow's components share: of the API server, of the webserver on Airflow 2."""
    return _lookup("conf").get("api" if airflow_major() >= 3 else "webserver", "secret_key", fallback="") or ""


def fernet() -> Any:
    """Return what encrypts and decrypts with Airflow's ``[core] fernet_key``; ``is_encrypted`` is False without one."""
    try:
        from airflow.sdk.crypto import get_fernet  # from 3.3 on: tasks have no access to the models
    except ImportError:
        from airflow.models.crypto import get_fernet
    return get_fernet()


def airflow_major() -> int:
    """Return Airflow's major version."""
    from airflow import __version__

    return int(__version__.partition(".")[0])


def has_page_tabs() -> bool:
    """Do Airflow's pages show those of a plugin as tabs, for the user who has logged in? From Airflow 3.1.1 on.

    Airflow 3.1.0 has tabs, but its API takes no login from a browser's cookie, which is all that a frame sends.
    Source: ``get_user`` in ``airflow/api_fastapi/core_api/security.py`` of both
    """
    from airflow import __version__
    from packaging.version import Version

    return Version(__version__) >= Version("3.1.1")


def patch_dag_test() -> None:
    """Patch ``dag.test()`` in this process to work as on Airflow 3.3.

    On Airflow 2 it does not set the start dates of tasks. On Airflow 3.0 to 3.2 it makes an API server for each task.
    """
    if airflow_major() < 3:
        _record_start_dates()
        return
    supervisor: Any = import_module("airflow.sdk.execution_time.supervisor")
    if not hasattr(supervisor.in_process_api_server, "cache_info"):
        supervisor.in_process_api_server = cache(supervisor.in_process_api_server)


def _record_start_dates() -> None:
    """Set start dates by a listener: Airflow sets them in the check before a run, which ``dag.test()`` omits."""

    def on_task_instance_running(task_instance: Any, session: Any) -> None:
        # A task that resumes after a deferral has started before.
        task_instance.start_date = task_instance.start_date or datetime.now(UTC)
        task_instance.save_to_db(ti=task_instance, session=session)  # it is read again when the task ends

    hook = import_module("airflow.listeners").hookimpl(on_task_instance_running)
    listener = SimpleNamespace(on_task_instance_running=hook)
    import_module("airflow.listeners.listener").get_listener_manager().add_listener(listener)


def in_dag_test() -> bool:
    """Does a task run under ``dag.test()``? Always False on Airflow 2, where a task cannot know.

    It matters because ``dag.test()`` drops the arguments of a deferral, up to Airflow 3.3.2 at least.
    Source: https://github.com/apache/airflow/pull/69942
    """
    runner = sys.modules.get("airflow.sdk.execution_time.task_runner")
    return type(getattr(runner, "SUPERVISOR_COMMS", None)).__name__ == "InProcessSupervisorComms"
