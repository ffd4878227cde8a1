"""Runs and prints comparisons of ``compare`` by the calls that AWS would see of a DAG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.table import Table

from sfn_provider.cli.inputs.test_cases import print_coverage, print_note, read_cases
from sfn_provider.cli.options.reports import ReportOptions
from sfn_provider.cli.output.printing import print_json
from sfn_provider.cli.output.tables import Cell, agreement, console, progress, status, table
from sfn_provider.compare.announced_differences import AnnouncedDifferences
from sfn_provider.compare.calls.call_findings import CallFinding
from sfn_provider.compare.dag_comparison import CaseComparison, DagComparison, compare_cases
from sfn_provider.compare.report.calls_report import call_rows, calls_as_html, calls_as_json, calls_as_markdown
from sfn_provider.compare.serverless.workflow_files import write_workflow
from sfn_provider.formatting import format_seconds
from sfn_provider.translate import Translation
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
    announced: AnnouncedDifferences | None = None,
    python: str | None = None,
    label: str | None = None,
) -> int:
    """Compare a DAG file with a definition, print the result, and return the exit code: 1 where they differ.

    Args:
        definition: the definition.
        dag_file: the DAG file.
        dag_id: the DAG in it; None for the only one.
        input_text: the value of ``--input``; None for the inputs of the cases.
        mock: the value of ``--mock``; None makes cases, or one for ``--input``.
        as_json: print JSON.
        report: where reports are written.
        announced: what the translation that made the file has announced, which is no reason for an exit code of 1.
        python: the interpreter whose Airflow runs the DAG; None for that of this process.
        label: what reports call the DAG file; None for its path.

    Raises:
        UsageError: where a file cannot be used.
        AirflowRunFailed: where Airflow itself fails, or the DAG file does not import.
    """
    chosen = read_cases(definition, input_text, mock, with_uncaught_errors=True)
    print_note(chosen)
    found = []
    for number, case in enumerate(chosen.cases, 1):
        case.mocks.input = case.input
        with progress("Case", case.name, number, len(chosen.cases)):
            compared = compare_cases(
                definition.document,
                dag_file,
                {case.name: case.mocks},
                dag_id=dag_id,
                made=mock is None,
                execution_type=definition.execution_type,
                python=python,
            )
            found += list(compared)
        if not as_json:
            _print_case(found[-1], announced)
    result = DagComparison(label or dag_file, tuple(found))
    unannounced = result.findings if announced is None else announced.unannounced(result.cases)
    if as_json:
        shown = _announced_as_json(result, announced) if announced is not None else {}
        print_json({"file": definition.file, **calls_as_json(result), **shown})
    else:
        _print_result(result)
    if announced is not None and not result.agrees and not as_json:
        console().print(_announcement(unannounced), markup=False)
    title = definition.name.removesuffix(".asl")
    report.write_texts(
        lambda: calls_as_html(result, title, report.made_at), lambda: calls_as_markdown(result, title, report.made_at)
    )
    return 1 if unannounced or not result.has_run else 0


def _announced_as_json(result: DagComparison, announced: AnnouncedDifferences) -> dict[str, Any]:
    """Return the codes that announce each difference, and the differences that none announces."""
    by_difference = announced.by_difference(result.cases)
    return {
        "announced": {found.text: list(codes) for found, codes in by_difference.items() if codes},
        "unannounced": [found.text for found, codes in by_difference.items() if not codes],
    }


def _announcement(unannounced: Sequence[CallFinding]) -> str:
    if not unannounced:
        return "The report of the translation announces each of these differences."
    texts = "".join(f"\n  {finding.text}" for finding in unannounced)
    return f"Not announced by the report of the translation:{texts}"


def _print_case(case: CaseComparison, announced: AnnouncedDifferences | None) -> None:
    columns = ("#", "State", "Task", "Call", "Parameters")
    out = console()
    rows: list[list[Cell]] = [
        [str(number), row.state or "", row.task or "", row.call, row.verdict]
        for number, row in enumerate(call_rows(case), 1)
    ]
    out.print(table(f"Case {case.name}", columns, rows, right=("#",)))
    for finding in case.findings:
        codes = announced.codes(finding, case) if announced is not None else ()
        note = f" (announced: {', '.join(codes)})" if codes else ""
        out.print(f"  {finding.kind}: {finding.text}{note}", markup=False, style="yellow" if codes else "red")
    out.print()


_COLUMNS = ("Case", "Step Functions", "DAG run", "Calls", "Airflow took", "Sides")


def _print_result(result: DagComparison) -> None:
    out = console()
    out.print(_summary(result.cases))
    notes: Mapping[str, Iterable[str]] = {
        "The same by a rule:": result.notes("equal"),
        "Operators send of their own:": result.additions,
        "Assumed in these cases:": result.assumptions,
        "Nothing was compared:": result.warnings,
    }
    for heading, texts in notes.items():
        if texts:
            out.print(heading)
        for text in texts:
            out.print(f"  {text}", markup=False)
    if result.coverage is not None:
        print_coverage(result.coverage)
    out.print(result.verdict, markup=False)


def _summary(cases: Iterable[CaseComparison]) -> Table:
    rows: list[list[Any]] = [
        [
            case.name,
            status(case.execution.status),
            case.dag.state,
            str(len(case.calls)),
            format_seconds(case.seconds),
            agreement(case.agrees, case.missing_input),
        ]
        for case in cases
    ]
    return table("The state machine and the DAG, by the calls that AWS would see", _COLUMNS, rows, right=_COLUMNS[3:5])


def compare_translation(
    definition: LoadedDefinition,
    translation: Translation,
    *,
    input_text: str | None,
    mock: str | None,
    as_json: bool,
    report: ReportOptions,
    python: str | None = None,
) -> int:
    """Compare a native DAG, or a workflow, with its definition, print the result, and return the exit code.

    Args:
        definition: the definition.
        translation: its translation, in the native style or for MWAA Serverless.
        input_text: as for `compare_dag_file`.
        mock: as for `compare_dag_file`.
        as_json: as for `compare_dag_file`.
        report: as for `compare_dag_file`.
        python: as for `compare_dag_file`; a workflow needs dag-factory there.

    Raises:
        UsageError: where the cases cannot be used.
        AirflowRunFailed: where Airflow itself fails.
    """
    dag_id = translation.plan.dag_id
    with TemporaryDirectory(prefix="sfn-provider-compared-") as folder:
        if translation.workflow is not None:
            file = write_workflow(translation.source, dag_id, Path(folder))
        else:
            file = Path(folder) / f"{dag_id}.py"
            file.write_text(translation.source, encoding="utf-8")
        return compare_dag_file(
            definition,
            str(file),
            dag_id=dag_id,
            input_text=input_text,
            mock=mock,
            as_json=as_json,
            report=report,
            announced=AnnouncedDifferences(translation),
            python=python,
            label=f"{'workflow' if translation.workflow is not None else 'DAG'} {dag_id} of {definition.file}",
        )
