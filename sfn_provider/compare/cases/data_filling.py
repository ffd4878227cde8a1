"""Adds the members to inputs and results that states read, each of the kind that is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.compare.cases.data_reads import EACH
from sfn_provider.compare.cases.sample_values import ValueKind, sample_value
from sfn_provider.compare.cases.task_results import sample_of_shape
from sfn_provider.compare.cases.traced_values import (
    Key,
    Slot,
    TracedList,
    TracedObject,
    member_shape,
    traced,
    undetermined,
)
from sfn_provider.engine.dataflow.choice_rules import is_number, is_timestamp
from sfn_provider.engine.state_test.result_checks import ResultShape

Container = dict[str, Any] | list[Any]


def is_json_text(value: Json) -> bool:
    """Return whether a value is text that holds JSON."""
    try:
        return isinstance(value, str) and json.loads(value) is not MISSING
    except ValueError:
        return False


_FITS: dict[ValueKind, Callable[[Json], bool]] = {
    "any": lambda _value: True,
    "text": lambda value: isinstance(value, str),
    "number": is_number,
    "boolean": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "json": is_json_text,
    "time": is_timestamp,
}


def slot_of(holder: Json, key: Key) -> Slot | None:
    """Return the slot of a member; None where it comes from nowhere that may be chosen."""
    if isinstance(holder, TracedObject):
        return holder.slot_of(str(key))
    if isinstance(holder, TracedList) and isinstance(key, int):
        return holder.slot_of(key)
    found = member(holder, key)
    return getattr(found, "slot", None)


def member(holder: Json, key: Key) -> Json:
    """Return a member or entry; MISSING where there is none."""
    if isinstance(holder, dict):
        return holder.get(str(key), MISSING)
    if isinstance(holder, list) and isinstance(key, int):
        return holder[key] if 0 <= key < len(holder) else MISSING
    return MISSING


def set_member(holder: Json, key: Key, value: Json) -> None:
    """Set a member where it is read, not in its source; MISSING removes it."""
    if isinstance(holder, dict):
        if value is MISSING:
            dict.pop(holder, str(key), None)
        else:
            dict.__setitem__(holder, str(key), value)
    elif isinstance(holder, list) and isinstance(key, int) and value is not MISSING:
        while len(holder) <= key:
            holder.append({})
        holder[key] = value


@dataclass(slots=True)
class DataFilling:
    """Fills what is missing.

    Args:
        absent: the paths of members that must not be there.
        pinned: the identities of slots that must not change any more.

    Attributes:
        problems: members that cannot be there, in words.
        stale: True where a value was changed that may have been read before: the execution has to be run again.
    """

    absent: frozenset[str]
    pinned: set[tuple[int, Key]] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    stale: bool = False

    def ensure(self, holder: Json, steps: tuple[Key, ...], kind: ValueKind) -> None:
        """Make sure that there is a value of a kind behind some steps.

        Args:
            holder: what the steps start from.
            steps: members, indices, and `EACH`.
            kind: what the value must be.
        """
        if not steps:
            self._ensure_root(holder, kind)
            return
        step, rest = steps[0], steps[1:]
        if step == EACH:
            for inner in self._entries(holder):
                self.ensure(inner, rest, kind) if rest else None
            return
        asked = kind if not rest else self._kind_for(rest[0])
        value = self._ensure_member(holder, step, asked)
        if rest and value is not MISSING:
            self.ensure(value, rest, kind)

    @staticmethod
    def _kind_for(step: Key) -> ValueKind:
        return "list" if isinstance(step, int) or step == EACH else "object"

    def _entries(self, holder: Json) -> list[Json]:
        if isinstance(holder, dict):
            return list(holder.values())
        if isinstance(holder, TracedList) and not holder and self._is_free(holder.slot):
            self._fill_entry(holder, 0)
        return list(holder) if isinstance(holder, list) else []

    def _fill_entry(self, holder: TracedList, index: int) -> None:
        shape = member_shape(holder.shape, index)
        slot = Slot(holder, index)
        holder.fill(index, self.default("any", "item", slot, shape))

    def _is_free(self, slot: Slot | None) -> bool:
        return slot is None or slot.identity not in self.pinned

    def _ensure_root(self, value: Json, kind: ValueKind) -> None:
        """Replace a whole input or result that is of another kind; it takes effect when the execution is run again."""
        slot: Slot | None = getattr(value, "slot", None)
        if slot is None or not self._is_free(slot) or self._fits(value, kind):
            return
        if getattr(value, "original", value) is value:
            slot.write(self.default(kind, str(slot.key), slot, None))
            self.stale = True

    @staticmethod
    def _fits(value: Json, kind: ValueKind) -> bool:
        if isinstance(value, TracedObject) and value.undetermined:
            return kind in ("any", "object")
        return _FITS[kind](value)

    def _ensure_member(self, holder: Json, key: Key, kind: ValueKind) -> Json:
        value = member(holder, key)
        if value is not MISSING and self._fits(value, kind):
            return value
        slot = slot_of(holder, key)
        if slot is None or not self._is_free(slot) or slot.path in self.absent:
            return value
        known = member(slot.holder, slot.key) if value is MISSING else MISSING
        shape = self._shape(slot.holder, slot.key)
        if known is not MISSING and self._fits(known, kind):
            made = known  # another copy has it already
        elif value is MISSING and self._cannot_exist(slot.holder, slot.key):
            return MISSING
        else:
            made = self.default(kind, str(key), slot, shape)
            slot.write(made)
            made = member(slot.holder, slot.key)
            self.stale = self.stale or value is not MISSING
        set_member(holder, key, made)
        return made

    @staticmethod
    def _shape(holder: Json, key: Key) -> ResultShape | None:
        return member_shape(getattr(holder, "shape", None), key)

    def _cannot_exist(self, holder: Json, key: Key) -> bool:
        """Return whether the model of the service has no such member."""
        shape: ResultShape | None = getattr(holder, "shape", None)
        if shape is None or shape.kind != "structure" or isinstance(key, int) or shape.field(key) is not None:
            return False
        free: frozenset[str] = getattr(shape, "free", frozenset())
        if key in free:
            return False
        text = f"{holder.path} has no member {key!r}, says the model of the service"
        self.problems += [text] if text not in self.problems else []
        return True

    def default(self, kind: ValueKind, name: str, slot: Slot, shape: ResultShape | None) -> Json:
        """Return a value for a slot, of the kind that is asked for, else of that in the service's model."""
        if shape is not None and shape.kind != "any":
            made = sample_of_shape(shape, name)
            if kind == "any" or _FITS[kind](made):
                value = traced(made, slot, shape=shape)
                if isinstance(value, TracedList):
                    self._fill_entry(value, 0)
                return value
        if kind in ("any", "object"):
            value = undetermined(slot)
            value.undetermined = kind == "any"
            return value
        return traced(sample_value(kind, name), slot)
