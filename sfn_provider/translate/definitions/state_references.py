"""Reads the definition and the state that ``FILE#STATE`` names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from sfn_provider.asl.diagnostics import split_pointer
from sfn_provider.asl.model import ExecutionType
from sfn_provider.engine.state_test.tested_state import state_names
from sfn_provider.exceptions import Diagnostic, InvalidDefinition, UsageError
from sfn_provider.translate.definitions.loader import LoadedDefinition
from sfn_provider.translate.definitions.reader import read_definition


class StateReference(NamedTuple):
    """A state of a definition.

    Args:
        definition: the definition, as `sfn_provider.engine.test_state` takes it.
        state: the state's name; None where the definition is of the state alone.
        file: the file that has it.
        warnings: the warnings about the machine and the state.
        execution_type: the machine's type.
    """

    definition: str | dict[str, Any]
    state: str | None
    file: str
    warnings: tuple[Diagnostic, ...] = ()
    execution_type: ExecutionType = "STANDARD"


def find_state_reference(
    reference: str, values: Mapping[str, str], execution_type: ExecutionType | None = None
) -> StateReference:
    """Read the state that a reference names.

    Args:
        reference: ``FILE#STATE``, where FILE may itself end in ``#Name``, or be an ARN; ``FILE`` alone for a file that
            holds the definition of one state.
        values: values for ``${Name}``.
        execution_type: the machine's type; None for that in its file, else STANDARD.

    Raises:
        InvalidDefinition: where Step Functions would refuse the machine.
        UsageError: where it cannot be read, or does not name a state.
    """
    file, rest = _split(reference)
    machine, state = _find_machine(file, rest, values)
    if execution_type is not None:
        machine = replace(machine, document=replace(machine.document, execution_type=execution_type))
    value = machine.document.value
    if isinstance(value, dict) and "States" not in value and "Type" in value:
        if state:
            raise UsageError(f"{file} holds the definition of one state: name it without #{state}")
        return StateReference(value, None, machine.file, execution_type=machine.execution_type)
    found = machine.document.diagnostics
    if any(entry.level == "error" for entry in found):
        raise InvalidDefinition(found, machine.file)
    names = state_names(machine.document.machine)
    if state not in names:
        problem = f"has no state {state!r}" if state else "is a state machine: name the state to test"
        raise UsageError(f"{file} {problem}, for example {file}#{names[0]}; its states are {', '.join(names)}")
    of_state = (entry for entry in found if state in split_pointer(entry.location))
    return StateReference(value, state, machine.file, (*machine.document.notes, *of_state), machine.execution_type)


def _split(reference: str) -> tuple[str, str]:
    """Split a reference after its file: the longest part of it up to a ``#`` that is one."""
    if reference.startswith("arn:"):
        file, _, rest = reference.partition("#")
        return file, rest
    end = len(reference)
    while end > 0 and not os.path.isfile(reference[:end]):
        end = reference.rfind("#", 0, end)
    if end <= 0:  # no file of any of these names: reading it says so
        file, _, rest = reference.partition("#")
        return file, rest
    return reference[:end], reference[end + 1 :]


def _find_machine(file: str, rest: str, values: Mapping[str, str]) -> tuple[LoadedDefinition, str]:
    """Return the machine, and the state's name: what follows the file may begin with the machine's name."""
    machine, _, state = rest.partition("#")
    try:
        definition = read_definition(file, values)
    except UsageError:
        if not machine:
            raise
        return read_definition(f"{file}#{machine}", values), state
    is_named = definition.origin.endswith(f"#{machine}") and bool(machine)
    return definition, state if is_named else rest
