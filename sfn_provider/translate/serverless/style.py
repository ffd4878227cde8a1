"""Translates a machine into a workflow of MWAA Serverless: chooses the way, and says what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from sfn_provider.asl.diagnostics import Diagnostic, pointer
from sfn_provider.asl.state_walk import walk_states
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.findings import Finding
from sfn_provider.translate.native.data_flow.expression_budget import bounded_expressions
from sfn_provider.translate.native.model import TaskEntry
from sfn_provider.translate.native.report.differences import find_native_differences
from sfn_provider.translate.native.report.task_entries import entries
from sfn_provider.translate.plan.state_entries import StateEntry, state_entries
from sfn_provider.translate.serverless import code_package_tasks
from sfn_provider.translate.serverless.differences import code_findings, operator_findings
from sfn_provider.translate.serverless.operator_tasks import OperatorPlan, plan_operators
from sfn_provider.translate.serverless.refusals import find_params, find_size, find_task_tokens
from sfn_provider.translate.serverless.schedules import make_schedule
from sfn_provider.translate.serverless.workflow import Workflow

if TYPE_CHECKING:
    from sfn_provider.asl.document import Document
    from sfn_provider.translate.plan.model import DagPlan

WayName = Literal["auto", "operators", "code"]
"""A way, or ``auto``: operators where nothing is skipped, own code otherwise."""

_SHOWN = 3
"""The most states that a reason names."""

WAYS: tuple[WayName, ...] = get_args(WayName)


@dataclass(frozen=True, slots=True)
class ServerlessTranslation:
    """A workflow.

    Args:
        source: its YAML.
        workflow: the same before it was written.
        plan: the plan, with the tasks of the way with own code.
        tasks: what became of each state.
        states: every state with the task that runs it.
        findings: the differences to the state machine.
        diagnostics: what stops it from running there.
    """

    source: str
    workflow: Workflow
    plan: DagPlan
    tasks: tuple[TaskEntry, ...]
    states: tuple[StateEntry, ...]
    findings: tuple[Finding, ...]
    diagnostics: tuple[Diagnostic, ...]


@bounded_expressions()
def translate_serverless(
    plan: DagPlan, document: Document, *, way: WayName = "auto", start_date: str | None = None
) -> ServerlessTranslation:
    """Translate a machine into a workflow.

    Args:
        plan: the name, the schedule, the params and the granularity.
        document: the definition.
        way: how it is to run the machine.
        start_date: the date from which on scheduled runs are made, ``2027-01-31``; None for the schedule's.

    Raises:
        UsageError: there is no such way, or a batch of a Map's items is asked for.
    """
    _check(plan, way)
    plan = code_package_tasks.plan_workflow(plan)
    operators = plan_operators(document.machine) if way != "code" else {}
    chosen = _choose(operators, way)
    settings, told, findings = make_schedule(plan.schedule, start_date)
    refused = [found for found in told if found.level == "error"]
    refused += [*find_task_tokens(document.machine), *find_params(plan.params)]
    if chosen is not None:
        tasks, listed = chosen.tasks, entries(chosen.native, document.machine, {})
        findings += find_native_differences(chosen.native, plan, document, {})
        findings += operator_findings(chosen, document.machine)
    else:
        tasks, listed = code_package_tasks.make_tasks(plan), _code_entries(plan, operators)
        findings += [*_why_code(operators, way), *code_findings(plan, document)]
    if way == "operators" and chosen is None:
        refused += _needing_code(operators, document)
    described = {"description": plan.description} if plan.description else {}
    params = {"params": dict(plan.params)} if plan.params and not refused else {}
    workflow = Workflow(
        plan.dag_id,
        "code" if chosen is None else "operators",
        tasks,
        {"dag_id": plan.dag_id, **described, **settings, **params},
        _comment(plan, chosen),
    )
    # Other translations need no YAML.
    from sfn_provider.translate.serverless.yaml_writer import emit_workflow

    source = emit_workflow(workflow)
    refused += [*find_size(workflow, source), *(found for found in told if found.level != "error")]
    states = state_entries(plan)
    return ServerlessTranslation(source, workflow, plan, listed, states, tuple(findings), tuple(refused))


def _check(plan: DagPlan, way: WayName) -> None:
    if way not in WAYS:
        raise UsageError(f"there is no way {way!r} on MWAA Serverless: choose one of {', '.join(WAYS)}")
    if plan.granularity.map_batch is not None:
        raise UsageError("MWAA Serverless has no mapped tasks, so that a Map is one task: leave --map-batch out")
    if plan.granularity.tasks != "state" and way == "operators":
        raise UsageError("an operator does one state: leave --tasks out, or take --way code")


def _choose(operators: OperatorPlan | Mapping[str, str], way: WayName) -> OperatorPlan | None:
    """Return the plan of operators where it is taken.

    The service's pages contradict each other about branches, trigger rules and skipped tasks. So a machine that needs
    them has own code, unless its user knows better.
    """
    if not isinstance(operators, OperatorPlan) or (way == "auto" and operators.needs_skips):
        return None
    return operators


def _why_code(operators: OperatorPlan | Mapping[str, str], way: WayName) -> list[Finding]:
    """Return why a workflow has own code, where its user has not asked for it."""
    if way == "code":
        return []
    if isinstance(operators, OperatorPlan):
        why = "of its branches or handlers tasks are skipped, which the service may not know"
        advice = "Take --way operators to try it by installed operators alone."
    else:
        shown = [f"{state}: {reason}" for state, reason in operators.items()]
        more = f"; and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
        why = f"installed operators cannot run it all. {'; '.join(shown[:_SHOWN])}{more}"
        advice = "Upload its code package with it."
    return [Finding("OWN_CODE", "looks", f"The workflow has code of its own, as {why}.", advice)]


def _code_entries(plan: DagPlan, reasons: OperatorPlan | Mapping[str, str]) -> tuple[TaskEntry, ...]:
    found = {} if isinstance(reasons, OperatorPlan) else reasons
    name = code_package_tasks.OPERATOR.rpartition(".")[2]
    shared = {task for entry in state_entries(plan) if (task := entry.task_id) and _is_shared(plan, entry)}
    return tuple(
        TaskEntry(
            entry.name,
            entry.type,
            entry.task_id,
            name,
            "segment" if entry.task_id in shared else "exact",
            found.get(entry.name, ""),
            entry.location,
        )
        for entry in state_entries(plan)
    )


def _is_shared(plan: DagPlan, entry: StateEntry) -> bool:
    return any(entry.name in node.states and len(node.states) > 1 for node in plan.tasks)


def _needing_code(reasons: OperatorPlan | Mapping[str, str], document: Document) -> list[Diagnostic]:
    if isinstance(reasons, OperatorPlan):
        return []
    places = {names[-1]: location for location, names, _ in walk_states(document.machine)}
    return [
        Diagnostic(
            "error",
            "NEEDS_CODE",
            f"state {name!r} cannot be an operator: {why}; take --way code",
            places.get(name, pointer("States", name)),
        )
        for name, why in reasons.items()
    ]


def _comment(plan: DagPlan, operators: OperatorPlan | None) -> tuple[str, ...]:
    origin = f" {_one_line(plan.origin)}" if plan.origin else ""
    how = (
        "by operators that are installed there."
        if operators is not None
        else "by the operator in its code package. A task whose states are not chosen ends at once."
    )
    return (f"Workflow of MWAA Serverless, made from the Step Functions definition{origin}.", f"It runs {how}")


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() and char.isascii() else " " for char in text).split())
