"""``sfn-provider run``: runs a state machine on the engine, or as a DAG in a private Airflow."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table

from sfn_provider.cli.input_files import open_definition, read_input, read_mocks
from sfn_provider.cli.options import (
    ProviderCommand,
    definition_argument,
    input_option,
    json_option,
    substitutions_option,
)
from sfn_provider.cli.output import print_json
from sfn_provider.cli.tables import console, format_seconds, shorten, status, table
from sfn_provider.compare.diff.state_visits import StateVisit, read_state_visits
from sfn_provider.engine import Execution, Mocks, simulate
from sfn_provider.exceptions import UsageError


@click.command(cls=ProviderCommand)
@definition_argument
@input_option
@click.option("--mock", metavar="FILE#CASE", help="What tasks answer: a test case of a mock configuration file.")
@click.option(
    "--on",
    "side",
    type=click.Choice(["engine", "airflow"]),
    default="engine",
    show_default=True,
    help="On this package's engine, or as a DAG in a private Airflow.",
)
@substitutions_option
@json_option
def run(file: str, input_text: str, mock: str | None, side: str, substitutions: tuple[str, ...], as_json: bool) -> int:
    """Run a state machine without calling anything: tasks are mocked and time is virtual.

    Prints the status, the output, and a table of the states passed. Exits with 1 where the execution does not succeed.
    """
    definition = open_definition(file, substitutions, quiet=as_json)
    execution = _run(definition.source, read_input(input_text), _read_mock(mock), side)
    if as_json:
        print_json(as_json_object(execution))
    else:
        print_execution(execution)
    return 0 if execution.status == "SUCCEEDED" else 1


def _read_mock(mock: str | None) -> Mocks:
    if mock is None:
        return Mocks.from_mapping({})
    cases = read_mocks(mock)
    if len(cases) != 1:
        raise UsageError(f"{mock} has the test cases {', '.join(sorted(cases))}; name one: --mock {mock}#CASE")
    return next(iter(cases.values()))


def _run(definition: Any, input: Any, mocks: Mocks, side: str) -> Execution:
    if side == "engine":
        return simulate(definition, input, mocks=mocks, history="failed")
    from sfn_provider.compare import run_on_airflow

    with console(stderr=True).status("Starting a private Airflow ..."):
        return run_on_airflow(definition, input, mocks=mocks)


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
    duration = (execution.events[-1]["timestamp"] - execution.events[0]["timestamp"]).total_seconds()
    counts = f"{len(visited)} states, {execution.transitions} transitions"
    out.print(f"{counts}, {format_seconds(duration)} of virtual time")


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
