"""Executions that AWS has run, replayed. They stand beside the project, not in it; without them nothing is run."""

from __future__ import annotations

import os
from typing import Any

import pytest

from sfn_provider.compare.replay.recording import Recording
from sfn_provider.compare.replay.replayer import replay_recording
from tests.fixtures.machines.aws_recordings import events_of, mocks_of, objects_of, recordings

ALL = recordings()

KNOWN = {
    "base_scenarios_parallel_state_lambda": "gives one branch's calls to the other",
    "base_scenarios_map_item_reader_base_list_objects_v2": "ETags of objects that are not there any more",
    "error_output_parallel_catch_error_PARALLEL_CATCH_ERROR_OUTPUT_WITH_RETRY": "without the order of its failures",
    "math_operations_math_random_seeded": "AWS's own generator of random numbers",
}
"""Recordings that cannot be repeated, with the reason."""


def chosen() -> list[dict[str, Any]]:
    """One of every eighth family; all of them under ``make test-recordings``: each takes a run in Airflow."""
    if os.environ.get("SFN_PROVIDER_ALL_RECORDINGS"):
        return ALL
    families: dict[Any, dict[str, Any]] = {}
    for case in ALL:
        families.setdefault((case["category"], case["family"]), case)
    return list(families.values())[::8]


@pytest.mark.skipif(not ALL, reason="there are no recordings beside the project")
def test_recorded_executions_are_found_equal() -> None:
    told = {}
    for case in chosen():
        recording = Recording.from_events(events_of(case), case["id"])
        result = replay_recording(case["definition"], recording, mocks=mocks_of(case), objects=objects_of(case))
        if not result.agrees:
            told[case["id"]] = [*result.outcome, *(text for state in result.states for text in state.differences)]
    assert set(told) <= set(KNOWN), told
