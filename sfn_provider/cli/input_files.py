"""Reads the arguments of commands: definitions, inputs, mocks, substitutions."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NoReturn

from sfn_provider.cli.output import print_diagnostics
from sfn_provider.engine import Mocks, load_mocks
from sfn_provider.engine.simulation.mock_files import list_test_cases
from sfn_provider.exceptions import InvalidDefinition, UsageError
from sfn_provider.translate.definitions import LoadedDefinition, read_definition
from sfn_provider.translate.definitions.files import read_file


def open_definition(reference: str, substitutions: tuple[str, ...], *, quiet: bool) -> LoadedDefinition:
    """Read and check the definition that a reference names, and print its warnings.

    Args:
        reference: ``FILE``, ``FILE#Name`` or an ARN.
        substitutions: as `read_substitutions` takes them.
        quiet: do not print warnings.

    Raises:
        InvalidDefinition: where Step Functions would refuse it.
        UsageError: where it cannot be read.
    """
    definition = read_definition(reference, read_substitutions(substitutions))
    found = definition.document.diagnostics
    if any(entry.level == "error" for entry in found):
        raise InvalidDefinition(found)
    if not quiet:
        print_diagnostics([*definition.document.notes, *found], reference)
    return definition


def read_input(text: str) -> Any:
    """Read an execution input: JSON text, or ``@FILE`` that holds it.

    Raises:
        UsageError: where it is no JSON.
    """
    if text.startswith("@"):
        return _parse_json(read_file(text[1:], "the input as JSON"), text[1:])
    return _parse_json(text, f"--input {_shorten(text)}", "; for a file write --input @FILE")


def _shorten(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _parse_json(text: str, where: str, hint: str = "") -> Any:
    def refuse(constant: str) -> NoReturn:
        raise UsageError(f"{where}: not JSON: {constant} is no JSON number")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UsageError(f"{where}: not JSON: {error.msg} at {place}{hint}") from error
    except RecursionError as error:
        raise UsageError(f"{where}: objects and lists lie too deep in one another") from error
    except ValueError as error:  # Python reads numbers of up to 4300 digits
        raise UsageError(f"{where}: a number has too many digits") from error


def read_mocks(reference: str) -> dict[str, Mocks]:
    """Read mocks by the name of their test case: one for ``FILE#CASE``, all for ``FILE``.

    Raises:
        UsageError: where the file cannot be read, is malformed, or has no such case.
    """
    path, _, case = reference.partition("#")
    if case:
        return {case: load_mocks(reference)}
    cases = {name: name.partition("/")[2] for name in list_test_cases(path)}  # "Machine/Case": "Case"
    count = Counter(cases.values())
    return {case if count[case] == 1 else name: load_mocks(f"{path}#{name}") for name, case in cases.items()}


def read_substitutions(options: tuple[str, ...]) -> dict[str, str]:
    """Read values for ``${Name}``: ``Name=value``, or a JSON file that holds an object of them.

    Raises:
        UsageError: where one is neither.
    """
    values: dict[str, str] = {}
    for option in options:
        name, equals, value = option.partition("=")
        values |= {name: value} if equals else _substitution_file(option)
    return values


def _substitution_file(path: str) -> dict[str, str]:
    text = read_file(path, "substitutions as a JSON object (or write --substitutions NAME=VALUE)")
    values = _parse_json(text, path)
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise UsageError(f"{path}: substitutions must be a JSON object of names and texts")
    return values
