"""The report: cases, times, costs and fidelity of one state machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sfn_provider.asl import parse
from sfn_provider.asl.lint.definition_walk import ExecutionType
from sfn_provider.compare.report.data.costs import CostOptions, cost_of
from sfn_provider.compare.report.data.times import times_of
from sfn_provider.compare.report.drawing.graph import Graph, dag_graph, machine_graph
from sfn_provider.compare.report.model import Case, Cost, FindingRow, Times
from sfn_provider.translate import Translation


@dataclass(frozen=True)
class Report:
    """What there is to tell of a state machine and its DAG.

    Args:
        title: the machine's name.
        origin: where its definition came from.
        made_at: when the report was made, for people; empty where that is not to be told.
        cases: the executions.
        not_replayed: executions that could not be replayed, with the reason.
        times: where the time goes; None where nothing ran on both sides.
        cost: what it costs; None where nothing ran on both sides.
        findings: what the DAG does not do as the state machine does.
        machine: the state machine as a graph.
        dag: the DAG as a graph.
        notes: what else is to know.
    """

    title: str
    origin: str
    made_at: str
    cases: tuple[Case, ...]
    not_replayed: Mapping[str, str]
    times: Times | None
    cost: Cost | None
    findings: tuple[FindingRow, ...]
    machine: Graph
    dag: Graph
    notes: tuple[str, ...] = field(default=())

    @property
    def agree(self) -> int:
        """How many cases agree."""
        return sum(case.agrees for case in self.cases)

    @property
    def agrees(self) -> bool:
        """Do both sides agree in all cases, and is there one?"""
        return 0 < len(self.cases) == self.agree

    @property
    def unrepeatable(self) -> int:
        """How many values cannot repeat, in all cases."""
        return sum(case.unrepeatable for case in self.cases)

    @property
    def verdict(self) -> str:
        """What came of it, in a sentence."""
        count = len(self.cases)
        if not count:
            return "Nothing was compared."
        if self.agree == count:
            many = f"all {count} executions" if count > 1 else "the execution"
            return f"Airflow does what Step Functions does in {many}."
        return f"Airflow differs from Step Functions in {count - self.agree} of {count} executions."

    def as_json(self) -> dict[str, Any]:
        """All of it but the cases and the graphs, for machines."""
        return {
            "title": self.title,
            "origin": self.origin,
            "made_at": self.made_at,
            "verdict": self.verdict,
            "times": self.times.model_dump(mode="json") if self.times else None,
            "cost": self.cost.model_dump(mode="json") if self.cost else None,
            "findings": [row.model_dump(mode="json") for row in self.findings],
            "notes": list(self.notes),
        }


def make_report(
    title: str,
    definition: str | dict[str, Any],
    translation: Translation,
    cases: Sequence[Case],
    costs: CostOptions,
    *,
    origin: str = "",
    made_at: str = "",
    not_replayed: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    execution_type: ExecutionType = "STANDARD",
) -> Report:
    """Make a report.

    Args:
        title: the machine's name.
        definition: its definition, as text or as an object.
        translation: its translation.
        cases: the executions, as `sfn_provider.compare.report.data.cases` makes them.
        costs: what costs are estimated with.
        origin: where the definition came from.
        made_at: when the report is made, for people.
        not_replayed: executions that could not be replayed, with the reason.
        notes: what else is to know.
        execution_type: ``STANDARD`` or ``EXPRESS``.
    """
    machine = parse(definition, execution_type=execution_type)
    return Report(
        title=title,
        origin=origin,
        made_at=made_at,
        cases=tuple(cases),
        not_replayed=dict(not_replayed or {}),
        times=times_of(cases),
        cost=cost_of(cases, machine, costs),
        findings=tuple(FindingRow(**asdict(finding)) for finding in translation.findings),
        machine=machine_graph(machine),
        dag=dag_graph(translation.plan),
        notes=tuple(notes),
    )
