"""Finds arguments that branches build too differently for one template: a task merges them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sfn_provider.translate.native.data_flow.values import (
    Absent,
    Call,
    Member,
    OneOf,
    Source,
    Value,
    walk,
)
from sfn_provider.translate.native.expressions.writer import common_error
from sfn_provider.translate.native.model import NotNative
from sfn_provider.translate.native.operator_table import JsonText, TextOf
from sfn_provider.translate.native.states.forms import OperatorForm, from_tree, leaves
from sfn_provider.translate.plan import naming

_MOST_WAYS = 2
"""How many values a template chooses among."""

_LONGEST = 130
"""Characters of a template that chooses: about one line."""


@dataclass(frozen=True, slots=True)
class Merge:
    """What a task merges for an operator.

    Args:
        key: the key of the task in the graph.
        values: what it returns: the only value, or an object of them.
        form: the form of the operator, which takes these values from the task; None for states that stay exact.
    """

    key: str
    values: Mapping[str, Value]
    form: OperatorForm | None = None


def find_merge(name: str, form: OperatorForm, write: Callable[[Value], str]) -> Merge | None:
    """Return what a task merges for an operator; None where templates say it well.

    Args:
        name: the state.
        form: its form.
        write: returns the template of a value; raises `NotNative` where there is none.

    Raises:
        NotNative: several arguments would have to be outputs of one task.
    """
    found: dict[str, Value] = {argument: from_tree(form.arguments[argument]) for argument in form.computed}
    for argument, tree in form.arguments.items():
        if argument in form.computed:
            continue
        for value in [part for leaf in _values(tree) for part in _merged_parts(leaf)]:
            if _is_long(value, write):
                found[naming.free_name(argument, found)] = value
    if not found:
        return None
    if form.computed and len(found) > 1:
        raise NotNative(f"{form.row.class_name} would be given {form.computed[0]} as text")
    key = f"{name}\0{next(iter(found)) if len(found) == 1 else 'arguments'}"
    source = Source("result", key)
    places: list[tuple[Value, Value]] = [
        (value, source if len(found) == 1 else Member(source, member)) for member, value in found.items()
    ]
    arguments = {argument: _replaced(tree, places) for argument, tree in form.arguments.items()}
    arguments |= dict.fromkeys(form.computed, source)
    return Merge(key, found, replace(form, arguments=arguments))


def find_input_merge(name: str, document: Value, write: Callable[[Value], str]) -> Merge | None:
    """Return what a task makes of the input of states that stay exact; None where a template says it well.

    Args:
        name: the first of the states.
        document: their input.
        write: returns the template of a value; raises `NotNative` where there is none.
    """
    has_template = True
    try:
        write(document)
    except NotNative:
        has_template = False
    if has_template and not _is_long(document, write):
        return None
    return Merge(f"{name}\0input", {"input": document})


def _is_long(value: Value, write: Callable[[Value], str]) -> bool:
    choices = [part for part in walk(value) if isinstance(part, OneOf) and common_error(part) is None]
    if not choices:
        return False
    ways = [[entry for _, entry in part.alternatives if not isinstance(entry, Absent)] for part in choices]
    if len(choices) > 1 or max(map(len, ways)) > _MOST_WAYS:
        return True
    try:
        return len(write(value)) > _LONGEST
    except NotNative:
        return True


def _merged_parts(value: Value) -> Iterator[Value]:
    """Iterate over what a task may merge: of a call its arguments."""
    if isinstance(value, Call):
        for part in value.arguments:
            yield from _merged_parts(part)
    else:
        yield value


def _values(tree: Any) -> Iterator[Value]:
    for leaf in leaves(tree):
        if isinstance(leaf, JsonText | TextOf):
            yield from_tree(leaf.value)
        elif isinstance(leaf, Value):
            yield leaf


def _replaced(tree: Any, places: list[tuple[Value, Value]]) -> Any:
    if isinstance(tree, dict):
        return {name: _replaced(entry, places) for name, entry in tree.items()}
    if isinstance(tree, list):
        return [_replaced(entry, places) for entry in tree]
    if isinstance(tree, JsonText | TextOf):
        return replace(tree, value=_replaced(from_tree(tree.value), places))
    place = next((place for known, place in places if known == tree), tree)
    if isinstance(place, Call):
        return replace(place, arguments=tuple(_replaced(part, places) for part in place.arguments))
    return place
