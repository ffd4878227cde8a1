"""Computes shapes of JSON values before execution: the members that a value can have.

A shape lists what may exist, never what must: a path that a shape does not allow cannot exist on any route.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from sfn_provider.asl.json_values.json_checks import kind_of
from sfn_provider.asl.jsonpath.syntax import parse_path
from sfn_provider.asl.scope import Json

MAX_LEVELS = 6
MAX_MEMBERS = 200

MAX_SIZE = 10_000
"""Members of a shape at all levels. One member can be in many places of a shape, so that a few states that copy their
input double it again and again."""


@dataclass(frozen=True, slots=True)
class DataShape:
    """What a value can be.

    Args:
        members: the shapes of members that may be there.
        closed: True where there can be no other members.
        kind: ``an object`` and so on, where it is known.

    Attributes:
        depth: the levels of members, and one.
        size: the members at all levels, and one.
    """

    members: Mapping[str, DataShape] = field(default_factory=dict)
    closed: bool = False
    kind: str = ""
    depth: int = field(init=False, repr=False, compare=False)
    size: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        inner = self.members.values()
        object.__setattr__(self, "depth", 1 + max((shape.depth for shape in inner), default=0))
        object.__setattr__(self, "size", 1 + sum(shape.size for shape in inner))


UNKNOWN = DataShape()
EMPTY = DataShape({}, True, "an object")
_TEXT = DataShape({}, True, "a string")
ERROR_OUTPUT = DataShape({"Error": _TEXT, "Cause": _TEXT}, True, "an object")
"""What a catcher sees: Cause is always text, even where the text is JSON."""


@dataclass(frozen=True, slots=True)
class MissingMember:
    """A path that names a member which cannot exist.

    Args:
        member: the first member that cannot be there.
        parent: the shape of the value that does not have it.
    """

    member: str
    parent: DataShape


def shape_of_value(value: Json, level: int = 0) -> DataShape:
    """Return the shape of a known value."""
    if level >= MAX_LEVELS or isinstance(value, list):
        return UNKNOWN
    if not isinstance(value, dict):
        return DataShape({}, True, kind_of(value))
    if len(value) > MAX_MEMBERS:
        return UNKNOWN
    return DataShape({key: shape_of_value(item, level + 1) for key, item in value.items()}, True, "an object")


@dataclass(slots=True)
class Work:
    """Counts the members that are merged and copied."""

    members: int = 0


def union_of_shapes(first: DataShape, second: DataShape, work: Work, level: int = 0) -> DataShape:
    """Return the shape of a value that is either of two, and add the members that this takes to ``work``."""
    if first is second or first == second:
        return first
    if UNKNOWN in (first, second) or level >= MAX_LEVELS:
        return UNKNOWN
    members: dict[str, DataShape] = {}
    work.members += len(first.members) + len(second.members)
    for name in dict.fromkeys((*first.members, *second.members)):
        sides = [shape.members.get(name, None if shape.closed else UNKNOWN) for shape in (first, second)]
        known = [side for side in sides if side is not None]
        members[name] = union_of_shapes(known[0], known[-1], work, level + 1)
    if len(members) > MAX_MEMBERS:
        return UNKNOWN
    kind = first.kind if first.kind == second.kind else ""
    return _limit_size(DataShape(members, first.closed and second.closed, kind))


def write_member(shape: DataShape, names: Sequence[str], value: DataShape, level: int = 0) -> DataShape:
    """Return the shape of a value after another is written into it, as ResultPath does."""
    if not names:
        return _limit_depth(value)
    if level >= MAX_LEVELS:
        return UNKNOWN
    inner = shape.members.get(names[0], EMPTY if shape.closed else UNKNOWN)
    members = {**shape.members, names[0]: write_member(inner, names[1:], value, level + 1)}
    return _limit_size(DataShape(members, shape.closed, "an object"))


def follow_members(shape: DataShape, names: Sequence[str]) -> DataShape | MissingMember:
    """Follow members through a shape."""
    for name in names:
        if name in shape.members:
            shape = shape.members[name]
        elif shape.closed:
            return MissingMember(name, shape)
        else:
            return UNKNOWN
    return shape


@dataclass(frozen=True, slots=True)
class MemberPath:
    """A path into the input that names one value.

    Args:
        names: the members it names, up to the first index.
        complete: False where an index follows.
    """

    names: tuple[str, ...]
    complete: bool


@lru_cache(4096)
def parse_member_path(path: str) -> MemberPath | None:
    """Read a path.

    Returns:
        None for paths that may name several values (they give an empty list where nothing is), that read the context
        object or a variable, or that are no paths.
    """
    try:
        parsed = parse_path(path)
    except ValueError:
        return None
    if parsed.root != "input" or not all(isinstance(selector, (str, int)) for selector in parsed.selectors):
        return None
    names: list[str] = []
    for selector in parsed.selectors:
        if not isinstance(selector, str):
            return MemberPath(tuple(names), False)
        names.append(selector)
    return MemberPath(tuple(names), True)


def shape_at_path(shape: DataShape, path: Json) -> DataShape:
    """Return the shape of what a path reads; unknown where that cannot be determined."""
    parsed = parse_member_path(path) if isinstance(path, str) else None
    if parsed is None or not parsed.complete:
        return UNKNOWN
    found = follow_members(shape, parsed.names)
    return UNKNOWN if isinstance(found, MissingMember) else found


def shape_of_template(template: Json, shape: DataShape, level: int = 0) -> DataShape:
    """Return the shape of a payload template filled from a value."""
    if not isinstance(template, dict) or level >= MAX_LEVELS or len(template) > MAX_MEMBERS:
        return shape_of_value(template, level)
    members: dict[str, DataShape] = {}
    for name, item in template.items():
        if name.endswith(".$"):
            members[name.removesuffix(".$")] = _limit_depth(shape_at_path(shape, item))
        else:
            members[name] = shape_of_template(item, shape, level + 1)
    return _limit_size(DataShape(members, True, "an object"))


def _limit_depth(shape: DataShape) -> DataShape:
    """Replace a deep shape by an unknown one, so that shapes in loops cannot grow without end."""
    return shape if shape.depth < MAX_LEVELS else UNKNOWN


def _limit_size(shape: DataShape) -> DataShape:
    return shape if shape.size <= MAX_SIZE else UNKNOWN


def shape_of_jsonata_template(template: Json, level: int = 0) -> DataShape:
    """Return the shape of a JSONata payload: the values of its expressions are unknown."""
    if isinstance(template, str) and "{%" in template:
        return UNKNOWN
    if not isinstance(template, dict) or level >= MAX_LEVELS or len(template) > MAX_MEMBERS:
        return shape_of_value(template, level)
    return DataShape(
        {name: shape_of_jsonata_template(item, level + 1) for name, item in template.items()}, True, "an object"
    )
