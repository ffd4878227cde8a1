"""The limitations of the exact style: what a DAG does differently than the state machine.

A construct that is translated without a difference has no row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from sfn_provider.asl.lint_rules.service_calls import RETIRED_SERVICES
from sfn_provider.asl.model import Map, State, Task
from sfn_provider.asl.placeholders import strip_partition
from sfn_provider.asl.resources import Resource, parse_resource
from sfn_provider.translate.exact.task_groups import MAP_ITEMS
from sfn_provider.translate.findings import Effect, Finding
from sfn_provider.translate.plan.model import DagPlan, GroupPlan, Node
from sfn_provider.translate.plan.state_entries import states_with_nodes

if TYPE_CHECKING:
    from sfn_provider.asl.document import Document


@dataclass(frozen=True, slots=True)
class Limitation:
    """A construct that a DAG does differently than the state machine.

    Args:
        code: short name.
        effect: see `Finding`.
        applies: whether a state, a node of the plan or a plan has it.
        why: the difference and its reason.
        advice: what to do.
    """

    code: str
    effect: Effect
    applies: Callable[[Any], bool]
    why: str
    advice: str

    def finding(self, state: str | None = None, location: str = "") -> Finding:
        """Return the finding for a state, or for the machine."""
        return Finding(self.code, self.effect, self.why, self.advice, state, location)


# Conditions on the model of a state ----------------------------------------------------------------------------------


def _resource(state: State) -> Resource | None:
    return parse_resource(state.resource) if isinstance(state, Task) else None


def _is_kind(kind: str) -> Callable[[State], bool]:
    def applies(state: State) -> bool:
        resource = _resource(state)
        return resource is not None and resource.kind == kind

    return applies


def _waits_for_token(state: State) -> bool:
    resource = _resource(state)
    return resource is not None and resource.pattern == "waitForTaskToken"


def _unsupported(state: State) -> bool:
    resource = _resource(state)
    return resource is not None and resource.kind == "aws-sdk" and resource.service in RETIRED_SERVICES


def _unknown_resource(state: State) -> bool:
    resource = _resource(state)
    return resource is not None and resource.kind == "unknown" and "${" not in resource.text


def _without_value(state: State) -> bool:
    resource = _resource(state)
    return resource is not None and "${" in strip_partition(resource.text)


def _has_heartbeat(state: State) -> bool:
    """Whether a task has a heartbeat that no external worker sends."""
    has_worker = _waits_for_token(state) or _is_kind("activity")(state)
    return not has_worker and not state.model_fields_set.isdisjoint({"heartbeat_seconds", "heartbeat_seconds_path"})


def _is_distributed(state: State) -> bool:
    return isinstance(state, Map) and state.distributed


_IDS = ("$$.Execution.Id", "$$.Execution.Name", "$$.Execution.RoleArn", "$$.StateMachine", "$$.Execution.RedriveTime")
_ALL_IDS = (*_IDS, *(name.replace("$$", "$states.context") for name in _IDS))
_INNER_FIELDS = ("branches", "item_processor", "iterator")


def _reads_ids(state: State) -> bool:
    fields = (value for name, value in state if name not in _INNER_FIELDS)
    return any(name in text for value in fields for text in _texts(value) for name in _ALL_IDS)


def _texts(value: Any) -> Iterator[str]:
    """Iterate over the strings in a field of a model."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _texts(entry)
    elif isinstance(value, dict | BaseModel):
        for _, entry in value if isinstance(value, BaseModel) else value.items():
            yield from _texts(entry)


