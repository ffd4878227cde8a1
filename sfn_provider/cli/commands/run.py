"""``sfn-provider run``: one execution of a state machine, on the engine or as a DAG in Airflow."""

from __future__ import annotations

from typing import Any

import click

from sfn_provider.cli.files import open_definition, read_input, read_mocks
from sfn_provider.cli.options import (
    DefinitionCommand,
    definition_argument,
    input_option,
    json_option,
    substitutions_option,
)
from sfn_provider.cli.output import console, print_diagnostics, print_json, seconds, shorten, status, table
from sfn_provider.compare.diff.state_visits import Visit, visits
from sfn_provider.engine import Execution, Mocks, simulate
from sfn_provider.exceptions import UsageError


@click.command(cls=DefinitionCommand)
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
    definition, warnings = open_definition(file, substitutions)
    given = read_input(input_text)
    execution = _run(definition.source, given, _one_case(mock), side)
    if as_json:
        print_json(as_json_object(execution))
    else:
        print_diagnostics(warnings, file)
        print_execution(execution)
    return 0 if execution.status == "SUCCEEDED" else 1


def _one_case(mock: str | None) -> Mocks:
    if mock is None:
        return Mocks.from_mapping({})
    cases = read_mocks(mock)
    if len(cases) != 1:
        raise UsageError(f"{mock} has the test cases {', '.join(sorted(cases))}; name one: --mock {mock}#CASE")
    return next(iter(cases.values()))


def _run(definition: Any, given: Any, mocks: Mocks, side: str) -> Execution:
    if side == "engine":
        return simulate(definition, given, mocks=mocks)
    from sfn_provider.compare import run_on_airflow

    with console(stderr=True).status("Starting a private Airflow ..."):
        return run_on_airflow(definition, given, mocks=mocks)


def as_json_object(execution: Execution) -> dict[str, Any]:
    """An execution for machines."""
    return {
        "status": execution.status,
        "output": execution.output,
        "error": execution.error,
        "cause": execution.cause,
        "transitions": execution.transitions,
        "events": execution.events,
    }


def print_execution(execution: Execution) -> None:
    """An execution for people."""
    passed = visits(execution.events)
    out = console()
    out.print(_states_table(passed))
    out.print("Status:", status(execution.status))
    if execution.status == "SUCCEEDED":
        out.print("Output:", shorten(execution.output, 4000), markup=False)
    for label, value in (("Error", execution.error), ("Cause", execution.cause)):
        if value is not None:
            out.print(f"{label}: {value}", markup=False)
    took = (execution.events[-1]["timestamp"] - execution.events[0]["timestamp"]).total_seconds()
    out.print(f"{len(passed)} states, {execution.transitions} transitions, {seconds(took)} of virtual time")


def _states_table(passed: list[Visit]) -> Any:
    first = passed[0].entered if passed else None
    rows = [
        [
            str(number),
            visit.state,
            visit.type,
            f"+{seconds((visit.entered - first).total_seconds() if first else 0.0)}",
            seconds(visit.seconds),
            str(visit.calls or ""),
            shorten(visit.output) if visit.left else "(not left)",
        ]
        for number, visit in enumerate(passed, 1)
    ]
    columns = ("#", "State", "Type", "Entered", "Took", "Calls", "Output")
    return table("States passed", columns, rows, right=("#", "Entered", "Took", "Calls"))
