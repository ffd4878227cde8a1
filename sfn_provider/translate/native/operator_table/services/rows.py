"""What rows of several services share: where operators are, and how long they wait."""

from __future__ import annotations

from typing import Final

from sfn_provider.translate.native.operator_table.row import Argument, Returned

_SECONDS_OF_A_YEAR: Final = 365 * 24 * 60 * 60


def operator(name: str) -> str:
    """Return the class path of an operator.

    Args:
        name: module and class: ``glue.GlueJobOperator``.
    """
    return f"airflow.providers.amazon.aws.operators.{name}"


def attempts(delay: int) -> int:
    """Return how many polls last as long as an execution can: a year.

    Operators give up after some polls, a state only when its own time is over.

    Args:
        delay: seconds between two polls.
    """
    return _SECONDS_OF_A_YEAR // delay


def constant(value: str | int) -> Returned:
    """Return where a part of the result is found that is always the same where the operator succeeds.

    Args:
        value: the part.
    """
    return Returned("constant", constant=value)


def untemplated(name: str) -> Argument:
    """Return an argument that is no template field.

    Args:
        name: the argument.
    """
    return Argument(name, templated=False)
