"""Reads the cases that a command runs: those of a mock file, one input, or made ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from sfn_provider.asl.model import StateMachine
from sfn_provider.asl.scope import MISSING
from sfn_provider.cli.inputs.input_files import read_input
from sfn_provider.cli.output.tables import console
from sfn_provider.compare.machine_analysis.coverage import Coverage
from sfn_provider.compare.machine_analysis.machine_parts import MachineParts
from sfn_provider.engine import Mocks
from sfn_provider.engine.simulation.mock_files import load_test_cases
from sfn_provider.formatting import count
from sfn_provider.translate.definitions import LoadedDefinition


@dataclass(frozen=True, slots=True)
class TestCase:
    """An execution to run.

    Args:
        name: the case's name.
        input: the execution's input.
        mocks: what tasks answer.
    """

    __test__ = False  # not a test of pytest

    name: str
    input: Any
    mocks: Mocks


@dataclass(frozen=True, slots=True)
class TestCases:
    """The executions to run.

    Args:
        cases: them.
        note: how they came about, where they were made; empty where the user has named them.
    """

    __test__ = False

    cases: tuple[TestCase, ...]
    note: str = ""


def read_cases(
    definition: LoadedDefinition,
    input_text: str | None,
    mock: str | None,
    *,
    reference: str | None = None,
    with_uncaught_errors: bool = False,
) -> TestCases:
    """Return the cases to run: those that ``--mock`` names; else one for ``--input``; else made ones.

    Args:
        definition: the definition.
        input_text: the value of ``--input``; it replaces the inputs of a mock file. None where there is none.
        mock: the value of ``--mock``; None where there is none.
        reference: what the user has named the definition by: ``FILE#Name``; None for its file.
        with_uncaught_errors: of made cases for no certain input, add for each task one in which it fails by an error
            that nothing takes, by name.

    Raises:
        UsageError: where a file is malformed, or mocks a state that the machine lacks.
    """
    document = definition.document
    given = MISSING if input_text is None else read_input(input_text)
    if mock is not None:
        loaded = load_checked_mocks(MachineParts(document.machine), mock)
        return TestCases(tuple(_case(name, mocks, given) for name, mocks in loaded.items()))
    from sfn_provider.compare.cases.made_cases import find_cases, made_mocks, mocks_for_input  # needs networkx

    if given is not MISSING:
        return TestCases((TestCase("--input", given, mocks_for_input(document, given)),), _ONE_NOTE)
    made = made_mocks(find_cases(document))
    found = _with_uncaught_errors(document.machine, made) if with_uncaught_errors else made
    cases = tuple(_case(name, mocks, MISSING) for name, mocks in found.items())
    command = f"sfn-provider cases {reference or definition.file}"
    many = "them" if len(found) == len(made) else f"{len(made)} of them"
    note = f"No --mock: {count(len(cases), 'case was', 'cases were')} made for this machine"
    return TestCases(cases, f"{note}; to have {many} as a file: {command}")


_ONE_NOTE = "No --mock: the answers of tasks were made for this input."


def _with_uncaught_errors(machine: StateMachine, cases: Mapping[str, Mocks]) -> dict[str, Mocks]:
    from sfn_provider.compare.calls.uncaught_errors import add_uncaught_errors  # needs the native style of DAGs

    return add_uncaught_errors(machine, cases)


def _case(name: str, mocks: Mocks, given: Any) -> TestCase:
    """Return a case with the input of ``--input``, or with its own where that is MISSING."""
    own = {} if mocks.input is MISSING else mocks.input
    return TestCase(name, own if given is MISSING else given, mocks)


def load_checked_mocks(parts: MachineParts, mock: str) -> dict[str, Mocks]:
    """Read the mocks that ``--mock`` names, by their test case.

    Args:
        parts: the machine's parts.
        mock: ``FILE`` or ``FILE#CASE``.

    Raises:
        UsageError: where the file is malformed, or mocks a state that the machine lacks.
    """
    named = load_test_cases(mock)
    for name, mocks in named.items():
        check_mocks(parts, name, mocks)
    return named


def check_mocks(parts: MachineParts, name: str, mocks: Mocks) -> None:
    """Refuse mocks of states that the machine does not have.

    Args:
        parts: the machine's parts.
        name: the test case.
        mocks: its mocks.

    Raises:
        UsageError: where there is one, with the state that may be meant.
    """
    mocks.check_states(parts.machine, f"test case {name!r} mocks")


def print_note(cases: TestCases) -> None:
    """Print how the cases came about, to stderr."""
    if cases.note:
        click.echo(cases.note, err=True)


def print_coverage(coverage: Coverage) -> None:
    """Print what executions have reached of the machine, and what not."""
    out = console()
    out.print(f"Reached: {coverage.text}", markup=False)
    missing = coverage.missing_text()
    if missing:
        out.print("Never reached:")
    for text in missing:
        out.print(f"  {text}", markup=False)
