"""Defines what a state keeps between two events, by the kind of state: `Frame.progress`.

Dataclasses of JSON data, which `ExecutionState.to_json` writes with the name of their class as ``kind``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sfn_provider.asl.scope import Json
from sfn_provider.engine.progress.map_run_progress import MapRunProgress


@dataclass(slots=True)
class TaskProgress:
    """A Task whose call must send heartbeats.

    Args:
        heartbeat: seconds that may pass between two of them.
    """

    heartbeat: float


@dataclass(slots=True)
class DeferredFailure:
    """An error from before the branches that run in other tasks: the join task, which has the Catch, raises it.

    Args:
        error: the error's name.
        cause: text beside it.
        evaluation: True where a field could not be evaluated, for which AWS words the cause differently.
        location: the field, where it is in JSONata.
        is_oversized: True where it is an `OversizedOutput`.
    """

    error: str | None
    cause: str | None
    evaluation: bool
    location: str | None = None
    is_oversized: bool = False


@dataclass(slots=True)
class ParallelProgress:
    """A Parallel whose branches run.

    Args:
        results: the output of each branch by index, None until it has ended.
        running: how many branches have not ended.
        previous_events: where the branches run in other tasks, the id of the event that each of them follows.
    """

    results: list[Json]
    running: int
    previous_events: list[int] = field(default_factory=list)


@dataclass(slots=True)
class MapProgress(ParallelProgress):
    """An inline Map whose iterations run; ``running`` includes those that have not started.

    Args:
        items: the items as ``$$.Map.Item.Value`` shows them.
        inputs: the iterations' inputs.
        started: how many iterations have started.
    """

    items: list[Json] = field(default_factory=list)
    inputs: list[Json] = field(default_factory=list)
    started: int = 0


@dataclass(slots=True)
class IterationBatchProgress(MapProgress):
    """Some iterations of an inline Map, which run in a task of their own; ``items`` and ``inputs`` are theirs alone.

    Args:
        first: index of the first one.
        events_before: how many history events there had been before them.
        outcomes: how those ended that succeeded, by index: the fields of a `BranchOutcome`.
        failed: index of the one that failed; None where none has.
    """

    first: int = 0
    events_before: int = 0
    outcomes: dict[str, Json] = field(default_factory=dict)
    failed: int | None = None

    def output(self, events: int) -> dict[str, Json]:
        """Return how the iterations ended so far: the fields of an `IterationOutcomes`.

        Args:
            events: how many history events there have been.
        """
        return {"succeeded": self.outcomes, "failed": self.failed, "events": events - self.events_before}


StateProgress = (
    TaskProgress | DeferredFailure | ParallelProgress | MapProgress | IterationBatchProgress | MapRunProgress
)

_KINDS: dict[str, type[StateProgress]] = {
    kind.__name__: kind
    for kind in (TaskProgress, DeferredFailure, ParallelProgress, MapProgress, IterationBatchProgress, MapRunProgress)
}


def progress_from_json(data: dict[str, Any] | None) -> StateProgress | None:
    """Read a progress that `ExecutionState.to_json` has written: its fields, and the name of its class as ``kind``."""
    if data is None:
        return None
    fields = dict(data)
    kind = _KINDS[fields.pop("kind")]
    return MapRunProgress.from_json(fields) if kind is MapRunProgress else kind(**fields)
