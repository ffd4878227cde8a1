"""Formats the report of a translation: each state's task, and the differences to Step Functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sfn_provider.formatting import count
from sfn_provider.translate.plan.model import tasks_of

if TYPE_CHECKING:
    from sfn_provider.translate.findings import Finding
    from sfn_provider.translate.native.model import TaskEntry
    from sfn_provider.translate.plan.state_entries import StateEntry
    from sfn_provider.translate.translator import Translation

_EFFECTS = {"fails": "FAILS  ", "differs": "differs", "looks": "looks  "}


def as_text(translation: Translation) -> str:
    """Return the report as text for people."""
    plan = translation.plan
    if translation.workflow is not None:
        tasks = count(len(translation.workflow.tasks), "task")
        how = "installed operators alone" if translation.workflow.way == "operators" else "code of its own"
        lines = [
            f"Workflow {plan.dag_id} of MWAA Serverless, by {how}: {count(len(translation.states), 'state')} in {tasks}"
        ]
        lines.append("")
        rows: list[tuple[str, ...]] = _task_rows(translation)
    elif translation.style == "native":
        exact = [entry for entry in translation.tasks if entry.how == "exact"]
        imports = f"of which {len(exact)} stay exact" if exact else "without an import of sfn_provider"
        lines = [f"DAG {plan.dag_id}: {count(len(translation.states), 'state')}, {imports}", ""]
        rows = _task_rows(translation)
    else:
        tasks = count(len(tasks_of(plan.tasks)), "task")
        lines = [f"DAG {plan.dag_id}: {count(len(translation.states), 'state')} in {tasks}", ""]
        rows = [("State", "Type", "Task")]
        rows += [("  " * _depth(entry) + entry.name, entry.type, entry.task_id) for entry in translation.states]
    lines += _columns(rows)
    lines += ["", _heading(translation.findings)]
    for finding in translation.findings:
        location = f" {finding.state} ({finding.location})" if finding.state is not None else ""
        lines += [
            f"  {_EFFECTS[finding.effect]} {finding.code}{location}",
            f"          {finding.why}",
            f"          {finding.advice}",
        ]
    return "\n".join(lines) + "\n"


def _task_rows(translation: Translation) -> list[tuple[str, ...]]:
    return [
        ("State", "Type", "How", "Operator", "Task"),
        *(
            ("  " * _depth(entry) + entry.state, entry.type, entry.how, entry.operator, entry.task_id)
            for entry in translation.tasks
        ),
    ]


def _heading(findings: Sequence[Finding]) -> str:
    if not findings:
        return "The DAG does what the state machine does; there is nothing to report."
    return f"What is different in Airflow ({len(findings)}):"


def _depth(entry: StateEntry | TaskEntry) -> int:
    return entry.location.count("/States/") - 1


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def as_object(translation: Translation) -> dict[str, Any]:
    """Return the report as a JSON object: ``{"style": ..., "states": [...], "tasks": [...], "findings": [...]}``."""
    return {
        "style": translation.style,
        "states": [asdict(entry) for entry in translation.states],
        "tasks": [asdict(entry) for entry in translation.tasks],
        "findings": [asdict(finding) for finding in translation.findings],
    }
