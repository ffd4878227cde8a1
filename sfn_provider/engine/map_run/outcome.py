"""How a Map Run ends: with its results, with an export of them, or with an error.

What it keeps stands in the memo of the Map state's frame; see `sfn_provider.engine.states.distributed_map`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfn_provider.asl.scope import Json
from sfn_provider.engine.compiled import Compiled
from sfn_provider.engine.execution_state import Frame
from sfn_provider.engine.limits import to_json
from sfn_provider.engine.map_run.child_results import (
    Record,
    describe_child,
    describe_pending,
    transform,
    transformation,
)
from sfn_provider.engine.map_run.result_writer import begin_writing, export_details
from sfn_provider.engine.map_run.tolerated_failures import EXCEEDED
from sfn_provider.engine.timestamps import format_time
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.engine.step import Run

_SELF_EXPLAINED = ("States.Runtime", "States.QueryEvaluationError")
"""Errors whose cause AWS opens with the state's name; the causes of others stand alone (recorded executions)."""


def index_of(child: Frame) -> int:
    """The place of a child execution among all of its Map Run."""
    if child.index is None:
        raise ValueError(f"frame {child.id} is no iteration")
    return child.index


def describe(run: Run, child: Frame, status: str, error: StatesError | None, output: Json = None) -> Record:
    """Describe a child execution as it is now, with its error or its output."""
    outcome = {"Output": to_json(output)}
    if error is not None:
        told = {"Error": error.error, "Cause": error.cause}
        outcome = {name: text for name, text in told.items() if text is not None}
    return describe_child(child.execution or {}, format_time(run.state.now), status, outcome)


def finish(run: Run, frame: Frame, state: Compiled) -> None:
    """All children have ended: export the results, or return them.

    Raises:
        StatesError: where the results cannot be formatted.
    """
    memo = frame.memo
    if memo["writer"] is not None:
        begin_writing(run, frame, state, _recorded(memo))
        return
    results = ((memo["records"].get(str(index)), output) for index, output in enumerate(memo["outputs"]))
    _succeed(run, frame, state, transform(results, transformation(state.model.result_writer)))


def _succeed(run: Run, frame: Frame, state: Compiled, result: Json) -> None:
    started = frame.previous
    run.emit(frame, "MapRunSucceeded")
    run.emit(frame, "MapStateSucceeded")
    frame.previous = started
    frame.memo["ended"] = True
    run.succeed(frame, state, result, run.scope(frame))


def exceed(run: Run, frame: Frame, state: Compiled) -> None:
    """Too many items have failed: the Map Run fails, after an export where there is a ResultWriter."""
    memo = frame.memo
    memo["failure"] = [EXCEEDED.error, EXCEEDED.cause]
    if memo["writer"] is None:
        fail_run(run, frame, state, StatesError(*memo["failure"]))
        return
    for child in run.children(frame):
        memo["records"][str(index_of(child))] = describe(run, child, "ABORTED", StatesError(None))
    run.abort_children(frame)
    for index in range(memo["started"], len(memo["inputs"])):
        memo["records"][str(index)] = describe_pending(memo["inputs"][index])
    begin_writing(run, frame, state, _recorded(memo))


def _recorded(memo: dict[str, Any]) -> list[tuple[Record, Json]]:
    return [(memo["records"][str(index)], output) for index, output in enumerate(memo["outputs"])]


def written(run: Run, frame: Frame, state: Compiled) -> None:
    """The results are exported: end the Map Run as it was to end.

    Raises:
        StatesError: where it has failed.
    """
    if frame.memo["failure"] is not None:
        raise StatesError(*frame.memo["failure"])
    _succeed(run, frame, state, export_details(frame))


def reported(error: str | None, purpose: str) -> str:
    """A failed read or write is reported by an error of the Map's own, unless it has one already."""
    if error is not None and error.startswith("States."):
        return error
    return "States.ResultWriterFailed" if purpose == "write" else "States.ItemReaderFailed"


def fail_run(run: Run, frame: Frame, state: Compiled, error: StatesError) -> None:
    """Record that the Map Run failed, then fail the state. Where it has succeeded, only the state fails."""
    if "ended" in frame.memo:
        raise error
    details = {"error": error.error, "cause": error.cause}
    run.emit(frame, "MapRunFailed", {key: value for key, value in details.items() if value is not None})
    if error.error in _SELF_EXPLAINED:
        raise error
    run.fail(frame, state, error)
