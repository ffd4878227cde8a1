"""Defines what a distributed Map keeps between two events: reader, inputs, results, exports.

Dataclasses of JSON data, which `ExecutionState.to_json` writes. What grows with the number of items is bounded: inputs
are read again in chunks, results are kept up to the size of a state's output, or written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sfn_provider.asl.scope import Json
from sfn_provider.engine.limits import CHILD_CONCURRENCY

ChildDescription = dict[str, Any]
"""A child execution as DescribeExecution shows it; see `sfn_provider.engine.map_run.child_results`."""


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
        stage: what is read next: ``list``, ``inventory``, ``athena`` or ``data``.
        arguments: what names the object or the list in the call: ``Bucket``, ``Key`` and the like.
        max_items: how many items may be read.
        count: how many have been read: the index of the next one.
        position: where the next chunk of the object or list begins; None at its beginning.
        parser: what the parser of the object keeps from the chunk before.
        skip: how many items of the next chunks belong to child executions before.
        until: of a list, the last key that belongs to the batch; None for all that follow.
        files: bucket and key of the objects to read next, the last one first.
        headers: names of the columns, where a manifest has them.
        listing: where the objects to read are listed: ``arguments`` and ``position`` of the next chunk of the list;
            None where the list has ended, or there is none.
        pending: the items of an ItemBatcher's batch that is not full yet.
    """

    stage: str
    arguments: dict[str, Json]
    max_items: int
    count: int = 0
    position: Json = None
    parser: dict[str, Json] = field(default_factory=dict)
    skip: int = 0
    until: str | None = None
    files: list[list[str]] = field(default_factory=list)
    headers: list[str] | None = None
    listing: dict[str, Json] | None = None
    pending: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class ExportedFile:
    """The results of one kind that a ResultWriter writes: SUCCEEDED, FAILED or PENDING.

    Args:
        number: number of the file that results go to now.
        results: index and text of the results that are not written yet.
        length: characters of these texts.
        size: bytes of the file so far.
        has_results: True where the file has results so far.
        part: how many parts of the file were written.
        upload: what the write of the last part returned.
        request: id of the request that writes a part; None where none does.
        is_last: True where that part is the last one of its file.
        listed: ``Key`` and ``Size`` of the files that are complete, as in the manifest.
    """

    number: int = 0
    results: list[list[Json]] = field(default_factory=list)
    length: int = 0
    size: int = 0
    has_results: bool = False
    part: int = 0
    upload: Json = None
    request: str | None = None
    is_last: bool = False
    listed: list[dict[str, Json]] = field(default_factory=list)


@dataclass(slots=True)
class ExportProgress:
    """What a ResultWriter has written.

    Args:
        files: the files by kind.
        is_closing: True once there are no more results: the files are completed.
        has_manifest: True once the manifest is being written, the last file.
        first: number of the first file of each kind.
    """

    files: dict[str, ExportedFile] = field(default_factory=dict)
    is_closing: bool = False
    has_manifest: bool = False
    first: int = 0

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ExportProgress:
        """Read what ``asdict`` made."""
        return cls(**{**data, "files": {kind: ExportedFile(**file) for kind, file in data["files"].items()}})


@dataclass(slots=True)
class ChildResults:
    """The results of child executions that end up in the state's output: no more than fit into it.

    Args:
        by_index: description and output of each child execution, by its index as text; the description is None where
            none is needed.
        size: bytes that all results have as JSON, those that were dropped included.
        is_oversized: True once they are larger than an output may be: none is kept then.
    """

    by_index: dict[str, list[Json]] = field(default_factory=dict)
    size: int = 0
    is_oversized: bool = False


@dataclass(slots=True)
class ChildBatchProgress:
    """What the task keeps beside `MapRunProgress` that runs one batch of the child executions.

    Args:
        outcomes: how child executions ended whose results are neither written nor dropped, the fields of a
            `sfn_provider.engine.requests.ChildOutcome` each.
        size: bytes of these results, as far as they count against what is kept.
        statuses: how many child executions have which status.
        failures: when child executions failed (time, phase, turn), their index, and how many items they have.
        last: when the last child execution ended, and its index.
        started_at: when each child execution that runs was started, seconds since the epoch, by its index as text.
        failed_in_other_batches: items that have failed in other batches.
        is_finishing: True once no more child executions are started.
    """

    outcomes: list[dict[str, Json]] = field(default_factory=list)
    size: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    failures: list[list[Json]] = field(default_factory=list)
    last: list[Json] = field(default_factory=list)
    started_at: dict[str, float] = field(default_factory=dict)
    failed_in_other_batches: int = 0
    is_finishing: bool = False


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
        reader: what the ItemReader reads next; None once nothing is to be read, or where there is none.
        is_reading: True while a chunk is being read.
        is_counted: True once all items have been read once: how many there are is known, and that all can be read.
        size: characters of what ``inputs`` were made of, while the items are counted.
        rest: while the items are counted, what reads on after the items of ``inputs``; None where these are all so far.
        inputs: inputs of the next child executions, the next one last.
        checkpoints: index and reader of places at which batches may begin, where other tasks run them.
        stride: how many child executions there are from one checkpoint to the next.
        has_batches: True where an ItemBatcher groups the items.
        first: index of the first child execution that this task runs: 0 but in a batch.
        count: how many child executions this task runs, as far as known.
        started: how many have started.
        ended: how many have ended.
        failed_items: how many items have failed, those of other batches included.
        total_items: how many items there are.
        results: what becomes the state's output, where results are not exported.
        export: what is exported; None where nothing is yet.
        threshold_exceeded: True once the Map Run has failed and exports its results.
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
    is_reading: bool = False
    is_counted: bool = False
    size: int = 0
    rest: ItemReaderProgress | None = None
    inputs: list[Json] = field(default_factory=list)
    checkpoints: list[list[Json]] = field(default_factory=list)
    stride: int = 1
    has_batches: bool = False
    first: int = 0
    count: int = 0
    started: int = 0
    ended: int = 0
    failed_items: int = 0
    total_items: int = 0
    results: ChildResults = field(default_factory=ChildResults)
    export: ExportProgress | None = None
    threshold_exceeded: bool = False
    succeeded: bool = False
    batch: ChildBatchProgress | None = None

    @classmethod
    def of_no_items(cls, name: str, label: str, arn: str) -> MapRunProgress:
        """Return that of a Map Run without items, which has ended as soon as it has started."""
        return cls(name, label, arn, CHILD_CONCURRENCY, Tolerance(0, 0.0), is_counted=True)

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

    def item_count(self, input: Json) -> int:
        """Return how many items a child execution with this input has."""
        return len(input["Items"]) if self.has_batches else 1

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> MapRunProgress:
        """Read what ``asdict`` made."""
        fields = {
            name: _PARTS[name](value) if name in _PARTS and value is not None else value for name, value in data.items()
        }
        return cls(**fields)


_PARTS: dict[str, Any] = {
    "tolerance": lambda data: Tolerance(**data),
    "reader": lambda data: ItemReaderProgress(**data),
    "rest": lambda data: ItemReaderProgress(**data),
    "results": lambda data: ChildResults(**data),
    "export": ExportProgress.from_json,
    "batch": lambda data: ChildBatchProgress(**data),
}
"""How the fields of `MapRunProgress` are read that are dataclasses themselves."""
