"""Changes single values of a case, where what a machine computes from them decides where it goes."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.compare.cases.choice_rules import ChoiceRules
from sfn_provider.compare.cases.data.case_data import CaseData
from sfn_provider.compare.cases.goals import Goal
from sfn_provider.compare.machine_analysis.data_read_types import Key

_NUMBERS = (0, 1, 2, 3, 10, 100)
_SEPARATORS = ("/", ",", "-", "_", ".")


def mutation_values(goal: Goal, rules: ChoiceRules | None) -> list[Json]:
    """Return the values to try for a goal: numbers; texts that its Choice compares with, alone and as a first part.

    Args:
        goal: a rule, a count of items, or a loop.
        rules: the rules of the goal's Choice; None where it has none.
    """
    found: list[Json] = []
    for values in rules.candidates.values() if rules is not None else ():
        for value in values:
            if isinstance(value, str):
                found += [value, *(f"{value}{separator}sample" for separator in _SEPARATORS)]
            elif isinstance(value, int | float):
                found.append(value)
    return [*found, *_NUMBERS]


def mutations(data: CaseData, values: list[Json]) -> Iterator[CaseData]:
    """Yield a case for each leaf of the input and of the results, and each value of the same type.

    Args:
        data: the case; it is not changed.
        values: the values.
    """
    for root, steps, leaf in _leaves(data):
        for value in values:
            if isinstance(value, str) == isinstance(leaf, str) and value != leaf:
                changed = data.copy()
                holder: Any = _root(changed, root)
                for step in steps[:-1]:
                    holder = holder[step]
                holder[steps[-1]] = value
                yield changed


def with_members(data: CaseData, members: Mapping[str, Json]) -> CaseData | None:
    """Return a case in which members have certain values, wherever they are; None where nothing changes.

    A member that is nowhere is added to the input.

    Args:
        data: the case; it is not changed.
        members: the values by the members' names; MISSING for a member that should not be there.
    """
    changed = data.copy()
    found: set[str] = set()
    pending: list[tuple[str, Json]] = [(".input", changed.input)]
    pending += [("", entry["Return"]) for entries in changed.answers.values() for entry in entries if "Return" in entry]
    while pending:
        path, value = pending.pop()
        if isinstance(value, dict):
            for name in members.keys() & value.keys():
                found.add(name)
                del value[name]
                if members[name] is not MISSING:
                    value[name] = copy.deepcopy(members[name])
                elif path:  # else it is added again, for a state reads it
                    changed.absent |= {f"{path}.{name}"}
            pending += [(f"{path}.{name}" if path else "", value[name]) for name in value.keys() - members.keys()]
        elif isinstance(value, list):
            pending += [("", inner) for inner in value]
    if isinstance(changed.input, dict):
        changed.input |= {name: members[name] for name in members.keys() - found if members[name] is not MISSING}
    return changed if changed != data else None


Root = tuple[str, int] | None
"""The state and the call whose result it is; None for the input."""


def _root(data: CaseData, root: Root) -> Json:
    return data.input if root is None else data.answers[root[0]][root[1]]["Return"]


def _leaves(data: CaseData) -> Iterator[tuple[Root, tuple[Key, ...], Json]]:
    roots: list[Root] = [None]
    roots += [(state, n) for state, found in data.answers.items() for n, entry in enumerate(found) if "Return" in entry]
    for root in roots:
        pending: list[tuple[tuple[Key, ...], Json]] = [((), _root(data, root))]
        while pending:
            steps, value = pending.pop(0)
            if isinstance(value, dict | list):
                inner = value.items() if isinstance(value, dict) else enumerate(value)
                pending += [((*steps, key), item) for key, item in inner]
            elif steps and isinstance(value, str | int | float) and not isinstance(value, bool):
                yield root, steps, value
