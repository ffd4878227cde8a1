"""Encodes request bodies as forms (``application/x-www-form-urlencoded``), for HTTP tasks.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html#url-encode-request-body
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import quote_plus

from sfn_provider.asl.scope import Json
from sfn_provider.integrations.value_shapes import json_text

Pairs = Iterator[tuple[str, str]]


def encode_form(value: Json, array_format: str) -> str:
    """Encode an object.

    Args:
        value: the object.
        array_format: how arrays are written, one of `ARRAY_FORMATS`.
    """
    return "&".join(
        f"{quote_plus(name)}={quote_plus(text)}" for name, text in _fields(value, ARRAY_FORMATS[array_format])
    )


def _fields(value: dict[str, Json], array: Callable[[str, list[Json]], Pairs]) -> Pairs:
    for name, entry in value.items():
        yield from _pairs(name, entry, array)


def _pairs(name: str, value: Json, array: Callable[[str, list[Json]], Pairs]) -> Pairs:
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _pairs(f"{name}[{key}]", entry, array)
    elif isinstance(value, list):
        yield from array(name, value)
    else:
        yield name, _text(value)


def _text(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text(value)


def _indices(name: str, entries: list[Json]) -> Pairs:
    for index, entry in enumerate(entries):
        yield from _pairs(f"{name}[{index}]", entry, _indices)


def _brackets(name: str, entries: list[Json]) -> Pairs:
    for entry in entries:
        yield from _pairs(f"{name}[]", entry, _brackets)


def _repeat(name: str, entries: list[Json]) -> Pairs:
    for entry in entries:
        yield from _pairs(name, entry, _repeat)


def _commas(name: str, entries: list[Json]) -> Pairs:
    yield name, ",".join(_text(entry) for entry in entries)


ARRAY_FORMATS: Final[dict[str, Callable[[str, list[Json]], Pairs]]] = {
    "INDICES": _indices,
    "REPEAT": _repeat,
    "COMMAS": _commas,
    "BRACKETS": _brackets,
}
"""The values of ``ArrayFormat``; the first one is the default."""
