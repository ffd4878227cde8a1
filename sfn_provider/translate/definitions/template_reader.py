"""CloudFormation templates as text: JSON, or YAML with the short tags ``!Ref``, ``!GetAtt``, ``!Sub`` and so on.

CloudFormation reads YAML 1.1 but for dates.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from sfn_provider.asl.diagnostics import pointer
from sfn_provider.asl.json_positions import scan_positions
from sfn_provider.exceptions import UsageError

Json = Any

MAX_NODES = 1_000_000
"""Values that a template may stand for once its aliases are written out."""

_BARE_TAGS = {"!Ref": "Ref", "!Condition": "Condition"}
_TOP_LEVEL = re.compile(r"""^\s*["']?Resources["']?\s*:""", re.MULTILINE)


@dataclass(slots=True)
class Template:
    """A template as read.

    Args:
        value: the template; short tags are written as ``Fn::`` functions.
        positions: line and column, counted from 1, by JSON pointer.
        blocks: JSON pointers of texts that stand in a block of lines of their own (``|``), with the first such line.
    """

    value: Json
    positions: dict[str, tuple[int, int]] = field(default_factory=dict)
    blocks: dict[str, int] = field(default_factory=dict)


def may_be_template(text: str) -> bool:
    """Could this be a template? `read_template` can tell."""
    return _TOP_LEVEL.search(text) is not None or ('"Resources"' in text and '::StateMachine"' in text)


def is_template(value: Json) -> bool:
    """Is this a template rather than a definition?"""
    return isinstance(value, dict) and isinstance(value.get("Resources"), dict) and "States" not in value


def read_template(text: str, file: str) -> Template:
    """Read a template.

    Raises:
        UsageError: where it is neither JSON nor YAML.
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
    positions = {}
    for location, offset in scan_positions(text)[0].items():
        start = text.rfind("\n", 0, offset) + 1
        positions[location] = (text.count("\n", 0, offset) + 1, offset - start + 1)
    return Template(value, positions)


def _read_yaml(text: str, file: str) -> Template:
    import yaml

    loader = yaml.SafeLoader(text)
    loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in loader.yaml_implicit_resolvers.items()
    }
    try:
        node = loader.get_single_node()
        builder = _Builder(loader, file)
        value = builder.build(node, "") if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise UsageError(f"{file}{place}: the template is not YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a value that is not of its tag
        raise UsageError(f"{file}: the template is not YAML: {' '.join(str(error).split())}") from None
    return Template(value, builder.positions, builder.blocks)


class _Builder:
    """Builds JSON values of YAML's nodes."""

    def __init__(self, loader: Any, file: str) -> None:
        self._loader = loader
        self._file = file
        self._count = 0
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
        if _function(node.tag) is None:
            self._loader.flatten_mapping(node)
        made: dict[str, Json] = {}
        for key, entry in node.value:
            name = str(key.value)
            here = location + pointer(name)
            if name in made and location.endswith("/States"):
                raise UsageError(f"{self._file}:{key.start_mark.line + 1}: two states are named {name!r}; rename one")
            self.positions[here] = (key.start_mark.line + 1, key.start_mark.column + 1)
            made[name] = self.build(entry, here)
        return made


def _function(tag: str) -> str | None:
    """The function that a short tag stands for."""
    if not tag.startswith("!") or tag == "!":
        return None
    return _BARE_TAGS.get(tag) or f"Fn::{tag[1:]}"
