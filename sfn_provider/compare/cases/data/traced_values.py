"""Holds JSON values that know which member of an input or of a task's result they come from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self

from sfn_provider.asl.scope import MISSING, Json, Scope, TracedJson
from sfn_provider.compare.cases.data.sample_values import sample_text
from sfn_provider.compare.machine_analysis.data_read_types import Key
from sfn_provider.engine.state_test.result_checks import ResultShape


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in an input, a result or an item whose value may be chosen.

    Args:
        holder: the object or list that holds it, in the input or result itself, not a copy on its way.
        key: the member's name, or the index.
    """

    holder: TracedObject | TracedList
    key: Key

    @property
    def identity(self) -> tuple[int, Key]:
        """What tells it from other slots of the same execution."""
        return id(self.holder), self.key

    @property
    def path(self) -> str:
        """Where it is, as a path: ``$.order.id``."""
        return f"{self.holder.path}[{self.key}]" if isinstance(self.key, int) else f"{self.holder.path}.{self.key}"

    @property
    def is_root(self) -> bool:
        """Whether it holds a whole input or result, which cannot be absent."""
        return self.holder.path == ""

    def read(self) -> Json:
        """Return the value; MISSING for none."""
        return get_member(self.holder, self.key)

    def write(self, value: Json) -> None:
        """Set the value; MISSING removes the member."""
        if value is not MISSING or not self.is_root:
            self.holder.fill(self.key, value)


@dataclass(frozen=True, slots=True)
class JsonTextSlot:
    """A place in JSON text that is itself the value of a slot.

    Args:
        text: the slot of the text.
        steps: the members and indices in the JSON.
    """

    text: Slot
    steps: tuple[Key, ...]

    @property
    def identity(self) -> tuple[int, Key]:
        """What tells it from other slots of the same execution."""
        return id(self.text.holder), f"{self.text.key}/{self.steps}"

    @property
    def path(self) -> str:
        """Where it is, as a path."""
        return self.text.path + "".join(f".{step}" for step in self.steps)

    @property
    def is_root(self) -> bool:
        """Whether it is the whole JSON, which cannot be absent."""
        return not self.steps

    def read(self) -> Json:
        """Return the value; MISSING for none."""
        value = json.loads(self.text.read())
        for step in self.steps:
            value = get_member(value, step)
        return value

    def write(self, value: Json) -> None:
        """Write the JSON text anew, with the value in it; MISSING removes the member."""
        document: Json = [json.loads(self.text.read())]
        holder = document
        for step in (0, *self.steps[:-1])[: len(self.steps)]:
            holder = get_member(holder, step)
        key: Key = self.steps[-1] if self.steps else 0
        if value is not MISSING or self.steps:
            put_member(holder, key, plain(value))
        self.text.write(json.dumps(document[0], ensure_ascii=False))


AnySlot = Slot | JsonTextSlot


def get_member(holder: Json, key: Key) -> Json:
    """Return a member or entry; MISSING where there is none."""
    if isinstance(holder, dict):
        return holder.get(str(key), MISSING)
    if isinstance(holder, list) and isinstance(key, int):
        return holder[key] if 0 <= key < len(holder) else MISSING
    return MISSING


def item_value(scope: Scope) -> Json:
    """Return ``$$.Map.Item.Value``; MISSING outside of a Map."""
    item = (scope.context.get("Map") or {}).get("Item") or {}
    return item.get("Value", MISSING)


def put_member(holder: Json, key: Key, value: Json) -> None:
    """Set a member or entry in this container alone, not in its source; MISSING removes a member."""
    if isinstance(holder, dict):
        if value is MISSING:
            dict.pop(holder, str(key), None)
        else:
            dict.__setitem__(holder, str(key), value)
    elif isinstance(holder, list) and isinstance(key, int) and value is not MISSING:
        while len(holder) <= key:
            holder.append({})
        holder[key] = value


class TracedText(str, TracedJson):
    """Text that knows its slot."""

    slot: Slot


class TracedInteger(int, TracedJson):
    """An integer that knows its slot."""

    slot: Slot


class TracedFloat(float, TracedJson):
    """A number with a fraction that knows its slot."""

    slot: Slot


_LEAVES: dict[type[Any], type[Any]] = {str: TracedText, int: TracedInteger, float: TracedFloat}


