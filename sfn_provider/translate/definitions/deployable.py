"""A definition as AWS takes it: JSON without placeholders, and without an error that can be found here."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfn_provider.asl import lint
from sfn_provider.asl.source import load
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.definition import Definition, Machine
from sfn_provider.translate.definitions.placeholders import refuse_bare, substitute, unresolved
from sfn_provider.translate.definitions.reader import read_definition

if TYPE_CHECKING:
    from sfn_provider.asl.lint.definition_walk import ExecutionType

_NOT_SENT = frozenset({"JSON_COMMENT", "JSON_TRAILING_COMMA"})
"""What AWS would refuse in the file, but the text that is sent does not have."""


@dataclass(frozen=True, slots=True)
class Deployable:
    """A definition that AWS may take.

    Args:
        text: the definition as JSON.
        type: ``STANDARD`` or ``EXPRESS``.
        origin: where it comes from, for people.
        warnings: what was found that AWS takes all the same, as lines of text.
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
) -> Deployable:
    """Read a definition and check it.

    Args:
        definition: ``FILE`` or ``FILE#Name``, the text of a definition (it has more than one line, or begins with a
            brace), or the JSON object.
        substitutions: values for ``${Name}``.
        folder: where relative paths start.
        execution_type: ``STANDARD`` or ``EXPRESS``; None for what the file says, else ``STANDARD``.

    Raises:
        UsageError: it cannot be read, a name has no value, a value no place, or the definition has an error; all of
            them are listed with file and line.
    """
    read = _read(definition, substitutions, folder)
    kind = execution_type or read.execution_type
    missing = [name for name in unresolved(read.source) if substitutions.get(name) != f"${{{name}}}"]
    inferred = [found for found in read.diagnostics if found.code == "INFERRED_RESOURCE"]
    if missing or inferred:
        names = [f"${{{name}}}" for name in missing] + [found.message.split()[0] for found in inferred]
        raise UsageError(f"{read.origin}: no value for {', '.join(dict.fromkeys(names))}: give it in substitutions")
    found = [one for one in read.placed(lint(read.source, execution_type=kind)) if one.code not in _NOT_SENT]
    lines = {level: [_line(read.file, one) for one in found if one.level == level] for level in ("error", "warning")}
    if lines["error"]:
        raise UsageError(f"{read.origin} has errors:\n" + "\n".join(lines["error"]))
    text = json.dumps(load(read.source).value, ensure_ascii=False, indent=2)
    told = [_line(read.file, one) for one in read.diagnostics]
    return Deployable(text, kind, read.origin, (*told, *lines["warning"]))


def _read(definition: str | dict[str, Any], substitutions: Mapping[str, str], folder: str) -> Definition:
    if isinstance(definition, str) and not _is_text(definition):
        path = definition if definition.startswith("arn:") else os.path.join(folder, definition)
        return read_definition(path, substitutions)
    source = substitute(definition, substitutions)
    refuse_bare(source)
    machine = Machine("definition", source, first_line=1 if isinstance(source, str) else None)
    return Definition(source, machine.name, machine.name, "the definition", machine)


def _is_text(definition: str) -> bool:
    return "\n" in definition or definition.lstrip().startswith("{")


def _line(file: str, found: Any) -> str:
    place = ":".join(str(part) for part in (file, found.line, found.column) if part is not None)
    return f"{place}: {found.code} {found.location or '/'}: {found.message}"
