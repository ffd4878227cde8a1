"""From a definition to a DAG file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sfn_provider.asl import Diagnostic, lint, parse
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.emit import emit
from sfn_provider.translate.passes import PASSES
from sfn_provider.translate.plan import DagPlan
from sfn_provider.translate.planners import plan_states
from sfn_provider.translate.schedule import parse_schedule

_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")


@dataclass(frozen=True, slots=True)
class Translation:
    """What came of a translation.

    Args:
        source: the DAG file, Python text.
        diagnostics: what there is to say about the definition; warnings only.
        plan: what the file consists of.
    """

    source: str
    diagnostics: tuple[Diagnostic, ...]
    plan: DagPlan


def translate(
    definition: str | dict[str, Any],
    *,
    dag_id: str,
    schedule: str | None = None,
    substitutions: Mapping[str, str] | None = None,
    params: Mapping[str, Any] | None = None,
    origin: str | None = None,
) -> Translation:
    """Translate a state machine into an Airflow DAG.

    Args:
        definition: the definition, as text (JSON or YAML) or as an object.
        dag_id: the DAG's id.
        schedule: when it runs: EventBridge's ``cron(...)`` or ``rate(...)``, or Airflow's cron text.
        substitutions: values for ``${Name}`` in the definition, by name.
        params: the input of runs that are started without one, such as scheduled runs.
        origin: where the definition came from, for the head of the file.

    Raises:
        InvalidDefinition: where Step Functions would refuse the definition.
        UsageError: where the DAG id or the schedule cannot be used, or a ``${Name}`` has no value.
    """
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,250}", dag_id):
        raise UsageError(f"{dag_id!r} is no DAG id: use letters, digits, '_', '-' and '.', at most 250")
    source = substitute(definition, substitutions or {})
    machine = parse(source)
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
    return Translation(emit(plan), tuple(lint(source)), plan)


def substitute(definition: str | dict[str, Any], values: Mapping[str, str]) -> str | dict[str, Any]:
    """Put values in the place of ``${Name}``.

    Raises:
        UsageError: where a value is not used, so that a typing error in a name is not passed over.
    """
    unused = set(values)

    def replace(text: str) -> str:
        def value(match: re.Match[str]) -> str:
            unused.discard(match[1])
            return values.get(match[1], match[0])

        return _PLACEHOLDER.sub(value, text)

    made = replace(definition) if isinstance(definition, str) else _walk(definition, replace)
    if unused:
        raise UsageError(
            f"substitutions not used: {', '.join(sorted(unused))}; the definition has no ${{...}} of that name"
        )
    return made


def _walk(value: Any, replace: Any) -> Any:
    if isinstance(value, str):
        return replace(value)
    if isinstance(value, list):
        return [_walk(entry, replace) for entry in value]
    if isinstance(value, dict):
        return {key: _walk(entry, replace) for key, entry in value.items()}
    return value
