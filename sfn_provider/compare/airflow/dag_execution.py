"""Runs a state machine as a DAG in the private Airflow, and reads the run as an execution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfn_provider.asl.document import Definition
from sfn_provider.asl.scope import Json
from sfn_provider.compare.airflow.native_execution import read_native_outcome, run_native_source
from sfn_provider.compare.airflow.runner import AirflowRunFailed, DagRunResult, shared_runner
from sfn_provider.engine.execution import Execution
from sfn_provider.engine.history.events import Record
from sfn_provider.engine.simulation.item_objects import S3Object
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.executions.names import permitted_name
from sfn_provider.translate import translate
from sfn_provider.translate.native.model import TaskEntry
from sfn_provider.translate.plan.granularity import TasksName
from sfn_provider.translate.styles import StyleName
from sfn_provider.xcom_json import encode_dag_run_conf

DAG_ID = "StateMachine"
"""Id of the DAGs made here; comparisons give `simulate` the same name, so that their context objects agree."""


@dataclass(frozen=True, slots=True)
class DagSource:
    """The text of a DAG file.

    Args:
        source: the text.
        dag_id: the DAG in it; None for the only one.
    """

    source: str
    dag_id: str | None = None


@dataclass(frozen=True, slots=True)
class TaskTime:
    """When one task instance ran.

    Args:
        task_id: its task.
        map_index: its map index, -1 for a task that is not mapped.
        states: the states that it entered, in order.
        started: seconds after the first task of the run started.
        seconds: how long it ran.
    """

    task_id: str
    map_index: int
    states: tuple[str, ...]
    started: float
    seconds: float


@dataclass(frozen=True, slots=True)
class AirflowRun:
    """A translated DAG's run.

    Args:
        execution: the outcome.
        times: the task instances that ran, in the order in which they started.
        skipped: how many were skipped.
        seconds: wall time of the run, without Airflow's start.
        requests: how many requests the tasks sent to Airflow; 0 on Airflow 2, whose tasks use the database.
    """

    execution: Execution
    times: tuple[TaskTime, ...]
    skipped: int
    seconds: float
    requests: int = 0

    @property
    def tasks(self) -> int:
        """The number of task instances that ran."""
        return len(self.times)

    @property
    def seconds_between(self) -> float:
        """Seconds in which no task ran: Airflow's time to find the next one and to start it."""
        busy, until = 0.0, 0.0
        for time in self.times:
            end = time.started + time.seconds
            busy += max(0.0, end - max(until, time.started))
            until = max(until, end)
        return max(0.0, self.seconds - busy)


def run_on_airflow(
    definition: Definition,
    input: Json,
    *,
    mocks: Mocks | Mapping[str, Any] | None = None,
    objects: Mapping[str, S3Object] | None = None,
    style: StyleName = "exact",
    tasks: TasksName = "state",
    map_batch: int | None = None,
) -> Execution:
    """Translate a state machine, run the DAG in a private Airflow and return its outcome as an execution.

    A native DAG is run with its calls of AWS caught and answered by the mocks. Its execution has the outcome, and of
    the history the states that have a task; it has no output.

    Args:
        definition: the definition as text, as an object, opened, or parsed.
        input: the execution's input, any JSON value.
        mocks: what tasks answer, as for `sfn_provider.engine.simulate`. None, without objects, calls AWS.
        objects: contents of S3 objects that ItemReader reads, as for `sfn_provider.engine.simulate`.
        style: as for `sfn_provider.translate.translate`.
        tasks: what one task runs, as for `sfn_provider.translate.translate`.
        map_batch: how many items of a Map one task runs, as for `sfn_provider.translate.translate`.

    Raises:
        InvalidDefinition: where Step Functions would refuse the definition.
        UsageError: no such style or granularity, a mock is of a state that the machine does not have, or a native DAG
            is run and a task has no mock.
        AirflowRunFailed: where Airflow itself fails.
    """
    run = run_dag(definition, input, mocks=mocks, objects=objects, style=style, tasks=tasks, map_batch=map_batch)
    return run.execution


