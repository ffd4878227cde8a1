"""All bombs, by unique names."""

from __future__ import annotations

from collections.abc import Iterator

from tests.attack.bombs import analyses, data_files, definitions, expressions, options, templates, wide_definitions
from tests.attack.bombs.bomb import Bomb


def all_bombs() -> Iterator[Bomb]:
    """Yield the bombs of all modules."""
    for module in (definitions, wide_definitions, expressions, analyses, templates, data_files, options):
        yield from module.bombs()
