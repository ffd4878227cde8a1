"""Formats and parses timestamps as Step Functions does."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

# RFC 3339, upper-case T and Z required; Source: states-language.net, "Timestamps". Nanoseconds are recorded, and more
# digits Java's DateTimeFormatter.ISO_OFFSET_DATE_TIME does not take, by which AWS names the format.
_TIMESTAMP = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})", re.ASCII)


@lru_cache(maxsize=256)
def format_time(at: float) -> str:
    """Format seconds since the epoch as the context object does: ``2025-03-15T02:00:00.000Z``."""
    whole, milliseconds = divmod(round(at * 1000), 1000)
    return f"{datetime.fromtimestamp(whole, UTC).isoformat()[:19]}.{milliseconds:03d}Z"


def parse_time(text: str) -> float | None:
    """Parse an RFC 3339 timestamp to seconds since the epoch; None where the text is none."""
    nanoseconds = parse_nanoseconds(text)
    return None if nanoseconds is None else nanoseconds / 10**9


def parse_nanoseconds(text: str) -> int | None:
    """Parse an RFC 3339 timestamp to nanoseconds since the epoch, exactly; None where the text is none."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    try:
        base = datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00"))
    except ValueError:
        return None
    return int(base.timestamp()) * 10**9 + int((match[2] or "").ljust(9, "0"))
