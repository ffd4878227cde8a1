"""A Map Run whose child executions run elsewhere, in parts.

Where `ExecutionState.outside` is set, a distributed Map reads its items, makes the inputs of its child executions and
asks for these by one `RunChildren`. Each part of them goes on from the state that asked, in an execution state of its
own, and its output is the `ChildOutcome` of each child. The join brings all outcomes in, and what follows is as if the
children had run here.

Beside what a Map Run keeps (see `sfn_provider.engine.states.distributed_map`), the memo of a part holds ``times``: when
each child started and ended, and ``elsewhere``: the failed items of other parts, which ``failed`` includes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.scope import Json
from sfn_provider.engine.map_run.child_results import Record, describe_pending
from sfn_provider.engine.map_run.outcome import describe, index_of
from sfn_provider.engine.map_run.tolerated_failures import Tolerance
from sfn_provider.engine.requests import ChildOutcome, RunChildren
from sfn_provider.engine.timestamps import format_time
from sfn_provider.exceptions import StatesError, UsageError

if TYPE_CHECKING:
    from sfn_provider.engine.execution_state import Frame
    from sfn_provider.engine.step import Run


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the child executions of a Map Run, in a row.

    Args:
        first: index of the first one.
        inputs: the input of each.
        limit: how many may run at once.
        elsewhere: how many items of other parts are known to have failed.
    """

    first: int
    inputs: Sequence[Json]
    limit: int
    elsewhere: int = 0


def split(asked: RunChildren, size: int, most: int) -> list[Part]:
    """Split child executions into parts that may all run at once without breaking the limit of the Map Run.

    Args:
        asked: the child executions.
        size: how many a part is to have; more where there would be too many parts.
        most: how many parts there may be.
    """
    count = len(asked.inputs)
    number = min(-(-count // size), most, asked.limit)
    parts, first = [], 0
    for place in range(number):
        after = first + count // number + (place < count % number)
        limit = asked.limit // number + (place < asked.limit % number)
        parts.append(Part(first, asked.inputs[first:after], limit))
        first = after
    return parts


def hand_over(run: Run, frame: Frame) -> None:
    """Ask for the child executions, in place of starting them."""
    run.requests.append(RunChildren(tuple(frame.memo["inputs"]), frame.memo["limit"]))
    frame.memo |= {"inputs": [], "outputs": []}
    run.state.handed_over = True


def begin(run: Run, frame: Frame, part: Part) -> None:
    """Make the memo of the state that asked that of a part."""
    count = len(part.inputs)
    run.state.outside = run.state.handed_over = False
    run.state.branch = True
    frame.memo |= {"inputs": list(part.inputs), "outputs": [None] * count, "first": part.first, "limit": part.limit}
    frame.memo |= {"times": [[None, None] for _ in range(count)], "failed": part.elsewhere, "elsewhere": part.elsewhere}


def is_part(memo: dict[str, Any]) -> bool:
    """Is it the memo of a part?"""
    return "times" in memo


def note_start(run: Run, memo: dict[str, Any], index: int) -> None:
    """A child execution starts now: a part keeps when."""
    if is_part(memo):
        memo["times"][index - memo["first"]][0] = run.state.now


def note_end(run: Run, memo: dict[str, Any], index: int) -> None:
    """A child execution ends now: a part keeps when."""
    if is_part(memo):
        memo["times"][index - memo["first"]][1] = run.state.now


def hand_back(run: Run, frame: Frame) -> None:
    """End a part: its output is how each child execution stands now."""
    children = {index_of(child): child for child in run.children(frame)}
    first, count = frame.memo["first"], len(frame.memo["outputs"])
    found = [asdict(_outcome(run, frame.memo, index, children.get(index))) for index in range(first, first + count)]
    run.abort_children(frame)
    run.finish(frame, found)


def _outcome(run: Run, memo: dict[str, Any], index: int, child: Frame | None) -> ChildOutcome:
    position = index - memo["first"]
    started, ended = memo["times"][position]
    record = memo["records"].get(str(index))
    exported = memo["writer"] is not None
    items = memo["weights"][index] if memo["weights"] else 1
    if started is None:
        record = describe_pending(memo["inputs"][position]) if exported else None
        return ChildOutcome(index, "PENDING", items=items, record=record)
    if child is not None:
        record = describe(run, child, "ABORTED", StatesError(None)) if exported else None
        return ChildOutcome(index, "ABORTED", started, items=items, record=record)
    status = record["Status"] if record is not None else "SUCCEEDED"
    return ChildOutcome(index, status, started, ended, items, memo["outputs"][position], record)


def bring_in(run: Run, frame: Frame, outcomes: Sequence[ChildOutcome]) -> bool:
    """Bring in how the child executions ended, earliest first, as far as the Map Run would have gone.

    Args:
        run: the step under way.
        frame: the frame that is in the Map state.
        outcomes: of all child executions.

    Returns:
        True where too many items have failed.

    Raises:
        UsageError: where one has not ended although the Map Run has not failed.
    """
    memo, count = frame.memo, len(outcomes)
    memo |= {"inputs": [None] * count, "outputs": [None] * count, "started": count}
    tolerance = Tolerance(*memo["tolerance"])
    waiting = sorted(outcomes, key=lambda outcome: (outcome.ended is None, outcome.ended or 0.0, outcome.index))
    for place, outcome in enumerate(waiting, start=1):
        if outcome.ended is None:
            raise UsageError(f"child execution {outcome.index} has not ended, though too few failed to stop it")
        run.state.now = max(run.state.now, outcome.ended)
        _take(memo, outcome)
        if tolerance.exceeded(memo["failed"], memo["total"]):
            memo["records"] |= {str(rest.index): _left(run, rest) for rest in waiting[place:]}
            return True
    return False


def _take(memo: dict[str, Any], outcome: ChildOutcome) -> None:
    memo["done"] += 1
    memo["outputs"][outcome.index] = outcome.output
    if outcome.record is not None:
        memo["records"][str(outcome.index)] = outcome.record
    if outcome.status != "SUCCEEDED":
        memo["failed"] += outcome.items


def _left(run: Run, outcome: ChildOutcome) -> Record | None:
    """Describe a child execution that had not ended when the Map Run failed; null where nothing is exported."""
    if outcome.record is None:
        return None
    if outcome.started is None or outcome.started > run.state.now:
        return {name: outcome.record[name] for name in ("Input", "InputDetails")} | {"Status": "PENDING"}
    ended = {"RedriveStatus": "REDRIVABLE_BY_MAP_RUN", "Status": "ABORTED", "StopDate": format_time(run.state.now)}
    own = {name: value for name, value in outcome.record.items() if name not in _OF_THE_END}
    return dict(sorted({**own, **ended}.items()))


_OF_THE_END = ("Cause", "Error", "Output", "RedriveStatusReason")
"""Fields of a record that a child execution has only once it has ended by itself."""
