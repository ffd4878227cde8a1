"""Replays a recorded execution as a DAG in a private Airflow, and compares the two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sfn_provider.asl.document import Definition, open_document
from sfn_provider.asl.model import StateMachine
from sfn_provider.compare.airflow.dag_execution import DAG_ID, AirflowRun, DagSource, run_dag_source
from sfn_provider.compare.airflow.runner import AirflowRunFailed
from sfn_provider.compare.comparison import Clock, Comparison
from sfn_provider.compare.diff.run_specific_values import mask_event_numbers
from sfn_provider.compare.diff.state_comparison import compare_outcomes, compare_states
from sfn_provider.compare.machine_analysis.coverage import reached_parts
from sfn_provider.compare.replay.recording import Recording, branch_indexes, with_counted_transitions
from sfn_provider.compare.replay.tolerated_differences import ToleratedDifferences
from sfn_provider.engine import Execution, Mocks
from sfn_provider.engine.simulation.item_objects import S3Object
from sfn_provider.translate import translate


def replay_recording(
    definition: Definition,
    recording: Recording,
    *,
    mocks: Mocks | Mapping[str, Any] | None = None,
    objects: Mapping[str, S3Object] | None = None,
    dag: DagSource | None = None,
) -> Comparison:
    """Replay one execution in a private Airflow. Nothing is called; time is virtual.

    Args:
        definition: the definition that the execution ran, as text, as an object, opened, or parsed.
        recording: the execution.
        mocks: answers, by state, that its history does not hold: those of the child executions of a distributed Map.
        objects: contents of S3 objects that ItemReader reads, as for `sfn_provider.engine.simulate`.
        dag: the DAG, where it is not the definition's own translation.

    Raises:
        InvalidDefinition: where Step Functions would refuse the definition.
        UsageError: where the definition cannot be that of the execution, or answers are missing.
    """
    document = open_document(definition)
    machine = document.machine
    others = mocks if isinstance(mocks, Mocks) else Mocks.from_mapping(mocks or {}, objects)
    answers = Mocks(others.answers, others.objects, recording.answers(machine))
    source = dag or DagSource(translate(document, dag_id=DAG_ID).source, DAG_ID)
    clocks: tuple[Clock, Clock] = ("recorded", "mocked")
    try:
        airflow = run_dag_source(source, recording.input, answers.fresh())
    except AirflowRunFailed as error:
        outcome = (f"the DAG did not run to an end: {error}",)
        return Comparison(recording.execution, None, (), outcome, recording.seconds, clocks)
    actual = comparable_execution(airflow)
    tolerated = ToleratedDifferences.of_replay(machine, recording.input, answers, actual)
    return compare_with_recording(machine, recording, airflow, tolerated, clocks, answers)


def comparable_execution(airflow: AirflowRun) -> Execution:
    """Return a DAG's run as it is compared with a recorded execution."""
    return with_counted_transitions(mask_event_numbers(airflow.execution))


def compare_with_recording(
    machine: StateMachine,
    recording: Recording,
    airflow: AirflowRun,
    tolerated: ToleratedDifferences,
    clocks: tuple[Clock, Clock],
    answers: Mocks | None = None,
) -> Comparison:
    """Compare a recorded execution with a DAG's run.

    Args:
        machine: the definition that both ran.
        recording: the execution.
        airflow: the DAG's run.
        tolerated: which differences do not count.
        clocks: the clocks of the two.
        answers: what the execution's tasks answered; by default as it was recorded.
    """
    expected, actual = mask_event_numbers(recording.execution), comparable_execution(airflow)
    branches = branch_indexes(machine)
    states = compare_states(expected, actual, tolerates=tolerated.tolerates, times=False, branches=branches)
    outcome = compare_outcomes(expected, actual, tolerates=tolerated.tolerates)
    seconds = recording.seconds
    mocks = answers.fresh() if answers is not None else Mocks({}, recorded=recording.answers(machine))
    reached = reached_parts(machine, recording.input, mocks)
    return Comparison(recording.execution, airflow, tuple(states), tuple(outcome), seconds, clocks, reached)
