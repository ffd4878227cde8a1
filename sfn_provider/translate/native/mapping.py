"""Says which Map states become one mapped task: an inline Map whose items are each given to one Task."""

from __future__ import annotations

from sfn_provider.asl.model import Map, Pass, Succeed, Task
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.model import NotNative


def check_map(state: Map) -> None:
    """Raise `NotNative` with the reason where a Map does not become a mapped task."""
    if state.distributed:
        raise NotNative("a distributed Map runs child executions, which no operator does")
    if state.retry:
        raise NotNative("Airflow tries single tasks again, not a group of them")
    if not isinstance(state.max_concurrency, int | None) or state.max_concurrency_path is not None:
        raise NotNative("MaxConcurrency is known only in a run")
    others = (state.tolerated_failure_count, state.tolerated_failure_percentage, state.item_reader, state.item_batcher)
    if any(other is not None for other in others):
        raise NotNative("Airflow tolerates no failed items, and reads no items from files")
    inside = list(state.body.states.values())
    if any(not isinstance(inner, Task | Pass | Succeed) for inner in inside):
        kinds = sorted({inner.type for inner in inside if not isinstance(inner, Task | Pass | Succeed)})
        raise NotNative(f"a {' and a '.join(kinds)} in a Map needs tasks of its own for each item, which skip wrongly")
    tasks = [inner for inner in inside if isinstance(inner, Task)]
    if len(tasks) > 1:
        raise NotNative("a Map with several Tasks for an item is not among those that this style says yet")
    if any(inner.catch for inner in tasks) or any(getattr(inner, "assign", None) is not None for inner in inside):
        raise NotNative("an error of an item is caught, or a variable is assigned, within the Map")


def task_of_map(flow: StateFlow) -> StateFlow | None:
    """Return the Task in a Map; None where it has none, or where the state is no Map."""
    inside = flow.scopes[0].states.values() if isinstance(flow.state, Map) else ()
    return next((inner for inner in inside if isinstance(inner.state, Task)), None)
