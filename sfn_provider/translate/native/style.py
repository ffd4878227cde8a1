"""Translates a machine into a native DAG, or says of each state why it cannot be one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sfn_provider.translate.findings import Finding
from sfn_provider.translate.native.dag_file import emit_native
from sfn_provider.translate.native.data_flow.expression_budget import bounded_expressions
from sfn_provider.translate.native.mixed_plan import plan_mixed
from sfn_provider.translate.native.model import NativeOptions, TaskEntry
from sfn_provider.translate.native.param_templates import check_templates
from sfn_provider.translate.native.report.differences import find_native_differences
from sfn_provider.translate.native.report.task_entries import entries

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


@bounded_expressions()
def translate_native(plan: DagPlan, document: Document, options: NativeOptions) -> NativeTranslation | dict[str, str]:
    """Translate a machine into a native DAG.

    Args:
        plan: the DAG's id, schedule and params.
        document: the definition.
        options: what it is made for.

    Returns:
        The DAG; or, where no Task can be said without this package, the reasons by the names of the states.

    Raises:
        UsageError: a template stands in the place of a field of the input that no state reads.
    """
    native, reasons = plan_mixed(document.machine, options)
    if native is None:
        return reasons
    check_templates(native.scope, options.templates)
    if plan.params is not None:
        params = {name: value for name, value in plan.params.items() if name not in options.templates}
        plan = replace(plan, params=params)
    source = emit_native(plan, native.dag, options.versions)
    found = find_native_differences(native, plan, document, reasons)
    return NativeTranslation(source, entries(native, document.machine, reasons), found)
