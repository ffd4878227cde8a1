"""All bombs, by unique names."""

from __future__ import annotations

from collections.abc import Iterator

from tests.attack.bombs import (
    analyses,
    data_files,
    definition_data,
    definition_texts,
    definitions,
    expressions,
    options,
    serverless_files,
    templates,
    terraform,
    wide_definitions,
)
from tests.attack.bombs.bomb import Bomb

MODULES = (
    *(definition_texts, definitions, definition_data, wide_definitions, expressions, analyses),
    *(templates, serverless_files, terraform, data_files, options),
)


def all_bombs() -> Iterator[Bomb]:
    """Yield the bombs of all modules."""
    for module in MODULES:
        yield from module.bombs()
