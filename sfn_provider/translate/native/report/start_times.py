"""Finds where the start of a task stands for the time at which an execution came to a state."""

from __future__ import annotations

from collections.abc import Iterator

from sfn_provider.translate.native.data_flow.values import Source, walk
from sfn_provider.translate.native.native_plan import NativePlan
from sfn_provider.translate.native.prepared_machine import values_of_state
from sfn_provider.translate.native.states.conditions import rule_values


def start_time_differences(name: str, state: object, native: NativePlan) -> Iterator[tuple[str, str, str]]:
    """Iterate over the differences of a state that reads ``$$.State.EnteredTime``: code, reason and advice.

    Args:
        name: the state.
        state: its model.
        native: the DAG.
    """
    flow = native.flows.get(name)
    values = [] if flow is None else [*values_of_state(flow), *rule_values(flow)]
    if any(part == Source("entered_time", name) for value in values for part in walk(value)):
        yield (
            "CONTEXT_OBJECT",
            "EnteredTime is the start of the task, after a failure that of its new attempt, with +00:00 in place of Z; "
            "in Airflow 2 it is the time at which the task reads it.",
            "Check who reads the time.",
        )
