"""Defines symbolic values: what is known, before a run, of a JSON value in a state machine.

A value is a tree. Its leaves are constants and sources, which exist only in a run: the execution's input, the result
of a state, the error of a failed state, the context object, the item of a Map. Equal trees mean equal values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from sfn_provider.formatting import count

Json = Any
Key = str | int
"""A step into a value: the name of a member, or the index of an item."""


class _Sized:
    """A value that knows of how many values it is made, itself and those that stand in it several times included."""

    __slots__ = ("size",)

    size: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", 1 + sum(part.size for part in parts_of(self)))  # type: ignore[arg-type, misc]


@dataclass(frozen=True, slots=True)
class Constant(_Sized):
    """A scalar that stands in the definition.

    Args:
        value: None, bool, int, float or str.
        type: the name of its type, so that ``1`` and ``true`` are not equal.
    """

    value: Json
    type: str


SourceKind = Literal[
    "input", "result", "error", "context", "entered_time", "item", "item_index", "variables", "exit", "choice"
]


@dataclass(frozen=True, slots=True)
class Source(_Sized):
    """A value that exists only in a run.

    Args:
        kind: ``input`` is the execution's input, ``result`` what a state gave, ``error`` the error output of a failed
            state, ``context`` the context object, ``entered_time`` when the execution came to a state, ``item`` and
            ``item_index`` those of a Map's iteration. Of states that stay exact ``variables`` are the variables behind
            them, and ``exit`` is that they lead to a state; ``choice`` is that a Choice does.
        state: the name of the state, of the Map for ``item`` and ``item_index``.
        target: for ``exit`` and ``choice`` the name of the state that comes next, empty for an end; for the ``error``
            that marks a way the position of its catcher, where there are several.
    """

    kind: SourceKind
    state: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Member(_Sized):
    """A member or an item of a value that exists only in a run."""

    base: Value
    key: Key


@dataclass(frozen=True, slots=True)
class Object(_Sized):
    """An object of which members are known.

    Args:
        members: the known members, in order.
        base: a value whose members the object has, too, where ``members`` does not replace them; None for no others.
    """

    members: tuple[tuple[str, Value], ...]
    base: Value | None = None


@dataclass(frozen=True, slots=True)
class Array(_Sized):
    """An array of which every item is known."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Call(_Sized):
    """The result of a function of the language.

    Args:
        name: ``States.Format`` and the like; JSONata's functions with ``$``, its operators as they are written.
        arguments: its arguments.
    """

    name: str
    arguments: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class OneOf(_Sized):
    """One of several values: ways that meet in a state build it differently.

    Args:
        alternatives: the value of each way with its mark: a result, or an error, that is there exactly where that way
            was taken; None for a way that nothing marks.
    """

    alternatives: tuple[tuple[Source | None, Value], ...]


@dataclass(frozen=True, slots=True)
class Absent(_Sized):
    """A value that is not there: whoever reads it fails.

    Args:
        why: a sentence.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Unresolved(_Sized):
    """A value that is there, but that this translation cannot say.

    Args:
        why: a sentence.
    """

    why: str


Value = Constant | Source | Member | Object | Array | Call | OneOf | Absent | Unresolved


def parts_of(value: Value) -> Iterator[Value]:
    """Iterate over the values of which a value is made."""
    if isinstance(value, Member):
        yield value.base
    elif isinstance(value, Object):
        if value.base is not None:
            yield value.base
        yield from (entry for _, entry in value.members)
    elif isinstance(value, Array):
        yield from value.items
    elif isinstance(value, Call):
        yield from value.arguments
    elif isinstance(value, OneOf):
        yield from (alternative for _, alternative in value.alternatives)


INPUT = Source("input")
NO_OBJECT = "the execution's input is no object, and a run's configuration is one"
CONTEXT = Source("context")
ERROR_FIELDS = ("Error", "Cause")
"""The members of an error output."""
EMPTY = Object(())

MAX_PARTS: Final = 4_000
"""Parts of a value, as often as they stand in it, that a DAG's text can say."""