class TracedObject(dict[str, Any], TracedJson):
    """An object of an input or a result, or a copy of one that a state has made.

    Args:
        path: where it is in its source, for messages.
        shape: what the service's model says about it; None where nothing does.

    Attributes:
        original: the object in the source that this one is a copy of; itself where it is none.
        replaced: the members that a state has written into the copy.
        undetermined: True where nothing is known of the value but that it is read: it becomes text if nothing asks for
            its members.
        slot: where it is in its source.
    """

    def __init__(self, path: str, shape: ResultShape | None = None) -> None:
        super().__init__()
        self.path = path
        self.shape = shape
        self.original: TracedObject = self
        self.replaced: frozenset[str] = frozenset()
        self.undetermined = False
        self.slot: Slot | None = None

    __hash__ = object.__hash__  # type: ignore[assignment]

    def copy(self) -> Self:
        """Return a copy that knows what it is a copy of; JSONPath's ResultPath writes into it."""
        made = type(self)(self.path, self.shape)
        dict.update(made, self)
        made.original, made.replaced, made.slot = self.original, self.replaced, self.slot
        return made

    def __setitem__(self, key: str, value: Json) -> None:
        self.replaced |= {key}
        super().__setitem__(key, value)

    def fill(self, key: Key, value: Json) -> None:
        """Set a member in the source, and here; MISSING removes it."""
        for holder in (self.original, self):
            if value is MISSING:
                dict.pop(holder, str(key), None)
            else:
                holder.undetermined = False
                dict.__setitem__(holder, str(key), traced(value, Slot(self.original, key)))

    def slot_of(self, key: str) -> Slot | None:
        """Return the slot of a member; None where a state has written something that comes from nowhere."""
        if key in self.replaced:
            return getattr(self.get(key), "slot", None)
        return Slot(self.original, key)


class TracedList(list[Any], TracedJson):
    """A list of an input or a result."""

    def __init__(self, path: str, shape: ResultShape | None = None) -> None:
        super().__init__()
        self.path = path
        self.shape = shape
        self.slot: Slot | None = None

    __hash__ = object.__hash__  # type: ignore[assignment]

    def fill(self, key: Key, value: Json) -> None:
        """Set an entry, with those that are missing before it."""
        index = int(key)
        while not -len(self) <= index < len(self):
            self.append(undetermined(Slot(self, len(self))))
        self[index] = traced(value, Slot(self, index))

    def slot_of(self, key: int) -> Slot | None:
        """Return the slot of an entry."""
        return Slot(self, key)


def traced(value: Json, slot: Slot | None, path: str = "$", shape: ResultShape | None = None) -> Json:
    """Copy a value so that it, and what is in it, knows its slot; a traced one is returned itself."""
    if isinstance(value, TracedObject | TracedList):
        return value
    path = slot.path if slot is not None else path
    if isinstance(value, dict | list):
        made: Any = TracedObject(path, shape) if isinstance(value, dict) else TracedList(path, shape)
        made.slot = slot
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            inner = traced(item, Slot(made, key), shape=member_shape(shape, key))
            dict.__setitem__(made, key, inner) if isinstance(made, dict) else made.append(inner)
        return made
    kind = _LEAVES.get(type(value))
    if kind is None or slot is None:
        return value
    leaf = kind(value)
    leaf.slot = slot
    return leaf


def member_shape(shape: ResultShape | None, key: Key) -> ResultShape | None:
    """Return the shape of a member or an entry; None where there is none."""
    if shape is None or shape.kind == "any":
        return None
    if shape.kind == "structure":
        return shape.field(str(key))
    return shape.entry() if shape.kind in ("list", "map") else None


def undetermined(slot: Slot, shape: ResultShape | None = None) -> TracedObject:
    """Return a value of which nothing is known yet."""
    made = TracedObject(slot.path, shape)
    made.slot, made.undetermined = slot, True
    return made


def plain(value: Json, name: Key = "value") -> Json:
    """Copy a traced value to plain JSON; what is still undetermined becomes text that is named after its member."""
    if isinstance(value, TracedObject):
        source = value.original
        if source.undetermined and not source:
            return sample_text(str(name))
        return {str(key): plain(item, key) for key, item in source.items()}
    if isinstance(value, dict):
        return {key: plain(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, f"{name}-{index + 1}") for index, item in enumerate(value)]
    for base in (str, float, int):
        if isinstance(value, base) and not isinstance(value, bool):
            return base(value)
    return value


def find_in_json(document: Json, value: Json) -> tuple[Key, ...] | None:
    """Return the steps to the first part of a JSON document that equals a value; None where there is none."""
    pending: list[tuple[tuple[Key, ...], Json]] = [((), document)]
    while pending:
        steps, part = pending.pop(0)
        if type(part) is type(value) and part == value:
            return steps
        if isinstance(part, dict | list):
            inner = part.items() if isinstance(part, dict) else enumerate(part)
            pending += [((*steps, key), item) for key, item in inner]
    return None
