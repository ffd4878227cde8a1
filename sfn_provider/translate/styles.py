"""Lists the styles of a DAG: what makes its file, its tasks and its differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sfn_provider.asl.state_walk import walk_states
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.emit.python_file import emit
from sfn_provider.translate.exact.limitations import find_limitations
from sfn_provider.translate.exact.segments import SEGMENT
from sfn_provider.translate.exact.task_groups import MAP_ITEMS
from sfn_provider.translate.findings import Finding
from sfn_provider.translate.native.model import NativeOptions, TaskEntry
from sfn_provider.translate.native.report.differences import exact_findings
from sfn_provider.translate.native.style import NativeTranslation, translate_native
from sfn_provider.translate.plan.layout import task_ids
from sfn_provider.translate.plan.model import GroupPlan, Node
from sfn_provider.translate.plan.state_entries import states_with_nodes

if TYPE_CHECKING:
    from sfn_provider.asl.document import Document
    from sfn_provider.translate.plan.model import DagPlan

StyleName = Literal["exact", "native"]


@dataclass(frozen=True, slots=True)
class StyledDag:
    """A DAG in a style.

    Args:
        style: the style of the file: ``exact`` also where a machine cannot be said natively.
        source: the DAG file, Python text.
        tasks: what became of each state.
        findings: the differences between the DAG and the state machine.
    """

    style: StyleName
    source: str
    tasks: tuple[TaskEntry, ...]
    findings: tuple[Finding, ...]


def _exact(plan: DagPlan, document: Document, options: NativeOptions) -> StyledDag:
    _check_templates(options)
    return _exact_dag(plan, document, {})


def _check_templates(options: NativeOptions, reasons: dict[str, str] | None = None) -> None:
    """Raise where templates are given for a DAG of the exact style, whose data is never a template."""
    if options.templates:
        because = "".join(f"; state {state!r} stays exact: {why}" for state, why in (reasons or {}).items())
        names = ", ".join(options.templates)
        raise UsageError(f"templates for {names} are for DAGs of the native style: take --style native{because}")


def _exact_dag(plan: DagPlan, document: Document, reasons: dict[str, str]) -> StyledDag:
    found = (*exact_findings(reasons, document.machine), *find_limitations(plan, document))
    return StyledDag("exact", emit(plan), _exact_entries(plan, reasons), found)


def _exact_entries(plan: DagPlan, reasons: dict[str, str]) -> tuple[TaskEntry, ...]:
    ids = task_ids(plan)
    nodes = {location: node for location, _, _, node in states_with_nodes(plan)}
    others = f"it stands beside {', '.join(reasons)}" if reasons else ""
    return tuple(
        TaskEntry(
            names[-1],
            state.type,
            ids[nodes[location].states[0]],
            nodes[location].operator.rpartition(".")[2],
            "segment" if _shares_task(nodes[location], names[-1]) else "exact",
            reasons.get(names[-1], others),
            location,
        )
        for location, names, state in walk_states(plan.machine)
    )


def _shares_task(node: Node, state: str) -> bool:
    """Whether a task runs more than one state that is no loop, or several items: with which a state shares it."""
    if isinstance(node, GroupPlan):
        return node.children is not None and node.children.operator == MAP_ITEMS and state not in node.states
    return node.operator == SEGMENT


def _native(plan: DagPlan, document: Document, options: NativeOptions) -> StyledDag:
    found = translate_native(plan, document, options)
    if not isinstance(found, NativeTranslation):
        _check_templates(options, found)
        # A machine with a state that stays exact is exact as a whole: its tasks hand their documents to one another.
        return _exact_dag(plan, document, found)
    return StyledDag("native", found.source, found.tasks, found.findings)


STYLES: dict[str, Callable[[DagPlan, Document, NativeOptions], StyledDag]] = {"exact": _exact, "native": _native}
"""What makes the DAG of a plan, by the name of the style."""
