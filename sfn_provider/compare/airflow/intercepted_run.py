"""Runs any DAG in the private Airflow with its calls of AWS caught, in virtual time, without network."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from sfn_provider._compat import airflow_major
from sfn_provider.compare.airflow.shell_commands import answer_shell_commands
from sfn_provider.compare.airflow.virtual_clock import VirtualClock
from sfn_provider.compare.airflow.virtual_order import run_in_virtual_order
from sfn_provider.compare.calls.interception.call_script import CallScript
from sfn_provider.compare.calls.interception.client_calls import CallRecorder, CaughtCall, intercept_calls
from sfn_provider.compare.calls.interception.isolation import refuse_connections
from sfn_provider.compare.calls.machine_calls import describe_call, script_from_json
from sfn_provider.engine.requests import TaskFailed
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.exceptions import UsageError
from sfn_provider.integrations.errors import TASK_FAILED

Json = Any


@dataclass
class TaskRecorder:
    """What tasks do: which one runs, and how tries failed.

    Args:
        calls: gets to know which task runs.
        failures: for each try that failed ``task_id``, ``map_index``, ``try_number`` and ``error``.
        refused: connections and processes that were refused, each with the task that tried.
    """

    calls: CallRecorder
    failures: list[dict[str, Json]] = field(default_factory=list)
    refused: list[dict[str, Json]] = field(default_factory=list)

    def start(self, instance: Any) -> None:
        """Record that a task instance runs from now on."""
        map_index = -1 if instance.map_index is None else instance.map_index
        self.calls.task = (instance.task_id, map_index, instance.try_number)

    def fail(self, instance: Any, error: Any) -> None:
        """Record that a try has failed."""
        text = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else str(error)
        named = {"task_id": instance.task_id, "map_index": instance.map_index, "try_number": instance.try_number}
        self.failures.append({**named, "error": text})

    def refuse(self, what: str) -> None:
        """Record that something was refused."""
        self.refused.append({"task_id": self.calls.task[0] if self.calls.task else None, "what": what})


_current: list[TaskRecorder] = []
"""The recorder of the run at hand; Airflow has one listener for all runs of the process."""


def listen_to_tasks() -> None:
    """Register what hears of tasks that start and tries that fail, for the life of this process."""
    from airflow.listeners import hookimpl

    from sfn_provider._compat import get_listener_manager

    def on_task_instance_running(task_instance: Any) -> None:
        if _current:
            _current[-1].start(task_instance)

    def on_task_instance_failed(task_instance: Any, error: Any) -> None:
        if _current:
            _current[-1].fail(task_instance, error)

    listener = SimpleNamespace(
        on_task_instance_running=hookimpl(on_task_instance_running),
        on_task_instance_failed=hookimpl(on_task_instance_failed),
    )
    manager: Any = get_listener_manager()
    manager.add_listener(listener)


def run_caught(
    load: Callable[[], Any], configuration: Mapping[str, Json], caught: Mapping[str, Json], clock: VirtualClock
) -> tuple[Any, dict[str, Json]]:
    """Run a DAG once.

    Args:
        load: reads the DAG file and returns the DAG.
        configuration: the run's configuration.
        caught: ``script``: as `script_to_json` returns it; ``folders``: where the DAG file's imports are;
            ``variables``: the environment that the DAG sees; ``region``; ``defaults``: values of params that the
            configuration lacks.
        clock: the process's clock.

    Returns:
        The finished DAG run, and its ``calls``, ``failures``, ``refused``; ``assumed``: the params that got such
        values; ``upstream``: for each task the tasks that it waits for, directly or by others; ``dag_id``;
        ``has_only_states``: whether all tasks run states as Step Functions does, and say so by tokens.
    """
    recorder = CallRecorder(CallScript(*script_from_json(caught["script"])))
    tasks = TaskRecorder(recorder)
    with ExitStack() as active:
        active.enter_context(_imports_from(caught["folders"]))
        active.enter_context(patch.dict(os.environ, caught["variables"]))
        active.enter_context(intercept_calls(recorder, caught["region"]))
        active.enter_context(refuse_connections(tasks.refuse))
        active.enter_context(_record_mocked_calls(recorder))
        dag = load()
        active.enter_context(clock.running())
        active.enter_context(_without_delays(dag))
        active.enter_context(answer_shell_commands(dag))
        if any(hasattr(task, "state_type") for task in dag.tasks):
            active.enter_context(run_in_virtual_order(dag))
        read = len(recorder.calls)
        recorder.task = ("", -1, 0)  # the file may be read once more before the first task starts
        _current.append(tasks)
        try:
            assumed = {
                name: value
                for name, value in caught["defaults"].items()
                if name in dag.params and name not in configuration
            }
            finished = dag.test(run_conf={**configuration, **assumed})
        finally:
            _current.pop()
    calls = recorder.calls[:read] + [call for call in recorder.calls[read:] if call.task_id]
    upstream = {task.task_id: sorted(task.get_flat_relative_ids(upstream=True)) for task in dag.tasks}
    found = {
        "calls": [call.to_json() for call in calls],
        "failures": tasks.failures,
        "refused": tasks.refused,
        "assumed": sorted(assumed),
        "upstream": upstream,
        "dag_id": dag.dag_id,
        "has_only_states": all(_runs_states_only(task) for task in dag.tasks),
    }
    return finished, json.loads(json.dumps(found, default=str))


def _runs_states_only(task: Any) -> bool:
    """Return whether a task is one of a DAG of the exact style, or of a workflow with own code."""
    return bool(getattr(task, "routes_by_token", False) or getattr(task, "on_serverless", False))


@contextmanager
def _imports_from(folders: list[str]) -> Iterator[None]:
    """Lets the DAG file import its neighbours; these modules are forgotten afterwards, for others of the same name.

    The folders are behind what is installed, as Airflow has its folder of DAGs: a file ``jsonata.py`` hides no package.
    """
    known, writes = set(sys.modules), sys.dont_write_bytecode
    added = [folder for folder in folders if folder not in sys.path]
    sys.path += added
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes
        for folder in added:
            sys.path.remove(folder)
        for name in set(sys.modules) - known:
            origin = getattr(sys.modules[name], "__file__", None) or ""
            if any(origin.startswith(folder + os.sep) for folder in folders):
                del sys.modules[name]


@contextmanager
def _record_mocked_calls(recorder: CallRecorder) -> Iterator[None]:
    """Records the calls of this package's state operators: the engine's mocks answer them.

    A call of a state that the execution does not reach may have no mock: it fails, and is a difference.
    """
    answer = Mocks.answer

    def answer_and_record(self: Mocks, call: Any, now: float) -> Any:
        try:
            event = answer(self, call, now)
            unanswered = None if event is not None or call.state in self.answers else self.missing()
        except UsageError as error:
            unanswered = error
        if unanswered is not None:
            event = TaskFailed(call.id, TASK_FAILED, f"in this case {unanswered}", now)
        made = describe_call(call).call if call.purpose == "task" else None
        if made is not None:
            task_id, map_index, try_number = recorder.task or (None, -1, 1)
            recorder.calls.append(CaughtCall(task_id, map_index, try_number, made, call.state))
        return event

    with patch.object(Mocks, "answer", answer_and_record):
        yield


@contextmanager
def _without_delays(dag: Any) -> Iterator[None]:
    """Lets retries start at once, and sensors poke in one go: ``dag.test()`` waits for neither."""
    from airflow.models.taskinstance import TaskInstance

    for task in dag.tasks:
        if getattr(task, "mode", None) == "reschedule":
            task.mode = "poke"
    with ExitStack() as patches:
        patches.enter_context(patch.object(TaskInstance, "ready_for_retry", lambda self: self.state == "up_for_retry"))
        if airflow_major() >= 3:
            patches.enter_context(_arguments_of_deferrals())
        yield


@contextmanager
def _arguments_of_deferrals() -> Iterator[None]:
    """Passes on the arguments of a deferral, which ``dag.test()`` drops.

    Source: https://github.com/apache/airflow/pull/69942
    """
    from airflow.sdk.execution_time import supervisor

    run = supervisor.run_task_in_process
    dropped: dict[Any, dict[str, Json]] = {}

    def run_with_arguments(ti: Any, *others: Any, **named: Any) -> Any:
        _restore_arguments(ti.id, dropped.pop(ti.id, {}))
        result = run(ti, *others, **named)
        arguments = getattr(result.msg, "next_kwargs", None)
        if isinstance(arguments, dict) and "__type" not in arguments:  # up to 3.1 they are encoded in another way
            dropped[ti.id] = arguments
        return result

    with patch.object(supervisor, "run_task_in_process", run_with_arguments):
        yield


def _restore_arguments(instance_id: Any, arguments: Mapping[str, Json]) -> None:
    """Add arguments of a deferral to those with which a task instance resumes."""
    if not arguments:
        return
    from sfn_provider._compat import TaskInstanceRow, create_session

    with create_session() as session:
        row: Any = session.get(TaskInstanceRow, instance_id)
        row.next_kwargs = {**arguments, **(row.next_kwargs or {})}
