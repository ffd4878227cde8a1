"""A definition that was found, with what its file says about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.translate.findings import Finding

if TYPE_CHECKING:
    from sfn_provider.asl.lint.definition_walk import ExecutionType

Json = Any
Source = str | dict[str, Any]
Positions = Mapping[str, tuple[int, int]]
"""Line and column, counted from 1, by JSON pointer."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A state machine as a file holds it, before values are put in.

    Args:
        name: the logical id, the resource's name or the file's name.
        source: the definition, text or object, with ``${Name}`` where something is not known.
        values: values for ``${Name}`` that the file itself gives; they may hold ``${Name}`` again.
        first_line: the line of the file at which a definition that is text starts; None where it is not known.
        positions: where the values of a definition that is an object stand; at least ``""``.
        schedule: when it runs.
        params: the input that the schedule gives.
        execution_type: ``STANDARD`` or ``EXPRESS``.
        findings: what the file says about the machine that its DAG does not do.
        defaults: values for ``${Name}`` that hold where nobody gives others.
        file: the file that the definition itself stands in, where that is another one.
    """

    name: str
    source: Source
    values: Mapping[str, str] = field(default_factory=dict)
    first_line: int | None = None
    positions: Positions = field(default_factory=dict)
    schedule: str | None = None
    params: Mapping[str, Json] = field(default_factory=dict)
    execution_type: ExecutionType = "STANDARD"
    findings: tuple[Finding, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition with its values, ready to be checked, run or translated.

    Args:
        source: the definition, text or object.
        name: what a DAG of it may be named after.
        file: the file that the definition stands in; for a machine in AWS its ARN.
        origin: where it comes from, for people: ``template.yaml#Machine``.
        machine: what the file holds about it.
        diagnostics: warnings of the reading.
    """

    source: Source
    name: str
    file: str
    origin: str
    machine: Machine
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def schedule(self) -> str | None:
        """When the file says that it runs: EventBridge's ``cron()`` or ``rate()``."""
        return self.machine.schedule

    @property
    def params(self) -> Mapping[str, Json]:
        """The input that the schedule of the file gives."""
        return self.machine.params

    @property
    def execution_type(self) -> ExecutionType:
        """``STANDARD`` or ``EXPRESS``."""
        return self.machine.execution_type

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the file says about the machine that its DAG does not do."""
        return self.machine.findings

    def placed(self, diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        """The diagnostics with line and column in the file, in the place of those in the definition."""
        return tuple(self._placed(found) for found in diagnostics)

    def _placed(self, found: Diagnostic) -> Diagnostic:
        machine = self.machine
        if isinstance(self.source, str) and found.line is not None:
            if machine.first_line is not None:
                # A definition inside a file may be indented there: only the line is the same.
                inside = machine.first_line > 1
                column = 1 if inside else found.column
                return replace(found, line=machine.first_line + found.line - 1, column=column)
            line, column = machine.positions.get("", (None, None))
            return replace(found, line=line, column=column)
        location = found.location
        while location and location not in machine.positions:
            location = location.rpartition("/")[0]
        line, column = machine.positions.get(location, (None, None))
        return replace(found, line=line, column=column)
