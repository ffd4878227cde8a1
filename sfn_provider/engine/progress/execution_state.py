"""Holds the state of an execution between two events, as data that JSON can store.

An execution is a tree of frames. A frame goes through one scope of states: the machine itself, one branch of a
Parallel, or one iteration of a Map. A frame that runs a Parallel or Map has the frames of its branches as children.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from operator import gt
from typing import Any, Literal, NamedTuple, Self, TypeVar

from sfn_provider.asl.scope import Json
from sfn_provider.engine.limits import UNKNOWN_BYTES
from sfn_provider.engine.progress.state_progress import StateProgress, progress_from_json

ROOT = 0
"""Id of the frame that is the execution itself."""

_Progress = TypeVar("_Progress", bound=StateProgress)


class Moment(NamedTuple):
    """A moment of an execution, earlier ones first.

    In virtual time much happens at the same time. Its order is a rule, which does not depend on whether branches run in
    one task or in several: branches take turns, and the one with the lower index goes first.

    Args:
        now: seconds since the epoch.
        phase: see `ExecutionState`.
        turn: see `ExecutionState`.
    """

    now: float
    phase: int = 0
    turn: int = 0


Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]


@dataclass(slots=True)
class Frame:
    """Where the execution is in one scope of states.

    Args:
        id: unique within the execution; 0 is the execution itself.
        parent: the frame whose Parallel or Map runs this one; None for the execution itself.
        scope: JSON pointer to the object that holds the states, ``""`` for the machine.
        state: name of the state the frame is in.
        input: the state's input, before InputPath.
        variables: what Assign has set, by name. Never changed in place: children share it.
        index: place of this branch or iteration among its siblings.
        map_item: what ``$$.Map.Item`` shows (``Index`` and ``Value``); None outside of a Map.
        previous: id of the event that led here, for previousEventId.
        entered: id of the event by which the state was entered; 0 while it is not entered yet.
        entered_at: when that was, in seconds since the epoch.
        entered_after: id of the event before it.
        retry_counts: retries so far in this visit of the state, one number for each retrier.
        calls: calls so far in this visit of the state.
        progress: what the state keeps between two events; None where it keeps nothing.
        requests: ids of the frame's open requests.
        children: ids of the frames that its Parallel or Map has started in this visit, also of those that have ended.
        child_execution: id of the frame that is the child execution this one belongs to, for an item of a distributed
            Map; None in the execution itself.
        execution_context: the ``Execution`` and ``StateMachine`` parts of the context object, where this frame is a
            child execution.
        events: how many events the child execution's history has had.
        place: text that is different for each frame of the execution, and the same when the execution is run again:
            random values and the places of calls are made from it.
        steps: how many states the frame has left.
        random_draws: how often randomness was used in the state.
        visits: how often each state was entered, by name, where an observer counts the rounds of loops.
        input_bytes: how many bytes the input has as JSON at most; UNKNOWN_BYTES where nobody has counted.
        variables_bytes: the same of all variables.
    """

    id: int
    parent: int | None
    scope: str
    state: str
    input: Json
    variables: dict[str, Json] = field(default_factory=dict)
    index: int | None = None
    map_item: dict[str, Json] | None = None
    previous: int = 0
    entered: int = 0
    entered_at: float = 0.0
    entered_after: int = 0
    retry_counts: list[int] = field(default_factory=list)
    calls: int = 0
    progress: StateProgress | None = None
    requests: list[str] = field(default_factory=list)
    children: list[int] = field(default_factory=list)
    child_execution: int | None = None
    execution_context: dict[str, Any] | None = None
    events: int = 0
    place: str = ""
    steps: int = 0
    random_draws: int = 0
    visits: dict[str, int] = field(default_factory=dict)
    input_bytes: int = UNKNOWN_BYTES
    variables_bytes: int = UNKNOWN_BYTES

    @property
    def child_index(self) -> int:
        """The index, which every branch and iteration has."""
        if self.index is None:
            raise ValueError(f"frame {self.id} is no branch or iteration")
        return self.index

    @property
    def children_place(self) -> str:
        """What the places of the frame's branches or iterations begin with; their index follows."""
        return f"{self.place}/{self.steps}.{sum(self.retry_counts)}"

    def progress_as(self, kind: type[_Progress]) -> _Progress:
        """Return the progress, which must be of a kind.

        Raises:
            TypeError: if it is of another.
        """
        if not isinstance(self.progress, kind):
            raise TypeError(f"state {self.state!r} has {self.progress!r}, not {kind.__name__}")
        return self.progress


@dataclass(slots=True)
class Pending:
    """A request that waits for its answer.

    Args:
        frame: id of the frame that asked.
        purpose: what the answer is for: ``task``, ``timeout``, ``heartbeat``, ``retry``, ``wait``, ``execution``,
            ``read`` or ``write``.
    """

    frame: int
    purpose: str


