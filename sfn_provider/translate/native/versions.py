"""Finds the versions of Airflow and the amazon provider for which a native DAG is made."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from sfn_provider.exceptions import UsageError
from sfn_provider.translate.native.model import Versions

_MWAA: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((2, 10), (9, 0)),
    ((2, 11), (9, 8)),
    ((2, 11, 2), (9, 22)),
    ((3, 0), (9, 12)),
    ((3, 2), (9, 25)),
    ((3, 3), (9, 34)),
)
"""The amazon provider in Amazon MWAA's image of each version of Airflow, oldest first."""

OLDEST = (2, 10)
"""The oldest Airflow for which DAGs are made."""


def find_versions(airflow_version: str | None) -> Versions:
    """Find the versions for which a DAG is made.

    Args:
        airflow_version: such as ``3.0.6``; None for the installed one, or the newest one known where there is none.

    Raises:
        UsageError: it is no version, or an Airflow that is too old.
    """
    installed = _installed("apache-airflow")
    wanted = installed if airflow_version is None else _numbers(airflow_version)
    if airflow_version is not None and (wanted is None or len(wanted) < 2):
        raise UsageError(f"{airflow_version!r:.80} is no version of Airflow: give one such as 3.0.6")
    if wanted is None:
        wanted = _MWAA[-1][0]
    if wanted < OLDEST:
        raise UsageError(f"DAGs are made for Airflow {'.'.join(map(str, OLDEST))} and newer, not for {airflow_version}")
    amazon = _installed("apache-airflow-providers-amazon") if wanted == installed else None
    return Versions(wanted, amazon or [found for since, found in _MWAA if since <= wanted][-1])


@cache  # reading a package's metadata takes as long as translating a small machine
def _installed(package: str) -> tuple[int, ...] | None:
    try:
        return _numbers(version(package))
    except PackageNotFoundError:
        return None


def _numbers(text: str) -> tuple[int, ...] | None:
    found = re.match(r"\d{1,9}(\.\d{1,9})*(?!\d)", text)
    return tuple(map(int, found.group().split("."))) if found else None
