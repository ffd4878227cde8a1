"""Runs the DAG of a state machine on what an execution on AWS was given and was answered, and compares the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sfn_provider.asl import parse
from sfn_provider.asl.model import StateMachine, dump
from sfn_provider.compare.airflow.dag_execution import DAG_ID, AirflowRun, DagFile, run_file
from sfn_provider.compare.airflow.runner import AirflowRunFailed
from sfn_provider.compare.diff.run_specific_values import mask_numbers
from sfn_provider.compare.diff.state_comparison import StateComparison, compare_outcomes, compare_states
from sfn_provider.compare.replay.recording import Recording, branch_indexes, counted
from sfn_provider.compare.replay.tolerated_differences import ToleratedDifferences
from sfn_provider.engine import Mocks
from sfn_provider.translate import translate


@dataclass(frozen=True)
class Replay:
    """A recorded execution and the DAG's run on the same input and answers.

    Args:
        recording: what Step Functions did.
        airflow: what the DAG did; None where it could not be run to an end.
        states: the states visited, side by side.
        outcome: where the outcomes differ, as text.
    """

    recording: Recording
    airflow: AirflowRun | None
    states: tuple[StateComparison, ...]
    outcome: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Did the DAG do what Step Functions did?"""
        return not self.outcome and all(state.agrees for state in self.states)


def replay(
    definition: str | dict[str, Any] | StateMachine,
    recording: Recording,
    *,
    mocks: Mocks | Mapping[str, Any] | None = None,
    objects: Mapping[str, str] | None = None,
    dag_file: DagFile | None = None,
) -> Replay:
    """Replay one execution in a private Airflow. Nothing is called; time is virtual.

    Args:
        definition: the definition that the execution ran, as text, as an object, or parsed.
        recording: the execution.
        mocks: answers, by state, for what its history does not tell: the child executions of a distributed Map.
        objects: contents of S3 objects that ItemReader reads: ``{"s3://bucket/key": text}``.
        dag_file: the DAG, where it is not the definition's own translation.

    Raises:
        InvalidDefinition: where Step Functions would refuse the definition.
        UsageError: where the definition cannot be that of the execution, or answers are missing.
    """
    machine = definition if isinstance(definition, StateMachine) else parse(definition)
    given = mocks if isinstance(mocks, Mocks) else Mocks.from_mapping(mocks or {}, objects)
    answers = Mocks(given.answers, given.objects, recording.answers(machine))
    made = dag_file or DagFile(translate(dump(machine), dag_id=DAG_ID).source, DAG_ID)
    try:
        airflow = run_file(made, recording.input, answers.fresh())
    except AirflowRunFailed as error:
        return Replay(recording, None, (), (f"the DAG did not run to an end: {error}",))
    one = mask_numbers(recording.execution)
    other = counted(mask_numbers(airflow.execution))
    branches = branch_indexes(machine)
    explained = ToleratedDifferences.by_chance(machine, recording.input, answers, other)
    states = compare_states(one, other, admits=explained.admits, times=False, branches=branches)
    outcome = compare_outcomes(one, other, admits=explained.admits)
    return Replay(recording, airflow, tuple(states), tuple(outcome))
