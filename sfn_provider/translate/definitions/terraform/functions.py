"""Implements Terraform's functions whose result depends on their arguments alone.

Source: https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

from sfn_provider.asl.json_values.json_walk import map_texts
from sfn_provider.translate.definitions.terraform.unknown_values import Unknown, as_text, is_unknown, join_texts, number

Json = Any

_REGEX_SECONDS = 1.0
"""Upper limit of the time of a regular expression."""

_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")
_NUMBERED = re.compile("\ue000(\\d+)\ue001")

_LARGEST_RANGE = 1024
"""Terraform's own limit."""

_LARGEST_TEXT = 4 * 1024 * 1024
"""Upper limit of the characters of a text that a function makes of smaller ones: those of the largest file."""


def _check_length(length: int) -> None:
    if length > _LARGEST_TEXT:
        raise ValueError(f"it makes a text of more than {_LARGEST_TEXT:,} characters")


def _format(template: str, *values: Json) -> str:
    """``format`` with the verbs %s, %d, %v, %q and %%."""
    found = iter(values)

    def put(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        value = next(found)
        if match[2] == "q":
            return json.dumps(as_text(value))
        text = str(int(value)) if match[2] == "d" else as_text(value)
        return text.rjust(int(match[1] or 0), "0" if (match[1] or "").startswith("0") else " ")

    if re.search(r"%(?!\d{0,3}[sdvq])", template.replace("%%", "")):
        raise ValueError("a verb of format that is not known")
    _check_length(sum(int(width) for width in re.findall(r"%(\d{1,3})[sdvq]", template)))
    text = re.sub(r"%%|%(\d{0,3})([sdvq])", put, template)
    return Unknown(text) if is_unknown(list(values)) else text


def _join(separator: str, *lists: list[Json]) -> str:
    parts = [part for entry in lists for part in entry]
    _check_length(len(separator) * len(parts))
    return join_texts([text for part in parts for text in (separator, part)][1:])


def _merge(*values: dict[str, Json] | None) -> dict[str, Json]:
    merged: dict[str, Json] = {}
    for value in values:
        merged |= value or {}
    return merged


def _lookup(values: dict[str, Json], key: str, *default: Json) -> Json:
    return values.get(key, *default) if default else values[key]


def _flatten(values: list[Json]) -> list[Json]:
    return [part for value in values for part in (_flatten(value) if isinstance(value, list) else [value])]


def _replace(text: str, old: str, new: str) -> str:
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        import regex

        groups = re.sub(r"\$\{?(\w+)\}?", r"\\g<\1>", new)
        length = 0

        def expand(match: Any) -> str:
            nonlocal length
            longest = max(len(group or "") for group in (match[0], *match.groups()))
            length += len(groups) + longest * groups.count(r"\g<")
            _check_length(length)
            return str(match.expand(groups))

        try:
            replaced = str(regex.sub(old[1:-1], expand, text, timeout=_REGEX_SECONDS))
        except regex.error as error:
            raise ValueError(f"{old[:60]} is no regular expression, or has no such group: {error}") from None
    else:
        _check_length(len(text) + text.count(old) * (len(new) - len(old)))
        replaced = text.replace(old, new)
    return Unknown(replaced) if is_unknown([text, old, new]) else replaced


def _range(*limits: Json) -> list[Json]:
    found = range(*map(int, limits))
    if len(found) > _LARGEST_RANGE:
        raise ValueError(f"range makes {len(found)} numbers, Terraform {_LARGEST_RANGE} at most")
    return list(found)


def _coalesce(*values: Json) -> Json:
    return next(value for value in values if value not in (None, ""))


def _compact(values: list[Json]) -> list[Json]:
    return [value for value in values if value not in (None, "")]


def _unique(values: list[Json]) -> list[Json]:
    found: dict[Any, Json] = {}
    for value in values:
        found.setdefault(_hashable(value), value)
    return list(found.values())


def _hashable(value: Json) -> Any:
    """Return what is equal to that of another value where both are equal, and can be a key."""
    if isinstance(value, dict):
        return frozenset((key, _hashable(entry)) for key, entry in value.items())
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _set(values: list[Json]) -> list[Json]:
    return sorted(_unique(values), key=as_text)


def _to_number(value: Json) -> Json:
    return value if isinstance(value, (int, float)) else json.loads(value)


def _to_bool(value: Json) -> bool:
    return {"true": True, "false": False, True: True, False: False}[value]


def _length(value: Json) -> int:
    return len(value)


def _yaml(text: str) -> Json:
    from sfn_provider.asl.source_text.yaml_reader import YamlProblem, read_yaml

    # Braces of placeholders mean something in YAML: they are put in when it is read.
    placeholders = _PLACEHOLDER.findall(text) if isinstance(text, Unknown) else []
    numbers = iter(range(len(placeholders)))
    plain = _PLACEHOLDER.sub(lambda _: f"\ue000{next(numbers)}\ue001", text) if placeholders else str(text)
    try:
        value = read_yaml(plain)[0]
    except YamlProblem as error:
        raise ValueError(error.message) from None
    return _put_back(value, placeholders) if placeholders else value


def _put_back(value: Json, placeholders: list[str]) -> Json:
    """Put placeholders in place of their numbers."""
    if isinstance(value, list):
        return [_put_back(entry, placeholders) for entry in value]
    if isinstance(value, dict):
        return {_put_back(key, placeholders): _put_back(entry, placeholders) for key, entry in value.items()}
    if not isinstance(value, str) or "\ue000" not in value:
        return value
    return Unknown(_NUMBERED.sub(lambda match: placeholders[int(match[1])], value))


def _encode(value: Json) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return Unknown(text) if is_unknown(value) else text


def _decode(text: str) -> Json:
    return _mark(json.loads(text)) if isinstance(text, Unknown) else json.loads(text)


def _mark(value: Json) -> Json:
    """Mark the texts with placeholders in a value as unknown."""
    return map_texts(value, lambda text: Unknown(text) if "${" in text else text)


SHALLOW: dict[str, Callable[..., Json]] = {
    "jsonencode": _encode,
    "jsondecode": _decode,
    "yamldecode": _yaml,
    "format": _format,
    "join": _join,
    "merge": _merge,
    "concat": lambda *lists: [entry for values in lists for entry in values],
    "lookup": _lookup,
    "keys": lambda values: sorted(values),
    "values": lambda values: [values[key] for key in sorted(values)],
    "length": _length,
    "element": lambda values, index: values[int(index) % len(values)],
    "flatten": _flatten,
    "zipmap": lambda keys, values: dict(zip(map(as_text, keys), values, strict=True)),
    "tolist": list,
    "tomap": dict,
    "toset": _set,
    "nonsensitive": lambda value: value,
    "one": lambda values: values[0] if values else None,
    "replace": _replace,
    "trimspace": lambda text: Unknown(text.strip()) if is_unknown(text) else text.strip(),
    "chomp": lambda text: Unknown(text.rstrip("\r\n")) if is_unknown(text) else text.rstrip("\r\n"),
    "tostring": lambda value: value if value is None or isinstance(value, str) else as_text(value),
}
"""Functions whose arguments may have parts that are not known."""

_TEXTS = {"jsonencode", "jsondecode", "yamldecode", "replace", "trimspace", "chomp", "tostring"}
"""Those whose arguments may be texts that are not known."""

DEEP: dict[str, Callable[..., Json]] = {
    "abs": abs,
    "base64encode": lambda text: base64.b64encode(text.encode()).decode(),
    "base64decode": lambda text: base64.b64decode(text).decode(),
    "ceil": lambda value: -int(-value // 1),
    "coalesce": _coalesce,
    "coalescelist": lambda *lists: next(values for values in lists if values),
    "compact": _compact,
    "contains": lambda values, value: value in values,
    "distinct": _unique,
    "endswith": lambda text, end: text.endswith(end),
    "floor": lambda value: int(value // 1),
    "lower": lambda text: text.lower(),
    "max": lambda *values: max(values),
    "min": lambda *values: min(values),
    "range": _range,
    "reverse": lambda values: values[::-1],
    "slice": lambda values, start, end: values[int(start) : int(end)],
    "sort": sorted,
    "split": lambda separator, text: text.split(separator) if text else [""],
    "startswith": lambda text, start: text.startswith(start),
    "strcontains": lambda text, part: part in text,
    "substr": lambda text, start, size: text[int(start) :] if size < 0 else text[int(start) :][: int(size)],
    "sum": lambda values: number(sum(values)),
    "title": lambda text: re.sub(r"\b\w", lambda match: match[0].upper(), text),
    "tobool": _to_bool,
    "tonumber": _to_number,
    "trim": lambda text, characters: text.strip(characters),
    "trimprefix": lambda text, prefix: text.removeprefix(prefix),
    "trimsuffix": lambda text, suffix: text.removesuffix(suffix),
    "upper": lambda text: text.upper(),
}
"""Functions all of whose arguments must be known."""


_REFUSALS = (TypeError, AttributeError, LookupError, StopIteration, RecursionError, TimeoutError, ArithmeticError)


def call_function(name: str, arguments: list[Json]) -> Json:
    """Call a function.

    Args:
        name: its name.
        arguments: its arguments.

    Raises:
        LookupError: it is not implemented, or an argument that it needs is not known.
        ValueError: it refuses its arguments.
    """
    if name in SHALLOW:
        checked = [] if name in _TEXTS else arguments[:1] if name == "format" else arguments
        unknown = any(isinstance(argument, Unknown) for argument in checked)
    else:
        unknown = is_unknown(arguments)
    function = SHALLOW.get(name) or DEEP[name]
    if unknown:
        raise LookupError(name)
    try:
        return function(*arguments)
    except _REFUSALS as error:
        raise ValueError(f"{name} refuses its arguments: {error}") from error
