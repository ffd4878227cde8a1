"""Finds what a workflow of MWAA Serverless does differently than the state machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from sfn_provider.asl.model import Map, Parallel, State, StateMachine, Task, Wait
from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.state_walk import walk_states
from sfn_provider.translate.exact.limitations import machine_findings, state_findings
from sfn_provider.translate.findings import Finding
from sfn_provider.translate.plan.state_entries import states_with_nodes
from sfn_provider.translate.serverless.limits import MAX_TASK_SECONDS

if TYPE_CHECKING:
    from sfn_provider.asl.document import Document
    from sfn_provider.translate.plan.model import DagPlan
    from sfn_provider.translate.serverless.operator_tasks import OperatorPlan

_MINUTES: Final = MAX_TASK_SECONDS // 60
_CODE_RULES: Final = (
    "HTTP_INVOKE",
    "UNSUPPORTED_INTEGRATION",
    "UNKNOWN_RESOURCE",
    "RESOURCE_WITHOUT_VALUE",
    "HEARTBEAT",
    "DISTRIBUTED_MAP",
    "CONTEXT_OBJECT",
)


def code_findings(plan: DagPlan, document: Document) -> Iterator[Finding]:
    """Iterate over the differences of a workflow with own code, in the order of the definition.

    Args:
        plan: its plan.
        document: the definition.
    """
    yield from (found for found in machine_findings(plan, document) if found.code != "MACHINE_TIMEOUT")
    seen: set[str] = set()
    for location, name, state, node in states_with_nodes(plan):
        if len(node.states) > 1 and node.states[0] not in seen and name in node.states:
            seen.add(node.states[0])
            why = f"{', '.join(node.states)} run in one task, which is started again where it waits."
            yield Finding("STATES_ARE_ONE_TASK", "looks", why, "Look into the task's log.", name, location)
        if name in node.states:
            yield from _one_task(name, state, location)
        yield from state_findings(state, name, location, only=_CODE_RULES)
        if _may_wait(state):
            why = (
                f"It may wait longer than the {_MINUTES} minutes of a task; a task that waits is started again only "
                "where SFN_PROVIDER_STORAGE names a folder in S3."
            )
            advice = "Keep that variable in the workflow's Environment, as the README sets it."
            yield Finding("WAIT_NEEDS_STORAGE", "differs", why, advice, name, location)


def _one_task(name: str, state: State, location: str) -> Iterator[Finding]:
    if isinstance(state, Parallel):
        why = "The branches run side by side within one task, as the service has no task groups."
        yield Finding("PARALLEL_IS_ONE_TASK", "looks", why, "Look into the task's log.", name, location)
    elif isinstance(state, Map):
        why = (
            f"The items run within one task, as the service has no mapped tasks: on one CPU with 3 GB, and "
            f"{_MINUTES} minutes at a stretch without a wait."
        )
        advice = "Leave a Map with more to do in a state machine, and start that."
        yield Finding("MAP_IS_ONE_TASK", "differs", why, advice, name, location)


def _may_wait(state: State) -> bool:
    if isinstance(state, Wait):
        return not isinstance(state.seconds, int) or state.seconds > MAX_TASK_SECONDS // 2
    return isinstance(state, Task) and parse_resource(state.resource).pattern in ("sync", "sync:2")


def operator_findings(operators: OperatorPlan, machine: StateMachine) -> Iterator[Finding]:
    """Iterate over the differences of a workflow of operators that other native DAGs do not have.

    Args:
        operators: its plan.
        machine: the machine.
    """
    places = {names[-1]: location for location, names, _ in walk_states(machine)}
    if operators.needs_skips:
        yield Finding(
            "SKIPPED_TASKS",
            "differs",
            "Its branches skip tasks, and handlers run by trigger rules. The pages of MWAA Serverless contradict each "
            "other about both, and its API knows no skipped tasks.",
            "Try each way there, or take --way code, which needs neither.",
        )
    if machine.timeout_seconds is not None:
        why = "The service ignores a DAG's dagrun_timeout: TimeoutSeconds of the machine has no effect."
        yield Finding("TIMEOUT_IGNORED", "differs", why, "Take --way code, which holds it.")
    for name in operators.databases:
        why = "AthenaOperator needs a database: 'default' is sent, where Step Functions sends none."
        yield Finding(
            "ATHENA_DATABASE", "differs", why, "Name it in QueryExecutionContext.", name, places.get(name, "")
        )
    for name, reason in operators.blocking.items():
        why = f"Its task waits for the job's end, {_MINUTES} minutes at most: {reason}."
        advice = "Take --way code for jobs that take longer."
        yield Finding("WAITS_IN_TASK", "differs", why, advice, name, places.get(name, ""))
