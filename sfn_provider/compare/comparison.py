"""Both sides of a state machine, run on the same input."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sfn_provider.asl.scope import Json
from sfn_provider.compare.airflow.dag_execution import DAG_ID, AirflowRun, run_dag
from sfn_provider.compare.diff.run_specific_values import mask
from sfn_provider.compare.diff.state_comparison import StateComparison, compare_outcomes, compare_states
from sfn_provider.engine import Execution, Mocks, simulate


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same execution on both sides.

    Args:
        expected: how it went on Step Functions, or on the engine, which stands for it.
        airflow: how it went as a DAG.
        states: the states visited, side by side.
        outcome: where the outcomes differ, as text.
        expected_seconds: wall time of that side.
    """

    expected: Execution
    airflow: AirflowRun
    states: tuple[StateComparison, ...]
    outcome: tuple[str, ...]
    expected_seconds: float

    @property
    def agrees(self) -> bool:
        """Do both sides agree in every state and in the outcome?"""
        return not self.outcome and all(state.agrees for state in self.states)


def compare(
    definition: str | dict[str, Any],
    input: Json,
    *,
    mocks: Mocks | Mapping[str, Any] | None = None,
    objects: Mapping[str, str] | None = None,
) -> Comparison:
    """Run a state machine on the engine and as a DAG in Airflow, and compare state by state.

    Args:
        definition: the definition, as text or as an object.
        input: the execution's input, any JSON value.
        mocks: what tasks answer, as for `sfn_provider.engine.simulate`.
        objects: contents of S3 objects that ItemReader reads: ``{"s3://bucket/key": text}``.

    Raises:
        InvalidDefinition: where Step Functions would refuse the definition.
        UsageError: where a task is called that has no mock, or the mocks are malformed.
        AirflowRunFailed: where Airflow itself fails.
    """
    answers = mocks if isinstance(mocks, Mocks) else Mocks.from_mapping(mocks or {}, objects)
    started = time.perf_counter()
    expected = simulate(definition, input, mocks=answers.fresh(), machine_name=DAG_ID)
    expected_seconds = time.perf_counter() - started
    airflow = run_dag(definition, input, mocks=answers.fresh())
    one, other = mask(expected), mask(airflow.execution)
    return Comparison(
        expected=expected,
        airflow=airflow,
        states=tuple(compare_states(one, other)),
        outcome=tuple(compare_outcomes(one, other)),
        expected_seconds=expected_seconds,
    )