def no_object(value: Value) -> Value:
    """Return a value that cannot be an object: the execution's input is none then, which a run's configuration is."""
    return Unresolved(NO_OBJECT) if value == INPUT else value


def constant(value: Json) -> Value:
    """Return the value of JSON that stands in a definition."""
    if isinstance(value, dict):
        return Object(tuple((name, constant(entry)) for name, entry in value.items()))
    if isinstance(value, list | tuple):
        return Array(tuple(map(constant, value)))
    return Constant(value, type(value).__name__)


def as_json(value: Value) -> Json:
    """Return the JSON of a value that is constant.

    Raises:
        ValueError: a part of it exists only in a run.
    """
    if isinstance(value, Constant):
        return value.value
    if isinstance(value, Array):
        return [as_json(item) for item in value.items]
    if isinstance(value, Object) and value.base is None:
        return {name: as_json(entry) for name, entry in value.members}
    raise ValueError(f"{value!r} is not constant")


def is_constant(value: Value) -> bool:
    """Whether a value is known before a run."""
    return all(isinstance(part, Constant | Object | Array) for part in walk(value))


def one_of(alternatives: Iterable[tuple[Source | None, Value]]) -> Value:
    """Return the value that is one of some, each with its mark; that value itself where they are equal.

    Which catcher of a Task leads there is left out where it tells nothing apart.
    """
    arrivals = list(alternatives)
    if all(value is arrivals[0][1] for _, value in arrivals):
        return arrivals[0][1]
    found = tuple(dict.fromkeys(_without_idle_choices(arrivals)))
    values: dict[Source | None, set[Value]] = {}
    for mark, value in found:
        values.setdefault(_plain_mark(mark), set()).add(value)
    found = tuple(
        dict.fromkeys(
            (mark if len(values[_plain_mark(mark)]) > 1 else _plain_mark(mark), value) for mark, value in found
        )
    )
    first = found[0][1]
    return first if all(value == first for _, value in found) else OneOf(found)


def _without_idle_choices(arrivals: list[tuple[Source | None, Value]]) -> list[tuple[Source | None, Value]]:
    """Return alternatives without the marks of Choices on those that are the last one, for which nobody asks."""
    chosen = Counter(value for mark, value in arrivals if mark is not None and mark.kind == "choice")
    unmarked = {value for mark, value in arrivals if mark is None}
    last = unmarked or ({max(chosen, key=chosen.__getitem__)} if chosen else unmarked)
    return [
        (None if mark is not None and mark.kind == "choice" and value in last else mark, value)
        for mark, value in arrivals
    ]


def _plain_mark(mark: Source | None) -> Source | None:
    """Return a mark without the catcher of a Task that it stands for."""
    return Source("error", mark.state) if mark is not None and mark.kind == "error" else mark


def loop_result(state: str) -> Source:
    """Return the document behind a loop, which is not the result of the state at which it begins."""
    return Source("result", f"{state}\0loop")


def error_output(state: str) -> Value:
    """Return the error output of a failed state."""
    source = Source("error", state)
    return Object(tuple((name, Member(source, name)) for name in ERROR_FIELDS))


def read(value: Value, keys: tuple[Key, ...]) -> Value:
    """Return what a path of members and indices reads in a value.

    Args:
        value: the value.
        keys: the steps of the path.
    """
    for position, key in enumerate(keys):
        if isinstance(value, OneOf):
            rest = keys[position:]
            return one_of((mark, read(alternative, rest)) for mark, alternative in value.alternatives)
        value = _step(value, key)
    return value


def _step(value: Value, key: Key) -> Value:
    if isinstance(value, Absent | Unresolved):
        return value
    if isinstance(value, Object):
        found = next((entry for name, entry in value.members if name == key), None)
        if found is None and value.base is not None:
            return read(value.base, (key,))
        return found or Absent(f"there is no member {key!r} in {{{', '.join(name for name, _ in value.members)}}}")
    if isinstance(value, Array):
        if isinstance(key, int) and key < len(value.items):
            return value.items[key]
        return Absent(f"an array of {count(len(value.items), 'item')} has no {key!r}")
    if isinstance(value, Constant):
        return Absent(f"{value.value!r} has no member {key!r}")
    return Member(value, key)