def run_dag(
    definition: Definition,
    input: Json,
    *,
    mocks: Mocks | Mapping[str, Any] | None = None,
    objects: Mapping[str, S3Object] | None = None,
    style: StyleName = "exact",
    tasks: TasksName = "state",
    map_batch: int | None = None,
) -> AirflowRun:
    """Do the same as `run_on_airflow`, and return the DAG's run with its times."""
    translation = translate(definition, dag_id=DAG_ID, style=style, tasks=tasks, map_batch=map_batch)
    answers: Mocks | None = None
    if mocks is not None or objects is not None:
        answers = mocks if isinstance(mocks, Mocks) else Mocks.from_mapping(mocks or {}, objects)
        answers.check_states(translation.plan.machine)
    if translation.style == "native":
        result = run_native_source(translation.source, DAG_ID, translation.plan.machine, input, answers)
        return read_airflow_run(result, translation.tasks)
    return run_dag_source(DagSource(translation.source, DAG_ID), input, answers)


def run_dag_source(dag: DagSource, input: Json, mocks: Mocks | None) -> AirflowRun:
    """Run a DAG file in a private Airflow.

    Args:
        dag: the DAG.
        input: the execution's input, any JSON value.
        mocks: what tasks answer; None calls AWS.

    Raises:
        AirflowRunFailed: where Airflow itself fails.
    """
    config = mocks.as_configuration() if mocks is not None else None
    result = shared_runner().run(dag.source, dag.dag_id, encode_dag_run_conf(input), config)
    return read_airflow_run(result)


def read_airflow_run(result: DagRunResult, native: Sequence[TaskEntry] | None = None) -> AirflowRun:
    """Read a DAG run as an execution, with its times.

    Args:
        result: the run.
        native: what became of each state, where the DAG is native; None for an exact one.

    Raises:
        AirflowRunFailed: where a task of an exact DAG failed for another reason than its state's error.
    """
    skipped = sum(task["state"] == "skipped" for task in result.tasks)
    outcome = read_outcome(result) if native is None else read_native_outcome(result, native)
    return AirflowRun(outcome, _task_times(result, native or ()), skipped, result.seconds, result.requests)


def _task_times(result: DagRunResult, native: Sequence[TaskEntry]) -> tuple[TaskTime, ...]:
    named: dict[str, tuple[str, ...]] = {}
    for entry in native:
        if entry.task_id:
            named[entry.task_id] = (*named.get(entry.task_id, ()), entry.state)
    ran = [task for task in result.tasks if task["state"] in ("success", "failed") and task["started"] is not None]
    first = min((task["started"] for task in ran), default=0.0)
    times = [
        TaskTime(
            task_id=task["task_id"],
            map_index=task["map_index"],
            states=_entered_states(task) or named.get(task["task_id"], ()),
            started=task["started"] - first,
            seconds=max(0.0, (task["ended"] or task["started"]) - task["started"]),
        )
        for task in ran
    ]
    return tuple(sorted(times, key=lambda time: (time.started, time.task_id, time.map_index)))


def _entered_states(task: Mapping[str, Json]) -> tuple[str, ...]:
    records = [Record(*record) for record in task.get("history") or ()]
    return tuple(record.details["name"] for record in records if record.type.endswith("StateEntered"))


def read_outcome(result: DagRunResult) -> Execution:
    """Read a DAG run as an execution.

    Raises:
        AirflowRunFailed: where a task failed for another reason than its state's error.
    """
    history = (Record(*record) for task in result.tasks for record in task.get("history") or ())
    records = sorted(history, key=lambda record: record.id)
    name = permitted_name(result.run_id)
    errors = [task["error"] for task in result.tasks if task.get("error")]
    for error in errors:
        if error.get("Message"):
            raise AirflowRunFailed(error["Message"])
    tokens = [error["Token"] for error in errors] + [task["token"] for task in result.tasks if task.get("token")]
    stopped = [task["stopped"] for task in result.tasks if task.get("stopped")]
    transitions = sum(token["transitions"] for token in [*tokens, *stopped])
    # What failed within a Parallel or Map is the execution's failure only where the join failed with it.
    failed = next((error for error in errors if error["Token"]["branch"] is None), None)
    if failed is not None:
        return Execution(failed["Status"], None, failed["Error"], failed["Cause"], records, transitions, name)
    last = next((task for task in result.tasks if _ends_execution(task.get("token"))), None)
    if result.state != "success" or last is None:
        states = ", ".join(f"{task['task_id']}: {task['state']}" for task in result.tasks)
        raise AirflowRunFailed(
            f"the DAG run ended as {result.state} without an outcome ({states}); Airflow's log ends with:\n{result.log}"
        )
    return Execution("SUCCEEDED", last["return_value"], None, None, records, transitions, name)


def _ends_execution(token: Mapping[str, Json] | None) -> bool:
    return token is not None and token["next"] is None and token["branch"] is None
