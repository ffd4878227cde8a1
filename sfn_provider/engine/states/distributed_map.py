"""The distributed Map: a Map Run whose iterations are child executions.

The order of its events, and when which field is evaluated, follow recorded executions. Source of the rest:
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html

What a Map Run keeps between two events stands in the memo of the frame that is in the Map state:

- ``run``: ``name``, ``label`` and ``arn`` of the Map Run; ``limit``: child executions that may run at once;
  ``tolerance``: the failure thresholds; ``writer``: where results are exported to, or null;
- ``items`` and ``reading``: see `sfn_provider.engine.map_run.item_reader`;
- ``inputs``: the child executions' inputs, null once started; ``weights``: how many items each holds, null where each
  is one item; ``started``, ``done``, ``failed``: children started and ended, items failed; ``total``: items;
- ``outputs`` by index, and ``records`` of the children that must be described, by index as text;
- ``first``: index of the first of ``inputs``, 0 but for a part; see `sfn_provider.engine.map_run.child_batches`;
- ``failure``: error and cause while a failed Map Run exports its results; ``writing``: files not written yet;
  ``ended``: stands there once the Map Run has succeeded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.scope import MISSING, Json, Scope
from sfn_provider.engine import external_branches as outside
from sfn_provider.engine.compiled import Compiled
from sfn_provider.engine.dataflow.context_object import own_context
from sfn_provider.engine.dataflow.flow import template
from sfn_provider.engine.dataflow.typed_fields import whole_number
from sfn_provider.engine.execution_state import Frame
from sfn_provider.engine.limits import CHILD_CONCURRENCY, EXPRESS_SECONDS, too_large
from sfn_provider.engine.map_run import child_batches as parts
from sfn_provider.engine.map_run.child_results import needs_records
from sfn_provider.engine.map_run.item_batcher import make_batches
from sfn_provider.engine.map_run.item_reader import begin_reading, take_answer
from sfn_provider.engine.map_run.item_selection import effective_scope, max_concurrency, read_items, select_items
from sfn_provider.engine.map_run.naming import child_context, child_name, run_arn, run_label, run_name
from sfn_provider.engine.map_run.outcome import describe, exceed, fail_run, finish, index_of, reported, written
from sfn_provider.engine.map_run.result_writer import file_written, prepare_writing
from sfn_provider.engine.map_run.tolerated_failures import Tolerance, read_tolerance
from sfn_provider.engine.requests import ChildOutcome, Event, TaskFailed, TaskSucceeded
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.engine.step import Run


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
        fail_run(run, frame, state, error)


def answered(run: Run, frame: Frame, state: Compiled, purpose: str, event: Event) -> None:
    """Take what was read, or the news that a file is written.

    Raises:
        StatesError: where a field of the state cannot be evaluated on it.
    """
    try:
        if isinstance(event, TaskFailed):
            raise StatesError(reported(event.error, purpose), event.cause)
        if not isinstance(event, TaskSucceeded):
            return
        if purpose == "write":
            if file_written(frame):
                written(run, frame, state)
        elif take_answer(run, frame, state, event.result):
            _start_children(run, frame, state, effective_scope(run, frame, state), frame.memo.pop("items"))
    except StatesError as error:
        fail_run(run, frame, state, error)


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
    index = index_of(child)
    run.cancel(child, "execution")
    memo["done"] += 1
    memo["outputs"][index - memo["first"]] = output
    parts.note_end(run, memo, index)
    if error is not None or needs_records(state.model.result_writer):
        memo["records"][str(index)] = describe(run, child, status, error, output)
    if error is not None:
        memo["failed"] += memo["weights"][index] if memo["weights"] else 1
    try:
        _go_on(run, frame, state)
    except StatesError as problem:
        run.fail_evaluation(frame, state, problem)


def _go_on(run: Run, frame: Frame, state: Compiled) -> None:
    """Start the next child execution, or end the Map Run or the part of it."""
    memo = frame.memo
    exceeded = Tolerance(*memo["tolerance"]).exceeded(memo["failed"], memo["total"])
    if not exceeded and memo["started"] < len(memo["inputs"]):
        _start_next(run, frame, state)
    elif parts.is_part(memo):
        if exceeded or memo["done"] == len(memo["inputs"]):
            parts.hand_back(run, frame)
    elif exceeded:
        exceed(run, frame, state)
    elif memo["done"] == len(memo["inputs"]):
        finish(run, frame, state)


def _name_run(run: Run, frame: Frame, state: Compiled) -> dict[str, str]:
    context = own_context(run.state, frame)
    machine = context["StateMachine"]["Id"]
    # By the seed in place of the execution's own name: two runs of the same thing with mocks have the same names.
    execution = context["Execution"]["Id"].removesuffix(run.state.context["Execution"]["Name"]) + run.state.seed
    name = run_name(execution, frame.entered, sum(frame.counts))
    label = run_label(machine, f"{state.scope}/{state.name}", state.model.label)
    return {"name": name, "label": label, "arn": run_arn(machine, label, name)}


# Children ------------------------------------------------------------------------------------------------------------


def _start_children(run: Run, frame: Frame, state: Compiled, scope: Scope, items: list[Json]) -> None:
    inputs, weights = _batch(run, state, scope, items)
    for value in inputs:
        refusal = too_large(state.name, value)
        if refusal is not None:
            raise refusal
    counters = {"first": 0, "started": 0, "done": 0, "failed": 0, "total": len(items)}
    results: dict[str, Any] = {"outputs": [None] * len(inputs), "records": {}, "failure": None}
    frame.memo |= {"inputs": inputs, "weights": weights, **counters, **results}
    if run.state.outside:
        parts.hand_over(run, frame)
    elif not inputs:
        finish(run, frame, state)
    else:
        _start_first(run, frame, state)


def _start_first(run: Run, frame: Frame, state: Compiled) -> None:
    for _ in range(min(frame.memo["limit"], len(frame.memo["inputs"]))):
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
    position = memo["started"]
    index = memo["first"] + position
    memo["started"] += 1
    value, memo["inputs"][position] = memo["inputs"][position], None
    parts.note_start(run, memo, index)
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


# Children that run elsewhere -----------------------------------------------------------------------------------------


def start_part(run: Run, frame: Frame, part: parts.Part) -> None:
    """Run some of the child executions that a Map Run asked for by `RunChildren`."""
    state = run.compiled(frame)
    run.turn_to(frame)
    parts.begin(run, frame, part)
    memo = frame.memo
    if memo["inputs"] and not Tolerance(*memo["tolerance"]).exceeded(memo["failed"], memo["total"]):
        _start_first(run, frame, state)
    else:
        parts.hand_back(run, frame)


def stop_part(run: Run, frame: Frame, failed: int) -> None:
    """Take note of how many items of other parts have failed; stop where that is too much.

    Args:
        run: the step under way.
        frame: the frame that is in the Map state.
        failed: the failed items of all other parts.
    """
    memo = frame.memo
    memo["failed"] += failed - memo["elsewhere"]
    memo["elsewhere"] = failed
    if Tolerance(*memo["tolerance"]).exceeded(memo["failed"], memo["total"]):
        parts.hand_back(run, frame)


def join(run: Run, frame: Frame, outcomes: Sequence[ChildOutcome]) -> None:
    """Bring in how the child executions ended, earliest first, and end the Map Run.

    Args:
        run: the step under way.
        frame: the frame that is in the Map state.
        outcomes: of all child executions.

    Raises:
        UsageError: where one has not ended although the Map Run has not failed.
    """
    state = run.compiled(frame)
    run.turn_to(frame)
    if outside.take_back(run, frame, state):
        return
    try:
        if parts.bring_in(run, frame, outcomes):
            exceed(run, frame, state)
        else:
            finish(run, frame, state)
    except StatesError as error:
        run.fail_evaluation(frame, state, error)
