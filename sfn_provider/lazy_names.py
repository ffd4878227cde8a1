"""Makes the ``__getattr__`` of a module whose names are imported on first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(module: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Make a module's ``__getattr__`` that imports a name on first use.

    Args:
        module: the module's name.
        homes: the module that has it, by each name.

    Raises:
        AttributeError: there is no such name; raised by the returned function.
    """

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    return load
