"""Plans the tasks of a workflow of installed operators alone, from the plan of a native DAG."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sfn_provider.asl.model import State, StateMachine, Task
from sfn_provider.asl.placeholders import fill_partition
from sfn_provider.asl.resources import parse_resource
from sfn_provider.translate.emit.literals import Code, Wrapped
from sfn_provider.translate.native.model import NativeNode, NotNative, refusals_of
from sfn_provider.translate.native.native_plan import NativePlan
from sfn_provider.translate.native.planner import plan_prepared
from sfn_provider.translate.native.prepared_machine import prepare_machine
from sfn_provider.translate.native.states.forms import OperatorForm
from sfn_provider.translate.serverless.job_sensors import JOB_SENSORS, SENSOR_ARGUMENTS, JobSensor, split_arguments
from sfn_provider.translate.serverless.limits import VERSIONS
from sfn_provider.translate.serverless.operator_nodes import OperatorNodes
from sfn_provider.translate.serverless.workflow import WorkflowTask, find_evaluated_key

_DATABASE: Final = "default"
"""The database that Athena's operator gets where the state names none: it cannot do without."""


@dataclass(frozen=True, slots=True)
class OperatorPlan:
    """A workflow of operators.

    Args:
        native: the plan of the DAG.
        tasks: its tasks.
        databases: the states whose queries get the database `_DATABASE`.
        blocking: the states whose task waits for a job, by the name of the state: why no sensor does.
        sensors: the id of the sensor behind a task, by the task's id.
    """

    native: NativePlan
    tasks: tuple[WorkflowTask, ...]
    databases: tuple[str, ...]
    blocking: Mapping[str, str]
    sensors: Mapping[str, str]

    @property
    def needs_skips(self) -> bool:
        """Whether tasks are skipped, or run by a trigger rule: of which it is not known what the service makes."""
        return any(task.trigger_rule is not None or "BranchPython" in task.operator for task in self.tasks)


def plan_operators(machine: StateMachine) -> OperatorPlan | dict[str, str]:
    """Plan the tasks of a machine.

    Args:
        machine: the machine.

    Returns:
        The plan; or why states need own code, by their names.
    """
    databases: list[str] = []
    machine = _with_databases(machine, databases)
    try:
        native = plan_prepared(prepare_machine(machine, {}, ()), VERSIONS, OperatorNodes)
    except ExceptionGroup as refusals:
        found, others = refusals.split(NotNative)
        if found is None or others is not None:
            raise
        return {str(refusal.state): refusal.why for refusal in refusals_of(found)}
    reasons = {node.state: why for node in native.dag.nodes if (why := _refusal(node, native)) is not None}
    return reasons or _plan(native, tuple(databases))


def _refusal(node: NativeNode, native: NativePlan) -> str | None:
    """Return why a task cannot be in a workflow of operators; None where it can."""
    form = native.forms.get(node.state)
    if isinstance(form, OperatorForm) and form.row.waits_only_deferred and _sensor_of(node) is None:
        return f"{node.operator} waits for its end in a triggerer alone, which the service does not have"
    if node.operator is None or node.expanded is not None:
        return "no operator does it, and a function needs a code package"
    if any(isinstance(value, Code) for value in node.arguments.values()):
        return "its error is read, which a function hands over"
    key = find_evaluated_key(node.arguments)
    return f"it has the key {key!r}, which the service's loader would evaluate" if key is not None else None


def _plan(native: NativePlan, databases: tuple[str, ...]) -> OperatorPlan:
    nodes = native.dag.nodes
    taken = {node.task_id for node in nodes}
    splits = {node.task_id: row for node in nodes if (row := _sensor_of(node)) is not None}
    sensors: dict[str, str] = {}
    for task_id in splits:
        name = f"{task_id}_wait"
        while name in taken:
            name += "_"
        sensors[task_id] = name
        taken.add(name)
    tasks: list[WorkflowTask] = []
    for node, lefts in zip(nodes, native.dag.upstream(), strict=True):
        before = [nodes[left].task_id for left in lefts]
        # What handles a failure has to see that of the start, too.
        upstream = dict.fromkeys(last for name in before for last in _ends(name, sensors, node.trigger_rule))
        tasks += _tasks(node, tuple(upstream), splits.get(node.task_id), sensors)
    blocking = {node.state: _why_blocking(node) for node in nodes if _waits(node) and node.task_id not in splits}
    return OperatorPlan(native, tuple(tasks), databases, blocking, sensors)


def _ends(task_id: str, sensors: Mapping[str, str], rule: str | None) -> tuple[str, ...]:
    if task_id not in sensors:
        return (task_id,)
    return (task_id, sensors[task_id]) if rule == "one_failed" else (sensors[task_id],)


def _tasks(
    node: NativeNode, upstream: tuple[str, ...], split: JobSensor | None, sensors: Mapping[str, str]
) -> list[WorkflowTask]:
    module = next(module for module, name in sorted(node.imports) if name == node.operator)
    arguments = {name: _plain(value) for name, value in node.arguments.items() if name != "deferrable"}
    operator = f"{module}.{node.operator}"
    if split is None:
        return [WorkflowTask(node.task_id, operator, arguments, upstream, node.trigger_rule)]
    start = WorkflowTask(node.task_id, operator, split_arguments(split, arguments), upstream, node.trigger_rule)
    returned = f"{{{{ ti.xcom_pull(task_ids='{node.task_id}') }}}}"
    watched = split.arguments(arguments, returned) | SENSOR_ARGUMENTS
    return [start, WorkflowTask(sensors[node.task_id], split.sensor, watched, (node.task_id,))]


def _plain(value: Any) -> Any:
    """Return an argument without the marks of Python text."""
    if isinstance(value, Wrapped):
        return value.text
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value


def _waits(node: NativeNode) -> bool:
    """Whether a task waits for a job."""
    return node.arguments.get("deferrable") is True or node.arguments.get("wait_for_completion") is True


def _sensor_of(node: NativeNode) -> JobSensor | None:
    """Return how a task is split; None where it waits for nothing, or itself.

    With retries it waits itself: where the job fails, another one is started, which a sensor cannot.
    """
    if not _waits(node) or "retries" in node.arguments or "execution_timeout" in node.arguments:
        return None
    return JOB_SENSORS.get(str(node.operator))


def _why_blocking(node: NativeNode) -> str:
    if "retries" in node.arguments:
        return "its Retry starts another job, which a sensor cannot"
    if "execution_timeout" in node.arguments:
        return "its time limit holds for the job, too"
    return f"{node.operator} has no sensor that fails by the same statuses"


def _with_databases(machine: StateMachine, found: list[str]) -> StateMachine:
    """Return a machine whose Athena queries name a database; add the names of the states that have got one."""
    states = {name: _with_database(name, state, found) for name, state in machine.states.items()}
    return machine.model_copy(update={"states": states})


def _with_database(name: str, state: State, found: list[str]) -> State:
    if not isinstance(state, Task):
        return state
    resource = parse_resource(fill_partition(state.resource))
    given = state.parameters if state.parameters is not None else state.arguments
    if (resource.service, resource.action) != ("athena", "startQueryExecution") or not isinstance(given, dict):
        return state
    if any(key.removesuffix(".$") == "QueryExecutionContext" for key in given):
        return state
    found.append(name)
    field = "parameters" if state.parameters is not None else "arguments"
    return state.model_copy(update={field: {**given, "QueryExecutionContext": {"Database": _DATABASE}}})
