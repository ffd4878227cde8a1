"""Finds and fills ``${Name}`` placeholders, which deployment tools replace before AWS sees them.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-sam-sfn.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sfn_provider.asl.json_walk import map_texts, walk_texts
from sfn_provider.exceptions import UsageError

Source = str | dict[str, Any]

PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")
_BARE = re.compile(r'"(?:[^"\\]|\\.)*"|(?<=[:,\[])\s*(?P<bare>\$\{[^}]+\})')
"""In JSON text: a placeholder outside of a string, such as ``"Seconds": ${Pause}``; strings are skipped."""

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
    """
    used: set[str] = set()

    def value_of(match: re.Match[str]) -> str:
        if match[1] in values:
            used.add(match[1])
        return values.get(match[1], match[0])

    if not values:
        return source, used
    if isinstance(source, str):
        return PLACEHOLDER.sub(value_of, source), used
    filled: dict[str, Any] = map_texts(source, lambda text: PLACEHOLDER.sub(value_of, text))
    return filled, used


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
    bare = dict.fromkeys(match["bare"] for match in _BARE.finditer(source) if match["bare"])
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
            for name in PLACEHOLDER.findall(strip_partition(text) if location.endswith("/Resource") else text):
                found.setdefault(name, location)
    return found