@dataclass(slots=True)
class ExecutionState:
    """Everything the interpreter knows of an execution between two events.

    Args:
        context: the ``Execution`` and ``StateMachine`` parts of the context object.
        seed: text from which all randomness of the execution is made.
        now: time of the last event, seconds since the epoch.
        phase: how often events have been taken at that time: those that are due together are taken together.
        turn: how many turns the frames have had since: in each turn every frame that is ready runs one state.
        status: RUNNING until the execution ends.
        output: the execution's output once it SUCCEEDED, or what leaves the region.
        error: error name once it FAILED.
        cause: cause once it FAILED.
        is_oversized: True where that error is an `OversizedOutput`, which States.ALL does not match.
        exit: where a region leaves to: name of a state outside of it.
        variables: variables at the end, for the region that goes on from there.
        previous: id of the last event of the root frame, for the region that goes on from there.
        frames: the live frames by id.
        pending: the open requests by id.
        frame_ids: how many frames there have been.
        request_ids: how many requests there have been.
        event_ids: how many history events there have been.
        transitions: how many states were entered, each retry counted as one more.
        steps: how many states the root frame has left, for the region that goes on from there.
        first_event: the ids of history events are counted from here.
        is_branch: True for a branch of an execution that runs in another task: its end is not the execution's end.
        external_branches: True where the branches of a Parallel or Map run in other tasks: see
            `sfn_provider.engine.branches.external_branches`.
        awaits_branches: True once it has gone as far as it can without them.
        stop_before: for a branch that runs in another task, the moment at which another one fails: it stops then.
        is_stopped: True once it has stopped because another branch has failed.
    """

    context: dict[str, Any]
    seed: str = ""
    now: float = 0.0
    phase: int = 0
    turn: int = 0
    status: Status = "RUNNING"
    output: Json = None
    error: str | None = None
    cause: str | None = None
    is_oversized: bool = False
    exit: str | None = None
    variables: dict[str, Json] = field(default_factory=dict)
    previous: int = 0
    frames: dict[int, Frame] = field(default_factory=dict)
    pending: dict[str, Pending] = field(default_factory=dict)
    frame_ids: int = 0
    request_ids: int = 0
    event_ids: int = 0
    transitions: int = 0
    steps: int = 0
    first_event: int = 0
    is_branch: bool = False
    external_branches: bool = False
    awaits_branches: bool = False
    stop_before: Moment | None = None
    is_stopped: bool = False

    @property
    def is_suspended(self) -> bool:
        """True if it has ended or stopped, left its region, or gone as far as it can without branches elsewhere."""
        return self.status != "RUNNING" or self.exit is not None or self.awaits_branches or self.is_stopped

    @property
    def moment(self) -> Moment:
        """The present moment."""
        return Moment(self.now, self.phase, self.turn)

    @moment.setter
    def moment(self, moment: Moment) -> None:
        self.now, self.phase, self.turn = moment

    def take_events_at(self, at: float) -> None:
        """Go on to the moment at which events are taken that are due at a time."""
        is_later = at > self.now
        self.moment = Moment(at, 1, 0) if is_later else Moment(self.now, self.phase + 1, 0)

    def path(self, frame: Frame) -> tuple[int, ...]:
        """Return the indexes of the branches and iterations that the frame is in, the outermost first.

        Of frames that have their turn at the same moment, the one with the lower path goes first.
        """
        indexes = []
        while frame.parent is not None:
            indexes.append(frame.child_index)
            frame = self.frames[frame.parent]
        return tuple(reversed(indexes))

    def in_order(self, frames: Iterable[Frame]) -> list[Frame]:
        """Return those of the frames that are live, the one with the lowest path first."""
        live = [frame for frame in frames if frame.id in self.frames]
        # Mostly these are branches or iterations of one state, and in order.
        indexes = [frame.index or 0 for frame in live]
        if len({frame.parent for frame in live}) > 1 or any(map(gt, indexes, indexes[1:])):
            live.sort(key=self.path)
        return live

    def copy_frames(self) -> dict[int, Frame]:
        """Return copies of the live frames, but those of child executions, for `sfn_provider.engine.redrive`."""
        return {
            identity: replace(frame, requests=[], children=[*frame.children])
            for identity, frame in self.frames.items()
            if frame.child_execution is None
        }

    @property
    def root(self) -> Frame:
        """The frame that is the execution itself."""
        return self.frames[ROOT]

    def to_json(self) -> dict[str, Any]:
        """Return the state as a JSON object."""
        data = asdict(self)
        for identity, frame in self.frames.items():
            if frame.progress is not None:
                data["frames"][identity]["progress"]["kind"] = type(frame.progress).__name__
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `to_json` returned, also after it was JSON text (where number keys are text)."""
        frames = {
            int(key): Frame(**{**frame, "progress": progress_from_json(frame["progress"])})
            for key, frame in data["frames"].items()
        }
        pending = {key: Pending(**entry) for key, entry in data["pending"].items()}
        stop_before = Moment(*data["stop_before"]) if data["stop_before"] is not None else None
        return cls(**{**data, "frames": frames, "pending": pending, "stop_before": stop_before})
