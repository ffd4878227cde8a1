"""Writes the lines of Python by which a Choice chooses the next task."""

from __future__ import annotations

from collections.abc import Callable

from sfn_provider.asl.model import Choice
from sfn_provider.translate.emit.literals import string
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.expressions.python import PythonWriter
from sfn_provider.translate.native.states.conditions import rule_operands, undecided_rules
from sfn_provider.translate.native.states.python_lines import if_lines


def choice_lines(flow: StateFlow, chosen: Callable[[str], str], writer: PythonWriter, width: int) -> list[str]:
    """Return the statements that return the task of the next state, or fail where no rule matches.

    Args:
        flow: the Choice.
        chosen: returns the expression of the task for the name of a state.
        writer: writes the conditions.
        width: columns of a line.
    """
    state: Choice = flow.state  # type: ignore[assignment]
    targets = [*(rule.next or "" for rule in state.choices), state.default or ""]
    rules, otherwise = undecided_rules(flow, writer)
    default = None if otherwise is None else chosen(targets[otherwise])
    if len(rules) == 1 and default is not None:
        [(position, condition)] = rules
        line = f"return {chosen(targets[position])} if {condition} else {default}"
        if len(line) <= width:
            return [line]
    body: list[str] = []
    for position, condition in rules:
        parts = rule_operands(state.choices[position], flow, writer)
        body += [*if_lines(condition, parts, width), f"    return {chosen(targets[position])}"]
    failure = f"raise AirflowFailException({string(f'No rule of {flow.name} matches')})"
    return [*body, f"return {default}" if default is not None else failure]
