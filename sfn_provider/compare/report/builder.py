"""Makes the report of a state machine: its cases, times, costs and fidelity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import InstanceOf

from sfn_provider.asl.document import Definition, open_document
from sfn_provider.asl.model import ExecutionType
from sfn_provider.compare.machine_analysis.coverage import Coverage
from sfn_provider.compare.machine_analysis.machine_parts import MachineParts
from sfn_provider.compare.report.data.costs import CostOptions, estimate_cost
from sfn_provider.compare.report.data.times import measure_times
from sfn_provider.compare.report.model import Case, Cost, FindingRow, FrozenModel, Times, WarningRow
from sfn_provider.drawing.graph import Graph, dag_graph, machine_graph
from sfn_provider.translate import Translation


class Report(FrozenModel):
    """The comparison of a state machine and its DAG.

    Args:
        title: the machine's name.
        origin: where its definition came from.
        made_at: when the report was made, for people; empty for no time.
        cases: the executions.
        not_replayed: executions that could not be replayed, with the reason.
        times: the times of both sides; None where nothing ran on both.
        cost: dollars a month; None where nothing ran on both sides.
        findings: what the DAG does not do as the state machine does.
        warnings: the linter's warnings about the definition.
        machine: the state machine as a graph.
        dag: the DAG as a graph.
        coverage: what of the machine the executions have reached.
        notes: further sentences.
    """

    title: str
    origin: str
    made_at: str
    cases: tuple[Case, ...]
    not_replayed: dict[str, str]
    times: Times | None
    cost: Cost | None
    findings: tuple[FindingRow, ...]
    warnings: tuple[WarningRow, ...]
    machine: InstanceOf[Graph]
    dag: InstanceOf[Graph]
    coverage: InstanceOf[Coverage]
    notes: tuple[str, ...] = ()

    @property
    def empty(self) -> tuple[Case, ...]:
        """The cases in which nothing ran after the first state, because the input lacks what it reads."""
        return tuple(case for case in self.cases if case.agrees and case.missing_input is not None)

    @property
    def agree(self) -> int:
        """The number of cases that agree, without those in which nothing ran."""
        return sum(case.agrees for case in self.cases) - len(self.empty)

    @property
    def agrees(self) -> bool:
        """Whether both sides agree in all cases, and there is one in which something ran."""
        return 0 < self.agree == len(self.cases) - len(self.empty)

    @property
    def unrepeatable(self) -> int:
        """The number of values that cannot repeat, in all cases."""
        return sum(case.unrepeatable for case in self.cases)

    @property
    def verdict(self) -> str:
        """The result in a sentence."""
        count = len(self.cases) - len(self.empty)
        if not count:
            return "Nothing was compared." + self._empty_text
        if self.agree != count:
            differing = count - self.agree
            return f"Airflow differs from Step Functions in {differing} of {count} executions.{self._empty_text}"
        reach = f"that reach {self.coverage.states_text}" if count > 1 else f"which reaches {self.coverage.states_text}"
        known = bool(self.coverage.reached)
        many = f"{count} executions {reach}" if count > 1 else f"the execution, {reach}"
        unknown = f"all {count} executions" if count > 1 else "the execution"
        return f"Airflow does what Step Functions does in {many if known else unknown}.{self._empty_text}"

    @property
    def _empty_text(self) -> str:
        """A sentence about the cases in which nothing ran; empty where there is none."""
        names = [f"{case.name} (the input lacks {case.missing_input})" for case in self.empty]
        return f" Nothing ran after the first state in {', '.join(names)}." if names else ""

    def as_json(self) -> dict[str, Any]:
        """Return the report without its cases and graphs."""
        fields = {"title", "origin", "made_at", "times", "cost", "findings", "warnings", "notes"}
        found = self.model_dump(mode="json", include=fields)
        return {**found, "coverage": self.coverage.as_json(), "verdict": self.verdict}


def make_report(
    title: str,
    definition: Definition,
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
        definition: its definition as text, as an object, opened, or parsed.
        translation: its translation.
        cases: the executions, as `sfn_provider.compare.report.data.cases` makes them.
        costs: what costs are estimated with.
        origin: where the definition came from.
        made_at: when the report is made, for people.
        not_replayed: executions that could not be replayed, with the reason.
        notes: further sentences.
        execution_type: ``STANDARD`` or ``EXPRESS``; a document has its own.
    """
    document = open_document(definition, execution_type)
    machine = document.machine
    reached = {key for case in cases for key in case.reached}
    return Report(
        title=title,
        origin=origin,
        made_at=made_at,
        cases=tuple(cases),
        not_replayed=dict(not_replayed or {}),
        times=measure_times(cases),
        cost=estimate_cost(cases, document, costs),
        findings=tuple(FindingRow(**asdict(finding)) for finding in translation.findings),
        warnings=tuple(
            WarningRow(code=found.code, message=found.message, location=found.location, line=found.line)
            for found in translation.diagnostics
            if found.level == "warning"
        ),
        machine=machine_graph(machine),
        dag=dag_graph(translation.plan),
        coverage=Coverage.of_keys(MachineParts(machine), reached),
        notes=tuple(notes),
    )
