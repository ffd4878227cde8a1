"""Finds which tasks have succeeded whenever a task of a native DAG runs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from graphlib import TopologicalSorter
from operator import and_, or_

from sfn_provider.translate.native.routing.routes import Routes


class CertainTasks:
    """Which tasks have succeeded whenever another one runs.

    Only their results may be arguments of a function: an argument makes the task wait for the other one, and Airflow
    would skip it where that one was skipped, and not run it where that one has failed.

    Args:
        routes: the graph of tasks.
        task_ids: the ids of tasks by key.
    """

    def __init__(self, routes: Routes, task_ids: Mapping[str, str]) -> None:
        links = routes.links()
        before = links.before
        bits = {key: 1 << position for position, key in enumerate(routes.nodes)}
        self._bits = {task_ids[key]: bit for key, bit in bits.items()}
        self._certain: dict[str, int] = {}
        for key in TopologicalSorter(before).static_order():
            ways = [self._certain[left] | (0 if kind == "error" else bits[left]) for left, kind in before[key].items()]
            needs_all = links.trigger_rule(key) is None
            self._certain[key] = reduce(or_ if needs_all else and_, ways, *(() if ways else (0,)))

    def has(self, key: str, task_id: str) -> bool:
        """Return whether a task, by its id, has succeeded whenever the one of a key runs."""
        return bool(self._certain[key] & self._bits[task_id])
