"""Defines the events that the interpreter takes and the requests that it makes.

An event says that something has happened. A request asks for an action, whose answer is an event of the same id.
Times are seconds since the epoch, as floats; durations are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sfn_provider.asl.scope import Json

CallPurpose = Literal["task", "read", "read_rows", "list", "write"]
"""What a call is for, which decides what its result must be.

``task``: a Task's work; any JSON value. Those of a distributed Map read in chunks, from `CallTask.position` on:
``read`` the text of an object, unpacked where its key ends in ``.gz``, ``.zst`` or ``.zstd``; ``read_rows`` the rows
of a Parquet object, a list of objects; ``list`` the entries that ListObjectsV2 has, each with Etag, Key, LastModified
(seconds since the epoch), Size and StorageClass. Their result is a `Chunk`; one that is none is the whole content.
``write`` stores the text ``Body`` of the arguments under their ``Bucket`` and ``Key``: as the whole object, or, where
the call has a position, as its next part; the result is what the next part's position must have as ``upload``.
"""


@dataclass(frozen=True, slots=True)
class CallTask:
    """Call a resource; answer with TaskSucceeded or TaskFailed.

    Args:
        id: unique within the execution.
        state: name of the state that asks.
        resource: the ARN as written in the definition.
        arguments: what Parameters or Arguments made; the state's input where neither stands.
        attempt: how often this state visit has called before: 0 for the first call.
        index: the Map iteration or Parallel branch that asks, None outside of both.
        timeout: seconds until States.Timeout, None where the state names none. The interpreter keeps the time.
        heartbeat: seconds between heartbeats that the callee may take, None where the state names none.
        credentials: the Credentials field after evaluation, for example ``{"RoleArn": "..."}``.
        token: the task token that an external worker answers with, for ``.waitForTaskToken`` and activities; else None.
        purpose: what the call is for: a Task's work, or what a distributed Map reads and writes in S3.
        place: for a Task, text that no other call of the execution has, and that is the same when the execution is run
            again: it depends on the path to the state and on the attempt, not on what runs at the same time.
        position: for a read, `Chunk.next` of the chunk before; None at the beginning; of a list an object whose
            ``after`` is the key after which it goes on. For a write of one part of several
            ``{"part": number from 1, "upload": result of the part before, "last": bool}``; None for a whole object.
    """

    id: str
    state: str
    resource: str
    arguments: Json
    attempt: int = 0
    index: int | None = None
    timeout: float | None = None
    heartbeat: float | None = None
    credentials: Json = None
    token: str | None = None
    purpose: CallPurpose = "task"
    place: str = ""
    position: Json = None


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Answer with TimerFired at the time ``at``."""

    id: str
    at: float


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop the call or the timer of request ``id``. Needs no answer."""

    id: str


@dataclass(frozen=True, slots=True)
class RunBranches:
    """Run the branches of a Parallel or the iterations of a Map; answer with `Interpreter.join`.

    Args:
        inputs: the input of each.
        values: for a Map the items as ``$$.Map.Item.Value`` shows them; None for a Parallel.
    """

    inputs: tuple[Json, ...]
    values: tuple[Json, ...] | None


@dataclass(frozen=True, slots=True)
class RunChildExecutions:
    """Run the child executions of a distributed Map; answer with `Interpreter.join_children`.

    Args:
        inputs: the input of each; empty where batches read their items themselves.
        limit: how many may run at once.
        count: how many there are.
        checkpoints: where batches may begin to read, the first one first; empty where ``inputs`` has all.
    """

    inputs: tuple[Json, ...]
    limit: int
    count: int
    checkpoints: tuple[Checkpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A place among the items of a distributed Map at which a child execution begins.

    Args:
        index: index of that child execution.
        reader: the fields of an `sfn_provider.engine.progress.map_run_progress.ItemReaderProgress` that goes on from
            there, as JSON.
    """

    index: int
    reader: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of what a call reads: the result of a call for ``read``, ``read_rows`` or ``list``.

    Args:
        content: text, or a list of rows or entries.
        next: where the next part begins, any JSON value but None; None after the last one.
    """

    content: Json
    next: Json = None


Request = CallTask | WakeAt | Cancel | RunBranches | RunChildExecutions


@dataclass(frozen=True, slots=True)
class TaskSucceeded:
    """The call ``id`` returned ``result``."""

    id: str
    result: Json
    at: float


@dataclass(frozen=True, slots=True)
class TaskSubmitted:
    """The call ``id`` was accepted and goes on: ``output`` is what the service answered to the submission."""

    id: str
    output: Json
    at: float


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """The call ``id`` failed with an error as Step Functions names it."""

    id: str
    error: str | None
    cause: str | None
    at: float


@dataclass(frozen=True, slots=True)
class TaskHeartbeat:
    """The callee of ``id`` is alive: its heartbeat time restarts."""

    id: str
    at: float


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The time of request ``id`` has come."""

    id: str
    at: float


@dataclass(frozen=True, slots=True)
class BranchOutcome:
    """How a branch or iteration ended that ran in another task.

    Args:
        status: SUCCEEDED, FAILED or TIMED_OUT.
        at: when it ended.
        previous: id of its last event.
        events: how many events it had.
        phase: the phase of the moment at which it ended.
        turn: the turn of that moment.
        output: its output, where it succeeded.
        error: its error, where it failed.
        cause: the cause beside it.
        is_oversized: True where the error is an `OversizedOutput`.
    """

    status: str
    at: float
    previous: int
    events: int
    phase: int = 0
    turn: int = 0
    output: Json = None
    error: str | None = None
    cause: str | None = None
    is_oversized: bool = False


@dataclass(frozen=True, slots=True)
class ChildOutcome:
    """How a child execution of a distributed Map ended that ran in another task.

    Args:
        index: its place.
        status: SUCCEEDED, FAILED, TIMED_OUT; ABORTED where it was stopped, PENDING where it was not started.
        started: when it started, None where it did not.
        ended: when it ended, None where it did not.
        items: how many items it holds.
        output: its output, where it succeeded.
        record: its description; None where none is needed.
        phase: the phase of the moment at which it ended.
        turn: the turn of that moment.
    """

    index: int
    status: str
    started: float | None = None
    ended: float | None = None
    items: int = 1
    output: Json = None
    record: dict[str, Json] | None = None
    phase: int = 0
    turn: int = 0


Event = TaskSucceeded | TaskSubmitted | TaskFailed | TaskHeartbeat | TimerFired
