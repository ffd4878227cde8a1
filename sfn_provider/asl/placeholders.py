"""Finds and fills ``${Name}`` placeholders, which deployment tools replace before AWS sees them.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-sam-sfn.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sfn_provider.asl.json_values.json_walk import map_texts, walk_texts
from sfn_provider.exceptions import UsageError

Source = str | dict[str, Any]

PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")
_BARE = re.compile(r'"(?:[^"\\]|\\.)*+"?|(?<=[:,\[])\s*(?P<bare>\$\{[^}]+\})')
"""In JSON text: a placeholder outside of a string, such as ``"Seconds": ${Pause}``; strings are skipped."""

MAX_FILLED_SIZE = 4 * 1024 * 1024
"""Upper limit of the characters of a definition, and of all values of its placeholders together."""

_PARTITION = re.compile(r"^arn:\$\{[^}]+\}(?=:states:::)")


def make_placeholder(expression: str) -> str:
    """Return the placeholder of a name or an expression, without characters that would end it or the string around."""
    flat = " ".join(expression.split()).replace('"', "'").replace("\\", "/")
    return "${" + flat.translate(str.maketrans("{}", "()")) + "}"


def fill_placeholders(source: Source, values: Mapping[str, str]) -> tuple[Source, set[str]]:
    """Replace each ``${Name}`` that has a value; the values are not searched for placeholders.

    Args:
        source: the text of a definition, or its JSON object.
        values: values by name.

    Returns:
        The definition, and the names that were used.

    Raises:
        UsageError: the values are too large, as often as they are used.
    """
    used: set[str] = set()
    size = 0

    def value_of(match: re.Match[str]) -> str:
        nonlocal size
        if match[1] not in values:
            return match[0]
        used.add(match[1])
        size += len(values[match[1]])
        if size > MAX_FILLED_SIZE:
            raise UsageError(f"the values of the definition's names have more than {MAX_FILLED_SIZE:,} characters")
        return values[match[1]]

    def fill(text: str) -> str:
        end = _end_of_last(text)
        return PLACEHOLDER.sub(value_of, text[:end]) + text[end:]

    if not values:
        return source, used
    if isinstance(source, str):
        return fill(source), used
    filled: dict[str, Any] = map_texts(source, fill)
    return filled, used


def _end_of_last(text: str) -> int:
    """Return where a text's last placeholder may end: behind it, each ``${`` would be searched to the text's end."""
    return text.rfind("}") + 1


def placeholder_names(text: str) -> list[str]:
    """Return the name of each placeholder in a text, in order."""
    return PLACEHOLDER.findall(text, 0, _end_of_last(text))


def substitute(source: Source, values: Mapping[str, str]) -> Source:
    """Replace each ``${Name}`` by the user's values.

    Raises:
        UsageError: a value is not used, which may be a typing error in its name.
    """
    filled, used = fill_placeholders(source, values)
    check_used(values.keys() - used)
    return filled


def check_used(unused: set[str]) -> None:
    """Refuse values of the user that no placeholder uses.

    Raises:
        UsageError: there are such values.
    """
    if unused:
        names = ", ".join(sorted(unused))
        raise UsageError(f"substitutions not used: {names}; the definition has no ${{...}} of that name")


def check_bare_placeholders(source: Source) -> None:
    """Refuse JSON text with a placeholder outside of a string.

    Raises:
        UsageError: there is one; names all of them.
    """
    if not isinstance(source, str) or not source.lstrip("\ufeff \t\r\n").startswith("{"):
        return
    bare = dict.fromkeys(match["bare"] for match in _BARE.finditer(source, 0, _end_of_last(source)) if match["bare"])
    if bare:
        name = next(iter(bare))[2:-1]
        raise UsageError(
            f"{', '.join(bare)} stand where no text stands, so the definition cannot be read without their values: "
            f"give them, for example --substitutions {name}=VALUE"
        )


def strip_partition(resource: str) -> str:
    """Remove a placeholder for the partition: the region of the task determines that of an integration."""
    return _PARTITION.sub("", resource)


def fill_partition(resource: str) -> str:
    """Replace a placeholder for the partition of an integration by ``aws``."""
    return _PARTITION.sub("arn:aws", resource)


def find_placeholders(value: Any) -> dict[str, str]:
    """Find the names without a value in a JSON value, each with the JSON pointer of its first use.

    Comments and the partitions of integrations are skipped: they need no value.
    """
    found: dict[str, str] = {}
    for location, text in walk_texts(value):
        if "${" in text and not location.endswith("/Comment"):
            for name in placeholder_names(strip_partition(text) if location.endswith("/Resource") else text):
                found.setdefault(name, location)
    return found
