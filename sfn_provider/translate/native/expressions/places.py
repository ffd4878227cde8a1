"""Defines where a run has what a symbolic value names: an XCom, a variable or a param."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sfn_provider.translate.native.data_flow.values import Key, Source, Value

Form = Literal["value", "json"]

ERROR_KEY = "error"
"""The key of the XCom with the error of a failed task."""

CHOSEN_KEY = "chosen"
"""The key of the XCom with the id of the task that a branch has chosen: where it skips others, it returns nothing."""


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """Where a value is found.

    Args:
        task_id: the task whose XCom has it; empty for the run's params.
        form: ``value`` for itself, ``json`` for its JSON text.
        path: the steps from there to the value.
        xcom: the key of the XCom.
        value: what the value is, where the DAG knows it without an XCom.
        expression: an expression of Airflow's context, and the name in that context with which it starts.
        is_any_input: whether it is the execution's input, which may be no object.
        is_container: whether it is an object or an array in every run.
        is_mapped: whether some of the items of a mapped task have the XCom: it is that of the first of them.
        equals: for what says whether a way was taken the text that it is then; None where it is there only then.
        names: for an error that says so the names that it has then.
        excludes: whether these are those that it does not have.
    """

    task_id: str
    form: Form = "value"
    path: tuple[Key, ...] = ()
    xcom: str = "return_value"
    value: Value | None = None
    expression: tuple[str, str] | None = None
    equals: str | None = None
    names: tuple[str, ...] = ()
    excludes: bool = False
    is_any_input: bool = False
    is_container: bool = False
    is_mapped: bool = False


Find = Callable[[Source, tuple[Key, ...]], ValuePlace]
"""Finds the place of a path in a source; raises `NotNative` where there is none."""

CONTEXT_OBJECT: dict[tuple[Key, ...], tuple[str, str]] = {
    ("Execution", "Id"): ("run_id", "run_id"),
    ("Execution", "Name"): ("run_id", "run_id"),
    ("Execution", "StartTime"): ("dag_run.start_date.isoformat()", "dag_run"),
    ("StateMachine", "Name"): ("dag.dag_id", "dag"),
}
"""What stands for members of the context object, and the name of Airflow's context in it."""

ENTERED_TIME = ("ti.start_date.isoformat()", "ti")
"""What stands for the time at which the execution came to a state, in the task of that state."""

ENTERED_TIME_2 = ("macros.datetime.now(macros.dateutil.tz.UTC).isoformat()", "macros")
"""The same in Airflow 2, where a task that dag.test() runs has no start_date."""
