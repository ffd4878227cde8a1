"""Reading what commands are given: definitions, inputs, mocks, substitutions."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from sfn_provider.asl import Diagnostic, lint
from sfn_provider.engine import Mocks, load_mocks
from sfn_provider.engine.simulation.mocks import test_cases
from sfn_provider.exceptions import InvalidDefinition, UsageError
from sfn_provider.translate.definitions import Definition, read_definition
from sfn_provider.translate.definitions.files import read_file as read_text


def open_definition(reference: str, substitutions: tuple[str, ...]) -> tuple[Definition, list[Diagnostic]]:
    """Read and check the definition that a reference names.

    Args:
        reference: ``FILE``, ``FILE#Name`` or an ARN.
        substitutions: as `read_substitutions` takes them.

    Returns:
        The definition and its warnings, with the file's lines.

    Raises:
        InvalidDefinition: where Step Functions would refuse it.
        UsageError: where it cannot be read.
    """
    definition = read_definition(reference, read_substitutions(substitutions))
    found = definition.placed(lint(definition.source, execution_type=definition.execution_type))
    if any(entry.level == "error" for entry in found):
        raise InvalidDefinition(found)
    return definition, [*definition.diagnostics, *found]


def write_text(path: str, text: str) -> None:
    """Write a text file as a whole: a reader sees the old text or the new one, never a part.

    Raises:
        UsageError: where it cannot be written.
    """
    target = Path(path)
    draft = target.with_name(f".{target.name}.part")
    try:
        if target.is_dir():
            raise UsageError(f"{path} is a folder; name the file to write in it")
        if not target.parent.is_dir():
            raise UsageError(f"{path}: cannot be written: there is no folder {target.parent}; create it first")
        draft.write_text(text, encoding="utf-8")
        draft.replace(target)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error


def read_input(given: str) -> Any:
    """Read an execution input: JSON text, or ``@FILE`` that holds it.

    Raises:
        UsageError: where it is no JSON.
    """
    if given.startswith("@"):
        return _parse_json(read_text(given[1:], "the input as JSON"), given[1:])
    return _parse_json(given, f"--input {_shorten(given)}", "; for a file write --input @FILE")


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
    names = test_cases(path)
    short = Counter(name.partition("/")[2] for name in names)
    return {
        name if short[name.partition("/")[2]] > 1 else name.partition("/")[2]: load_mocks(f"{path}#{name}")
        for name in names
    }


def read_substitutions(given: tuple[str, ...]) -> dict[str, str]:
    """Read values for ``${Name}``: ``Name=value``, or a JSON file that holds an object of them.

    Raises:
        UsageError: where one is neither.
    """
    found: dict[str, str] = {}
    for entry in given:
        name, equals, value = entry.partition("=")
        found |= {name: value} if equals else _substitution_file(entry)
    return found


def _substitution_file(path: str) -> dict[str, str]:
    text = read_text(path, "substitutions as a JSON object (or write --substitutions NAME=VALUE)")
    values = _parse_json(text, path)
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise UsageError(f"{path}: substitutions must be a JSON object of names and texts")
    return values
