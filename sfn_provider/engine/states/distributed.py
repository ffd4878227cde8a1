"""The distributed Map: a Map Run whose iterations are child executions.

The order of its events, and when which field is evaluated, follow recorded executions. Source of the rest:
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html

What a Map Run keeps between two events stands in the memo of the frame that is in the Map state:

- ``run``: ``name``, ``label`` and ``arn`` of the Map Run; ``limit``: child executions that may run at once;
  ``tolerance``: the failure thresholds; ``writer``: where results are exported to, or null;
- ``items`` and ``reading``: see `sfn_provider.engine.items.reading`;
- ``inputs``: the child executions' inputs, null once started; ``weights``: how many items each holds, null where each
  is one item; ``started``, ``done``, ``failed``: children started and ended, items failed; ``total``: items;
- ``outputs`` by index, and ``records`` of the children that must be described, by index as text;
- ``failure``: error and cause while a failed Map Run exports its results; ``writing``: files not written yet;
  ``ended``: stands there once the Map Run has succeeded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfn_provider.asl.scope import MISSING, Json, Scope
from sfn_provider.engine.context import own_context
from sfn_provider.engine.dataflow import template
from sfn_provider.engine.fields import whole_number
from sfn_provider.engine.items.batches import make_batches
from sfn_provider.engine.items.map_run import child_context, child_name, run_arn, run_label, run_name
from sfn_provider.engine.items.reading import begin_reading, take_answer
from sfn_provider.engine.items.results import (
    Record,
    describe_child,
    describe_pending,
    needs_records,
    transform,
    transformation,
)
from sfn_provider.engine.items.selection import effective_scope, max_concurrency, read_items, select_items
from sfn_provider.engine.items.tolerance import Tolerance, read_tolerance
from sfn_provider.engine.items.writing import begin_writing, export_details, file_written, prepare_writing
from sfn_provider.engine.limits import CHILD_CONCURRENCY, EXPRESS_SECONDS, to_json, too_large
from sfn_provider.engine.program import Compiled
from sfn_provider.engine.requests import Event, TaskFailed, TaskSucceeded
from sfn_provider.engine.state import Frame
from sfn_provider.engine.times import format_time
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.engine.run import Run

_SELF_EXPLAINED = ("States.Runtime", "States.QueryEvaluationError")
"""Errors whose cause AWS opens with the state's name; the causes of others stand alone (recorded executions)."""


def execute(run: Run, frame: Frame, state: Compiled) -> None:
    """Start a Map Run: read its items, or begin to.

    Raises:
        StatesError: where a field cannot be evaluated.
    """
    scope = effective_scope(run, frame, state)
    limit = max_concurrency(run, state, scope)
    reads = state.model.item_reader is not None
    dataset = [] if reads else read_items(run, state, scope)
    run.emit(frame, "MapStateStarted", {"length": len(dataset)})
    tolerance = read_tolerance(state, scope, run.entropy)
    frame.memo |= {
        "limit": limit or CHILD_CONCURRENCY,
        "tolerance": list(tolerance),
        "run": _name_run(run, frame, state),
    }
    run.emit(frame, "MapRunStarted", {"mapRunArn": frame.memo["run"]["arn"]})
    try:
        frame.memo["writer"] = prepare_writing(run, state, scope)
        if reads:
            begin_reading(run, frame, state, scope)
        else:
            _start_children(run, frame, state, scope, select_items(run, state, scope, dataset))
    except StatesError as error:
        _fail_run(run, frame, state, error)


def answered(run: Run, frame: Frame, state: Compiled, purpose: str, event: Event) -> None:
    """Take what was read, or the news that a file is written.

    Raises:
        StatesError: where a field of the state cannot be evaluated on it.
    """
    try:
        if isinstance(event, TaskFailed):
            raise StatesError(_reported(event.error, purpose), event.cause)
        if not isinstance(event, TaskSucceeded):
            return
        if purpose == "write":
            if file_written(frame):
                _written(run, frame, state)
        elif take_answer(run, frame, state, event.result):
            _start_children(run, frame, state, effective_scope(run, frame, state), frame.memo.pop("items"))
    except StatesError as error:
        _fail_run(run, frame, state, error)


