"""``sfn-provider run``: runs a state machine on the engine, or as a DAG in a private Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from sfn_provider.asl.jsonata import explain_limit
from sfn_provider.asl.model import ExecutionType
from sfn_provider.cli.inputs.input_files import open_definition
from sfn_provider.cli.inputs.test_cases import TestCase, TestCases, print_coverage, print_note, read_cases
from sfn_provider.cli.options.common import (
    case_input_option,
    definition_argument,
    execution_type_option,
    json_option,
    style_option,
    substitutions_option,
)
from sfn_provider.cli.output.printing import print_json
from sfn_provider.cli.output.tables import Cell, console, shorten, status, table
from sfn_provider.cli.provider_command import ProviderCommand
from sfn_provider.compare.diff.state_visits import StateVisit, read_state_visits
from sfn_provider.compare.machine_analysis.coverage import Coverage, CoverageObserver, missing_input, reached_parts
from sfn_provider.compare.machine_analysis.machine_parts import MachineParts
from sfn_provider.engine import Execution, simulate
from sfn_provider.exceptions import UsageError
from sfn_provider.formatting import count, format_seconds
from sfn_provider.translate.definitions import LoadedDefinition

if TYPE_CHECKING:
    from sfn_provider.translate.styles import StyleName


@click.command(cls=ProviderCommand)
@definition_argument
@case_input_option
@click.option(
    "--mock",
    metavar="FILE#CASE",
    help="What tasks answer: a test case of a mock configuration file. Without --mock, cases are made.",
)
@click.option(
    "--on",
    "side",
    type=click.Choice(["engine", "airflow"]),
    default="engine",
    show_default=True,
    help="On this package's engine, or as a DAG in a private Airflow.",
)
@style_option
@execution_type_option
@substitutions_option
@json_option
def run(
    file: str,
    input_text: str | None,
    mock: str | None,
    side: str,
    style: StyleName,
    execution_type: ExecutionType | None,
    substitutions: tuple[str, ...],
    as_json: bool,
) -> int:
    """Run a state machine without calling anything: tasks are mocked and time is virtual.

    Prints the status, the output, a table of the states passed, and what of the machine was reached. Exits with 1 where
    the execution does not succeed. Without --mock and --input, cases are made that reach everything in the machine, and
    each is run; where there are several, some of them fail on purpose, so that the exit code is 0.

    A native DAG has no output, and of the states it tells those that have a task.
    """
    if style != "exact" and side != "airflow":
        raise UsageError(f"--style {style} is for DAGs: add --on airflow, or leave it out")
    if execution_type == "EXPRESS" and side == "airflow":
        raise UsageError("--type EXPRESS is for the engine: a DAG run has no execution type; leave out --on airflow")
    definition = open_definition(file, substitutions, quiet=as_json, execution_type=execution_type)
    chosen = read_cases(definition, input_text, mock, reference=file)
    if mock is not None and len(chosen.cases) != 1:
        names = ", ".join(sorted(case.name for case in chosen.cases))
        raise UsageError(f"{mock} has the test cases {names}; name one: --mock {mock}#CASE")
    print_note(chosen)
    observer = CoverageObserver(MachineParts(definition.document.machine))
    executions = {case.name: _run(definition, case, side, style, observer) for case in chosen.cases}
    coverage = observer.coverage
    only = next(iter(executions.values())) if len(executions) == 1 else None
    for case in chosen.cases:
        path = missing_input(definition.document.machine, case.input, executions[case.name])
        if path is not None:
            click.echo(f"Warning: {case.name}: nothing ran after the first state: the input lacks {path}", err=True)
    if as_json:
        _print_json(executions, only, coverage, chosen)
    else:
        _print_executions(executions, only)
        print_coverage(coverage)
    return 0 if only is None or only.status == "SUCCEEDED" else 1


def _print_json(
    executions: dict[str, Execution], only: Execution | None, coverage: Coverage, chosen: TestCases
) -> None:
    if only is not None:
        print_json({**as_json_object(only), "coverage": coverage.as_json()})
        return
    inputs = {case.name: case.input for case in chosen.cases}
    cases = {name: {"input": inputs[name], **as_json_object(found)} for name, found in executions.items()}
    print_json({"cases": cases, "coverage": coverage.as_json()})


def _print_executions(executions: dict[str, Execution], only: Execution | None) -> None:
    if only is not None:
        print_execution(only)
        return
    rows: list[list[Cell]] = [
        [
            name,
            status(execution.status),
            str(execution.transitions),
            format_seconds(_duration(execution)),
            execution.error or shorten(execution.output),
        ]
        for name, execution in executions.items()
    ]
    columns = ("Case", "Status", "Transitions", "Virtual time", "Output or error")
    console().print(table("Made cases", columns, rows, right=columns[2:4]))


def _run(
    definition: LoadedDefinition, case: TestCase, side: str, style: StyleName, observer: CoverageObserver
) -> Execution:
    machine, kind, mocks = definition.document.machine, definition.execution_type, case.mocks.fresh()
    if side == "engine":
        return simulate(machine, case.input, mocks=mocks, history="failed", execution_type=kind, observer=observer)
    from sfn_provider.compare import run_on_airflow

    with console(stderr=True).status("Starting a private Airflow ..."):
        execution = run_on_airflow(definition.document, case.input, mocks=mocks, style=style)
    observer.reached |= reached_parts(machine, case.input, case.mocks.fresh(), execution_type=kind)
    return execution


def as_json_object(execution: Execution) -> dict[str, Any]:
    """Return an execution as a JSON object."""
    fields = ("status", "output", "error", "cause", "transitions", "events")
    return {name: getattr(execution, name) for name in fields}


def print_execution(execution: Execution) -> None:
    """Print an execution: its states, its outcome and its virtual time."""
    visited = read_state_visits(execution.events)
    out = console()
    out.print(_states_table(visited))
    out.print("Status:", status(execution.status))
    if execution.status == "SUCCEEDED":
        out.print("Output:", shorten(execution.output, 4000), markup=False)
    for label, value in (("Error", execution.error), ("Cause", execution.cause)):
        if value is not None:
            out.print(f"{label}: {value}", markup=False)
    if (bound := explain_limit(execution.cause)) is not None:
        out.print(f"Note: {bound}", markup=False)
    counts = f"{count(len(visited), 'state')}, {count(execution.transitions, 'transition')}"
    out.print(f"{counts}, {format_seconds(_duration(execution))} of virtual time")


def _duration(execution: Execution) -> float:
    seconds: float = (execution.events[-1]["timestamp"] - execution.events[0]["timestamp"]).total_seconds()
    return seconds


def _states_table(visited: list[StateVisit]) -> Table:
    rows = [
        [
            str(number),
            visit.state,
            visit.type,
            f"+{format_seconds((visit.entered - visited[0].entered).total_seconds())}",
            format_seconds(visit.seconds),
            str(visit.calls or ""),
            shorten(visit.output) if visit.exited else "(not left)",
        ]
        for number, visit in enumerate(visited, 1)
    ]
    columns = ("#", "State", "Type", "Entered", "Took", "Calls", "Output")
    return table("States passed", columns, rows, right=("#", "Entered", "Took", "Calls"))
