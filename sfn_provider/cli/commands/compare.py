"""``sfn-provider compare``: a state machine and its DAG, side by side on the same input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.text import Text

from sfn_provider.cli.aws_comparison import Real, real_options, run_both
from sfn_provider.cli.files import open_definition, read_input, read_mocks, write_text
from sfn_provider.cli.options import (
    DefinitionCommand,
    definition_argument,
    input_option,
    json_option,
    substitutions_option,
)
from sfn_provider.cli.output import agreement, console, print_diagnostics, print_json, seconds, shorten, status, table
from sfn_provider.cli.report_options import ReportOptions, made_at, report_options
from sfn_provider.compare.comparison import Comparison
from sfn_provider.compare.comparison import compare as compare_sides
from sfn_provider.compare.diff.state_comparison import StateComparison
from sfn_provider.compare.report import make_report, of_comparison, of_live
from sfn_provider.engine import Mocks
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.from_file import translate_definition


@click.command(cls=DefinitionCommand)
@definition_argument
@input_option
@click.option(
    "--mock", metavar="FILE[#CASE]", help="What tasks answer; without #CASE every test case of the file is run."
)
@click.option("-o", "--output", metavar="OUT.py", help="Write the DAG file here as well.")
@click.option("--schedule", metavar="EXPR", help="The schedule for the DAG file.")
@click.option(
    "--on",
    "side",
    type=click.Choice(["engine", "aws"]),
    default="engine",
    show_default=True,
    help="What stands for Step Functions: the engine, with mocks; or AWS: both sides run for real.",
)
@real_options
@substitutions_option
@json_option
@report_options
def compare(
    file: str,
    input_text: str,
    mock: str | None,
    output: str | None,
    schedule: str | None,
    side: str,
    substitutions: tuple[str, ...],
    as_json: bool,
    report: ReportOptions,
    **real: Any,
) -> int:
    """Run a state machine on the engine and as a DAG in a private Airflow, and compare state by state.

    Prints for each state whether input and output agree, and for the whole the outcome, the transitions, the tasks and
    the time. Exits with 1 where the sides differ.

    With --on aws the state machine is started on Step Functions and the DAG on an Airflow of yours: the work of every
    task is done twice. What the services answered may differ; how each side went on from it may not.
    """
    definition, warnings = open_definition(file, substitutions)
    given = read_input(input_text)
    if side == "aws" and mock is not None:
        raise UsageError("--mock and --on aws: real executions have no mocks; leave one of the two out")
    cases = read_mocks(mock) if mock else {"without mocks": Mocks.from_mapping({})}
    made = translate_definition(definition, schedule=schedule)
    if not as_json:
        print_diagnostics(warnings, file)
    if output is not None:
        write_text(output, made.source)
    if side == "aws":
        results = {file: run_both(file, definition.source, given, Real(**real))}
        if not as_json:
            print_comparison(file, results[file])
    else:
        results = _compare_cases(definition.source, given, cases, quiet=as_json)
    found = {name: (of_live if side == "aws" else of_comparison)(name, result) for name, result in results.items()}
    told = make_report(
        definition.name.removesuffix(".asl"),
        definition.source,
        made,
        list(found.values()),
        report.costs(made.plan.schedule),
        origin=file,
        made_at=made_at(),
        execution_type=definition.execution_type,
    )
    if as_json:
        shown = {name: case.model_dump(mode="json") for name, case in found.items()}
        print_json({"file": file, "dag_file": output, "cases": shown, **told.as_json()})
    else:
        console().print(_summary(results, "on the engine" if side == "engine" else "for real"))
        if output is not None:
            console().print(f"The DAG file: {Path(output).resolve()}", markup=False)
    report.write(told)
    return 0 if all(result.agrees for result in results.values()) else 1


def _compare_cases(definition: Any, given: Any, cases: dict[str, Mocks], *, quiet: bool) -> dict[str, Comparison]:
    progress = console(stderr=True)
    results = {}
    for number, (name, mocks) in enumerate(cases.items(), 1):
        start = " (the first one starts a private Airflow, some ten seconds)" if number == 1 else ""
        with progress.status(f"Case {number} of {len(cases)}: {name}{start}"):
            results[name] = compare_sides(definition, given, mocks=mocks)
        if not quiet:
            print_comparison(name, results[name])
    return results


def print_comparison(name: str, result: Comparison) -> None:
    """One case for people."""
    columns = ("#", "State", "Type", "Calls", "Input", "Output", "Leaves with")
    rows = [_state_row(number, state) for number, state in enumerate(result.states, 1)]
    out = console()
    out.print(table(f"Case {name}", columns, rows, right=("#", "Calls")))
    for state in result.states:
        for told in state.differences:
            out.print(f"  {state.state}: {told}", markup=False, style="red")
    for told in result.outcome:
        out.print(f"  outcome: {told}", markup=False, style="red")
    expected = result.expected
    out.print("Outcome:", status(expected.status), expected.error or "", markup=False)
    if expected.cause:
        out.print(f"Cause: {expected.cause}", markup=False)
    out.print()


def _state_row(number: int, state: StateComparison) -> list[str | Text]:
    visit = state.expected or state.found
    if visit is None:
        raise AssertionError("a state comparison has at least one side")
    both = state.expected is not None and state.found is not None
    input_agrees, output_agrees = (
        both and not any(told.startswith(side) for told in state.differences) for side in ("input", "output")
    )
    left = shorten(visit.output) if visit.left else "(not left)"
    marks = [agreement(input_agrees), agreement(output_agrees)]
    return [str(number), state.state, visit.type, str(visit.calls or ""), *marks, left]


_COLUMNS = ("Case", "Step Functions", "Airflow", "Transitions", "Tasks", "It took", "Airflow took", "Sides")


def _summary(results: dict[str, Comparison], how: str) -> Any:
    rows = [_summary_row(name, result) for name, result in results.items()]
    title = f"Step Functions ({how}) and Airflow (as a DAG), on the same input"
    return table(title, _COLUMNS, rows, right=_COLUMNS[3:7])


def _summary_row(name: str, result: Comparison) -> list[str | Text]:
    return [
        name,
        status(result.expected.status),
        status(result.airflow.execution.status),
        str(result.expected.transitions),
        str(result.airflow.tasks),
        _took(result.expected_seconds),
        f"{result.airflow.seconds:.1f} s",
        agreement(result.agrees),
    ]


def _took(duration: float) -> str:
    return seconds(duration) if duration >= 1 else f"{duration * 1000:.1f} ms"
