"""Makes plausible values for members of which only the name and the kind are known."""

from __future__ import annotations

import re
from typing import Final

from sfn_provider.asl.scope import Json
from sfn_provider.compare.machine_analysis.data_read_types import ValueKind

TIME: Final = "2025-01-01T00:00:00Z"

PAST: Final = "2020-01-01T00:00:00Z"
FUTURE: Final = "2025-07-01T00:00:00Z"
"""Times before and after all of an execution in virtual time; a Wait until the later one is not too long."""

_TEXTS: Final[tuple[tuple[str, str], ...]] = (
    (r"bucket", "example-bucket"),
    (r"prefix", "incoming/"),
    (r"(^|_)key$|Key$|path$|Path$|file|File", "incoming/example.csv"),
    (r"[Uu]ri$|URI$|[Ll]ocation$", "s3://example-bucket/incoming/example.csv"),
    (r"[Uu]rl$|URL$", "https://example.com/"),
    (r"[Aa]rn$|ARN$", "arn:aws:example:us-east-1:123456789012:example"),
    (r"[Dd]ate$", "2025-01-01"),
    (r"[Tt]ime$|[Tt]imestamp$|(_at|At)$", TIME),
    (r"[Ee]mail", "someone@example.com"),
    (r"[Rr]egion$", "us-east-1"),
    (r"[Aa]ccount(_?[Ii]d)?$", "123456789012"),
    (r"[Cc]urrency$", "EUR"),
)
"""Texts by a pattern that is searched in the member's name; the first that fits."""


def sample_text(name: str) -> str:
    """Return text for a member: by its name, or the name itself with a number."""
    found = next((text for pattern, text in _TEXTS if re.search(pattern, name)), None)
    return found if found is not None else name if name.endswith(tuple("0123456789")) else f"{name}-1"


def sample_value(kind: ValueKind, name: str) -> Json:
    """Return a value of a kind for a member; a list has two undetermined entries as None.

    Raises:
        KeyError: ``any`` has no value of its own.
    """
    values: dict[str, Json] = {
        "text": sample_text(name),
        "number": 1,
        "boolean": True,
        "list": [],
        "object": {},
        "json": "{}",
        "json list": "[]",
        "time": TIME,
    }
    return values[kind]
