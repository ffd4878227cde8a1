"""Defines statements that lead different ways, and lays them out as Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sfn_provider.translate.native.data_flow.evaluation import Handover
from sfn_provider.translate.native.expressions.conditions import negated
from sfn_provider.translate.native.expressions.python_layout import indented


@dataclass(slots=True)
class Branches:
    """An ``if``, or a ``try``, with what follows in each case.

    Args:
        cases: the cases in order.
    """

    cases: list[Case]


Statements = list["str | Branches | Later"]
"""Lines, branches between them, and what more is added to until it is laid out."""


@dataclass(slots=True)
class Later:
    """Statements to which more are added until they are laid out.

    Args:
        body: the statements.
    """

    body: Statements


@dataclass(slots=True)
class Case:
    """One of several cases.

    Args:
        head: the lines of the condition, such as ``if x:``.
        body: what is done; more may be added at its end until it is laid out.
        arrivals: the ways that lead on from here to where the cases meet.
    """

    head: list[str]
    body: Statements
    arrivals: list[Arrival] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A way that comes to where several meet.

    Args:
        body: the statements at the end of which it does.
        width: columns of a line there.
        way: with what it comes.
    """

    body: Statements
    width: int
    way: Handover


def meeting(cases: list[Case], join: str) -> tuple[Statements, tuple[str, list[Arrival]]]:
    """Return the statements of cases, and the state where their ways meet with those that come there."""
    return [Branches(cases)], (join, [arrival for case in cases for arrival in case.arrivals])


def lay_out(statements: Statements) -> list[str]:
    """Return the lines of statements, without cases that do nothing."""
    lines: list[str] = []
    for statement in statements:
        if isinstance(statement, Later):
            lines += lay_out(statement.body)
        else:
            lines += [statement] if isinstance(statement, str) else _branches(statement)
    return lines


def always_leaves(case: Case) -> bool:
    """Whether a case always ends in a ``return`` or a ``raise``."""
    lines = [] if case.arrivals else lay_out(case.body)
    return bool(lines) and _leaves(ast.parse("\n".join(lines)).body)


def _leaves(statements: Sequence[ast.stmt]) -> bool:
    last = statements[-1] if statements else None
    if isinstance(last, ast.If):
        return _leaves(last.body) and _leaves(last.orelse)
    if isinstance(last, ast.Try):
        return _leaves(last.orelse or last.body) and all(_leaves(handler.body) for handler in last.handlers)
    return isinstance(last, ast.Return | ast.Raise | ast.Break)


def _branches(branches: Branches) -> list[str]:
    bodies = [(case.head, lay_out(case.body)) for case in branches.cases]
    if bodies[-1] == (["else:"], []):
        bodies = bodies[:-1]
    is_choice = bodies[0][0][0].startswith("if ")
    if is_choice and not any(body for _, body in bodies):
        return []
    if is_choice and len(bodies) == 2 and not bodies[0][1] and len(bodies[0][0]) == 1 and bodies[1][0] == ["else:"]:
        condition = bodies[0][0][0].removeprefix("if ").removesuffix(":")
        bodies = [([f"if {negated(condition)}:"], bodies[1][1])]
    lines = []
    for head, body in bodies:
        if head == ["except Exception as error:"] and not any(re.search(r"\berror\b", line) for line in body):
            head = ["except Exception:"]
        lines += [*head, *indented(suite(body))]
    return lines


def suite(body: list[str]) -> list[str]:
    """Return the lines of a block; one without statements, of comments alone, ends with ``pass``."""
    return body if any(not line.lstrip().startswith("#") for line in body) else [*body, "pass"]
