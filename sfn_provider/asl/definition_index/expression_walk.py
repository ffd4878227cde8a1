"""Finds every path, intrinsic call and JSONata expression, with its pointer and what it reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

from sfn_provider.asl.comparison_operators import COMPARISONS
from sfn_provider.asl.definition_index.index import DefinitionIndex, PlacedState
from sfn_provider.asl.diagnostics import pointer
from sfn_provider.asl.json_values.json_checks import is_jsonata
from sfn_provider.asl.json_values.json_walk import walk_json
from sfn_provider.asl.jsonpath.syntax import end_of_path
from sfn_provider.asl.scope import Json

Reads = Literal["raw input", "effective input", "result", "output", "error", "unknown"]
"""What ``$`` is in a field: the state's input, that after InputPath, what ResultPath leaves, a catcher's error."""

PathKind = Literal["path", "reference", "input reference", "path or intrinsic"]


@dataclass(frozen=True, slots=True)
class PathField:
    """A field that is a path: its part of the state, what ``$`` is in it, and which paths it accepts."""

    part: str
    name: str
    reads: Reads = "effective input"
    kind: PathKind = "reference"


PATH_FIELDS = (
    PathField("", "InputPath", "raw input", "path"),
    PathField("", "OutputPath", "output", "path"),
    PathField("", "ItemsPath"),
    PathField("", "SecondsPath"),
    PathField("", "TimestampPath"),
    PathField("", "TimeoutSecondsPath"),
    PathField("", "HeartbeatSecondsPath"),
    # Measured: of a Map's paths only ItemsPath may start at the context object.
    PathField("", "MaxConcurrencyPath", kind="input reference"),
    PathField("", "ToleratedFailureCountPath", kind="input reference"),
    PathField("", "ToleratedFailurePercentagePath", kind="input reference"),
    PathField("ItemBatcher", "MaxItemsPerBatchPath", kind="input reference"),
    PathField("ItemBatcher", "MaxInputBytesPerBatchPath", kind="input reference"),
    PathField("ItemReader/ReaderConfig", "MaxItemsPath", kind="input reference"),
    PathField("", "ErrorPath", "raw input", "path or intrinsic"),
    PathField("", "CausePath", "raw input", "path or intrinsic"),
    PathField("", "ResultPath", "unknown"),
    PathField("Catch/*", "ResultPath", "unknown"),
)

_PATHS_BY_PART: dict[str, dict[str, PathField]] = {}
for _row in PATH_FIELDS:
    _PATHS_BY_PART.setdefault(_row.part, {})[_row.name] = _row

TEMPLATE_FIELDS: dict[str, dict[str, Reads]] = {
    "": {
        "Parameters": "effective input",
        "ResultSelector": "result",
        "ItemSelector": "effective input",
        "Credentials": "unknown",
        "Assign": "unknown",
    },
    "Catch/*": {"Assign": "error"},
    "Choices/*": {"Assign": "effective input"},
    "ItemReader": {"Parameters": "effective input"},
    "ItemBatcher": {"BatchInput": "effective input"},
    "ResultWriter": {"Parameters": "effective input"},
}
"""Payload templates of JSONPath states: by part of the state and field, what ``$`` is in their paths."""

JSONATA_FIELDS: dict[str, tuple[str, ...]] = {
    "": (
        *("Arguments", "Output", "Assign", "Items", "ItemSelector", "Seconds", "Timestamp", "TimeoutSeconds"),
        *("HeartbeatSeconds", "MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage"),
        *("Error", "Cause", "Credentials"),
    ),
    "Catch/*": ("Output", "Assign"),
    "Choices/*": ("Condition", "Output", "Assign"),
    "ItemReader": ("Arguments",),
    "ItemReader/ReaderConfig": ("MaxItems",),
    "ItemBatcher": ("BatchInput", "MaxItemsPerBatch", "MaxInputBytesPerBatch"),
    "ResultWriter": ("Arguments",),
}
"""Fields of JSONata states that accept expressions, by part of the state.

