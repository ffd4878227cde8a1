"""Writes the lines of Python by which a Choice chooses the next task."""

from __future__ import annotations

from collections.abc import Callable

from sfn_provider.asl.model import Choice
from sfn_provider.translate.emit.literals import string
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.expressions.places import CHOSEN_KEY
from sfn_provider.translate.native.expressions.python import PythonWriter
from sfn_provider.translate.native.expressions.python_layout import if_lines
from sfn_provider.translate.native.states.conditions import PythonConditions


def choice_lines(
    flow: StateFlow, chosen: Callable[[str], str], writer: PythonWriter, width: int, is_asked: bool
) -> list[str]:
    """Return the statements that return the task of the next state, or fail where no rule matches.

    What later tasks ask for is an XCom: a branch that skips tasks returns nothing.

    Args:
        flow: the Choice.
        chosen: returns the expression of the task for the name of a state.
        writer: writes the conditions.
        width: columns of a line.
        is_asked: whether later tasks ask which task was chosen.
    """
    state: Choice = flow.state  # type: ignore[assignment]
    targets = [*(rule.next or "" for rule in state.choices), state.default or ""]
    conditions = PythonConditions(flow, writer)
    rules, otherwise = conditions.undecided()
    default = None if otherwise is None else chosen(targets[otherwise])
    result = "chosen = " if is_asked else "return "
    if is_asked:
        writer.context["ti"] = None
    pushing = [f'ti.xcom_push(key="{CHOSEN_KEY}", value=chosen)', "return chosen"] if is_asked else []
    if len(rules) == 1 and default is not None:
        [(position, condition)] = rules
        line = f"{result}{chosen(targets[position])} if {condition} else {default}"
        if len(line) <= width:
            return [line, *pushing]
    body: list[str] = []
    for position, condition in rules:
        word = "el" if is_asked and body else ""
        first, *rest = if_lines(condition, conditions.lines(state.choices[position]), width - len(word))
        body += [word + first, *rest, f"    {result}{chosen(targets[position])}"]
    failure = f"raise AirflowFailException({string(f'No rule of {flow.name} matches')})"
    last = f"{result}{default}" if default is not None else failure
    return [*body, *(["else:", f"    {last}"] if is_asked and body else [last]), *pushing]
