"""From a definition to a DAG file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfn_provider.asl import Diagnostic, lint, parse
from sfn_provider.asl.source import load
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.placeholders import (
    infer_resources,
    refuse_bare,
    substitute,
    unresolved_warning,
)
from sfn_provider.translate.emit.python_file import emit
from sfn_provider.translate.exact.state_tasks import plan_states
from sfn_provider.translate.findings import Finding
from sfn_provider.translate.plan.model import DagPlan
from sfn_provider.translate.plan.passes import PASSES
from sfn_provider.translate.plan.schedule import parse_schedule
from sfn_provider.translate.report import StateEntry, find, state_entries

if TYPE_CHECKING:
    from sfn_provider.asl.lint.definition_walk import ExecutionType

__all__ = ["Translation", "substitute", "translate"]


@dataclass(frozen=True, slots=True)
class Translation:
    """What came of a translation.

    Args:
        source: the DAG file, Python text.
        diagnostics: what there is to say about the definition; warnings only.
        plan: what the file consists of.
        findings: what the DAG does not do as the state machine does.
        states: every state with the task that runs it.
    """

    source: str
    diagnostics: tuple[Diagnostic, ...]
    plan: DagPlan
    findings: tuple[Finding, ...] = ()
    states: tuple[StateEntry, ...] = ()


def translate(
    definition: str | dict[str, Any],
    *,
    dag_id: str,
    schedule: str | None = None,
    substitutions: Mapping[str, str] | None = None,
    params: Mapping[str, Any] | None = None,
    origin: str | None = None,
    execution_type: ExecutionType = "STANDARD",
) -> Translation:
    """Translate a state machine into an Airflow DAG.

    Args:
        definition: the definition, as text (JSON or YAML) or as an object.
        dag_id: the DAG's id.
        schedule: when it runs: EventBridge's ``cron(...)`` or ``rate(...)``, or Airflow's cron text.
        substitutions: values for ``${Name}`` in the definition, by name.
        params: the input of runs that are started without one, such as scheduled runs.
        origin: where the definition came from, for the head of the file.
        execution_type: ``STANDARD`` or ``EXPRESS``: the machine's type, which the definition does not say.

    A ``${Name}`` that is left without a value stays in the DAG; a warning and the findings name it.

    Raises:
        InvalidDefinition: where Step Functions would refuse the definition.
        UsageError: where the DAG id or the schedule cannot be used, a substitution has no place, or a ``${Name}``
            without a value stands where no text can stand.
    """
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,250}", dag_id):
        raise UsageError(f"{dag_id!r} is no DAG id: use letters, digits, '_', '-' and '.', at most 250")
    source = substitute(definition, substitutions or {})
    refuse_bare(source)
    source, inferred = infer_resources(source)
    machine = parse(source, execution_type=execution_type)
    plan = DagPlan(
        dag_id=dag_id,
        start_at=machine.start_at,
        tasks=plan_states(machine),
        description=machine.comment,
        schedule=parse_schedule(schedule) if schedule else None,
        timeout=machine.timeout_seconds,
        params=dict(params or {}),
        origin=origin,
    )
    for change in PASSES:
        plan = change(plan, machine)
    diagnostics = (*lint(source, execution_type=execution_type), *inferred, *unresolved_warning(source))
    value = load(source).value
    return Translation(emit(plan), diagnostics, plan, find(plan, value, execution_type), state_entries(plan, value))
