"""Indexes a definition for the lint rules: groups of states, and states with their JSON pointers.

The rules read the JSON, not the models: a state of a wrong shape must not prevent the others from being checked. So
nothing here assumes a type that it has not tested.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from sfn_provider.asl.diagnostics import pointer
from sfn_provider.asl.scope import Json

if TYPE_CHECKING:
    from sfn_provider.asl.model import ExecutionType

Fields = dict[str, Json]

Part = tuple[str, Fields]
"""An object inside a definition: its JSON pointer and its fields."""

_LISTS = ("Retry", "Catch", "Choices")
_NESTED = (("ItemReader", "ReaderConfig"), ("ResultWriter", "WriterConfig"), ("ItemBatcher", ""))


@dataclass(frozen=True, slots=True)
class PlacedState:
    """A state with its JSON pointer.

    Args:
        name: its name.
        fields: its JSON object.
        at: its JSON pointer.
        group: the group that it is in, that is, the states that it can go to.
        language: its query language: ``JSONPath`` or ``JSONata``.
        type: the value of Type, ``""`` if there is none.
        parts: the objects in it by their path from the state: ``""`` is the state, ``Retry/*`` its retriers,
            ``ItemReader/ReaderConfig`` that object; paths without an object are left out.
        rules: all rules of a Choice with their pointers, outer before inner; the flag marks the outermost.
    """

    name: str
    fields: Fields
    at: str
    group: Group
    language: str
    type: str
    parts: dict[str, list[Part]] = field(repr=False)
    rules: tuple[tuple[str, Fields, bool], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Group:
    """States that can go to one another: those of the machine, of a branch or of an item processor.

    Args:
        fields: the object that has StartAt and States.
        at: its JSON pointer, ``""`` for the machine.
        parent: the Parallel or Map state around it; None for the machine.
        kind: ``""`` for the machine, else the field that it is in: Branches, ItemProcessor or Iterator.
    """

    fields: Fields
    at: str
    parent: PlacedState | None = None
    kind: str = ""

    @property
    def names(self) -> Fields:
        """The value of States; empty if that is not an object."""
        states = self.fields.get("States")
        return states if isinstance(states, dict) else {}

    @property
    def distributed(self) -> bool:
        """Whether each item runs as a child execution."""
        config = self.fields.get("ProcessorConfig")
        return self.kind != "Branches" and isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED"

    def state_at(self, name: str) -> str:
        """Return the JSON pointer of a state in this group."""
        return self.at + pointer("States", name)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class DefinitionIndex:
    """A definition as the rules read it; equal to itself alone, so that what is found in it can be kept by it.

    Args:
        fields: the fields of the machine.
        language: its query language.
        execution_type: STANDARD or EXPRESS.
        groups: every group, outer before inner.
        states: every state that is a JSON object, outer before inner.
    """

    fields: Fields
    language: str
    execution_type: ExecutionType
    groups: tuple[Group, ...]
    states: tuple[PlacedState, ...]
    states_of: dict[str, list[PlacedState]] = field(repr=False)
    """The states of each group by the group's pointer."""
    by_type: dict[str, list[PlacedState]] = field(repr=False)

    def of_type(self, *types: str) -> Iterator[PlacedState]:
        """Iterate over the states of some types."""
        return chain.from_iterable(self.by_type.get(type_, ()) for type_ in types)


def index_definition(value: Fields, execution_type: ExecutionType = "STANDARD") -> DefinitionIndex:
    """Index a definition.

    Args:
        value: the definition's JSON object, of any shape.
        execution_type: STANDARD or EXPRESS.
    """
    machine_language = "JSONata" if value.get("QueryLanguage") == "JSONata" else "JSONPath"
    groups: list[Group] = []
    states: list[PlacedState] = []
    states_of: dict[str, list[PlacedState]] = {}
    pending = deque([Group(value, "")])
    while pending:  # no recursion: groups nest as deep as the definition does
        group = pending.popleft()
        groups.append(group)
        placed = [
            _place(name, fields, group, machine_language)
            for name, fields in group.names.items()
            if isinstance(fields, dict)
        ]
        states_of[group.at] = placed
        states += placed
        for state in placed:
            pending.extend(inner_groups(state))
    by_type: dict[str, list[PlacedState]] = {}
    for state in states:
        by_type.setdefault(state.type, []).append(state)
    return DefinitionIndex(value, machine_language, execution_type, tuple(groups), tuple(states), states_of, by_type)


def _place(name: str, fields: Fields, group: Group, machine_language: str) -> PlacedState:
    at, type_ = group.state_at(name), fields.get("Type")
    parts = _parts_of(at, fields)
    return PlacedState(
        name,
        fields,
        at,
        group,
        _language_of(fields, machine_language),
        type_ if isinstance(type_, str) else "",
        parts,
        tuple(_choice_rules(parts)) if type_ == "Choice" else (),
    )


def _parts_of(at: str, fields: Fields) -> dict[str, list[Part]]:
    parts = {"": [(at, fields)]}
    for name in _LISTS:
        if name in fields:
            parts[name + "/*"] = [(at + pointer(name, index), item) for index, item in objects(fields, name)]
    for outer, inner in _NESTED:
        part = fields.get(outer)
        if isinstance(part, dict):
            parts[outer] = [(f"{at}/{outer}", part)]
            config = part.get(inner)
            if isinstance(config, dict):
                parts[f"{outer}/{inner}"] = [(f"{at}/{outer}/{inner}", config)]
    return parts


def _language_of(fields: Fields, machine_language: str) -> str:
    # ASL: a state inside a Map or Parallel has the machine's language by default, not that of the Map or Parallel.
    language = fields.get("QueryLanguage")
    return language if language in ("JSONPath", "JSONata") else machine_language


def inner_groups(state: PlacedState) -> Iterator[Group]:
    """Iterate over the groups inside a Parallel or Map state."""
    for index, branch in objects(state.fields, "Branches"):
        yield Group(branch, state.at + pointer("Branches", index), state, "Branches")
    for name in ("ItemProcessor", "Iterator"):
        processor = state.fields.get(name)
        if isinstance(processor, dict):
            yield Group(processor, state.at + pointer(name), state, name)


def objects(fields: Fields, name: str) -> Iterator[tuple[int, Fields]]:
    """Iterate over the objects in a list field with their index; nothing if the field is not a list."""
    items = fields.get(name)
    if isinstance(items, list):
        yield from ((index, item) for index, item in enumerate(items) if isinstance(item, dict))


def catchers(state: PlacedState) -> list[Part]:
    """Return a state's catchers with their pointers."""
    return state.parts.get("Catch/*", [])


def _choice_rules(parts: dict[str, list[Part]]) -> Iterator[tuple[str, Fields, bool]]:
    for at, rule in parts.get("Choices/*", ()):
        yield from ((place, part, part is rule) for place, part in rule_tree(at, rule))


def rule_tree(at: str, rule: Fields) -> Iterator[tuple[str, Fields]]:
    """Iterate over a rule and the rules inside it with their pointers."""
    stack = [(at, rule)]
    while stack:
        place, part = stack.pop()
        yield place, part
        inner = [(place + pointer(name, index), item) for name in ("And", "Or") for index, item in objects(part, name)]
        negated = part.get("Not")
        if isinstance(negated, dict):
            inner.append((place + pointer("Not"), negated))
        stack += reversed(inner)


def is_placeholder(value: Json) -> bool:
    """Whether a value is text with a ``${Name}`` that a deployment tool replaces."""
    return isinstance(value, str) and "${" in value
