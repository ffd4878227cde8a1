"""The only module that knows Airflow versions: every Airflow name this package uses, from where this version has it.

Names are looked up on first use (PEP 562), so that importing this module imports nothing of Airflow::

    from sfn_provider._compat import BaseOperator, timezone

Each name lists its homes, newest first. The Task SDK comes first because the old paths warn there; a name whose home
in an early Task SDK differs (3.0 has no ``airflow.sdk.TriggerRule``) falls through to the next one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

_MODULE = ""
"""As a name's attribute: the module itself is what is wanted."""

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

_HOMES: dict[str, tuple[tuple[str, str], ...]] = {
    **{name: (("airflow.sdk.exceptions", name), ("airflow.exceptions", name)) for name in _EXCEPTIONS},
    "AirflowPlugin": (("airflow.plugins_manager", "AirflowPlugin"),),
    # Airflow 2 has none: has_event_triggers() tells, and what is made of it there is refused when it is constructed.
    "BaseEventTrigger": (("airflow.triggers.base", "BaseEventTrigger"), ("airflow.triggers.base", "BaseTrigger")),
    "BaseHook": (("airflow.sdk", "BaseHook"), ("airflow.hooks.base", "BaseHook")),
    "BaseOperator": (("airflow.sdk", "BaseOperator"), ("airflow.models.baseoperator", "BaseOperator")),
    "BaseOperatorLink": (("airflow.sdk", "BaseOperatorLink"), ("airflow.models.baseoperatorlink", "BaseOperatorLink")),
    "BaseSensorOperator": (("airflow.sdk", "BaseSensorOperator"), ("airflow.sensors.base", "BaseSensorOperator")),
    "BaseTrigger": (("airflow.triggers.base", "BaseTrigger"),),
    "Context": (("airflow.sdk", "Context"), ("airflow.utils.context", "Context")),
    "DAG": (("airflow.sdk", "DAG"), ("airflow.models.dag", "DAG")),
    "DagBag": (
        ("airflow.dag_processing.dagbag", "DagBag"),
        ("airflow.models.dagbag", "DagBag"),
    ),
    "DictOfListsExpandInput": (
        ("airflow.sdk.definitions._internal.expandinput", "DictOfListsExpandInput"),
        ("airflow.models.expandinput", "DictOfListsExpandInput"),
    ),
    "DateTimeTrigger": (
        ("airflow.providers.standard.triggers.temporal", "DateTimeTrigger"),
        ("airflow.triggers.temporal", "DateTimeTrigger"),
    ),
    "MappedTaskGroup": (
        ("airflow.sdk.definitions.taskgroup", "MappedTaskGroup"),
        ("airflow.utils.task_group", "MappedTaskGroup"),
    ),
    "PokeReturnValue": (("airflow.sdk", "PokeReturnValue"), ("airflow.sensors.base", "PokeReturnValue")),
    "SharedStreamProducer": (("airflow.triggers.shared_stream", "SharedStreamProducer"),),  # from 3.3 on
    "SkipMixin": (
        ("airflow.sdk", "SkipMixin"),
        ("airflow.providers.standard.utils.skipmixin", "SkipMixin"),
        ("airflow.models.skipmixin", "SkipMixin"),
    ),
    "TaskDeferralTimeout": (
        ("airflow.sdk.exceptions", "TaskDeferralTimeout"),
        ("airflow.exceptions", "TaskDeferralTimeout"),
        ("airflow.exceptions", "TaskDeferralError"),  # Airflow 2 raises it for a timeout, too
    ),
    "TaskGroup": (("airflow.sdk", "TaskGroup"), ("airflow.utils.task_group", "TaskGroup")),
    "TaskInstanceRow": (("airflow.models.taskinstance", "TaskInstance"),),
    "TriggerEvent": (("airflow.triggers.base", "TriggerEvent"),),
    "TriggerRow": (("airflow.models.trigger", "Trigger"),),
    "TriggerRule": (("airflow.sdk", "TriggerRule"), ("airflow.utils.trigger_rule", "TriggerRule")),
    "Variable": (("airflow.sdk", "Variable"), ("airflow.models.variable", "Variable")),
    "VariableRow": (("airflow.models.variable", "Variable"),),
    "XCom": (("airflow.sdk.execution_time.xcom", "XCom"), ("airflow.models.xcom", "XCom")),
    "XComRow": (("airflow.models.xcom", "XComModel"), ("airflow.models.xcom", "XCom")),
    "XComArg": (("airflow.sdk", "XComArg"), ("airflow.models.xcom_arg", "XComArg")),
    "conf": (
        ("airflow.sdk.configuration", "conf"),
        ("airflow.configuration", "conf"),
    ),
    "create_session": (("airflow.utils.session", "create_session"),),
    "timezone": (("airflow.sdk.timezone", _MODULE), ("airflow.utils.timezone", _MODULE)),
}

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag
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
    from airflow.sdk.execution_time.xcom import XCom
    from airflow.triggers.base import BaseEventTrigger, BaseTrigger, TriggerEvent
    from airflow.triggers.shared_stream import SharedStreamProducer
    from airflow.utils.session import create_session

