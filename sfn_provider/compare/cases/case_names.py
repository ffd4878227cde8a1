"""Names cases after what they reach: ``NotifySuccess``, ``RunGlueJobRetryHelps``, ``ListIsEmpty``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, Final

from sfn_provider.compare.cases.goals import Goal, GoalKind
from sfn_provider.compare.cases.search import FoundCase
from sfn_provider.compare.machine_analysis.machine_parts import MachineParts

_MAX_LENGTH: Final = 60


def camel_case(text: str) -> str:
    """Return a text as one word of letters and digits: ``Quality passed?`` as ``QualityPassed``."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.findall(r"[A-Za-z0-9]+", plain)
    return "".join(word[0].upper() + word[1:] for word in words)[:_MAX_LENGTH] or "State"


def name_cases(parts: MachineParts, cases: Sequence[FoundCase]) -> list[str]:
    """Return a name for each case; no two are the same."""
    names: list[str] = []
    for case in cases:
        goal = case.primary if case.primary in case.goals else None
        base = _name_of_goal(parts, goal) if goal is not None else _name_of_path(parts, case)
        number, name = 1, base
        while name in names:
            number += 1
            name = f"{base}{number}"
        names.append(name)
    return names


def _name_of_path(parts: MachineParts, case: FoundCase) -> str:
    """Return the name of a case that was made for nothing in particular: the last state that it enters."""
    entered = [event for event in case.execution.events if event["type"].endswith("StateEntered")]
    outermost = [placed.name for placed in parts.states.values() if not placed.outer]
    names = [event["stateEnteredEventDetails"]["name"] for event in entered]
    last = [name for name in names if name in outermost]
    return camel_case(last[-1] if last else "Nothing")


def _rule_name(parts: MachineParts, goal: Goal) -> str:
    edges = [edge for edge in parts.edges[goal.at] if edge.part is not None and edge.part.kind == "rule"]
    mine = next(edge for edge in edges if edge.part is not None and edge.part.index == goal.index)
    target = camel_case(parts.states[mine.target].name)
    same = sum(edge.target == mine.target for edge in edges) > 1
    number = "" if not same else "Default" if goal.index is None else f"Rule{goal.index + 1}"
    return f"{camel_case(parts.states[goal.at].name)}To{target}{number}"


def _catcher_name(parts: MachineParts, goal: Goal) -> str:
    state: Any = parts.states[goal.at].state
    name = camel_case(parts.states[goal.at].name)
    if len(state.catch) == 1:
        return f"{name}Fails"
    return f"{name}FailsWith{camel_case(state.catch[goal.index or 0].error_equals[0])}"


def _state_name(parts: MachineParts, goal: Goal) -> str:
    return camel_case(parts.states[goal.at].name)


def _retry_name(suffix: str) -> Callable[[MachineParts, Goal], str]:
    def name(parts: MachineParts, goal: Goal) -> str:
        several = len(parts.states[goal.at].state.retry) > 1  # type: ignore[union-attr]
        return _state_name(parts, goal) + suffix + (f"{(goal.index or 0) + 1}" if several else "")

    return name


_NAMERS: Final[dict[GoalKind, Callable[[MachineParts, Goal], str]]] = {
    "state": _state_name,
    "rule": _rule_name,
    "catcher": _catcher_name,
    "retrier": _retry_name("RetryHelps"),
    "exhausted": _retry_name("RetryFails"),
    "items": lambda parts, goal: _state_name(parts, goal) + ("NoItems", "OneItem", "SeveralItems")[goal.index or 0],
    "loop": lambda parts, goal: _state_name(parts, goal) + ("TwoTurns" if goal.index else "AtOnce"),
}


def _name_of_goal(parts: MachineParts, goal: Goal) -> str:
    return _NAMERS[goal.kind](parts, goal)
