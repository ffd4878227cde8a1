"""Evaluates CloudFormation's functions, as far as the template has their value.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sfn_provider.asl.placeholders import make_placeholder
from sfn_provider.exceptions import UsageError

Json = Any

MAX_WORK = 100_000
"""Upper limit of the values that the functions for a machine make; sixteen characters of a text count as one."""

_VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """Resolves functions in a template's values.

    Args:
        file: the template's file, for errors.
        mappings: the template's ``Mappings``.
        work: counts the values that were made.
    """

    file: str
    mappings: Mapping[str, Json] = field(default_factory=dict)
    work: Counter[str] = field(default_factory=Counter, compare=False)

    def spend(self, value: Json) -> Json:
        """Count a value that was made, and return it.

        Raises:
            UsageError: all of them are more than `MAX_WORK`.
        """
        self.work["values"] += 1 + (len(value) // 16 if isinstance(value, str) else 0)
        if self.work["values"] > MAX_WORK:
            raise UsageError(f"{self.file}: its functions make too many values, or too large ones, to be read")
        return value

    def resolve(self, value: Json) -> Json:
        """Replace each function by its value, or by a placeholder: ``!GetAtt F.Arn`` by ``${F.Arn}``."""
        self.spend(None)
        if isinstance(value, list):
            return [self.resolve(entry) for entry in value]
        if not isinstance(value, dict):
            return value
        name = next(iter(value), "")
        if len(value) == 1 and (name == "Ref" or name.startswith("Fn::")):
            return self.spend(FUNCTIONS.get(name, _unknown(name))(self, value[name]))
        return {key: self.resolve(entry) for key, entry in value.items()}

    def text(self, value: Json, what: str) -> str:
        """Return the text of a value.

        Raises:
            UsageError: the value is an object or a list.
        """
        found = self.resolve(value)
        if isinstance(found, bool):
            return "true" if found else "false"
        if isinstance(found, (int, float, str)):
            return str(found)
        raise UsageError(f"{self.file}: {what} gives no text: {json.dumps(found)[:80]}")


Function = Callable[[Intrinsics, Json], Json]


def _ref(context: Intrinsics, value: Json) -> Json:
    return make_placeholder(str(value))


def _get_att(context: Intrinsics, value: Json) -> Json:
    parts = value if isinstance(value, list) else [value]
    return make_placeholder(".".join(context.text(part, "Fn::GetAtt") for part in parts))


def _sub(context: Intrinsics, value: Json) -> Json:
    text, values = (value, {}) if isinstance(value, str) else _pair(context, value)

    def put(match: re.Match[str]) -> str:
        if match[1]:
            return "${" + match[2] + "}"  # ${!Name} is a literal ${Name}
        name = match[2].strip()
        return str(context.spend(texts[name] if name in texts else make_placeholder(name)))

    texts = {name: context.text(entry, f"Fn::Sub's {name}") for name, entry in values.items()}
    end = text.rfind("}") + 1  # behind it, each ${ would be searched to the text's end
    return _VARIABLE.sub(put, text[:end]) + text[end:]


def _pair(context: Intrinsics, value: Json) -> tuple[str, dict[str, Json]]:
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict):
        return value[0], value[1]
    raise UsageError(f"{context.file}: Fn::Sub takes a text, or a text and an object of values")


def _join(context: Intrinsics, value: Json) -> Json:
    if not (isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)):
        raise UsageError(f"{context.file}: Fn::Join takes a separator and a list")
    parts = context.resolve(value[1])
    if not isinstance(parts, list):
        return _unknown("Fn::Join")(context, value)
    context.spend(value[0] * min(len(parts), MAX_WORK))
    return value[0].join(context.text(part, "Fn::Join") for part in parts)


def _base64(context: Intrinsics, value: Json) -> Json:
    text = context.text(value, "Fn::Base64")
    return _unknown("Fn::Base64")(context, text) if "${" in text else base64.b64encode(text.encode()).decode()


def _find_in_map(context: Intrinsics, value: Json) -> Json:
    found: Json = context.mappings
    for part in value[:3] if isinstance(value, list) else ():
        key = context.resolve(part)
        found = found.get(key) if isinstance(found, dict) and isinstance(key, str) else None
    if found is None or found is context.mappings:
        return _unknown("Fn::FindInMap")(context, value)
    return found


def _select(context: Intrinsics, value: Json) -> Json:
    if isinstance(value, list) and len(value) == 2:
        index, entries = value[0], context.resolve(value[1])
        number = index_of(str(index), entries) if isinstance(entries, list) else None
        if number is not None:
            return entries[number]
    return _unknown("Fn::Select")(context, value)


def _split(context: Intrinsics, value: Json) -> Json:
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str):
        text = context.resolve(value[1])
        if value[0] and isinstance(text, str) and "${" not in text:
            return [context.spend(part) for part in text.split(value[0])]
    return _unknown("Fn::Split")(context, value)


def _to_json(context: Intrinsics, value: Json) -> Json:
    return json.dumps(context.resolve(value), separators=(",", ":"))


def index_of(text: str, entries: list[Json]) -> int | None:
    """Return the index that a text spells; None where it is none of a list."""
    is_index = text.isdecimal() and len(text) < 10 and int(text) < len(entries)
    return int(text) if is_index else None


def _unknown(name: str) -> Function:
    """Return a function that makes a placeholder: ``${ImportValue network-Vpc}``."""

    def resolve(context: Intrinsics, value: Json) -> Json:
        return make_placeholder(f"{name.removeprefix('Fn::')} {_words(context.resolve(value))}".rstrip())

    return resolve


def as_fields(value: Json) -> Mapping[str, Json]:
    """Return an object; an empty one for any other value, such as a function in its place."""
    is_function = isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith("Fn::")
    return value if isinstance(value, dict) and not is_function else {}


def _words(value: Json) -> str:
    if isinstance(value, str):
        return re.sub(r"\$\{([^}]+)\}", r"\1", value)
    if isinstance(value, list):
        return " ".join(map(_words, value))
    return json.dumps(value)


FUNCTIONS: dict[str, Function] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Base64": _base64,
    "Fn::FindInMap": _find_in_map,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::ToJsonString": _to_json,
}
"""The functions whose value may be in the template; others become a placeholder with their name."""
