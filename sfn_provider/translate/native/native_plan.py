"""Defines a planned native DAG with what it was made of, for the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sfn_provider.translate.native.data_flow.evaluation import ScopeFlow, StateFlow
from sfn_provider.translate.native.map_forms import MapForm
from sfn_provider.translate.native.model import NativeDag
from sfn_provider.translate.native.parts.exact_parts import ExactPart
from sfn_provider.translate.native.polling import Poll
from sfn_provider.translate.native.routing.routes import Routes
from sfn_provider.translate.native.states.forms import TaskForm


@dataclass(slots=True)
class NativePlan:
    """A planned DAG with what it was made of.

    Args:
        dag: the DAG.
        scope: the data of the states.
        flows: the same by name; of a loop that of the loop.
        routes: the graph of tasks.
        forms: the form of each Task.
        partial: the states of whose result only parts are passed on.
        with_error: the states whose errors handlers read.
        failing: why states fail whatever their input is, by name.
        polls: the loops that became sensors, by the name of their Task.
        maps: how each Map is written.
        mapped: the Map around a state that runs for each item in a mapped task, by the name of the state.
        loops: the name of the state at which a loop begins that is one function, by those of all its states.
        parts: the states that stay exact, by the name of the first one.
    """

    dag: NativeDag
    scope: ScopeFlow
    flows: Mapping[str, StateFlow]
    routes: Routes
    forms: Mapping[str, TaskForm]
    partial: set[str]
    with_error: set[str]
    failing: Mapping[str, str]
    polls: Mapping[str, Poll]
    mapped: Mapping[str, str]
    maps: Mapping[str, MapForm]
    loops: Mapping[str, str]
    parts: Mapping[str, ExactPart]

    @property
    def item_states(self) -> dict[str, str]:
        """The states that the task of an item, or of a loop, goes through, with the Map, or the start of the loop."""
        items = {name: around for name, around in self.mapped.items() if self.maps[around] == "states"}
        return items | dict(self.loops)
