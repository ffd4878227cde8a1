"""Defines what a state reads: a path from a root, and the kind of value that it must find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Key = str | int
"""A member's name, or an index."""

ValueKind = Literal["any", "text", "number", "boolean", "list", "object", "json", "json list", "time"]
"""What a value must be: ``json`` is text that holds JSON, ``json list`` text that holds a list, ``time`` a timestamp;
``any`` where nothing is known."""

Root = Literal["input", "effective input", "execution input", "result", "output", "context", "item", "variables"]
"""What a path starts from; ``item`` is ``$$.Map.Item.Value``, ``execution input`` is ``$$.Execution.Input``, ``output``
what ResultPath leaves."""

EACH: Final = "*"
"""A step to each entry of a list."""


@dataclass(frozen=True, slots=True)
class DataRead:
    """A value that a state reads.

    Args:
        root: what the path starts from.
        steps: members, indices and `EACH`; for ``variables`` the first one is the variable's name.
        kind: what the value must be.
        optional: True where the state works without it: a rule tests whether it is present.
    """

    root: Root
    steps: tuple[Key, ...]
    kind: ValueKind = "any"
    optional: bool = False
