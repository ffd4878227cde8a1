"""Completes arguments in a shell: files, test cases, states, regions, versions, time zones.

Click calls it for a word under the cursor. What cannot be read completes to nothing: a shell has no place for errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from glob import escape, glob
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfn_provider.exceptions import SfnProviderError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Names = Callable[[], Iterable[str]]
"""Lists all values of an option."""


class CompletedText(click.types.StringParamType):
    """The type of an argument that is any text, and whose values a shell can complete.

    Args:
        complete: makes the completions of what has been typed so far.
    """

    def __init__(self, complete: Callable[[str], list[CompletionItem]]) -> None:
        self._complete = complete

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the completions of what has been typed so far."""
        try:
            return self._complete(incomplete)
        except (SfnProviderError, OSError):
            return []


def complete_parameters(parameters: Iterable[click.Parameter]) -> None:
    """Give those of a command's parameters that are texts a completion, by their names and metavars."""
    for parameter in parameters:
        is_text = type(parameter.type) is click.types.StringParamType
        complete = _find(parameter.name or "", getattr(parameter, "metavar", None) or "") if is_text else None
        if complete is not None:
            parameter.type = CompletedText(complete)


def _find(name: str, metavar: str) -> Callable[[str], list[CompletionItem]] | None:
    if name in _VALUES:
        names = _VALUES[name]
        return lambda incomplete: [_item(found) for found in names() if found.startswith(incomplete)]
    if metavar in _PARTS:
        parts = _PARTS[metavar]
        return lambda incomplete: _complete_part(incomplete, parts)
    if "@FILE" in metavar:
        return _complete_at_file
    if metavar in ("DIR", "FOLDER"):
        return lambda incomplete: [_item(incomplete, kind="dir")]
    is_file = "FILE" in metavar or metavar.endswith((".py", ".json", ".json]..."))
    return (lambda incomplete: [_item(incomplete, kind="file")]) if is_file else None


def _complete_part(incomplete: str, names: Callable[[str], Iterable[str]]) -> list[CompletionItem]:
    """Complete ``FILE``, and behind a ``#`` the names in that file."""
    file, hash_sign, part = incomplete.partition("#")
    if not hash_sign:
        return [_item(incomplete, kind="file")]
    return [_item(f"{file}#{name}") for name in names(file) if name.startswith(part)]


def _complete_at_file(incomplete: str) -> list[CompletionItem]:
    """Complete ``@FILE``; a shell's own completion of files does not know the sign before it."""
    if not incomplete.startswith("@"):
        return []
    found = sorted(glob(escape(incomplete[1:]) + "*"))
    return [_item(f"@{path}/" if Path(path).is_dir() else f"@{path}") for path in found]


def _cases(file: str) -> Iterable[str]:
    from sfn_provider.engine.simulation.mock_files import load_test_cases

    return load_test_cases(file)


def _states(file: str) -> Iterable[str]:
    from sfn_provider.engine.state_test.tested_state import state_names
    from sfn_provider.translate.definitions import read_definition

    return state_names(read_definition(file, {}).document.machine)


def _regions() -> Iterable[str]:
    from sfn_provider.compare.cost.prices import price_regions

    return price_regions()


def _environment_classes() -> Iterable[str]:
    from sfn_provider.compare.cost.prices import load_prices

    return load_prices("us-east-1").mwaa


def _airflow_versions() -> Iterable[str]:
    from sfn_provider.mwaa.images import read_images

    return read_images()


def _time_zones() -> Iterable[str]:
    from zoneinfo import available_timezones

    return sorted(available_timezones())


_VALUES: dict[str, Names] = {
    "region": _regions,
    "environment_class": _environment_classes,
    "airflow_version": _airflow_versions,
    "timezone": _time_zones,
}
"""What lists the values of a parameter, by its name."""

_PARTS: dict[str, Callable[[str], Iterable[str]]] = {
    "FILE#CASE": _cases,
    "FILE[#CASE]": _cases,
    "FILE#STATE": _states,
}
"""What lists the names in a file that may stand behind a ``#``, by the parameter's metavar."""


def _item(value: str, kind: str = "plain") -> CompletionItem:
    from click.shell_completion import CompletionItem  # a command that runs does without

    return CompletionItem(value, type=kind)
