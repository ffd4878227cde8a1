"""Makes task ids, DAG ids and Python variables from the names of states and machines.

A state's name is any text of up to 80 characters. All names in emitted code are made here.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Container, Iterable, Mapping
from itertools import chain, count

_MAX_TASK_ID = 250
_RESERVED = frozenset({*dir(builtins), *keyword.kwlist, *keyword.softkwlist, "dag", "datetime", "timedelta", "l"})
"""Variables that would shadow a name in the emitted file, or that linters refuse because they look like a digit."""


def task_id(name: str) -> str:
    """Return a state's name as task id: ``QualityPassed`` for ``QualityPassed?``, ``Prufen`` for ``Prüfen``.

    Airflow allows ASCII letters, digits, ``_``, ``-`` and ``.``; the dot is reserved for task groups.
    """
    return re.sub(r"[^A-Za-z0-9_-]+", "_", _without_accents(name)).strip("_-")[:_MAX_TASK_ID] or "state"


def _without_accents(name: str) -> str:
    return re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", name))


def _snake_case(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+", "_", _without_accents(name))
    return re.sub(r"_+", "_", words).strip("_").lower()


def variable(name: str) -> str:
    """Return the Python variable closest to a task id: ``ValidateInputFile`` is ``validate_input_file``."""
    text = _snake_case(name) or "state"
    if text[0].isdigit():
        text = f"state_{text}"
    return f"{text}_" if text in _RESERVED else text


def dag_id(name: str) -> str:
    """Return the valid DAG id closest to a file's or machine's name: ``sales-pipeline.asl`` is ``sales_pipeline``.

    Other than a variable, a DAG id may begin with a digit and be a word of Python: ``2024-report`` is ``2024_report``.
    """
    stem = re.sub(r"(\.asl|[._-]?state[_-]?machine)$", "", name, flags=re.IGNORECASE)
    return _snake_case(stem or name) or "state_machine"


def free_name(preferred: str, taken: Container[str]) -> str:
    """Return a name that is not taken: ``a``, ``a_2``, ``a_3``."""
    names = chain([preferred], (f"{preferred}_{number}" for number in count(2)))
    return next(name for name in names if name not in taken)


def unique(
    keys: Iterable[str], preferred: Mapping[str, str], excluded: Mapping[str, Container[str]] | None = None
) -> dict[str, str]:
    """Make names unique by a numeric suffix: ``a``, ``a_2``, ``a_3``.

    Args:
        keys: keys of the names; the first ones have precedence.
        preferred: the preferred name for each key.
        excluded: names that are not allowed, by key.

    Returns:
        The unique name for each key.
    """
    excluded = excluded or {}
    names: dict[str, str] = {}
    used: set[str] = set()
    counts: dict[str, int] = {}
    for key in keys:
        base = candidate = preferred[key]
        while candidate in used or candidate in excluded.get(key, ()):
            counts[base] = counts.get(base, 1) + 1
            candidate = f"{base}_{counts[base]}"
        used.add(candidate)
        names[key] = candidate
    return names