def child_timed_out(run: Run, child: Frame) -> None:
    """End a child execution that has run for as long as an Express execution may."""
    frame = run.state.frames[child.parent or 0]
    run.abort_children(child)
    run.cancel(child)
    del run.state.frames[child.id]
    _end_child(run, frame, run.compiled(frame), child, "TIMED_OUT", StatesError("States.Timeout"))


def child_ended(run: Run, frame: Frame, state: Compiled, child: Frame, output: Json, error: StatesError | None) -> None:
    """Take note of a child execution that ended: start the next one, or end the Map Run.

    Args:
        run: the step under way.
        frame: the frame that is in the Map state.
        state: the Map state.
        child: the child execution's frame.
        output: its output, where it succeeded.
        error: its error, where it failed.
    """
    _end_child(run, frame, state, child, "SUCCEEDED" if error is None else "FAILED", error, output)


def _end_child(
    run: Run,
    frame: Frame,
    state: Compiled,
    child: Frame,
    status: str,
    error: StatesError | None,
    output: Json = None,
) -> None:
    memo = frame.memo
    index = _index(child)
    run.cancel(child, "execution")
    memo["done"] += 1
    memo["outputs"][index] = output
    if error is not None or needs_records(state.model.result_writer):
        memo["records"][str(index)] = _describe(run, child, status, error, output)
    if error is not None:
        memo["failed"] += memo["weights"][index] if memo["weights"] else 1
    try:
        if Tolerance(*memo["tolerance"]).exceeded(memo["failed"], memo["total"]):
            _exceed(run, frame, state)
        elif memo["started"] < len(memo["inputs"]):
            _start_next(run, frame, state)
        elif memo["done"] == len(memo["inputs"]):
            _finish(run, frame, state)
    except StatesError as problem:
        run.fail_evaluation(frame, state, problem)


def _name_run(run: Run, frame: Frame, state: Compiled) -> dict[str, str]:
    context = own_context(run.state, frame)
    machine = context["StateMachine"]["Id"]
    name = run_name(context["Execution"]["Id"], frame.entered, sum(frame.counts))
    label = run_label(machine, f"{state.scope}/{state.name}", state.model.label)
    return {"name": name, "label": label, "arn": run_arn(machine, label, name)}


# Children ------------------------------------------------------------------------------------------------------------


def _start_children(run: Run, frame: Frame, state: Compiled, scope: Scope, items: list[Json]) -> None:
    inputs, weights = _batch(run, state, scope, items)
    for value in inputs:
        refusal = too_large(state.name, value)
        if refusal is not None:
            raise refusal
    counters = {"started": 0, "done": 0, "failed": 0, "total": len(items)}
    results: dict[str, Any] = {"outputs": [None] * len(inputs), "records": {}, "failure": None}
    frame.memo |= {"inputs": inputs, "weights": weights, **counters, **results}
    if not inputs:
        _finish(run, frame, state)
        return
    for _ in range(min(frame.memo["limit"], len(inputs))):
        _start_next(run, frame, state)


def _batch(run: Run, state: Compiled, scope: Scope, items: list[Json]) -> tuple[list[Json], list[int] | None]:
    batcher = state.model.item_batcher
    if batcher is None:
        return items, None
    given = "batch_input" in batcher.model_fields_set
    batches = list(
        make_batches(
            items,
            most_items=whole_number(batcher, state.language, "MaxItemsPerBatch", scope, run.entropy) or 0,
            most_bytes=whole_number(batcher, state.language, "MaxInputBytesPerBatch", scope, run.entropy) or 0,
            batch_input=_batch_input(run, state, scope) if given else MISSING,
        )
    )
    return batches, [len(batch["Items"]) for batch in batches]


