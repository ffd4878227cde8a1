"""What the environment of development brings with it: nothing that slows down each start of Airflow."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


def needed_by(requirement: Requirement) -> Iterator[Requirement]:
    """Iterate over what an installed distribution needs, with the extras that are asked for."""
    try:
        lines = requires(requirement.name) or []
    except PackageNotFoundError:  # for another platform or Python
        return
    for each in map(Requirement, lines):
        extras = ("", *requirement.extras)
        if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras):
            yield each


def all_needed(requirements: Iterable[Requirement]) -> set[tuple[str, str]]:
    """Collect the names of all distributions that requirements need, each with every extra and with ``""``."""
    found: set[tuple[str, str]] = set()
    open_ones = list(requirements)
    while open_ones:
        each = open_ones.pop()
        pairs = {(each.name.lower(), extra) for extra in ("", *each.extras)}
        if not pairs <= found:
            found |= pairs
            open_ones += needed_by(each)
    return found


def test_jsonschema_has_no_formats() -> None:
    """Airflow imports it, and with formats that imports rfc3987-syntax: more than a second of grammars."""
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    lines = project["dependencies"] + project["optional-dependencies"]["dev"]
    found = all_needed(map(Requirement, lines))
    assert ("jsonschema", "") in found
    assert not {extra for name, extra in found if name == "jsonschema" and extra}
    assert "rfc3987-syntax" not in {name for name, _ in found}
