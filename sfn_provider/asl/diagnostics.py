"""Makes and splits the JSON pointers of diagnostics; names `Diagnostic` for the language package."""

from __future__ import annotations

from sfn_provider.exceptions import Diagnostic, Level

__all__ = ["Diagnostic", "Level", "pointer", "split_pointer"]


def pointer(*parts: str | int) -> str:
    """Join parts into a JSON pointer (RFC 6901): ``pointer("States", "a/b", 0)`` is ``/States/a~1b/0``."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def split_pointer(location: str) -> list[str]:
    """Split a JSON pointer into its parts: ``/States/a~1b/0`` is ``["States", "a/b", "0"]``."""
    return [part.replace("~1", "/").replace("~0", "~") for part in location.split("/")[1:]]
