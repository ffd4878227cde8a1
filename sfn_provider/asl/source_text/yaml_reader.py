"""Reads YAML text into a JSON value with positions, by YAML 1.2's core schema.

``yes``, ``on`` and dates stay strings, as in JSON; a repeated field is an error. PyYAML parses; the values are
built here because its loaders follow YAML 1.1.

Source: https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sfn_provider.asl.diagnostics import escape_part
from sfn_provider.asl.scope import Json
from sfn_provider.text_files import json_problem

MAX_DEPTH = 128
"""Upper limit of lists and objects in one another, that of a definition."""

MAX_NODES = 1_000_000
"""Upper limit of values in a text after its aliases are expanded."""

_UNREADABLE = "the text is neither JSON nor YAML"
_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CORE_SCHEMA: tuple[tuple[re.Pattern[str], Callable[[str], Json]], ...] = (
    (_NULL, lambda text: None),
    (_TRUE, lambda text: True),
    (_FALSE, lambda text: False),
    (_INTEGER, int),
    (_OCTAL, lambda text: int(text, 8)),
    (_HEXADECIMAL, lambda text: int(text, 16)),
    (_FLOAT, float),
)
_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = {_TAG + name for name in ("null", "bool", "int", "float")}
_KNOWN_TAGS = _PLAIN_TAGS | {None, "!", _TAG + "str", _TAG + "map", _TAG + "seq"}


class YamlProblem(Exception):
    """The text cannot be read as YAML, or YAML of it is no JSON.

    Args:
        message: what is wrong.
        line: line, counted from 1.
        column: column, counted from 1.
        location: JSON pointer, where known.
        code: the code of the diagnostic.
    """

    def __init__(
        self, message: str, line: int, column: int, location: str = "", code: str = "INVALID_JSON_DESCRIPTION"
    ) -> None:
        super().__init__(message)
        self.message, self.line, self.column, self.location, self.code = message, line, column, location, code


@dataclass(slots=True)
class _Container:
    value: dict[str, Json] | list[Json]
    location: str
    anchor: str | None
    name: str | None = None
    nodes: int = 1

    def next_location(self) -> str:
        part = str(len(self.value)) if isinstance(self.value, list) else escape_part(str(self.name))
        return f"{self.location}/{part}"


@dataclass(slots=True)
class _Builder:
    """Builds the value from the parser's events without recursion."""

    stack: list[_Container] = field(default_factory=list)
    positions: dict[str, tuple[int, int]] = field(default_factory=dict)
    anchors: dict[str, tuple[Json, int]] = field(default_factory=dict)
    documents: int = 0
    value: Json = None

    def scalar(self, event: Any) -> None:
        value = _scalar_value(event)
        if self._expects_name():
            self._name(self.stack[-1], event)
            return
        self._set_position(event)
        self._add(value, 1, event)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)

    def open(self, event: Any, value: dict[str, Json] | list[Json]) -> None:
        _check_tag(event)
        if self._expects_name():
            raise _problem("a field name must be a plain value, not a list or an object", event)
        if len(self.stack) == MAX_DEPTH:
            raise _problem(f"the definition nests deeper than {MAX_DEPTH} levels", event, code="TOO_DEEPLY_NESTED")
        self.stack.append(_Container(value, self._set_position(event), event.anchor))

    def close(self, event: Any) -> None:
        done = self.stack.pop()
        if done.anchor:
            self.anchors[done.anchor] = (done.value, done.nodes)
        self._add(done.value, done.nodes, event)

    def alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            raise _problem(f"the alias *{event.anchor} has no finished anchor before it", event)
        value, nodes = self.anchors[event.anchor]
        if self._expects_name():
            raise _problem("a field name cannot be an alias", event)
        self._set_position(event)
        self._add(value, nodes, event)

    def document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            raise _problem("the text holds more than one document", event)

    def _expects_name(self) -> bool:
        """Is the next event the name of a field?"""
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and self.stack[-1].name is None

    def _name(self, container: _Container, event: Any) -> None:
        name = event.value
        container.name = name
        if name in container.value:
            code = "DUPLICATE_STATE_NAME" if container.location.endswith("/States") else "INVALID_JSON_DESCRIPTION"
            raise _problem(f"the field {name!r} stands twice; remove one", event, container.next_location(), code)
        self.positions[container.next_location()] = _position_of(event)

    def _set_position(self, event: Any) -> str:
        location = self.stack[-1].next_location() if self.stack else ""
        self.positions.setdefault(location, _position_of(event))
        return location

    def _add(self, value: Json, nodes: int, event: Any) -> None:
        if not self.stack:
            self.value = value
            return
        container = self.stack[-1]
        container.nodes += nodes
        if container.nodes > MAX_NODES:
            raise _problem(f"the aliases stand for more than {MAX_NODES:,} values", event)
        if isinstance(container.value, list):
            container.value.append(value)
        else:
            container.value[str(container.name)] = value
            container.name = None


_HANDLERS: dict[str, Callable[[_Builder, Any], None]] = {
    "StreamStartEvent": lambda builder, event: None,
    "StreamEndEvent": lambda builder, event: None,
    "DocumentStartEvent": _Builder.document,
    "DocumentEndEvent": lambda builder, event: None,
    "MappingStartEvent": lambda builder, event: builder.open(event, {}),
    "SequenceStartEvent": lambda builder, event: builder.open(event, []),
    "MappingEndEvent": _Builder.close,
    "SequenceEndEvent": _Builder.close,
    "ScalarEvent": _Builder.scalar,
    "AliasEvent": _Builder.alias,
}


def read_yaml(text: str) -> tuple[Json, dict[str, tuple[int, int]]]:
    """Read YAML text.

    Args:
        text: one YAML document.

    Returns:
        The JSON value, and ``{JSON pointer: (line, column)}`` counted from 1.

    Raises:
        YamlProblem: where the text is no YAML, or YAML of it has no JSON form.
    """
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=loader):
            _HANDLERS[type(event).__name__](builder, event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise YamlProblem(f"{_UNREADABLE}: {error.problem or 'not readable'}", line, column) from None
    except UnicodeEncodeError:
        raise YamlProblem(f"{_UNREADABLE}: it has a half of a surrogate pair", 1, 1) from None
    except yaml.YAMLError as error:  # a character that YAML does not allow
        raise YamlProblem(f"{_UNREADABLE}: {' '.join(str(error).split())}", 1, 1) from None
    return builder.value, builder.positions


def _scalar_value(event: Any) -> Json:
    _check_tag(event)
    quoted = event.style in ("'", '"', "|", ">")
    if event.tag in (_TAG + "str", "!") or (quoted and event.tag not in _PLAIN_TAGS):
        return event.value
    for pattern, build in _CORE_SCHEMA:
        if pattern.fullmatch(event.value):
            try:
                return build(event.value)
            except ValueError as error:
                raise _problem(json_problem(error), event) from None
    if event.tag in _PLAIN_TAGS:
        raise _problem(f"{event.value!r} is no {event.tag.removeprefix(_TAG)}", event)
    return event.value


def _check_tag(event: Any) -> None:
    if event.tag not in _KNOWN_TAGS:
        tag = event.tag.replace(_TAG, "!!")
        raise _problem(f"the tag {tag} means nothing in a definition; write the value itself", event)


def _position_of(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _problem(message: str, event: Any, location: str = "", code: str = "INVALID_JSON_DESCRIPTION") -> YamlProblem:
    return YamlProblem(message, *_position_of(event), location, code)
