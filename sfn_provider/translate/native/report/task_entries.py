"""Lists what became of each state of a native DAG."""

from __future__ import annotations

from collections.abc import Mapping

from sfn_provider.asl.model import StateMachine
from sfn_provider.asl.state_walk import walk_states
from sfn_provider.translate.native.model import TaskEntry
from sfn_provider.translate.native.native_plan import NativePlan
from sfn_provider.translate.native.parts.exact_parts import ExactPart
from sfn_provider.translate.native.states.forms import OperatorForm
from sfn_provider.translate.native.tasks.exact_nodes import OPERATOR
from sfn_provider.translate.plan import naming


def entries(plan: NativePlan, machine: StateMachine, reasons: Mapping[str, str]) -> tuple[TaskEntry, ...]:
    """List what became of each state, in the order of the definition.

    Args:
        plan: the DAG.
        machine: the machine.
        reasons: why states stay exact, by their names.
    """
    nodes = dict(zip(plan.routes.nodes, plan.dag.nodes, strict=True))
    within = {**plan.mapped, **plan.loops}
    nodes |= {inner: nodes[name] for inner, name in within.items() if inner not in _without_task(plan)}
    found = []
    for location, names, state in walk_states(machine):
        node = nodes.get(names[-1])
        part = exact_part_of(plan, names)
        if part is not None:
            found.append(_exact(part, names, state.type, nodes[part.name].task_id, reasons, location))
        elif node is not None:
            form = plan.forms.get(names[-1])
            operator = form.row.class_name if isinstance(form, OperatorForm) else node.operator or ""
            found.append(TaskEntry(names[-1], state.type, node.task_id, operator, node.how, node.why, location))
        elif _is_folded(plan, names) or any(poll.wait == names[-1] for poll in plan.polls.values()):
            found.append(TaskEntry(names[-1], state.type, "", "", "folded", "", location))
        else:
            found.append(TaskEntry(names[-1], state.type, naming.task_id(names[-1]), "", "group", "", location))
    return tuple(found)


def _without_task(plan: NativePlan) -> set[str]:
    """Return the Pass and Succeed states, of which nothing is seen in a mapped task."""
    return {flow.name for flow in plan.scope.walk() if flow.state.type in ("Pass", "Succeed")}


def _is_folded(plan: NativePlan, names: tuple[str, ...]) -> bool:
    """Whether a state has no task: it was folded, or it is in a Map whose task or list has all of it."""
    if names[-1] in plan.loops:
        return True
    around = {
        *plan.mapped.values(),
        *plan.loops.values(),
        *(name for name, form in plan.maps.items() if form == "list"),
    }
    return names[-1] in plan.routes.folded or any(name in around for name in names[:-1])


def exact_part_of(plan: NativePlan, names: tuple[str, ...]) -> ExactPart | None:
    """Return the exact states among which one is, or stands in one; None where it is native.

    Args:
        plan: the DAG.
        names: the names of the states around it and its own, outermost first.
    """
    return next((part for part in plan.parts.values() if not part.states.keys().isdisjoint(names)), None)


def _exact(
    part: ExactPart, names: tuple[str, ...], type_: str, task_id: str, reasons: Mapping[str, str], location: str
) -> TaskEntry:
    """Return the entry of a state that stays exact: for its own sake, or for that of one that it runs with."""
    why = (
        reasons.get(names[-1])
        or f"it runs with {', '.join(name for name in part.states if name in reasons) or part.name}"
    )
    return TaskEntry(names[-1], type_, task_id, OPERATOR, "exact", why, location)
