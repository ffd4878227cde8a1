"""DAGs with native and exact tasks, compared with their machines by what AWS sees."""

from __future__ import annotations

from sfn_provider.compare import compare_dag
from sfn_provider.compare.announced_differences import unannounced_differences
from tests.golden import MACHINES


def test_what_passes_between_native_and_exact_tasks_is_what_passes_between_the_states() -> None:
    folder = MACHINES / "order_approval"
    found = compare_dag((folder / "machine.asl.json").read_text(encoding="utf-8"), folder / "native.py")
    assert [each.text for each in found.findings] == []
    assert len(found.cases) > 5


def test_jobs_attributes_and_final_errors_of_a_native_dag_are_those_of_the_states() -> None:
    source = (MACHINES / "release_builds" / "machine.asl.json").read_text(encoding="utf-8")
    found = compare_dag(source, MACHINES / "release_builds" / "native.py")
    assert [each.text for each in unannounced_differences(source, found)] == []
    assert len(found.cases) > 5
