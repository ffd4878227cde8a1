"""Runs and prints ``sfn-provider compare --dag-file``: any DAG, by the calls that AWS would see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click
from rich.table import Table

from sfn_provider.cli.input_files import read_input
from sfn_provider.cli.output import print_json
from sfn_provider.cli.report_options import ReportOptions
from sfn_provider.cli.tables import Cell, agreement, console, format_seconds, progress, status, table
from sfn_provider.cli.test_cases import load_checked_mocks
from sfn_provider.compare.dag_comparison import CaseComparison, DagComparison, compare_cases, make_mocks
from sfn_provider.compare.machine_parts import MachineParts
from sfn_provider.compare.report.calls_report import call_rows, calls_as_html, calls_as_json, calls_as_markdown
from sfn_provider.translate.definitions import LoadedDefinition


def compare_dag_file(
    definition: LoadedDefinition,
    dag_file: str,
    *,
    dag_id: str | None,
    input_text: str | None,
    mock: str | None,
    as_json: bool,
    report: ReportOptions,
) -> int:
    """Compare a DAG file with a definition, print the result, and return the exit code.

    Args:
        definition: the definition.
        dag_file: the DAG file.
        dag_id: the DAG in it; None for the only one.
        input_text: the value of ``--input``; None for the inputs of the cases.
        mock: the value of ``--mock``; None makes cases.
        as_json: print JSON.
        report: where reports are written.

    Raises:
        UsageError: where a file cannot be used.
        AirflowRunFailed: where Airflow itself fails, or the DAG file does not import.
    """
    machine = definition.document.machine
    cases = load_checked_mocks(MachineParts(machine), mock) if mock is not None else make_mocks(machine)
    if input_text is not None:
        given = read_input(input_text)
        for mocks in cases.values():
            mocks.input = given
    if mock is None:
        click.echo(f"No --mock: {len(cases)} cases were made for this machine", err=True)
    found = []
    for number, (name, mocks) in enumerate(cases.items(), 1):
        with progress("Case", name, number, len(cases)):
            compared = compare_cases(machine, dag_file, {name: mocks}, dag_id=dag_id, made=mock is None)
            found += list(compared)
        if not as_json:
            _print_case(found[-1])
    result = DagComparison(dag_file, tuple(found))
    if as_json:
        print_json({"file": definition.file, **calls_as_json(result)})
    else:
        _print_result(result)
    title = definition.name.removesuffix(".asl")
    report.write_texts(
        lambda: calls_as_html(result, title, report.made_at), lambda: calls_as_markdown(result, title, report.made_at)
    )
    return 0 if result.agrees else 1


def _print_case(case: CaseComparison) -> None:
    columns = ("#", "State", "Task", "Call", "Parameters")
    out = console()
    rows: list[list[Cell]] = [
        [str(number), row.state or "", row.task or "", row.call, row.verdict]
        for number, row in enumerate(call_rows(case), 1)
    ]
    out.print(table(f"Case {case.name}", columns, rows, right=("#",)))
    for finding in case.findings:
        out.print(f"  {finding.kind}: {finding.text}", markup=False, style="red")
    out.print()


_COLUMNS = ("Case", "Step Functions", "DAG run", "Calls", "Airflow took", "Sides")


def _print_result(result: DagComparison) -> None:
    out = console()
    out.print(_summary(result.cases))
    notes: Mapping[str, Iterable[str]] = {
        "The same by a rule:": result.notes("equal"),
        "Operators send of their own:": result.additions,
        "Assumed in these cases:": result.assumptions,
    }
    for heading, texts in notes.items():
        if texts:
            out.print(heading)
        for text in texts:
            out.print(f"  {text}", markup=False)
    out.print(result.verdict, markup=False)


def _summary(cases: Iterable[CaseComparison]) -> Table:
    rows: list[list[Any]] = [
        [
            case.name,
            status(case.execution.status),
            case.dag.state,
            str(len(case.calls)),
            format_seconds(round(case.seconds, 1)),
            agreement(case.agrees),
        ]
        for case in cases
    ]
    return table("The state machine and the DAG, by the calls that AWS would see", _COLUMNS, rows, right=_COLUMNS[3:5])