STATE_RULES: tuple[Limitation, ...] = (
    Limitation(
        "TASK_TOKEN",
        "differs",
        _waits_for_token,
        "The token is Airflow's: the worker must answer at the endpoint of Airflow's web server, not at AWS's.",
        "Set the endpoint URL of the worker's client, see docs/task-tokens.md.",
    ),
    Limitation(
        "ACTIVITY",
        "differs",
        _is_kind("activity"),
        "The activity's workers must ask for work at the endpoint of Airflow's web server, not at AWS's.",
        "Set the endpoint URL of the workers' clients and the keys they sign with, see docs/task-tokens.md.",
    ),
    Limitation(
        "HTTP_INVOKE",
        "differs",
        _is_kind("http:invoke"),
        "Airflow's worker calls the endpoint: it needs the way there, and the rights to read the connection's secret.",
        "Allow events:DescribeConnection and secretsmanager:GetSecretValue, and the worker's address at the endpoint.",
    ),
    Limitation(
        "UNSUPPORTED_INTEGRATION",
        "fails",
        _unsupported,
        "The service is retired, and botocore, with which tasks call, no longer has it, so the task fails.",
        "Call what has taken its place.",
    ),
    Limitation(
        "UNKNOWN_RESOURCE",
        "fails",
        _unknown_resource,
        "The Resource is no function, activity or integration, so the task fails.",
        "Correct the Resource.",
    ),
    Limitation(
        "RESOURCE_WITHOUT_VALUE",
        "fails",
        _without_value,
        "The Resource has a placeholder without a value, so the task fails and names it.",
        "Give its value: --substitutions NAME=VALUE.",
    ),
    Limitation(
        "HEARTBEAT",
        "differs",
        _has_heartbeat,
        "Heartbeats need a task token; without one the task times out once HeartbeatSeconds have passed.",
        "Leave HeartbeatSeconds out and set TimeoutSeconds.",
    ),
    Limitation(
        "DISTRIBUTED_MAP",
        "differs",
        _is_distributed,
        "Child executions run within tasks, not as executions of their own: no map run to look at, no redrive of "
        "failed items, and items and results go through Airflow's database.",
        "Configure an XCom backend for large items, or leave large maps in Step Functions.",
    ),
    Limitation(
        "CONTEXT_OBJECT",
        "differs",
        _reads_ids,
        "The context object's ids and names are those of the DAG and its run, not of an execution in Step Functions.",
        "Check who uses them, such as names of jobs and idempotency keys.",
    ),
)
"""Limitations by the model of a state, also of states inside of others."""


# Conditions on the plan ----------------------------------------------------------------------------------------------

TASK_RULES: dict[str, Limitation] = {
    "ParallelStateOperator": Limitation(
        "PARALLEL_IS_ONE_TASK",
        "looks",
        lambda task: True,
        "The branches run side by side within one task: Airflow shows and clears them as one.",
        "Look into the task's log for the branches.",
    ),
    "MapStateOperator": Limitation(
        "MAP_IS_ONE_TASK",
        "looks",
        lambda task: True,
        "The iterations run within one task: Airflow shows and clears them as one.",
        "Look into the task's log for the iterations.",
    ),
    "ParallelJoinOperator": Limitation(
        "BRANCHES_END_THEIR_STATE",
        "differs",
        lambda group: len(group.branches) > 1,
        "When a branch fails, the others stop before their next state; Step Functions stops them in the midst of it.",
        "Give states that must not run on after such a failure a timeout.",
    ),
    "MapJoinOperator": Limitation(
        "ITEMS_END_THEIR_STATE",
        "differs",
        lambda group: True,
        "When an item fails, the others stop before their next state; Step Functions stops them in the midst of it. "
        "MaxConcurrency holds for each state inside, not for all of them together; up to Airflow 3.2, deferred tasks "
        "do not count.",
        "Give states that must not run on after such a failure a timeout. Before Airflow 3.3, set [sfn_provider] "
        "waiting = block where MaxConcurrency protects what the states call.",
    ),
    "MapItemsOperator": Limitation(
        "BATCHES_END_THEIR_STATE",
        "differs",
        lambda group: True,
        "When an item fails, those of its batch stop at once, those of other batches before their next state; Step "
        "Functions stops all in the midst of it. Up to Airflow 3.2, a batch that is deferred makes room for another "
        "one, which MaxConcurrency does not count.",
        "Give states that must not run on after such a failure a timeout. Before Airflow 3.3, set [sfn_provider] "
        "waiting = block where MaxConcurrency protects what the states call.",
    ),
    "LoopOperator": Limitation(
        "LOOP_IS_ONE_TASK",
        "looks",
        lambda task: True,
        "States that lead back to one another run within one task, as Airflow's graph has no way back.",
        "Look into the task's log for the rounds.",
    ),
}
"""Limitations by the operator of a task; for a task group that of its join."""

