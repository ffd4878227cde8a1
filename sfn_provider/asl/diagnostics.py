"""Diagnostics of a definition and their JSON pointers."""

from __future__ import annotations

from sfn_provider.exceptions import Diagnostic, Level

__all__ = ["Diagnostic", "Level", "pointer"]


def pointer(*parts: str | int) -> str:
    """Join parts into a JSON pointer (RFC 6901): ``pointer("States", "a/b", 0)`` is ``/States/a~1b/0``."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
