"""Reads the arguments of commands: definitions and inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sfn_provider.asl.model import ExecutionType
from sfn_provider.cli.inputs.substitutions import read_substitutions
from sfn_provider.cli.output.printing import print_diagnostics
from sfn_provider.exceptions import InvalidDefinition
from sfn_provider.formatting import cut
from sfn_provider.text_files import parse_json_text, read_text_file
from sfn_provider.translate.definitions import LoadedDefinition, read_definition
from sfn_provider.translate.definitions.loader import placeholder_warning


def open_definition(
    reference: str,
    substitutions: tuple[str, ...],
    *,
    quiet: bool,
    execution_type: ExecutionType | None = None,
    refuse_unused: bool = True,
) -> LoadedDefinition:
    """Read and check the definition that a reference names, and print its warnings.

    Args:
        reference: ``FILE``, ``FILE#Name`` or an ARN.
        substitutions: as `read_substitutions` takes them.
        quiet: do not print warnings.
        execution_type: the machine's type; None for that in its file, else STANDARD.
        refuse_unused: refuse substitutions that the definition does not use.

    Raises:
        InvalidDefinition: where Step Functions would refuse it.
        UsageError: where it cannot be read.
    """
    definition = read_definition(reference, read_substitutions(substitutions), refuse_unused=refuse_unused)
    if execution_type is not None:
        definition = replace(definition, document=replace(definition.document, execution_type=execution_type))
    found = definition.document.diagnostics
    if any(entry.level == "error" for entry in found):
        raise InvalidDefinition(found, definition.file)
    if not quiet:
        unresolved = placeholder_warning(definition.document)
        print_diagnostics([*definition.document.notes, *found, *unresolved], definition.file)
    return definition


def read_input(text: str) -> Any:
    """Read an execution input: JSON text, or ``@FILE`` that holds it.

    Raises:
        UsageError: where it is no JSON.
    """
    return _read_json(text, "--input")[1]


def read_json_text(text: str, option: str) -> str:
    """Return the JSON text of an option, unchanged: the text itself, or that of the file in ``@FILE``.

    Raises:
        UsageError: where it is no JSON.
    """
    return _read_json(text, option)[0]


def _read_json(text: str, option: str) -> tuple[str, Any]:
    if text.startswith("@"):
        content = read_text_file(text[1:], f"the {option.removeprefix('--')} as JSON")
        return content, parse_json_text(content, text[1:])
    return text, parse_json_text(text, f"{option} {cut(text, 60)!r}", f"; for a file write {option} @FILE")
