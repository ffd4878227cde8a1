"""A pytest plugin that writes what became of each test into the file that ``SFN_PROVIDER_OUTCOMES`` names."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.amazon_provider.verdict import FAILED, PASSED, Outcome

VARIABLE = "SFN_PROVIDER_OUTCOMES"

_outcomes: dict[str, tuple[str, str]] = {}


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note a file that cannot be imported."""
    if report.failed:
        _outcomes[report.nodeid] = FAILED, str(report.longrepr)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what became of a test: it passes if setup, call and teardown do."""
    if report.nodeid not in _outcomes or report.outcome != PASSED:
        _outcomes[report.nodeid] = report.outcome, str(report.longrepr or "")


def pytest_sessionfinish() -> None:
    """Write the file."""
    Path(os.environ[VARIABLE]).write_text(json.dumps(_outcomes), encoding="utf-8")


def read_outcomes(path: Path) -> dict[str, Outcome]:
    """Read the file: what became of each test, by its id. Empty if pytest has not written it."""
    if not path.exists():
        return {}
    return {test: Outcome(*fields) for test, fields in json.loads(path.read_text(encoding="utf-8")).items()}
