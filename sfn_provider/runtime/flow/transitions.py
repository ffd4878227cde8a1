"""Reads the transitions of states from their fields, and checks those of a scope.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sfn_provider.reachability import reached

Json = Any
Fields = Mapping[str, Json]

_TYPES_WITH_NEXT = frozenset({"Task", "Pass", "Wait", "Parallel", "Map"})
_TYPES_THAT_END = frozenset({"Succeed", "Fail"})


class Transition(NamedTuple):
    """A field that names a state.

    Args:
        field: the field that it is in, for example ``Choices``.
        number: the index of the rule or the catcher; None for a field that is a name.
        state: the name; where the definition is wrong, any JSON value, None where the field is missing.
    """

    field: str
    number: int | None
    state: Json

    def __str__(self) -> str:
        """The field as in a definition, for example ``Choices[0].Next``."""
        return self.field if self.number is None else f"{self.field}[{self.number}].Next"

    @property
    def argument(self) -> str:
        """The field as an argument of an operator, for example ``choices[0]["Next"]``."""
        return self.field.lower() if self.number is None else f'{self.field.lower()}[{self.number}]["Next"]'


def transitions(fields: Fields) -> list[Transition]:
    """Return the states that a state may go to: Next, the rules of a Choice and its Default, the catchers.

    Args:
        fields: the state's fields as in the definition.
    """
    found = [Transition("Next", None, fields["Next"])] if "Next" in fields else []
    if "Choices" in fields:
        found += _transitions_in("Choices", fields["Choices"])
    if "Default" in fields:
        found.append(Transition("Default", None, fields["Default"]))
    if "Catch" in fields:
        found += _transitions_in("Catch", fields["Catch"])
    return found


def _transitions_in(field: str, entries: Json) -> list[Transition]:
    if not isinstance(entries, (list, tuple)):
        return []
    return [
        Transition(field, number, entry.get("Next") if isinstance(entry, dict) else None)
        for number, entry in enumerate(entries)
    ]


def may_end(fields: Fields) -> bool:
    """Return True where the execution, or the branch, may end with a state."""
    return fields.get("End") is True or fields["Type"] in _TYPES_THAT_END


def end_problem(fields: Fields, next: str = "Next", end: str = "End") -> str | None:
    """Return what is wrong with how a state goes on or ends; None where nothing is.

    Args:
        fields: the state's fields as in the definition.
        next: how the message names the field Next.
        end: how the message names the field End.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
    """
    has_next, has_end = "Next" in fields, fields.get("End") is True
    if fields["Type"] in _TYPES_WITH_NEXT:
        if has_next == has_end:
            return (
                f"it has both {next} and {end}: remove one" if has_next else f"it has neither {next} nor {end}: add one"
            )
    elif has_next or has_end:
        return f"a {fields['Type']} state takes neither {next} nor {end}: remove them"
    if fields["Type"] == "Choice" and not fields.get("Choices"):
        return "a Choice state needs at least one rule"
    return None


def unreached(first: Iterable[str], states: Mapping[str, Fields]) -> list[str]:
    """Return the states that no way leads to.

    Args:
        first: the names of the states at which the states are entered.
        states: the states by name.
    """
    edges = {
        name: [target for *_, target in transitions(fields) if isinstance(target, str)]
        for name, fields in states.items()
    }
    connected = reached(first, edges)
    return [name for name in states if name not in connected]


class ScopeProblem(NamedTuple):
    """What is wrong in the states that one task runs.

    Args:
        text: what is wrong, and where.
        unknown: the name that no state has; None for other problems.
        known: the names that it could be.
    """

    text: str
    unknown: str | None = None
    known: Iterable[str] = ()


def inner_problems(fields: Fields) -> Iterator[ScopeProblem]:
    """Yields what is wrong with the transitions of the states inside of a Parallel or Map that is one task.

    Args:
        fields: the fields of the Parallel or Map; a state of another type has no states inside.
    """
    for name in ("ItemProcessor", "Iterator"):
        if name in fields:
            yield from _scope_problems(name, fields[name])
    for number, branch in enumerate(fields.get("Branches") or ()):
        yield from _scope_problems(f"Branches[{number}]", branch)


def _scope_problems(place: str, scope: Json) -> Iterator[ScopeProblem]:
    states = scope.get("States") if isinstance(scope, dict) else None
    if not isinstance(states, dict) or not all(isinstance(state, dict) for state in states.values()):
        yield ScopeProblem(f"{place} is no object with StartAt and States")
        return
    problems = list(_target_problems(place, scope, states))
    yield from problems
    if not problems:
        for name in unreached([scope["StartAt"]], states):
            yield ScopeProblem(f"{place}: no way leads from its StartAt to state {name!r}")
    for name, state in states.items():
        for problem in inner_problems(state):
            yield problem._replace(text=f"{place}.{name}.{problem.text}")


def _target_problems(place: str, scope: Fields, states: Mapping[str, Fields]) -> Iterator[ScopeProblem]:
    named = [(place, Transition("StartAt", None, scope.get("StartAt")))]
    for name, state in states.items():
        if problem := end_problem(state) if "Type" in state else "it has no Type":
            yield ScopeProblem(f"{place}, state {name!r}: {problem}")
        named += [(f"{place}, state {name!r}", found) for found in transitions(state)]
    for where, found in named:
        if not isinstance(found.state, str):
            yield ScopeProblem(f"{where}: {found} names no state")
        elif found.state not in states:
            text = f"{where}: {found} is {found.state!r}, which is no state beside it"
            yield ScopeProblem(text, found.state, states)
