"""Parses and lints definitions: `parse` returns the model, `lint` every problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfn_provider.asl.document import Document

if TYPE_CHECKING:
    from sfn_provider.asl.diagnostics import Diagnostic
    from sfn_provider.asl.model import ExecutionType, StateMachine


def parse(source: str | dict[str, Any], *, execution_type: ExecutionType = "STANDARD") -> StateMachine:
    """Parse and check a definition.

    Args:
        source: the text of a definition (JSON, comments allowed, or YAML; never a file name), or the JSON object.
        execution_type: ``STANDARD`` or ``EXPRESS``: an EXPRESS machine has fewer features.

    Returns:
        The model. There may be warnings: `lint` returns them.

    Raises:
        InvalidDefinition: Step Functions would refuse the definition; carries every diagnostic, warnings included, in
            the order of the definition.
    """
    return Document.open(source, execution_type).machine


def lint(source: str | dict[str, Any], *, execution_type: ExecutionType = "STANDARD") -> list[Diagnostic]:
    """Check a definition.

    Args:
        source: the text of a definition (JSON, comments allowed, or YAML; never a file name), or the JSON object.
        execution_type: ``STANDARD`` or ``EXPRESS``: an EXPRESS machine has fewer features. A definition does not have
            its type in it.

    Returns:
        Every problem in the order of the definition, with line and column if the source is text. Step Functions accepts
        the definition if none has the level ``error``.
    """
    return list(Document.open(source, execution_type).diagnostics)
