"""Adds the members to inputs and results that states read, each of the kind that is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from sfn_provider.asl.json_values.json_checks import is_number
from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.compare.cases.data.item_objects import ItemObjects, RowSlot
from sfn_provider.compare.cases.data.sample_values import sample_value
from sfn_provider.compare.cases.data.task_results import sample_of_shape
from sfn_provider.compare.cases.data.traced_values import (
    AnySlot,
    JsonTextSlot,
    Slot,
    TracedList,
    TracedObject,
    find_in_json,
    get_member,
    member_shape,
    put_member,
    traced,
    undetermined,
)
from sfn_provider.compare.machine_analysis.data_read_types import EACH, Key, ValueKind
from sfn_provider.engine.dataflow.choice_rules import is_timestamp
from sfn_provider.engine.state_test.result_checks import ResultShape

ValueSlot = AnySlot | RowSlot


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
    "json list": lambda value: is_json_text(value) and isinstance(json.loads(value), list),
    "time": is_timestamp,
}


@dataclass(slots=True)
class DataFilling:
    """Fills what is missing.

    Args:
        absent: the paths of members that must not be there.
        items: the items that ItemReaders read.
        pinned: the identities of slots that must not change any more.
        json_texts: the slots of texts that are read as JSON.

    Attributes:
        problems: members that cannot be there, in words.
        stale: True where a value was changed that may have been read before: the execution has to be run again.
    """

    absent: frozenset[str]
    items: ItemObjects
    pinned: set[tuple[int, Key]] = field(default_factory=set)
    json_texts: list[Slot] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    stale: bool = False

    def ensure(self, holder: Json, steps: tuple[Key, ...], kind: ValueKind) -> None:
        """Make sure that there is a value of a kind behind some steps.

        Args:
            holder: what the steps start from.
            steps: members, indices, and `EACH`.
            kind: what the value must be.
        """
        needed = self.kind_for(steps[0]) if steps else kind
        if not steps or not self._fits(holder, needed):
            self._ensure_root(holder, needed)
            return
        step, rest = steps[0], steps[1:]
        if step == EACH:
            for inner in self._entries(holder):
                self.ensure(inner, rest, kind)
            return
        value = self._ensure_member(holder, step, kind if not rest else self.kind_for(rest[0]))
        if rest and value is not MISSING:
            self.ensure(value, rest, kind)

    def slot_of(self, holder: Json, key: Key) -> ValueSlot | None:
        """Return the slot of a member; None where it comes from nowhere that may be chosen."""
        if isinstance(holder, TracedObject):
            return holder.slot_of(str(key))
        if isinstance(holder, TracedList) and isinstance(key, int):
            return holder.slot_of(key)
        found: ValueSlot | None = getattr(get_member(holder, key), "slot", None)
        if found is not None:
            return found
        in_text = self._json_slot(holder, (key,))
        return in_text if in_text is not None else self._item_slot(holder, key)

    def _item_slot(self, holder: Json, key: Key) -> RowSlot | None:
        """Return the slot of a member of an item that an ItemReader has read, or of what it was copied from."""
        if type(holder) not in (dict, list):
            return None
        whole = self.items.find(holder) if holder else None
        if whole is not None:
            return RowSlot(whole.items, whole.at, (*whole.steps, key))
        value = get_member(holder, key)
        return self.items.find(value) if isinstance(value, str | int | float) else None

    def _json_slot(self, value: Json, rest: tuple[Key, ...]) -> JsonTextSlot | None:
        """Return the slot of a value, and further steps, in a JSON text that it was parsed from."""
        if type(value) not in (dict, list):
            return None
        for slot in reversed(self.json_texts):
            text = slot.read()
            steps = find_in_json(json.loads(text), value) if is_json_text(text) else None
            if steps is not None:
                return JsonTextSlot(slot, (*steps, *rest))
        return None

    @staticmethod
    def kind_for(step: Key) -> ValueKind:
        """Return what a value must be that a step goes into."""
        return "list" if isinstance(step, int) or step == EACH else "object"

    def _entries(self, holder: Json) -> list[Json]:
        if isinstance(holder, dict):
            return list(holder.values())
        if isinstance(holder, TracedList) and not holder and self._is_free(holder.slot):
            self.fill_entry(holder, 0)
        return list(holder) if isinstance(holder, list) else []

    def fill_entry(self, holder: TracedList, index: int) -> None:
        """Set an entry of a list to a value of which nothing is known, or that the service's model describes."""
        shape = member_shape(holder.shape, index)
        slot = Slot(holder, index)
        holder.fill(index, self.default("any", "item", slot, shape))

    def _is_free(self, slot: ValueSlot | None) -> bool:
        return slot is None or slot.identity not in self.pinned

    def _ensure_root(self, value: Json, kind: ValueKind) -> None:
        """Replace a value as a whole that is of another kind; it takes effect when the execution is run again."""
        slot: ValueSlot | None = getattr(value, "slot", None) or self._json_slot(value, ())
        if isinstance(slot, Slot) and kind in ("json", "json list"):
            self._add_json_text(slot)
        if kind == "object" and isinstance(value, TracedObject):
            value.undetermined = value.original.undetermined = False
        if slot is None or not self._is_free(slot) or self._fits(value, kind):
            return
        if getattr(value, "original", value) is value:
            slot.write(self.default(kind, str(slot.key) if isinstance(slot, Slot) else "item", slot, None))
            self.stale = True

    def _add_json_text(self, slot: Slot) -> None:
        if all(slot.identity != known.identity for known in self.json_texts):
            self.json_texts.append(slot)

    @staticmethod
    def _fits(value: Json, kind: ValueKind) -> bool:
        if isinstance(value, TracedObject) and value.undetermined:
            return kind in ("any", "object")
        return _FITS[kind](value)

    def _ensure_member(self, holder: Json, key: Key, kind: ValueKind) -> Json:
        value = get_member(holder, key)
        slot = self.slot_of(holder, key)
        if isinstance(slot, Slot) and kind in ("json", "json list"):
            self._add_json_text(slot)
        if value is not MISSING and self._fits(value, kind):
            if kind == "object" and isinstance(value, TracedObject):
                value.undetermined = value.original.undetermined = False
            return value
        if slot is None or not self._is_free(slot) or slot.path in self.absent:
            return value
        known = slot.read() if value is MISSING else MISSING
        if known is MISSING or not self._fits(known, kind):  # else another copy has it already
            if value is MISSING and isinstance(slot, Slot) and self._cannot_exist(slot.holder, slot.key):
                return MISSING
            shape = self._shape(slot.holder, slot.key) if isinstance(slot, Slot) else None
            slot.write(self.default(kind, str(key), slot, shape))
            known = slot.read()
            self.stale = self.stale or value is not MISSING
        put_member(holder, key, known)
        return known

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

    def default(self, kind: ValueKind, name: str, slot: ValueSlot, shape: ResultShape | None) -> Json:
        """Return a value for a slot, of the kind that is asked for, else of that in the service's model."""
        if shape is not None and shape.kind != "any" and isinstance(slot, Slot):
            made = sample_of_shape(shape, name)
            if kind == "any" or _FITS[kind](made):
                value = traced(made, slot, shape=shape)
                if isinstance(value, TracedList):
                    self.fill_entry(value, 0)
                return value
        if not isinstance(slot, Slot):
            return sample_value("text" if kind == "any" else kind, name) if kind != "list" else [{}, {}]
        if kind in ("any", "object"):
            value = undetermined(slot)
            value.undetermined = kind == "any"
            return value
        return traced(sample_value(kind, name), slot)
