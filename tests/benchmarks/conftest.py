"""Benchmarks run only where they are named: ``pytest tests/benchmarks -s``, which is ``make bench``."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave a benchmark out of a run that was asked for something wider."""
    base = config.invocation_params.dir
    asked = (base / argument.partition("::")[0] for argument in config.args)
    return None if any(path.resolve().is_relative_to(HERE) for path in asked) else True
