"""DAGs with native and exact tasks, compared with their machines by what AWS sees."""

from __future__ import annotations

from sfn_provider.compare import compare_dag
from tests.golden import MACHINES


def test_what_passes_between_native_and_exact_tasks_is_what_passes_between_the_states() -> None:
    folder = MACHINES / "order_approval"
    found = compare_dag((folder / "machine.asl.json").read_text(encoding="utf-8"), folder / "native.py")
    assert [each.text for each in found.findings] == []
    assert len(found.cases) > 5
