"""Makes lists and texts for conditions that count entries, add up members, or measure a length."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.compare.machine_analysis.data_read_types import EACH, DataRead, Key, ValueKind

MAX_ENTRIES: Final = 50
"""The longest list that is made; a condition that asks for more is not reached."""

MAX_CHARACTERS: Final = 2_000

_MAX_SAMPLES: Final = 100
"""How many different entries are tried."""

Steps = tuple[Key, ...]

_KIND_TYPES: Final[dict[ValueKind, tuple[type, ...]]] = {
    "number": (int, float),
    "text": (str,),
    "boolean": (bool,),
    "list": (list,),
    "object": (dict,),
}


def fits_kind(value: Json, kind: ValueKind) -> bool:
    """Return whether a value is of a kind; a missing one and, where the kind is not known, any value is."""
    types = _KIND_TYPES.get(kind)
    return (
        types is None or value is MISSING or (isinstance(value, types) and isinstance(value, bool) == (bool in types))
    )


def lengths_of(values: Iterable[Json], most: int = MAX_ENTRIES) -> list[int]:
    """Return the numbers among some values that may be lengths, and one, two and none.

    Args:
        values: what a condition compares with, and what is beside it.
        most: the longest length.
    """
    found = [value for value in values if type(value) is int and 0 <= value <= most]
    return list(dict.fromkeys([*found, 1, 2, 0]))


def make_texts(values: Sequence[Json]) -> list[Json]:
    """Return texts of the lengths that a condition may compare with."""
    return ["x" * length for length in lengths_of(values, MAX_CHARACTERS)]


def make_lists(reads: Iterable[DataRead], steps: Steps, values: Sequence[Json]) -> list[Json]:
    """Return lists to try for a list that a condition reads.

    Args:
        reads: what the condition reads, of the same root.
        steps: the steps to the list.
        values: what the condition compares with, and what is beside it.
    """
    size = len(steps) + 1
    members = {read.steps[size:]: read.kind for read in reads if read.steps[:size] == (*steps, EACH)}
    plain = [value for value in values if value is not MISSING and not isinstance(value, list | dict)]
    lengths = lengths_of(values)
    return [[entry] * length for entry in _entries(members, plain) for length in lengths]


def _entries(members: Mapping[Steps, ValueKind], values: Sequence[Json]) -> list[Json]:
    """Return an entry for each combination of values for its members; the values themselves where it has none."""
    named = {member: kind for member, kind in members.items() if member and EACH not in member}
    if not named:
        kind = members.get((), "any")
        return [*(value for value in values[:_MAX_SAMPLES] if fits_kind(value, kind)), {}]
    choices = [[value for value in values if fits_kind(value, kind)] for kind in named.values()]
    combinations = itertools.islice(itertools.product(*choices), _MAX_SAMPLES)
    return [_with_members(dict(zip(named, chosen, strict=True))) for chosen in combinations]


def _with_members(values: Mapping[Steps, Json]) -> Json:
    made: dict[str, Json] = {}
    for steps, value in values.items():
        holder = made
        for step in steps[:-1]:
            inner = holder.setdefault(str(step), {})
            holder = inner if isinstance(inner, dict) else {}
        holder[str(steps[-1])] = value
    return made
