"""Checks of a definition: what Step Functions refuses at creation, and what it accepts but fails or surprises later.

A rule is a function from a definition to diagnostics; ``RULES`` is all of them in the order they run. Codes are AWS's
where it has one:
https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html

The rules are imported with the first check, not with this package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sfn_provider.asl.diagnostics import Diagnostic
    from sfn_provider.asl.lint.definition_walk import ExecutionType
    from sfn_provider.asl.lint.rules import RULES

__all__ = ["RULES", "lint"]


def lint(source: str | dict[str, Any], *, execution_type: ExecutionType = "STANDARD") -> list[Diagnostic]:
    """Check a definition.

    Args:
        source: the text of a definition (JSON, comments allowed, or YAML; never a file name), or the JSON object.
        execution_type: ``STANDARD`` or ``EXPRESS``: an EXPRESS machine can do less. The definition itself does not say.

    Returns:
        Every problem in the order of the definition, with line and column where the source is text. Step Functions
        accepts the definition where none has the level ``error``.
    """
    from sfn_provider.asl.lint.rules import check

    return check(source, execution_type)[1]


def __getattr__(name: str) -> Any:
    if name == "RULES":
        from sfn_provider.asl.lint.rules import RULES

        return RULES
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
