"""What is different between a state machine and the DAG that is made of it: nothing of it goes unsaid.

What there is to find is in the tables of `sfn_provider.translate.exact.limitations`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sfn_provider.translate.definitions.placeholders import states_of, unresolved
from sfn_provider.translate.emit.python_file import task_ids
from sfn_provider.translate.exact.limitations import EXPRESS, MACHINE_RULES, STATE_RULES, TASK_RULES
from sfn_provider.translate.findings import Finding
from sfn_provider.translate.plan.model import DagPlan, Node, tasks_of, walk

if TYPE_CHECKING:
    from sfn_provider.asl.lint.definition_walk import ExecutionType
    from sfn_provider.translate.translator import Translation

Json = Any


@dataclass(frozen=True, slots=True)
class StateEntry:
    """A state and the task that runs it.

    Args:
        name: the state's name.
        type: its type.
        task_id: the task's id.
        location: JSON pointer into the definition.
    """

    name: str
    type: str
    task_id: str
    location: str


def find(
    plan: DagPlan, definition: Mapping[str, Json], execution_type: ExecutionType = "STANDARD"
) -> tuple[Finding, ...]:
    """Find what the DAG of a plan does not do as the state machine does, in the order of the definition.

    Args:
        plan: the DAG.
        definition: the definition, as an object.
        execution_type: ``STANDARD`` or ``EXPRESS``.
    """
    found = [EXPRESS] if execution_type == "EXPRESS" else []
    found += [rule.finding() for rule in MACHINE_RULES if rule.applies(plan)]
    found += _names_without_value(definition)
    seen: set[str] = set()
    owners = _owners(plan)
    for location, state in states_of(definition, ""):
        name = _name(location)
        found += _of_task(_innermost(owners, location), name, location, seen)
        found += [rule.finding(name, location) for rule in STATE_RULES if rule.applies(state)]
    return tuple(found)


def _of_task(task: Node, name: str, location: str, seen: set[str]) -> Iterator[Finding]:
    if name not in task.states:
        return
    rule = TASK_RULES.get(task.operator.rpartition(".")[2])
    if rule is not None and rule.applies(task) and task.states[0] not in seen:
        seen.add(task.states[0])
        yield rule.finding(name, location)


def _names_without_value(definition: Mapping[str, Json]) -> Iterator[Finding]:
    for name, location in unresolved(dict(definition)).items():
        why = f"${{{name}}} has no value; the text stands in the DAG as it is."
        yield Finding(
            "UNRESOLVED_PLACEHOLDER", "differs", why, f"Give it: --substitutions '{name}=VALUE'.", None, location
        )


def _name(location: str) -> str:
    return location.rpartition("/")[2].replace("~1", "/").replace("~0", "~")


def _owners(plan: DagPlan) -> dict[str, Node]:
    """The tasks and task groups by the states that they run."""
    return {name: task for task in walk(plan.tasks) for name in task.states}


def _innermost(owners: Mapping[str, Node], location: str) -> Node:
    """The task or task group that runs a state; that of a state around, where it has none of its own."""
    names = [_name(part.split("/")[0]) for part in location.split("/States/")[1:]]
    return next(owners[name] for name in reversed(names) if name in owners)


def state_entries(plan: DagPlan, definition: Mapping[str, Json]) -> tuple[StateEntry, ...]:
    """Every state with the task that runs it, in the order of the definition."""
    ids, owners = task_ids(plan), _owners(plan)
    entries = []
    for location, state in states_of(definition, ""):
        task_id = ids[_innermost(owners, location).states[0]]
        entries.append(StateEntry(_name(location), str(state.get("Type")), task_id, location))
    return tuple(entries)


# For people and for machines -----------------------------------------------------------------------------------------

_EFFECTS = {"fails": "FAILS  ", "differs": "differs", "looks": "looks  "}


def as_text(translation: Translation) -> str:
    """The report for people."""
    plan = translation.plan
    lines = [f"DAG {plan.dag_id}: {_count(translation.states, 'state')} in {_count(tasks_of(plan.tasks), 'task')}", ""]
    rows = [("State", "Type", "Task")]
    rows += [("  " * _depth(entry) + entry.name, entry.type, entry.task_id) for entry in translation.states]
    lines += _columns(rows)
    lines += ["", _heading(translation.findings)]
    for finding in translation.findings:
        place = f" {finding.state} ({finding.location})" if finding.state is not None else ""
        lines += [
            f"  {_EFFECTS[finding.effect]} {finding.code}{place}",
            f"          {finding.why}",
            f"          {finding.advice}",
        ]
    return "\n".join(lines) + "\n"


def _count(things: Sequence[object], word: str) -> str:
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"


def _heading(findings: Sequence[Finding]) -> str:
    if not findings:
        return "The DAG does what the state machine does; there is nothing to report."
    return f"What is different in Airflow ({len(findings)}):"


def _depth(entry: StateEntry) -> int:
    return entry.location.count("/States/") - 1


def _columns(rows: Sequence[tuple[str, str, str]]) -> list[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(3)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def as_object(translation: Translation) -> dict[str, Json]:
    """The report for machines: ``{"states": [...], "findings": [...]}``."""
    return {
        "states": [asdict(entry) for entry in translation.states],
        "findings": [asdict(finding) for finding in translation.findings],
    }