MACHINE_RULES: tuple[Limitation, ...] = (
    Limitation(
        "MACHINE_TIMEOUT",
        "differs",
        lambda plan: plan.timeout is not None,
        "After TimeoutSeconds the DAG run is failed by Airflow's scheduler, which looks every few seconds; there is no "
        "status TIMED_OUT.",
        "Watch for failed runs where you watched for TIMED_OUT.",
    ),
    Limitation(
        "SCHEDULE_WITHOUT_INPUT",
        "differs",
        lambda plan: plan.schedule is not None and plan.params is None,
        "A scheduled run starts with an empty input; a rule of EventBridge without Input passes its event.",
        "Give the input that the states read: --input JSON.",
    ),
)
"""Limitations of the whole machine."""

EXPRESS = Finding(
    "EXPRESS",
    "differs",
    "The machine is EXPRESS: it may run a state more than once, ends after 5 minutes and can answer at once. "
    "A DAG run does each state once, has no such limit, starts within seconds and answers nobody.",
    "Leave machines that must answer fast in Step Functions.",
)


def find_limitations(plan: DagPlan, document: Document) -> tuple[Finding, ...]:
    """Find the differences between the DAG of a plan and the state machine, in the order of the definition.

    Args:
        plan: the DAG.
        document: the definition.
    """
    findings = machine_findings(plan, document)
    seen: set[str] = set()
    for location, name, state, node in states_with_nodes(plan):
        findings += _task_finding(node, name, location, seen)
        findings += state_findings(state, name, location)
    return tuple(findings)


def machine_findings(plan: DagPlan, document: Document) -> list[Finding]:
    """Find the differences that concern the whole machine, in every style.

    Args:
        plan: the DAG's schedule, params and timeout.
        document: the definition.
    """
    findings = [EXPRESS] if document.execution_type == "EXPRESS" else []
    findings += [rule.finding() for rule in MACHINE_RULES if rule.applies(plan)]
    return [*findings, *_placeholder_findings(document)]


def state_findings(state: State, name: str, location: str, only: tuple[str, ...] = ()) -> list[Finding]:
    """Find the limitations by the model of a state.

    Args:
        state: the state.
        name: its name.
        location: its JSON pointer.
        only: the codes to find; all by default.
    """
    rules = [rule for rule in STATE_RULES if not only or rule.code in only]
    return [rule.finding(name, location) for rule in rules if rule.applies(state)]


def _task_finding(node: Node, name: str, location: str, seen: set[str]) -> Iterator[Finding]:
    """Return the finding for a task at the first of its states."""
    children = node.children if isinstance(node, GroupPlan) else None
    operator = children.operator if children is not None and children.operator == MAP_ITEMS else node.operator
    rule = TASK_RULES.get(operator.rpartition(".")[2])
    if rule is not None and name in node.states and node.states[0] not in seen and rule.applies(node):
        seen.add(node.states[0])
        yield rule.finding(name, location)


def _placeholder_findings(document: Document) -> Iterator[Finding]:
    for name, location in document.placeholders.items():
        why = f"${{{name}}} has no value; the text stands in the DAG as it is."
        yield Finding(
            "UNRESOLVED_PLACEHOLDER", "differs", why, f"Give it: --substitutions '{name}=VALUE'.", None, location
        )
