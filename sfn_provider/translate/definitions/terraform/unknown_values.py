"""Marks values of Terraform that are not known: texts with placeholders for them."""

from __future__ import annotations

import json
from typing import Any

from sfn_provider.asl.placeholders import make_placeholder

Json = Any


class Unknown(str):
    """A text of which at least a part is a placeholder, ``${aws_lambda_function.notify.arn}``.

    Terraform knows the value when it has made the resources, or from its command line.
    """

    __slots__ = ()

    @classmethod
    def of(cls, expression: str) -> Unknown:
        """Return the placeholder of an expression."""
        return cls(make_placeholder(expression))

    @property
    def name(self) -> str | None:
        """The expression, if the whole text is its placeholder."""
        inner = self[2:-1]
        return inner if self.startswith("${") and self.endswith("}") and "}" not in inner else None


def is_unknown(value: Json) -> bool:
    """Whether a value, or a part of it, is not known."""
    if isinstance(value, list):
        return any(map(is_unknown, value))
    if isinstance(value, dict):
        return any(isinstance(key, Unknown) or is_unknown(entry) for key, entry in value.items())
    return isinstance(value, Unknown)


def join_texts(parts: list[Json]) -> str:
    """Return the text of parts, as a template joins them; it is unknown where a part is."""
    text = "".join(map(as_text, parts))
    return Unknown(text) if is_unknown(parts) else text


def as_text(value: Json) -> str:
    """Return a value as Terraform interpolates it."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(number(value))


def pairs_of(collection: dict[str, Json] | list[Json]) -> list[tuple[Json, Json]]:
    """Return the keys and values of a map, in the order of its keys as Terraform has it; of a list with numbers."""
    return sorted(collection.items()) if isinstance(collection, dict) else list(enumerate(collection))


def number(value: Json) -> Json:
    """Return an integer for a number without a fraction: Terraform has one type of numbers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
