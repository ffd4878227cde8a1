"""Translates a machine into a native DAG, or says of each state why it cannot be one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sfn_provider.translate.findings import Finding
from sfn_provider.translate.native.dag_file import emit_native
from sfn_provider.translate.native.differences import find_native_differences
from sfn_provider.translate.native.model import NativeOptions, NotNative, TaskEntry
from sfn_provider.translate.native.planner import plan_native
from sfn_provider.translate.native.task_entries import entries

if TYPE_CHECKING:
    from sfn_provider.asl.document import Document
    from sfn_provider.translate.plan.model import DagPlan


@dataclass(frozen=True, slots=True)
class NativeTranslation:
    """A native DAG.

    Args:
        source: the DAG file.
        tasks: what became of each state.
        findings: the differences to the state machine.
    """

    source: str
    tasks: tuple[TaskEntry, ...]
    findings: tuple[Finding, ...]


def translate_native(plan: DagPlan, document: Document, options: NativeOptions) -> NativeTranslation | dict[str, str]:
    """Translate a machine into a native DAG.

    Args:
        plan: the DAG's id, schedule and params.
        document: the definition.
        options: what it is made for.

    Returns:
        The DAG; or, where a state cannot be said without this package, the reasons by the names of the states.
    """
    try:
        native = plan_native(document.machine, options)
    except* NotNative as refusals:
        reasons = {str(refusal.state): refusal.why for refusal in _flat(refusals)}
    else:
        if plan.params is not None:
            params = {name: value for name, value in plan.params.items() if name not in options.templates}
            plan = replace(plan, params=params)
        source = emit_native(plan, native.dag, options.versions)
        found = find_native_differences(native, plan, document)
        return NativeTranslation(source, entries(native, document.machine), found)
    return reasons


def _flat(group: BaseExceptionGroup[NotNative]) -> list[NotNative]:
    found: list[NotNative] = []
    for error in group.exceptions:
        found += _flat(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
