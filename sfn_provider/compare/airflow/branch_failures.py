"""Finds tasks that ran past another branch's failure, and lets a second run know of it.

A branch that fails stops the others at a virtual moment. A task of one state is before or after it, and tasks run in
the order of virtual time. A task of several states may have begun before it and go on past it: where it has run before
the task that fails, it cannot know. The DAG is run again then, and its tasks know of the failures from the beginning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sfn_provider.compare.airflow.virtual_order import runs_many_states
from sfn_provider.engine.progress.execution_state import Moment
from sfn_provider.runtime.routing import branches
from sfn_provider.runtime.routing.routing_token import ERROR_KEY, TOKEN_KEY, RoutingToken, map_index_of

Json = Any

MAX_RUNS = 5
"""How often a DAG is run at most: each run knows the failures of the one before."""


@contextmanager
def known_failures(errors: Sequence[Mapping[str, Json]]) -> Iterator[None]:
    """Lets the tasks of a DAG run know of failed branches before these have failed.

    They pull the errors of those tasks only that have one: a task takes a request, and mostly none has.

    Args:
        errors: the XComs ``error`` of the tasks that will fail.
    """
    pull = branches.pull_sibling_errors

    def pull_with_known(context: Any, task_ids: list[str]) -> list[dict[str, Json]]:
        found = pull(context, _with_errors(context["ti"], task_ids))
        own = (context["ti"].task_id, map_index_of(context))
        there = {own, *map(_instance_of, found)}
        return [*found, *(dict(error) for error in errors if _is_new(error, task_ids, there))]

    with patch.object(branches, "pull_sibling_errors", pull_with_known):
        yield


def _with_errors(instance: Any, task_ids: Sequence[str]) -> list[str]:
    """Return those of the tasks that have pushed an error in the DAG run of a task instance."""
    from sfn_provider._compat import XComRow, create_session

    with create_session() as session:
        rows = session.query(XComRow.task_id).filter_by(dag_id=instance.dag_id, run_id=instance.run_id, key=ERROR_KEY)
        pushed = {task_id for (task_id,) in rows}
    return [task_id for task_id in task_ids if task_id in pushed]


def _is_new(error: Mapping[str, Json], task_ids: Sequence[str], there: set[tuple[str, int]]) -> bool:
    return error["Token"]["task_id"] in task_ids and _instance_of(error) not in there


def _instance_of(error: Mapping[str, Json]) -> tuple[str, int]:
    pushed_by = error.get("Token", error)
    return pushed_by["task_id"], pushed_by["map_index"]


def find_overrun_failures(dag: Any, xcoms: Mapping[tuple[str, int, str], Json]) -> list[dict[str, Json]]:
    """Return the errors of failed branches; none where no task of several states ran past one.

    Args:
        dag: the DAG.
        xcoms: the XComs of its run by task id, map index and key.
    """
    pushed = {place: _plain(value) for place, value in xcoms.items() if place[-1] in (TOKEN_KEY, ERROR_KEY)}
    errors = [value for (*_, key), value in pushed.items() if key == ERROR_KEY and "Token" in value]
    failed = [error for error in errors if error["Token"]["branch"] is not None]
    # A task that ran past a failure may have asked for a call that no mock answers: also one of a single state, which
    # runs before the tasks of several states.
    if failed and any("Message" in value for value in pushed.values()):
        return failed
    many = [value for (task_id, *_), value in pushed.items() if runs_many_states(dag.task_dict[task_id])]
    ended = [RoutingToken.from_json(value.get("Token", value)) for value in many]
    failures = [RoutingToken.from_json(error["Token"]) for error in failed]
    is_overrun = any(_is_past(token, failure) for failure in failures for token in ended)
    return failed if is_overrun else []


def _plain(value: Json) -> Json:
    """Return an XCom without the types that Airflow 3 writes beside tuples."""
    if isinstance(value, dict):
        return _plain(value["__data__"]) if "__data__" in value else {key: _plain(value[key]) for key in value}
    return [_plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def _is_past(token: RoutingToken, failure: RoutingToken) -> bool:
    """Whether a task of another branch of the same Parallel or Map has ended after a failure."""
    if token.branch is None or failure.branch is None:
        return False
    place = failure.branch.place
    around = token.branch.place[: len(place)]
    if around[:-1] != place[:-1] or around[-1:] == place[-1:] or around[-1][0] != place[-1][0]:
        return False
    later = around[-1][1] < place[-1][1]
    return token.moment >= Moment(failure.now, failure.phase, failure.turn + (1 if later else 0))
