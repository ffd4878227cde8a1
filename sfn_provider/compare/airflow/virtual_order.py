"""Runs the tasks of a DAG in the order of virtual time.

``dag.test()`` runs those that are ready in any order. With mocks, tasks take no wall time. A branch that fails stops
the others at a virtual moment, and mocks answer calls in their order: both need that what is earlier runs first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sfn_provider.engine.progress.execution_state import Moment
from sfn_provider.runtime.routing.routing_token import ERROR_KEY, TOKEN_KEY
from sfn_provider.xcom_json import decode_xcom

Moments = dict[tuple[str, int], Moment]
"""When task instances ended, by task id and map index."""

_MANY_STATES = ("Loop", "Segment", "Parallel", "Map")
"""Types of tasks that run more than one state."""


@contextmanager
def run_in_virtual_order(dag: Any) -> Iterator[None]:
    """Runs one task instance at a time, the earliest in virtual time first.

    Tasks of several states come last: they stop at the moment at which a branch beside them has failed, if that one has
    run before. Of tasks at the same moment the one that stands first in the file comes first, as the branch with the
    lower index does on the engine.

    Args:
        dag: the DAG whose runs ``dag.test()`` makes meanwhile.
    """
    from airflow.models.dagrun import DagRun

    update_state = DagRun.update_state
    waiting: list[Any] = []

    def with_earliest(run: DagRun, session: Any) -> Any:
        callback = None
        if not waiting:
            ready, callback = update_state(run, session=session)
            waiting.extend(_earliest(dag, ready, _read_moments(run, session)) if len(ready) > 1 else ready)
            if not waiting:
                _skip_behind_skipped(dag, run, session)
        # What follows a task is later than the tasks that are ready at the same moment as it.
        return waiting[:1] and [waiting.pop(0)], callback

    with patch.object(DagRun, "update_state", with_earliest):
        yield


def _skip_behind_skipped(dag: Any, run: Any, session: Any) -> None:
    """Skips at once all tasks that Airflow would skip one after the other, one in each round of ``dag.test()``.

    These are the tasks that have only skipped ones before them, by the trigger rule that they have.
    """
    instances = {instance.task_id: instance for instance in run.get_task_instances(session=session)}
    for task in dag.topological_sort():
        instance, before = instances.get(task.task_id), [instances.get(near) for near in task.upstream_task_ids]
        if (
            instance is not None
            and instance.state is None
            and task.trigger_rule == "none_failed_min_one_success"
            and task.get_closest_mapped_task_group() is None
            and before
            and all(near is not None and near.state == "skipped" for near in before)
        ):
            instance.set_state("skipped", session=session)


def runs_many_states(task: Any) -> bool:
    """Return whether a task of a DAG may run more than one state."""
    return getattr(task, "state_type", "") in _MANY_STATES and task.role in ("state", "children")


def _earliest(dag: Any, ready: Sequence[Any], moments: Moments) -> list[Any]:
    """Return those of the task instances that are ready which are first in virtual time, in order."""
    places = {task_id: place for place, task_id in enumerate(dag.task_dict)}

    def order(instance: Any) -> tuple[bool, Moment]:
        task = dag.task_dict[instance.task_id]
        return runs_many_states(task), _entry_moment(task, instance.map_index, moments)

    orders = [order(instance) for instance in ready]
    first = min(orders)
    chosen = [instance for instance, own in zip(ready, orders, strict=True) if own == first]
    return sorted(chosen, key=lambda instance: (places[instance.task_id], instance.map_index))


def _entry_moment(task: Any, map_index: int, moments: Moments) -> Moment:
    """Return when the last of the tasks before ended; the beginning of time where there is none."""
    before = task.upstream_task_ids
    ended = [
        moment
        for (task_id, index), moment in moments.items()
        if task_id in before and (map_index < 0 or index in (-1, map_index))
    ]
    return max(ended, default=Moment(0.0))


def _read_moments(run: Any, session: Any) -> Moments:
    from sfn_provider._compat import XComRow

    moments: Moments = {}
    columns = (XComRow.task_id, XComRow.map_index, XComRow.key, XComRow.value)
    rows = session.query(*columns).filter_by(dag_id=run.dag_id, run_id=run.run_id)
    for row in rows.filter(XComRow.key.in_((TOKEN_KEY, ERROR_KEY))):
        pushed = decode_xcom(XComRow.deserialize_value(row))
        token = pushed if row.key == TOKEN_KEY else pushed.get("Token")
        if token is not None:
            moments[row.task_id, row.map_index] = Moment(token["now"], token["phase"], token["turn"])
    return moments
