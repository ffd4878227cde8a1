"""What a state keeps between two events: each kind of it survives JSON text."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import pytest

from sfn_provider.asl.model import STATE_TYPES
from sfn_provider.engine.progress.execution_state import ROOT, ExecutionState, Frame
from sfn_provider.engine.progress.map_run_progress import (
    ChildBatchProgress,
    ChildResults,
    ExportedFile,
    ExportProgress,
    ItemReaderProgress,
    MapRunProgress,
    Tolerance,
)
from sfn_provider.engine.progress.state_progress import (
    DeferredFailure,
    IterationBatchProgress,
    MapProgress,
    ParallelProgress,
    StateProgress,
    TaskProgress,
)
from sfn_provider.engine.states import STATE_HANDLERS

MAP_RUN = MapRunProgress("run", "label", "arn", 5, Tolerance(1, 2.5))
READER = ItemReaderProgress("data", {"Bucket": "b", "Key": "k"}, 7, files=[["b", "l"]], parser={"rest": "x"})
BATCH = ChildBatchProgress([{"index": 0}], 5, {"FAILED": 1}, [[1.0, 0, 0, 1, 1]], started_at={"1": 1.0})
KINDS: dict[str, StateProgress | None] = {
    "nothing": None,
    "task": TaskProgress(30.0),
    "failure": DeferredFailure("States.QueryEvaluationError", "cause", True, "Output"),
    "parallel": ParallelProgress([None, {"a": 1}], 1, [4, 4]),
    "map": MapProgress([1, None], 1, items=["a", "b"], inputs=["a", "b"], started=2),
    "iterations": IterationBatchProgress(
        [1, None], 1, items=["a", "b"], inputs=["a", "b"], started=2, first=4, outcomes={"4": {"output": 1}}, failed=5
    ),
    "map run": MAP_RUN,
    "reader": replace(MAP_RUN, reader=READER, rest=replace(READER, skip=2), results=ChildResults({"3": [None, 1]}, 2)),
    "batch": replace(MAP_RUN, destination={"Bucket": "b"}, batch=BATCH),
    "export": replace(MAP_RUN, export=ExportProgress({"FAILED": ExportedFile(2, [[1, "x"]], 1, upload="u")})),
}


@pytest.mark.parametrize("progress", KINDS.values(), ids=KINDS)
def test_it_survives_json(progress: StateProgress | None) -> None:
    state = ExecutionState({}, frames={ROOT: Frame(ROOT, None, "", "A", None, progress=progress)})
    restored = ExecutionState.from_json(json.loads(json.dumps(state.to_json())))
    assert restored == state
    assert type(restored.root.progress) is type(progress)


def test_every_kind_is_covered() -> None:
    assert {type(progress) for progress in KINDS.values()} - {type(None)} == set(get_args(StateProgress))


def test_progress_of_another_kind_is_refused() -> None:
    frame = Frame(ROOT, None, "", "A", None, progress=TaskProgress(1.0))
    with pytest.raises(TypeError, match="state 'A' has TaskProgress"):
        frame.progress_as(MapRunProgress)


def test_every_state_type_has_a_handler() -> None:
    assert STATE_HANDLERS.keys() == STATE_TYPES.keys()
