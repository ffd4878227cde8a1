"""Runs a native DAG in the private Airflow, and reads the run as an execution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sfn_provider.asl.model import StateMachine
from sfn_provider.asl.scope import Json
from sfn_provider.compare.airflow.intercepted_dag_file import run_with_caught_calls
from sfn_provider.compare.airflow.runner import DagRunResult, shared_runner
from sfn_provider.compare.calls.interception.client_calls import CaughtCall
from sfn_provider.compare.calls.machine_calls import run_machine
from sfn_provider.engine.execution import Execution
from sfn_provider.engine.history.events import Record
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.executions.names import permitted_name
from sfn_provider.translate.native.model import TaskEntry
from sfn_provider.xcom_json import encode_dag_run_conf


def run_native_source(
    source: str, dag_id: str, machine: StateMachine, input: Json, mocks: Mocks | None
) -> DagRunResult:
    """Run the file of a native DAG once.

    Args:
        source: the file's text.
        dag_id: the DAG in it.
        machine: the state machine that it was made of.
        input: the execution's input, any JSON value.
        mocks: what tasks answer: the calls of the DAG are caught, and answered as those of the machine that they stand
            for. None calls AWS.

    Raises:
        AirflowRunFailed: where Airflow itself fails.
        UsageError: where the machine calls a task that has no mock.
    """
    if mocks is None:
        return shared_runner().run(source, dag_id, encode_dag_run_conf(input), None)
    run = run_machine(machine, input, mocks.fresh(), dag_id)
    return run_with_caught_calls(source, dag_id, run, input, mocks)


def read_native_outcome(result: DagRunResult, entries: Sequence[TaskEntry]) -> Execution:
    """Read the run of a native DAG as an execution.

    It is SUCCEEDED where the run is green and FAILED where it is red. Airflow knows no more of an execution: there is
    no output, and of the states there are those with a task, without their input and output.

    Args:
        result: the run.
        entries: what became of each state of the machine.
    """
    states: dict[str, TaskEntry] = {}
    for entry in entries:
        if entry.task_id:
            states.setdefault(entry.task_id, entry)
    failed = result.state != "success"
    error, cause = _failure(result, states) if failed else (None, None)
    ran = [(states[task["task_id"]], task) for task in result.tasks if _ran(task) and task["task_id"] in states]
    ran.sort(key=lambda pair: (pair[1]["started"], pair[1]["task_id"], pair[1]["map_index"]))
    records = list(_records(ran, failed, error, cause))
    name = permitted_name(result.run_id)
    return Execution("FAILED" if failed else "SUCCEEDED", None, error, cause, records, len(ran), name)


def _ran(task: Mapping[str, Json]) -> bool:
    return task["state"] in ("success", "failed") and task["started"] is not None


def _failure(result: DagRunResult, states: Mapping[str, TaskEntry]) -> tuple[str | None, str | None]:
    """Return error and cause of the task that failed last: the service's where a call of it has failed the task."""
    caught = result.caught or {}
    texts = {(entry["task_id"], entry["map_index"]): entry["error"] for entry in caught.get("failures", ())}
    failed = [task for task in result.tasks if task["state"] == "failed" and task["task_id"] in states]
    if not failed:
        return None, None
    last = max(failed, key=lambda task: (task["started"] or 0.0, task["task_id"]))
    place = (last["task_id"], last["map_index"])
    calls = [CaughtCall.from_json(call) for call in caught.get("calls", ())]
    own = [call for call in calls if (call.task_id, call.map_index) == place]
    name, _, text = texts.get(place, "").partition(": ")
    if own and own[-1].error is not None:
        return own[-1].error, text
    if name == "AirflowFailException" and ": " in text:  # what a Fail raises
        name, _, text = text.partition(": ")
    return name or None, text or None


def _records(
    ran: Sequence[tuple[TaskEntry, Mapping[str, Json]]], failed: bool, error: str | None, cause: str | None
) -> Iterator[Record]:
    """Make the history: its start, the states as their tasks started and ended, and its end."""
    moments: list[tuple[float, int, str, dict[str, Any], int]] = []
    for number, (entry, task) in enumerate(ran):
        ended = max(task["started"], task["ended"] or task["started"])
        moments.append((task["started"], number, f"{entry.type}StateEntered", {"name": entry.state}, number))
        if task["state"] == "success":
            moments.append((ended, number, f"{entry.type}StateExited", {"name": entry.state}, number))
    moments.sort(key=lambda moment: moment[:2])
    start = moments[0][0] if moments else 0.0
    yield Record(1, 0, "ExecutionStarted", start, {})
    entered: dict[int, int] = {}
    before, at = 1, start
    for identity, (at, number, kind, details, _) in enumerate(moments, 2):
        if kind.endswith("Entered"):
            entered[number] = identity
            yield Record(identity, before, kind, at, details)
        else:
            yield Record(identity, entered[number], kind, at, details)
            before = identity
    end = {"error": error, "cause": cause} if failed else {}
    given = {name: text for name, text in end.items() if text is not None}
    yield Record(len(moments) + 2, len(moments) + 1, f"Execution{'Failed' if failed else 'Succeeded'}", at, given)
