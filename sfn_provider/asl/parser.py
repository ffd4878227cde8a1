"""From a definition to its model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfn_provider.exceptions import InvalidDefinition

if TYPE_CHECKING:
    from sfn_provider.asl.lint.definition_walk import ExecutionType
    from sfn_provider.asl.model import StateMachine


def parse(source: str | dict[str, Any], *, execution_type: ExecutionType = "STANDARD") -> StateMachine:
    """Read and check a definition.

    Args:
        source: the text of a definition (JSON, comments allowed, or YAML; never a file name), or the JSON object.
        execution_type: ``STANDARD`` or ``EXPRESS``: an EXPRESS machine can do less.

    Returns:
        The model. There may be warnings: `lint` gives them.

    Raises:
        InvalidDefinition: Step Functions would refuse the definition; carries every diagnostic, warnings included, in
            the order of the definition.
    """
    from sfn_provider.asl.lint.rules import check

    machine, diagnostics = check(source, execution_type)
    if machine is None or any(diagnostic.level == "error" for diagnostic in diagnostics):
        raise InvalidDefinition(diagnostics)
    return machine
