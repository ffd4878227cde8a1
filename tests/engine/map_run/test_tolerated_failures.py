from __future__ import annotations

from dataclasses import dataclass

import pytest

from sfn_provider.engine.progress.map_run_progress import Tolerance


@dataclass(frozen=True)
class Case:
    id: str
    items: int
    percentage: float
    failed: int
    total: int
    exceeded: bool


CASES = [
    Case("none set, none failed", 0, 0, 0, 8, False),
    Case("none set, one failed", 0, 0, 1, 8, True),
    Case("count reached", 2, 0, 2, 8, False),
    Case("count exceeded", 2, 0, 3, 8, True),
    Case("percentage reached", 0, 25, 2, 8, False),
    Case("percentage exceeded", 0, 25, 3, 8, True),
    Case("fraction of a percent", 0, 12.4, 1, 8, True),
    Case("all may fail", 0, 100, 8, 8, False),
    Case("count exceeded, percentage not", 1, 100, 2, 8, True),
    Case("percentage exceeded, count not", 5, 10, 1, 8, True),
    Case("neither exceeded", 5, 50, 4, 8, False),
    Case("a count of 0 beside a percentage", 0, 50, 1, 8, False),
    Case("a percentage of 0 beside a count", 3, 0, 1, 8, False),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_exceeded(case: Case) -> None:
    assert Tolerance(case.items, case.percentage).is_exceeded(case.failed, case.total) is case.exceeded
