"""Names in Airflow and Python for names in a state machine.

A state's name is any text of up to 80 characters; a task id and a variable are not. All names that reach emitted code
are made here.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Container, Iterable, Mapping

_MAX_TASK_ID = 250
_TAKEN = frozenset({*dir(builtins), *keyword.kwlist, *keyword.softkwlist, "dag", "datetime", "timedelta", "l"})
"""Variables that would hide something in the emitted file, or that linters refuse because they read as a digit."""


def task_id(name: str) -> str:
    """The nearest valid task id to a state's name: ``QualityPassed?`` is ``QualityPassed``, ``Prüfen`` is ``Prufen``.

    Airflow takes ASCII letters, digits, ``_``, ``-`` and ``.``; the dot is left to task groups.
    """
    return re.sub(r"[^A-Za-z0-9_-]+", "_", _without_accents(name)).strip("_-")[:_MAX_TASK_ID] or "state"


def _without_accents(name: str) -> str:
    return re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", name))


def variable(name: str) -> str:
    """The nearest Python variable to a task id: ``ValidateInputFile`` is ``validate_input_file``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+", "_", _without_accents(name))
    text = re.sub(r"_+", "_", words).strip("_").lower() or "state"
    if text[0].isdigit():
        text = f"state_{text}"
    return f"{text}_" if text in _TAKEN else text


def dag_id(name: str) -> str:
    """The nearest valid DAG id to a file's or machine's name: ``sales-pipeline.asl`` is ``sales_pipeline``."""
    stem = re.sub(r"(\.asl|[._-]?state[_-]?machine)$", "", name, flags=re.IGNORECASE)
    return variable(stem or name).rstrip("_")


def unique(
    names: Iterable[str], make: Mapping[str, str], but_not: Mapping[str, Container[str]] | None = None
) -> dict[str, str]:
    """Make the names that ``make`` gives unique by a number: ``a``, ``a_2``, ``a_3``.

    Args:
        names: the original names, in the order in which they are served.
        make: the wanted name for each.
        but_not: names that some of them cannot have, by the original name.
    """
    refused = but_not or {}
    found: dict[str, str] = {}
    taken: set[str] = set()
    counts: dict[str, int] = {}
    for name in names:
        wanted = candidate = make[name]
        while candidate in taken or candidate in refused.get(name, ()):
            counts[wanted] = counts.get(wanted, 1) + 1
            candidate = f"{wanted}_{counts[wanted]}"
        taken.add(candidate)
        found[name] = candidate
    return found
