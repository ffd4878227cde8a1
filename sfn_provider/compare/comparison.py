"""Compares a state machine on the engine with its DAG in a private Airflow."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from sfn_provider.asl.document import Definition, open_document
from sfn_provider.asl.model import ExecutionType
from sfn_provider.asl.scope import Json
from sfn_provider.compare.airflow.dag_execution import DAG_ID, AirflowRun, run_dag
from sfn_provider.compare.diff.run_specific_values import mask_execution_name
from sfn_provider.compare.diff.state_comparison import StateComparison, compare_outcomes, compare_states
from sfn_provider.compare.machine_analysis.coverage import CoverageObserver, missing_input
from sfn_provider.compare.machine_analysis.machine_parts import MachineParts, Part
from sfn_provider.engine import Execution, Mocks, simulate
from sfn_provider.engine.simulation.item_objects import S3Object
from sfn_provider.engine.simulation.simulator import NAME
from sfn_provider.translate.plan.granularity import TasksName

Clock = Literal["recorded", "virtual", "mocked", "measured"]
"""How the times of a side came about; `sfn_provider.compare.report.model.CLOCKS` describes them."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same execution on both sides.

    Args:
        expected: the execution on Step Functions, or on the engine, which stands for it.
        airflow: the run of the DAG; None where it did not run to an end.
        states: the states visited, side by side.
        outcome: where the outcomes differ, as text.
        expected_seconds: wall time of the side of Step Functions.
        clocks: the clocks of Step Functions and of Airflow.
        reached: the parts of the machine that the execution has reached.
        missing_input: the path that the first state reads and the input lacks, where nothing ran for that; else None.
    """

    expected: Execution
    airflow: AirflowRun | None
    states: tuple[StateComparison, ...]
    outcome: tuple[str, ...]
    expected_seconds: float
    clocks: tuple[Clock, Clock]
    reached: frozenset[Part] = frozenset()
    missing_input: str | None = None

    @property
    def agrees(self) -> bool:
        """Whether both sides agree in every state and in the outcome."""
        return not self.outcome and all(state.agrees for state in self.states)


def compare_on_engine(
    definition: Definition,
    input: Json,
    *,
    mocks: Mocks | Mapping[str, Any] | None = None,
    objects: Mapping[str, S3Object] | None = None,
    tasks: TasksName = "state",
    map_batch: int | None = None,
    execution_type: ExecutionType = "STANDARD",
) -> Comparison:
    """Run a state machine on the engine and as a DAG in Airflow, and compare state by state.

    Args:
        definition: the definition as text, as an object, opened, or parsed.
        input: the execution's input, any JSON value.
        mocks: what tasks answer, as for `sfn_provider.engine.simulate`.
        objects: contents of S3 objects that ItemReader reads, as for `sfn_provider.engine.simulate`.
        tasks: what one task of the DAG runs, as for `sfn_provider.translate.translate`.
        map_batch: how many items of a Map one task runs, as for `sfn_provider.translate.translate`.
        execution_type: ``STANDARD`` or ``EXPRESS``, on the engine: a DAG run has no type. A document has its own.

    Raises:
        InvalidDefinition: where Step Functions would refuse the definition.
        UsageError: where a task is called that has no mock, or the mocks are malformed.
        AirflowRunFailed: where Airflow itself fails.
    """
    answers = mocks if isinstance(mocks, Mocks) else Mocks.from_mapping(mocks or {}, objects)
    document = open_document(definition, execution_type)
    machine, kind = document.machine, document.execution_type
    observer = CoverageObserver(MachineParts(machine))
    used = answers.fresh()
    run = partial(simulate, machine, input, execution_type=kind, history="failed", machine_name=DAG_ID, seed=NAME)
    started = time.perf_counter()
    expected = run(mocks=used, observer=observer)
    expected_seconds = time.perf_counter() - started
    airflow = run_dag(document, input, mocks=answers.repeat(used), tasks=tasks, map_batch=map_batch)
    states, outcome = _compare(expected, airflow.execution)
    if outcome or not all(state.agrees for state in states):
        # What a machine makes of its execution's name, such as the Base64 of a task token, is the same with that name.
        expected = run(mocks=answers.fresh(), name=airflow.execution.name)
        states, outcome = _compare(expected, airflow.execution)
    clocks: tuple[Clock, Clock] = ("virtual", "mocked")
    reached, missing = frozenset(observer.reached), missing_input(machine, input, expected)
    return Comparison(expected, airflow, tuple(states), tuple(outcome), expected_seconds, clocks, reached, missing)


def _compare(expected: Execution, actual: Execution) -> tuple[list[StateComparison], list[str]]:
    one, other = mask_execution_name(expected), mask_execution_name(actual)
    return compare_states(one, other), compare_outcomes(one, other)
