"""Defines what a state keeps between two events, by the kind of state: `Frame.progress`.

Dataclasses of JSON data, which `ExecutionState.to_json` writes with the name of their class as ``kind``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sfn_provider.asl.scope import Json

ChildDescription = dict[str, Any]
"""A child execution as DescribeExecution shows it; see `sfn_provider.engine.map_run.child_results`."""


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
    """

    error: str | None
    cause: str | None
    evaluation: bool
    location: str | None = None


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


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The failure thresholds of a distributed Map; 0 where there is none.

    Args:
        items: failed items.
        percentage: failed items of all items, 0 to 100.
    """

    items: int
    percentage: float

    def is_exceeded(self, failed: int, total: int) -> bool:
        """Return True if the Map Run has failed.

        Without a threshold it fails with the first item, else by any threshold that is exceeded. A threshold of 0
        counts as none: a count of 0 beside a percentage of 50 lets one item of three fail (observed on AWS).
        """
        if not self.items and not self.percentage:
            return failed > 0
        by_items = bool(self.items) and failed > self.items
        return by_items or (bool(self.percentage) and failed * 100 > self.percentage * total)


@dataclass(slots=True)
class ItemReaderProgress:
    """An ItemReader that has not read all of its objects.

    Args:
        stage: what is being read: ``list``, ``inventory``, ``athena`` or ``data``.
        bucket: bucket of the object that is being read.
        key: key of that object; None for a list of objects.
        max_items: how many items may be read.
        items: the inputs of iterations made so far.
        files: bucket and key of the objects to read next, the last one first.
        headers: names of the columns, where a manifest has them.
    """

    stage: str
    bucket: str
    key: str | None
    max_items: int
    items: list[Json] = field(default_factory=list)
    files: list[list[str]] = field(default_factory=list)
    headers: list[str] | None = None


@dataclass(slots=True)
class ChildBatchProgress:
    """What the task keeps beside `MapRunProgress` that runs one batch of the child executions.

    Args:
        started_at: when each child execution started, seconds since the epoch; None before that.
        ended_at: when each one ended.
        ended_turns: phase and turn of the moment at which each one ended.
        failed_in_other_batches: items that have failed in other batches.
    """

    started_at: list[float | None]
    ended_at: list[float | None]
    ended_turns: list[list[int]]
    failed_in_other_batches: int


@dataclass(slots=True)
class MapRunProgress:
    """A distributed Map whose Map Run is under way.

    Args:
        name: the Map Run's name.
        label: the Map state's label.
        arn: the Map Run's ARN.
        max_concurrency: how many child executions may run at once.
        tolerance: the failure thresholds.
        destination: ``Bucket`` and ``Prefix`` that results are exported to; None where they are not.
        reader: what the ItemReader has read; None once it is done, or where there is none.
        inputs: the child executions' inputs, None once started.
        item_counts: how many items each child execution has; None where each has one.
        first: index of the first child execution in ``inputs``: 0 but in a batch.
        started: how many child executions have started.
        ended: how many have ended.
        failed_items: how many items have failed, those of other batches included.
        total_items: how many items there are.
        outputs: the child executions' outputs, by position in ``inputs``.
        descriptions: of child executions that must be described, by index as text.
        threshold_exceeded: True once the Map Run has failed and exports its results.
        unwritten_files: how many files of the export are not written yet.
        succeeded: True once MapRunSucceeded is recorded: what fails then is the state, not the Map Run.
        batch: where the task runs only a batch of the child executions.
    """

    name: str
    label: str
    arn: str
    max_concurrency: int
    tolerance: Tolerance
    destination: dict[str, str] | None = None
    reader: ItemReaderProgress | None = None
    inputs: list[Json] = field(default_factory=list)
    item_counts: list[int] | None = None
    first: int = 0
    started: int = 0
    ended: int = 0
    failed_items: int = 0
    total_items: int = 0
    outputs: list[Json] = field(default_factory=list)
    descriptions: dict[str, ChildDescription | None] = field(default_factory=dict)
    threshold_exceeded: bool = False
    unwritten_files: int = 0
    succeeded: bool = False
    batch: ChildBatchProgress | None = None

    @property
    def is_over_threshold(self) -> bool:
        """True where more items have failed than the state tolerates."""
        return self.tolerance.is_exceeded(self.failed_items, self.total_items)

    @property
    def failed_in_batch(self) -> int:
        """How many items have failed in this task."""
        return self.failed_items - (self.batch.failed_in_other_batches if self.batch is not None else 0)

    def set_failed_in_other_batches(self, failed: int) -> None:
        """Set how many items of other batches have failed."""
        if self.batch is not None:
            self.failed_items += failed - self.batch.failed_in_other_batches
            self.batch.failed_in_other_batches = failed

    def item_count(self, index: int) -> int:
        """How many items a child execution has."""
        return self.item_counts[index] if self.item_counts else 1


StateProgress = TaskProgress | DeferredFailure | ParallelProgress | MapProgress | MapRunProgress

_KINDS: dict[str, type[StateProgress]] = {
    kind.__name__: kind for kind in (TaskProgress, DeferredFailure, ParallelProgress, MapProgress, MapRunProgress)
}
_PARTS: dict[str, type[Any]] = {
    "tolerance": Tolerance,
    "reader": ItemReaderProgress,
    "batch": ChildBatchProgress,
}
"""Fields of `MapRunProgress` that are dataclasses themselves."""


def progress_from_json(data: dict[str, Any] | None) -> StateProgress | None:
    """Read a progress that `ExecutionState.to_json` has written: its fields, and the name of its class as ``kind``."""
    if data is None:
        return None
    fields = {
        name: _PARTS[name](**value) if name in _PARTS and value is not None else value for name, value in data.items()
    }
    return _KINDS[fields.pop("kind")](**fields)