def write(document: Value, keys: tuple[Key, ...], value: Value) -> Value:
    """Return a document with a value written to a path, as ResultPath and JSONPath's reference paths do.

    Args:
        document: the document.
        keys: the steps of the path; none replaces the document.
        value: what is written.
    """
    if not keys:
        return value
    if isinstance(document, OneOf):
        return one_of((mark, write(alternative, keys, value)) for mark, alternative in document.alternatives)
    if isinstance(document, Absent | Unresolved):
        return document
    key, rest = keys[0], keys[1:]
    if isinstance(key, int) or isinstance(document, Constant | Array | Call):
        return Unresolved(f"a result is written to {key!r} of a value that is no object")
    members = document.members if isinstance(document, Object) else ()
    base = document.base if isinstance(document, Object) else document
    position = next((index for index, (name, _) in enumerate(members) if name == key), len(members))
    if rest:
        known = members[position][1] if position < len(members) else None
        if known is None and base is not None:
            # Whether the member is there is known only in the run, where it is made if it is missing.
            inner: Value = Object((), Member(base, key))
        else:
            inner = known or EMPTY
        value = write(inner, rest, value)
    return Object((*members[:position], (key, value), *members[position + 1 :]), base)


def walk(value: Value) -> Iterator[Value]:
    """Iterate over a value and its parts, each before those inside of it."""
    yield value
    for part in parts_of(value):
        yield from walk(part)


def always_absent(value: Value) -> Absent | None:
    """Return a part that a value lacks whichever way was taken; None where a way has all of them."""
    if isinstance(value, Absent):
        return value
    if isinstance(value, OneOf):
        missing = [always_absent(alternative) for _, alternative in value.alternatives]
        return missing[0] if all(missing) else None
    return next((absent for part in parts_of(value) if (absent := always_absent(part)) is not None), None)


def bounded(value: Value) -> Value:
    """Return a value; one that cannot be said where it has more than `MAX_PARTS` parts.

    One value can stand in many places of another, so that a few states that copy their input double it again and again.
    """
    return value if value.size <= MAX_PARTS else Unresolved(f"it is put together from more than {MAX_PARTS:,} values")


def steps_of(value: Value) -> tuple[Value, tuple[Key, ...]]:
    """Return the value from which a path starts, and its steps; no steps for what is no member."""
    keys: list[Key] = []
    while isinstance(value, Member):
        keys.append(value.key)
        value = value.base
    return value, tuple(reversed(keys))


def reads_of(value: Value) -> Iterator[tuple[Source, tuple[Key, ...]]]:
    """Iterate over the sources in a value, each with the path that is read in it."""
    start, keys = steps_of(value)
    if isinstance(start, Source):
        yield start, keys
        return
    for part in (start,) if keys else parts_of(value):
        yield from reads_of(part)


def marks_of(value: Value) -> Iterator[Source]:
    """Iterate over the results and errors that say which alternative of a value holds."""
    for part in walk(value):
        if isinstance(part, OneOf):
            yield from (mark for mark, _ in part.alternatives if mark is not None)


def reads_error(value: Value) -> bool:
    """Return whether a value reads the error of a failed state."""
    return any(isinstance(part, Source) and part.kind == "error" for part in walk(value))


_BOOLEAN = frozenset(
    {"=", "!=", "<", "<=", ">", ">=", "and", "or", "in", "$exists", "$not", "$contains", "States.ArrayContains"}
)


def is_boolean(value: Value) -> bool:
    """Return whether a value is known to be true or false, so that Python's truth is that of JSONata."""
    if isinstance(value, OneOf):
        return all(is_boolean(alternative) for _, alternative in value.alternatives)
    if isinstance(value, Call):
        return value.name in _BOOLEAN or (value.name == "?" and all(map(is_boolean, value.arguments[1:])))
    return isinstance(value, Constant) and isinstance(value.value, bool)