__all__ = [
    "DAG", "AirflowException", "AirflowFailException", "AirflowPlugin", "AirflowRescheduleException",
    "AirflowSensorTimeout", "AirflowSkipException", "AirflowTaskTimeout", "BaseEventTrigger", "BaseHook",
    "BaseOperator", "BaseOperatorLink", "BaseSensorOperator", "BaseTrigger", "Context", "DagBag", "DateTimeTrigger",
    "DictOfListsExpandInput", "MappedTaskGroup", "PokeReturnValue", "SharedStreamProducer", "SkipMixin",
    "TaskDeferralError", "TaskDeferralTimeout", "TaskDeferred", "TaskGroup", "TaskInstanceRow", "TriggerEvent",
    "TriggerRow", "TriggerRule", "Variable", "VariableRow", "XCom", "XComArg", "XComRow", "conf", "create_session",
    "timezone",
]  # fmt: skip


def expand_over(task: BaseOperator) -> DictOfListsExpandInput:
    """What a mapped task group is expanded by: an instance for each entry of the list that a task returns.

    It is what ``expand(item=task.output)`` makes of a function with ``@task_group``.
    """
    import sfn_provider._compat as compat

    return compat.DictOfListsExpandInput({"item": task.output})


def mapped_groups_must_expand() -> bool:
    """Must a mapped task group be expanded, if only by an empty list, for the tasks behind it to start?

    Airflow 3.0 and 3.1 answer a task behind a group that was skipped before it was expanded with a server error.
    Source: https://github.com/apache/airflow/issues/52730
    """
    from airflow import __version__

    major, minor = (int(part) for part in __version__.split(".")[:2])
    return (3, 0) <= (major, minor) < (3, 2)


def has_event_triggers() -> bool:
    """Can triggers start DAGs, by an asset's watcher? From Airflow 3.0 on."""
    return airflow_major() >= 3


def task_state(context: Context, task_id: str) -> str | None:
    """The state of an unmapped task of the same DAG run, as text; None where it has none yet."""
    instance: Any = context["ti"]
    if hasattr(instance, "get_task_states"):  # Airflow 3: tasks do not see the database
        states = instance.get_task_states(dag_id=instance.dag_id, task_ids=[task_id], run_ids=[instance.run_id])
        state = states.get(instance.run_id, {}).get(task_id)
    else:
        run: Any = context["dag_run"]
        other = run.get_task_instance(task_id)
        state = other.state if other is not None else None
    return str(getattr(state, "value", state)) if state is not None else None


def let_reschedule(task: BaseOperator) -> None:
    """Make the scheduler heed when a task wants to be started again, as it does for sensors alone otherwise.

    Airflow 2 looks at the operator's ``deps``, Airflow 3.0 to 3.2 at whether it is a sensor; all look at
    ``reschedule``, which must be among the serialised fields (`RESCHEDULE_FIELDS`).
    """
    from airflow import __version__

    made: Any = task
    made.reschedule = True
    if __version__.startswith("2."):
        from airflow.ti_deps.deps.ready_to_reschedule import ReadyToRescheduleDep

        made.deps = made.deps | {ReadyToRescheduleDep()}
    else:
        made._is_sensor = True


RESCHEDULE_FIELDS = frozenset({"reschedule", "_is_sensor"})
"""What `let_reschedule` sets, for ``get_serialized_fields``."""


class RetryStore:
    """Text of a task instance that outlasts its tries.

    Args:
        context: the task's context.
    """

    _KEY = "sfn_provider"

    def __init__(self, context: Context) -> None:
        self._context: Any = context

    def get(self) -> str | None:
        """The text; None where there is none."""
        value = self._context["task_state_store"].get(self._KEY)
        return str(value) if value is not None else None

    def set(self, text: str) -> None:
        """Put a text in the place of the one before."""
        from airflow.sdk.execution_time.context import NEVER_EXPIRE

        # Airflow removes it with the DAG run.
        self._context["task_state_store"].set(self._KEY, text, retention=NEVER_EXPIRE)

    def delete(self) -> None:
        """Remove the text."""
        self._context["task_state_store"].delete(self._KEY)


class _RetryVariable(RetryStore):
    """The same before Airflow 3.3, in a variable: XComs and what a deferral keeps do not outlast a try."""

    def get(self) -> str | None:
        from sfn_provider._compat import Variable

        # None is the default; the parameter's name differs between versions.
        value = Variable.get(self._name(), None)
        return str(value) if value is not None else None

    def set(self, text: str) -> None:
        from sfn_provider._compat import Variable

        instance = self._context["ti"]
        told = f"Where task {instance.task_id} of DAG {instance.dag_id} stands; removed when the task ends"
        Variable.set(self._name(), text, description=told)

    def delete(self) -> None:
        from sfn_provider._compat import Variable

        Variable.delete(self._name())

    def _name(self) -> str:
        instance = self._context["ti"]
        place = [instance.dag_id, instance.run_id, instance.task_id, instance.map_index]
        # A variable's name has 250 characters at most, which a DAG's id alone may have.
        return f"sfn_provider_{sha256(json.dumps(place).encode()).hexdigest()}"


