"""Reads CloudFormation templates: JSON, or YAML with short tags such as ``!Ref`` and ``!Sub``.

CloudFormation reads YAML 1.1 without its dates.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sfn_provider.asl.diagnostics import pointer
from sfn_provider.asl.source_text.json_positions import LineIndex, scan_positions
from sfn_provider.exceptions import UsageError
from sfn_provider.text_files import json_problem

Json = Any

_MAX_DEPTH = 200

MAX_NODES = 200_000
"""Upper limit of values in a template after its aliases are expanded."""

_BARE_TAGS = {"!Ref": "Ref", "!Condition": "Condition"}
_MERGE = "tag:yaml.org,2002:merge"
_TOP_LEVEL = re.compile(r"""^[ \t]*["']?Resources["']?[ \t]*:""", re.MULTILINE)


@dataclass(slots=True)
class Template:
    """A template that was read.

    Args:
        value: the template; short tags are replaced by ``Fn::`` functions.
        positions: line and column, counted from 1, by JSON pointer.
        blocks: the first line of each block scalar (``|``) by JSON pointer.
    """

    value: Json
    positions: dict[str, tuple[int, int]] = field(default_factory=dict)
    blocks: dict[str, int] = field(default_factory=dict)


def may_be_template(text: str) -> bool:
    """Whether a text looks like a template; `is_template` checks the value."""
    return _TOP_LEVEL.search(text) is not None or ('"Resources"' in text and '::StateMachine"' in text)


def is_template(value: Json) -> bool:
    """Whether a value is a template, not a definition."""
    return isinstance(value, dict) and isinstance(value.get("Resources"), dict) and "States" not in value


def read_template(text: str, file: str) -> Template:
    """Read a template.

    Raises:
        UsageError: it is neither JSON nor YAML.
    """
    try:
        return _read_json(text, file) if text.lstrip("\ufeff \t\r\n").startswith("{") else _read_yaml(text, file)
    except RecursionError:
        raise UsageError(f"{file}: the template nests too deep") from None


def _read_json(text: str, file: str) -> Template:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"{file}:{error.lineno}:{error.colno}: the template is not JSON: {error.msg}") from None
    except ValueError as error:
        raise UsageError(f"{file}: {json_problem(error)}") from error
    lines = LineIndex(text)
    offsets, _ = scan_positions(text)
    return Template(value, {location: lines.position(offset) for location, offset in offsets.items()})


def _read_yaml(text: str, file: str) -> Template:
    import yaml

    # libyaml's parser is YAML 1.2 where it matters: in {rate: cron(0 3 * * ? *)} Python's takes ? for a new key.
    make_loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader = make_loader(text)
    loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in loader.yaml_implicit_resolvers.items()
    }
    try:
        _refuse_depth(yaml.parse(text, Loader=make_loader), file)
        node = loader.get_single_node()
        builder = _Builder(loader, file)
        value = builder.build(node, "") if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise UsageError(f"{file}{position}: the template is not YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: the value does not fit its tag
        raise UsageError(f"{file}: the template is not YAML: {' '.join(str(error).split())}") from None
    return Template(value, builder.positions, builder.blocks)


def _refuse_depth(events: Iterator[Any], file: str) -> None:
    """Refuse what nests too deep before libyaml composes it, whose stack overflows without an exception."""
    depth = 0
    for event in events:
        kind = type(event).__name__
        depth += kind.endswith("StartEvent") - kind.endswith("EndEvent")
        if depth > _MAX_DEPTH:
            raise UsageError(f"{file}:{event.start_mark.line + 1}: the template nests deeper than {_MAX_DEPTH} levels")


class _Builder:
    """Builds a JSON value from the nodes of YAML."""

    def __init__(self, loader: Any, file: str) -> None:
        self._loader = loader
        self._file = file
        self._count = 0
        self._merges: dict[int, list[tuple[Any, Any]]] = {}
        self.positions: dict[str, tuple[int, int]] = {}
        self.blocks: dict[str, int] = {}

    def build(self, node: Any, location: str) -> Json:
        self._count += 1
        if self._count > MAX_NODES:
            raise UsageError(f"{self._file}: the aliases of the template stand for more than {MAX_NODES:,} values")
        self.positions.setdefault(location, (node.start_mark.line + 1, node.start_mark.column + 1))
        name = _function(node.tag)
        if name is None:
            return self._plain(node, location)
        value = self._plain(node, location + pointer(name))
        if name == "Fn::GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {name: value}

    def _plain(self, node: Any, location: str) -> Json:
        import yaml

        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, location)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(entry, f"{location}/{number}") for number, entry in enumerate(node.value)]
        if node.style == "|":
            self.blocks[location] = node.start_mark.line + 2
        if _function(node.tag) is not None:
            return node.value
        return self._loader.construct_object(node)

    def _mapping(self, node: Any, location: str) -> dict[str, Json]:
        fields: dict[str, Json] = {}
        for key, entry in self._merged(node) if _function(node.tag) is None else node.value:
            name = str(key.value)
            inner = location + pointer(name)
            if name in fields and location.endswith("/States"):
                raise UsageError(f"{self._file}:{key.start_mark.line + 1}: two states are named {name!r}; rename one")
            self.positions[inner] = (key.start_mark.line + 1, key.start_mark.column + 1)
            fields[name] = self.build(entry, inner)
        return fields

    def _merged(self, node: Any) -> list[tuple[Any, Any]]:
        """Return the fields of a mapping with those that ``<<`` merges into it, each once.

        Source: https://yaml.org/type/merge.html; PyYAML's own copies the fields of all that is merged, time and again.
        """
        import yaml

        if id(node) in self._merges:
            return self._merges[id(node)]
        self._merges[id(node)] = []  # of a mapping that merges itself
        own = [pair for pair in node.value if pair[0].tag != _MERGE]
        fields: dict[str, tuple[Any, Any]] = {}
        for value in [value for key, value in node.value if key.tag == _MERGE]:
            sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
            for source in reversed(sources):
                if not isinstance(source, yaml.MappingNode):
                    line = source.start_mark.line + 1
                    raise UsageError(f"{self._file}:{line}: << takes a mapping, or a list of mappings")
                fields |= {str(key.value): (key, entry) for key, entry in self._merged(source)}
        names = {str(key.value) for key, _ in own}
        merged = [*(pair for name, pair in fields.items() if name not in names), *own]
        self._merges[id(node)] = merged
        return merged


def _function(tag: str) -> str | None:
    """Return the function of a short tag."""
    if not tag.startswith("!") or tag == "!":
        return None
    return _BARE_TAGS.get(tag) or f"Fn::{tag[1:]}"
