"""A definition, opened once: its text, JSON value, positions, placeholders, diagnostics and model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.placeholders import find_placeholders
from sfn_provider.asl.source_text.reader import ParsedSource, nearest_position, parse_source
from sfn_provider.exceptions import InvalidDefinition

if TYPE_CHECKING:
    from sfn_provider.asl.model import ExecutionType, StateMachine

Json = Any
Source = str | dict[str, Any]
"""The text of a definition, or its JSON object."""
Definition: TypeAlias = "Source | Document | StateMachine"
"""A definition as functions take it: its text, its JSON object, its document, or the model of one that was checked."""


@dataclass(frozen=True)
class SourceMap:
    """Maps positions in a definition to those in the file that embeds it, such as a CloudFormation template.

    Args:
        first_line: the line of the file at which the text of the definition starts; None if it is not known.
        positions: line and column in the file by JSON pointer into the definition; at least ``""``. Used for a
            definition that is an object in the file, or text without a known first line.
    """

    first_line: int | None = None
    positions: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def apply(self, diagnostic: Diagnostic, *, is_text: bool) -> Diagnostic:
        """Return a diagnostic of a definition with line and column of the file."""
        position: tuple[int | None, int | None] | None
        if is_text and diagnostic.line is not None:
            if self.first_line is None:
                position = self.positions.get("")
            else:
                # A definition inside a file may be indented there: the column is not known.
                column = 1 if self.first_line > 1 else diagnostic.column
                position = self.first_line + diagnostic.line - 1, column
        else:
            position = nearest_position(self.positions, diagnostic.location)
        line, column = position or (None, None)
        return replace(diagnostic, line=line, column=column)


@dataclass(frozen=True)
class Document:
    """A definition that is read once; `Document.open` makes one, and everything else is computed at first use.

    Args:
        parsed: the JSON value with its positions.
        execution_type: ``STANDARD`` or ``EXPRESS``.
        source_map: the positions of the definition in the file that embeds it; None if it is the whole file.
        notes: diagnostics of what was done before: defaults that were filled in, resources that were inferred.
    """

    parsed: ParsedSource
    execution_type: ExecutionType = "STANDARD"
    source_map: SourceMap | None = None
    notes: tuple[Diagnostic, ...] = ()

    @classmethod
    def open(
        cls, source: Source, execution_type: ExecutionType = "STANDARD", source_map: SourceMap | None = None
    ) -> Document:
        """Read a definition. Its problems are in `diagnostics`; no exception is raised for them.

        Args:
            source: the text of a definition (JSON or YAML, never a file name), or the JSON object.
            execution_type: ``STANDARD`` or ``EXPRESS``.
            source_map: the positions of the definition in the file that embeds it.
        """
        return cls(parse_source(source), execution_type, source_map)

    @property
    def value(self) -> Json:
        """The JSON object; None if the source has none that can be checked."""
        return self.parsed.value

    @property
    def text(self) -> str | None:
        """The text that was read; None if the source was an object."""
        return self.parsed.text

    @cached_property
    def _checked(self) -> tuple[StateMachine | None, tuple[Diagnostic, ...]]:
        found = list(self.parsed.diagnostics)
        machine = None
        if isinstance(self.value, dict):
            from sfn_provider.asl.lint_rules.rules import check, sort_diagnostics

            machine, problems = check(self.value, self.execution_type)
            found = sort_diagnostics([*found, *problems], self.value)
        return machine, tuple(map(self.with_position, found))

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Every problem of the definition in its order, with line and column in the file."""
        return self._checked[1]

    @property
    def machine(self) -> StateMachine:
        """The model.

        Raises:
            InvalidDefinition: Step Functions would refuse the definition; carries `diagnostics`.
        """
        machine, diagnostics = self._checked
        if machine is None or any(diagnostic.level == "error" for diagnostic in diagnostics):
            raise InvalidDefinition(diagnostics)
        return machine

    @cached_property
    def placeholders(self) -> Mapping[str, str]:
        """The JSON pointer of the first use of each ``${Name}`` without a value, by name."""
        return find_placeholders(self.value)

    def with_position(self, diagnostic: Diagnostic) -> Diagnostic:
        """Add line and column in the file to a diagnostic of the definition."""
        found = self.parsed.with_position(diagnostic)
        return found if self.source_map is None else self.source_map.apply(found, is_text=self.text is not None)


def open_document(definition: Definition, execution_type: ExecutionType = "STANDARD") -> Document:
    """Return the document of a definition; one that is open already is not read again.

    Args:
        definition: the definition.
        execution_type: ``STANDARD`` or ``EXPRESS``; a document has its own.
    """
    if isinstance(definition, Document):
        return definition
    if isinstance(definition, str | dict):
        return Document.open(definition, execution_type)
    from sfn_provider.asl.model import StateMachine, dump

    # What is no definition at all goes on as it is: a diagnostic says so.
    return Document.open(dump(definition) if isinstance(definition, StateMachine) else definition, execution_type)


def open_machine(definition: Definition, execution_type: ExecutionType = "STANDARD") -> StateMachine:
    """Return the model of a definition; one that is checked already is not checked again.

    Args:
        definition: the definition.
        execution_type: as for `open_document`.

    Raises:
        InvalidDefinition: Step Functions would refuse the definition.
    """
    from sfn_provider.asl.model import StateMachine

    if isinstance(definition, StateMachine):
        return definition
    return open_document(definition, execution_type).machine
