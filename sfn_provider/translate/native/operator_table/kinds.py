"""How a parameter's value is written as an argument of an operator.

A value is a tree of dicts and lists. Whatever else is a leaf: a literal, or what stands for a value that is known only
when the DAG runs; only literals are looked into.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal[
    "value", "json", "text", "text_map", "list_of_one", "api_names", "string_attributes", "tag_map", "event_entries"
]
"""The ways of writing: see `KINDS`."""


class NotExpressible(Exception):
    """The operator cannot be used with these parameters: its text says why."""


@dataclass(frozen=True, slots=True)
class JsonText:
    """The JSON text of a value.

    Args:
        value: a tree.
    """

    value: Any


@dataclass(frozen=True, slots=True)
class TextOf:
    """A value that is only known when the DAG runs: itself where it is a text, its JSON text otherwise.

    Args:
        value: a leaf.
    """

    value: Any


def _unchanged(value: Any) -> Any:
    return value


def _text(value: Any) -> Any:
    """Write an object or array as its JSON text, as Step Functions does for fields of type string."""
    if isinstance(value, (dict, list)):
        return JsonText(value)
    return value if isinstance(value, (str, int, float)) else TextOf(value)


def _text_map(value: Any) -> Any:
    return {name: _text(entry) for name, entry in value.items()} if isinstance(value, dict) else value


def _list_of_one(value: Any) -> Any:
    return [value]


def _api_names(value: Any) -> Any:
    """Make the first letter of each field small, as services spell their fields whose Step Functions names differ."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _api_names(entry) for name, entry in value.items()}
    return [_api_names(entry) for entry in value] if isinstance(value, list) else _literal_or_leaf(value)


def _literal_or_leaf(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise NotExpressible("a part of an object is only known when the DAG runs, and its fields have other names there")


def _string_attributes(value: Any) -> Any:
    """Write message attributes as a flat dict, whose values become attributes of type String."""
    if not isinstance(value, dict):
        raise NotExpressible("the message attributes are only known when the DAG runs")
    return {name: _string_attribute(name, entry) for name, entry in value.items()}


def _string_attribute(name: str, entry: Any) -> Any:
    if not isinstance(entry, dict) or set(entry) != {"DataType", "StringValue"} or entry["DataType"] != "String":
        raise NotExpressible(f"the message attribute {name!r} is not a literal of type String")
    return entry["StringValue"]


def _tag_map(value: Any) -> Any:
    """Write tags, a list of keys and values, as a dict."""
    if not isinstance(value, list) or not all(isinstance(tag, dict) and set(tag) == {"Key", "Value"} for tag in value):
        raise NotExpressible("the tags are not a literal list of Key and Value")
    if not all(isinstance(tag["Key"], str) for tag in value):
        raise NotExpressible("the keys of the tags are only known when the DAG runs")
    return {tag["Key"]: tag["Value"] for tag in value}


def _event_entries(value: Any) -> Any:
    """Write the detail of each event as JSON text."""
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise NotExpressible("the entries are only known when the DAG runs")
    return [{name: _text(part) if name == "Detail" else part for name, part in entry.items()} for entry in value]


KINDS: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    "value": _unchanged,
    "json": JsonText,
    "text": _text,
    "text_map": _text_map,
    "list_of_one": _list_of_one,
    "api_names": _api_names,
    "string_attributes": _string_attributes,
    "tag_map": _tag_map,
    "event_entries": _event_entries,
}
"""What writes a value, by kind. Each raises `NotExpressible` where the operator cannot be used with it."""
