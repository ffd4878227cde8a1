"""Makes and splits the JSON pointers of diagnostics, and cuts long lists of diagnostics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Final

from sfn_provider.exceptions import Diagnostic, Level

__all__ = ["MAX_PROBLEMS", "Diagnostic", "Level", "escape_part", "first_problems", "pointer", "split_pointer"]

MAX_PROBLEMS: Final = 1_000
"""How many problems of one kind are listed."""


def first_problems(problems: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the first problems of one kind; after `MAX_PROBLEMS` of them, one that says that there may be more."""
    found = list(islice(problems, MAX_PROBLEMS))
    if len(found) == MAX_PROBLEMS:
        text = f"there may be more problems like this: the first {MAX_PROBLEMS:,} of a kind are listed"
        found.append(replace(found[-1], code="TOO_MANY_PROBLEMS", message=text))
    return found


def pointer(*parts: str | int) -> str:
    """Join parts into a JSON pointer (RFC 6901): ``pointer("States", "a/b", 0)`` is ``/States/a~1b/0``."""
    return "".join(["/" + escape_part(str(part)) for part in parts])


def escape_part(part: str) -> str:
    """Write a name as it stands in a JSON pointer: ``a/b`` is ``a~1b``."""
    return part.replace("~", "~0").replace("/", "~1")


def split_pointer(location: str) -> list[str]:
    """Split a JSON pointer into its parts: ``/States/a~1b/0`` is ``["States", "a/b", "0"]``."""
    return [part.replace("~1", "/").replace("~0", "~") for part in location.split("/")[1:]]
