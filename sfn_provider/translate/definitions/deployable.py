"""Reads definitions for deployment: JSON text without placeholders, checked by the linter."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.document import SourceMap
from sfn_provider.asl.placeholders import substitute
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.loader import LoadedDefinition, StateMachineResource, load_definition
from sfn_provider.translate.definitions.reader import read_definition

if TYPE_CHECKING:
    from sfn_provider.asl.model import ExecutionType

_NOT_SENT = frozenset({"JSON_COMMENT", "JSON_TRAILING_COMMA"})
"""Diagnostics of the file that the JSON text sent to AWS does not have."""


@dataclass(frozen=True, slots=True)
class DeployableDefinition:
    """A definition that can be sent to AWS.

    Args:
        text: the definition as JSON.
        type: ``STANDARD`` or ``EXPRESS``.
        origin: a label of its source for messages.
        warnings: warnings of reading and linting, one line each.
    """

    text: str
    type: ExecutionType
    origin: str
    warnings: tuple[str, ...] = ()


def read_deployable(
    definition: str | dict[str, Any],
    substitutions: Mapping[str, str],
    folder: str,
    execution_type: ExecutionType | None = None,
) -> DeployableDefinition:
    """Read a definition and check it.

    Args:
        definition: ``FILE`` or ``FILE#Name``, the text of a definition (it has more than one line, or begins with a
            brace), or the JSON object.
        substitutions: values for ``${Name}``.
        folder: the folder of relative paths.
        execution_type: ``STANDARD`` or ``EXPRESS``; None for the type in the file, else ``STANDARD``.

    Raises:
        UsageError: it cannot be read, a placeholder has no value, a substitution is not used, or the definition has
            errors; all of them are listed with file and line.
    """
    read = _read(definition, substitutions, folder)
    document = read.document
    if execution_type is not None:
        document = replace(document, execution_type=execution_type)
    missing = [f"${{{name}}}" for name in document.placeholders if substitutions.get(name) != f"${{{name}}}"]
    missing += [note.message.split()[0] for note in document.notes if note.code == "INFERRED_RESOURCE"]
    if missing:
        raise UsageError(f"{read.origin}: no value for {', '.join(dict.fromkeys(missing))}: give it in substitutions")
    found = [diagnostic for diagnostic in document.diagnostics if diagnostic.code not in _NOT_SENT]
    errors = [diagnostic.format(read.file) for diagnostic in found if diagnostic.level == "error"]
    if errors:
        raise UsageError(f"{read.origin} has errors:\n" + "\n".join(errors))
    return DeployableDefinition(
        text=json.dumps(document.value, ensure_ascii=False, indent=2),
        type=document.execution_type,
        origin=read.origin,
        warnings=tuple(diagnostic.format(read.file) for diagnostic in (*document.notes, *found)),
    )


def _read(definition: str | dict[str, Any], substitutions: Mapping[str, str], folder: str) -> LoadedDefinition:
    if isinstance(definition, str) and not _is_text(definition):
        path = definition if definition.startswith("arn:") else os.path.join(folder, definition)
        return read_definition(path, substitutions)
    source_map = SourceMap(first_line=1 if isinstance(definition, str) else None)
    resource = StateMachineResource("definition", substitute(definition, substitutions), source_map=source_map)
    return load_definition(resource, origin="the definition")


def _is_text(definition: str) -> bool:
    return "\n" in definition or definition.lstrip().startswith("{")
