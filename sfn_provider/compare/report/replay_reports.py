"""Makes reports of replays: of given executions, and of a state machine's last ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sfn_provider.compare.airflow.dag_execution import DagSource
from sfn_provider.compare.cost.prices import load_prices
from sfn_provider.compare.replay.aws_executions import fetch_execution, list_last_executions
from sfn_provider.compare.replay.replayer import replay_recording
from sfn_provider.compare.report.builder import Report, make_report
from sfn_provider.compare.report.data.cases import make_case
from sfn_provider.compare.report.data.costs import CostOptions
from sfn_provider.compare.report.model import Case
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions import LoadedDefinition
from sfn_provider.translate.definitions.files import read_file
from sfn_provider.translate.plan.schedule import Schedule
from sfn_provider.translate.translator import translate_definition

ONCE_A_DAY = 30
"""Runs a month without a schedule."""


def report_replays(
    cases: Sequence[Case],
    definitions: Sequence[LoadedDefinition],
    costs: Callable[[Schedule | None], CostOptions],
    *,
    dag_file: str | None = None,
    not_replayed: Mapping[str, str] | None = None,
    made_at: str = "",
) -> Report:
    """Report replays of one state machine.

    Args:
        cases: the replays.
        definitions: the definitions that they ran; the first one, that of the newest execution, is shown.
        costs: what costs are estimated with, by the schedule of that definition.
        dag_file: the DAG file that was replayed, where it is not the definition's own translation.
        not_replayed: executions that could not be replayed, with the reason.
        made_at: when the report is made, for people.
    """
    shown = definitions[0]
    translation = translate_definition(shown)
    others = sum(definition.document.parsed != shown.document.parsed for definition in definitions)
    notes = []
    if others:
        notes.append(f"{others} of the executions ran another version of the definition than that which is shown.")
    if dag_file is not None:
        notes.append(f"The DAG that ran is that of {dag_file}; the DAG drawn is the definition's translation.")
    return make_report(
        shown.name.removesuffix(".asl"),
        shown.document,
        translation,
        cases,
        costs(translation.plan.schedule),
        origin=shown.origin,
        made_at=made_at,
        not_replayed=not_replayed,
        notes=notes,
    )


def replay_last(
    state_machine_arn: str,
    count: int,
    *,
    dag_file: str | None = None,
    costs: CostOptions | None = None,
    made_at: str = "",
) -> Report:
    """Replay a state machine's last executions in a private Airflow. AWS is only read.

    Args:
        state_machine_arn: a standard state machine.
        count: how many of its last executions.
        dag_file: the DAG file to run; by default the translation of the definition that each execution ran.
        costs: what costs are estimated with; by default one run a day and the prices of us-east-1.
        made_at: when the report is made, for people.

    Raises:
        UsageError: where AWS cannot be read, or nothing could be replayed.
    """
    dag = DagSource(read_file(dag_file, "a DAG file")) if dag_file else None
    cases: list[Case] = []
    replayed: list[LoadedDefinition] = []
    not_replayed: dict[str, str] = {}
    for arn in list_last_executions(state_machine_arn, count):
        try:
            execution = fetch_execution(arn)
            definition = execution.machine_definition()
            cases.append(make_case(arn, replay_recording(definition.document, execution.recording(), dag=dag)))
            replayed.append(definition)
        except UsageError as error:
            not_replayed[arn] = str(error)
    if not cases:
        why = "; ".join(not_replayed.values()) or "it has no execution that ended by itself"
        raise UsageError(f"{state_machine_arn}: nothing could be replayed: {why}")
    options = costs or CostOptions(load_prices("us-east-1"), ONCE_A_DAY, "once a day")
    return report_replays(
        cases, replayed, lambda _: options, dag_file=dag_file, not_replayed=not_replayed, made_at=made_at
    )