def retry_store(context: Context) -> RetryStore:
    """Where a task instance keeps text over its tries."""
    return RetryStore(context) if "task_state_store" in context else _RetryVariable(context)


def __getattr__(name: str) -> Any:
    """Look ``name`` up in its homes and keep it.

    Raises:
        AttributeError: ``name`` is not in the table.
        ImportError: no home of ``name`` exists; the message lists them.
    """
    homes = _HOMES.get(name)
    if homes is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    for module, attribute in homes:
        try:
            home = import_module(module)
            value = getattr(home, attribute) if attribute != _MODULE else home
        except (ImportError, AttributeError):
            continue
        globals()[name] = value
        return value
    tried = ", ".join(f"{module}.{attribute}".rstrip(".") for module, attribute in homes)
    raise ImportError(f"this Airflow has no {name}: looked for {tried}; Airflow 2.10.3 up to 3.3 is supported")


def secret_key() -> str:
    """The secret that the components of this Airflow share: of the API server, of the webserver on Airflow 2."""
    import sfn_provider._compat as compat

    return compat.conf.get("api" if airflow_major() >= 3 else "webserver", "secret_key", fallback="") or ""


def airflow_major() -> int:
    """The first part of Airflow's version."""
    from airflow import __version__

    return int(__version__.partition(".")[0])


def editor_of_task_instances(authorization: str) -> Callable[[str], bool] | None:
    """Ask Airflow's auth manager about the user of a request to the web server.

    Args:
        authorization: the header of that name.

    Returns:
        Tells whether the user may edit the task instances of a DAG, by its id; None where there is no user.
    """
    return _editor_of_airflow_3(authorization) if airflow_major() >= 3 else _editor_of_airflow_2()


def _editor_of_airflow_3(authorization: str) -> Callable[[str], bool] | None:
    import asyncio

    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
    from jwt import InvalidTokenError

    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return None
    manager = get_auth_manager()
    try:
        user = asyncio.run(manager.get_user_from_token(token.strip()))
    except InvalidTokenError:
        return None
    entity = DagAccessEntity.TASK_INSTANCE
    return lambda dag_id: manager.is_authorized_dag(
        method="PUT", access_entity=entity, details=DagDetails(id=dag_id), user=user
    )


def _editor_of_airflow_2() -> Callable[[str], bool] | None:
    security = import_module("airflow.api_connexion.security")
    manager = import_module("airflow.www.extensions.init_auth_manager").get_auth_manager()
    resources = import_module("airflow.auth.managers.models.resource_details")
    refused = import_module("airflow.api_connexion.exceptions").Unauthenticated
    try:
        security.check_authentication()
    except refused:
        return None
    entity = resources.DagAccessEntity.TASK_INSTANCE
    return lambda dag_id: bool(
        manager.is_authorized_dag(method="PUT", access_entity=entity, details=resources.DagDetails(id=dag_id))
    )


def mend_dag_test() -> None:
    """Give ``dag.test()``, for the rest of this process, what it has on Airflow 3.3.

    Airflow 2 does not note when a task starts. Airflow 3.0 to 3.2 makes another API server for each task.
    """
    if airflow_major() < 3:
        _note_starts()
        return
    supervisor: Any = import_module("airflow.sdk.execution_time.supervisor")
    if not hasattr(supervisor.in_process_api_server, "cache_info"):
        supervisor.in_process_api_server = cache(supervisor.in_process_api_server)


def _note_starts() -> None:
    """A scheduler's task gets its start where it is checked before its run, and ``dag.test()`` leaves the check out."""

    def on_task_instance_running(task_instance: Any, session: Any) -> None:
        # A task that goes on behind a deferral has started before.
        task_instance.start_date = task_instance.start_date or datetime.now(UTC)
        task_instance.save_to_db(ti=task_instance, session=session)  # it is read anew when the task ends

    marked = import_module("airflow.listeners").hookimpl(on_task_instance_running)
    listener = SimpleNamespace(on_task_instance_running=marked)
    import_module("airflow.listeners.listener").get_listener_manager().add_listener(listener)


def in_dag_test() -> bool:
    """Does a task run under ``dag.test()``? On Airflow 2 the answer is always no: a task cannot tell there.

    It matters because ``dag.test()`` drops what a deferral keeps, up to Airflow 3.3.2 at least.
    Source: https://github.com/apache/airflow/pull/69942
    """
    runner = sys.modules.get("airflow.sdk.execution_time.task_runner")
    return type(getattr(runner, "SUPERVISOR_COMMS", None)).__name__ == "InProcessSupervisorComms"