def _batch_input(run: Run, state: Compiled, scope: Scope) -> Json:
    evaluate = template(state.model.item_batcher.batch_input, state.language, "ItemBatcher/BatchInput")
    return evaluate(scope, run.entropy)


def _start_next(run: Run, frame: Frame, state: Compiled) -> None:
    memo = frame.memo
    index = memo["started"]
    memo["started"] += 1
    value, memo["inputs"][index] = memo["inputs"][index], None
    scope, branch = run.program.branch(state)
    child = run.spawn(frame, scope, branch.start_at, value, index)
    named = memo["run"]
    context = own_context(run.state, frame)
    child.execution = child_context(context, named["label"], child_name(named["name"], index), value, run.state.now)
    child.child_execution = child.id
    child.events = 1  # its ExecutionStarted
    # A child execution sees neither the variables of its parent nor where the parent is in a Map.
    child.variables, child.map_item, child.previous = {}, None, 0
    if branch.processor_config is not None and branch.processor_config.execution_type == "EXPRESS":
        run.wake(child, "execution", run.state.now + EXPRESS_SECONDS)


def _index(child: Frame) -> int:
    if child.index is None:
        raise ValueError(f"frame {child.id} is no iteration")
    return child.index


def _describe(run: Run, child: Frame, status: str, error: StatesError | None, output: Json = None) -> Record:
    outcome = {"Output": to_json(output)}
    if error is not None:
        told = {"Error": error.error, "Cause": error.cause}
        outcome = {name: text for name, text in told.items() if text is not None}
    return describe_child(child.execution or {}, format_time(run.state.now), status, outcome)


# The end -------------------------------------------------------------------------------------------------------------


def _finish(run: Run, frame: Frame, state: Compiled) -> None:
    """All children have ended: export the results, or return them."""
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


def _exceed(run: Run, frame: Frame, state: Compiled) -> None:
    """Too many items have failed: the Map Run fails, after an export where there is a ResultWriter."""
    memo = frame.memo
    cause = "The specified tolerated failure threshold was exceeded"
    memo["failure"] = ["States.ExceedToleratedFailureThreshold", cause]
    if memo["writer"] is None:
        _fail_run(run, frame, state, StatesError(*memo["failure"]))
        return
    for child in run.children(frame):
        memo["records"][str(_index(child))] = _describe(run, child, "ABORTED", StatesError(None))
    run.abort_children(frame)
    for index in range(memo["started"], len(memo["inputs"])):
        memo["records"][str(index)] = describe_pending(memo["inputs"][index])
    begin_writing(run, frame, state, _recorded(memo))


def _recorded(memo: dict[str, Any]) -> list[tuple[Record, Json]]:
    return [(memo["records"][str(index)], output) for index, output in enumerate(memo["outputs"])]


def _written(run: Run, frame: Frame, state: Compiled) -> None:
    if frame.memo["failure"] is not None:
        raise StatesError(*frame.memo["failure"])
    _succeed(run, frame, state, export_details(frame))


def _reported(error: str | None, purpose: str) -> str:
    """A failed read or write is reported by an error of the Map's own, unless it has one already."""
    if error is not None and error.startswith("States."):
        return error
    return "States.ResultWriterFailed" if purpose == "write" else "States.ItemReaderFailed"


def _fail_run(run: Run, frame: Frame, state: Compiled, error: StatesError) -> None:
    """Record that the Map Run failed, then fail the state. Where it has succeeded, only the state fails."""
    if "ended" in frame.memo:
        raise error
    details = {"error": error.error, "cause": error.cause}
    run.emit(frame, "MapRunFailed", {key: value for key, value in details.items() if value is not None})
    if error.error in _SELF_EXPLAINED:
        raise error
    run.fail(frame, state, error)