Measured: AWS reads no expressions in Comment, Next, Default, Resource, ErrorEquals, Retry and CSVHeaders."""

INTRINSIC = re.compile(r"States\.\w+\s*\(")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PathUse:
    """A path or intrinsic call in a definition.

    Args:
        state: the state it belongs to.
        at: its JSON pointer.
        field: the field's name as messages give it: ``InputPath``, ``Message.$``.
        value: what is written; a string in all but faulty definitions.
        reads: what ``$`` is there.
        kind: which paths the field accepts; None in a payload template, which accepts paths and calls.
    """

    state: PlacedState
    at: str
    field: str
    value: Json
    reads: Reads
    kind: PathKind | None = None

    @property
    def paths(self) -> list[str]:
        """The paths in it: itself, or the arguments of a call."""
        if not isinstance(self.value, str):
            return []
        return list(_paths_in_call(self.value)) if INTRINSIC.match(self.value) else [self.value]


def path_uses(definition: DefinitionIndex) -> Iterator[PathUse]:
    """Yield the paths and intrinsic calls of all JSONPath states."""
    for state in definition.states:
        if state.language == "JSONPath":
            yield from _path_fields(state)
            yield from _template_paths(state)


def _path_fields(state: PlacedState) -> Iterator[PathUse]:
    for part, rows in _PATHS_BY_PART.items():
        for at, fields in state.parts.get(part, ()):
            for name, row in rows.items():
                if isinstance(value := fields.get(name), str):
                    yield PathUse(state, at + pointer(name), name, value, row.reads, row.kind)
    for at, rule, _ in state.rules:
        for name, value in rule.items():
            is_path = name == "Variable" or (name in COMPARISONS and COMPARISONS[name].operand_is_path)
            if is_path and isinstance(value, str):
                # Measured by others: "Value is not a Reference Path" is what AWS says of these fields.
                yield PathUse(state, at + pointer(name), name, value, "effective input", "reference")


def _template_paths(state: PlacedState) -> Iterator[PathUse]:
    for template, at, reads in payload_templates(state):
        for place, key, value in walk_json(template, at):
            if key is not None and key.endswith(".$"):
                yield PathUse(state, place, key, value, reads)


def payload_templates(state: PlacedState) -> Iterator[tuple[Json, str, Reads]]:
    """Yield the payload templates of a JSONPath state, with their pointers and what ``$`` is in them."""
    for part, names in TEMPLATE_FIELDS.items():
        for at, fields in state.parts.get(part, ()):
            yield from ((fields[name], at + pointer(name), reads) for name, reads in names.items() if name in fields)


@dataclass(frozen=True, slots=True)
class JsonataUse:
    """A string in a field of a JSONata state that accepts expressions.

    Args:
        state: the state it belongs to.
        at: its JSON pointer.
        field: the name of the state's field.
        text: the whole string; an expression has ``{% %}`` around it.
        source: the expression without its ``{% %}``; None for other text.
        part: the part of the state: ``""``, ``Catch/*`` and so on.
    """

    state: PlacedState
    at: str
    field: str
    text: str
    source: str | None
    part: str


_jsonata_uses: WeakKeyDictionary[DefinitionIndex, tuple[JsonataUse, ...]] = WeakKeyDictionary()
"""Those of the definitions that rules are at work on: several rules read them."""


def jsonata_uses(definition: DefinitionIndex) -> tuple[JsonataUse, ...]:
    """Return all strings in fields of JSONata states that accept expressions."""
    found = _jsonata_uses.get(definition)
    if found is None:
        found = _jsonata_uses[definition] = tuple(_find_jsonata_uses(definition))
    return found


def _find_jsonata_uses(definition: DefinitionIndex) -> Iterator[JsonataUse]:
    for state in definition.states:
        if state.language != "JSONata":
            continue
        for part, names in JSONATA_FIELDS.items():
            for at, fields in state.parts.get(part, ()):
                for name in names:
                    if name in fields:
                        for place, _, text in walk_json(fields[name], at + pointer(name)):
                            if isinstance(text, str):
                                source = text[2:-2] if is_jsonata(text) else None
                                yield JsonataUse(state, place, name, text, source, part)


def _paths_in_call(text: str) -> Iterator[str]:
    """Find the paths among the arguments of a call; where the call is faulty, what looks like one."""
    position = 0
    while position < len(text):
        if quoted := _QUOTED.match(text, position):
            position = quoted.end()
        elif text[position] == "$":
            end = end_of_path(text, position)
            yield text[position:end].rstrip()
            position = end
        else:
            position += 1
