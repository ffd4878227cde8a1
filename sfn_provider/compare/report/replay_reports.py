"""Reports of replays: of executions at hand, and of a state machine's last ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sfn_provider.compare.airflow.dag_execution import DagFile
from sfn_provider.compare.cost import load_prices
from sfn_provider.compare.replay.aws_executions import fetch, fetched_definition, last_executions
from sfn_provider.compare.replay.recording import Recording
from sfn_provider.compare.replay.replayer import replay
from sfn_provider.compare.report.builder import Report, make_report
from sfn_provider.compare.report.data.cases import of_replay
from sfn_provider.compare.report.data.costs import CostOptions
from sfn_provider.compare.report.model import Case
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions import Definition
from sfn_provider.translate.definitions.files import read_file
from sfn_provider.translate.from_file import translate_definition
from sfn_provider.translate.plan.schedule import Schedule

ONCE_A_DAY = 30
"""Runs a month where nobody says."""


def report_replays(
    cases: Sequence[Case],
    ran: Sequence[Definition],
    costs: Callable[[Schedule | None], CostOptions],
    *,
    dag_file: str | None = None,
    not_replayed: Mapping[str, str] | None = None,
    made_at: str = "",
) -> Report:
    """Report replays of one state machine.

    Args:
        cases: the replays.
        ran: the definitions that they ran; the first one, that of the newest execution, is shown.
        costs: what costs are estimated with, by the schedule of that definition.
        dag_file: the DAG file that was replayed, where it is not the definition's own translation.
        not_replayed: executions that could not be replayed, with the reason.
        made_at: when the report is made, for people.
    """
    shown = ran[0]
    made = translate_definition(shown)
    others = sum(definition.source != shown.source for definition in ran)
    notes = []
    if others:
        notes.append(f"{others} of the executions ran another version of the definition than that which is shown.")
    if dag_file is not None:
        notes.append(f"The DAG that ran is that of {dag_file}; the DAG drawn is the definition's translation.")
    return make_report(
        shown.name.removesuffix(".asl"),
        shown.source,
        made,
        cases,
        costs(made.plan.schedule),
        origin=shown.origin,
        made_at=made_at,
        not_replayed=not_replayed,
        notes=notes,
        execution_type=shown.execution_type,
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
    dag = DagFile(read_file(dag_file, "a DAG file")) if dag_file else None
    cases: list[Case] = []
    ran: list[Definition] = []
    refused: dict[str, str] = {}
    for arn in last_executions(state_machine_arn, count):
        try:
            fetched = fetch(arn)
            definition = fetched_definition(fetched)
            recording = Recording.from_events(fetched.events, arn, arn)
            cases.append(of_replay(arn, replay(definition.source, recording, dag_file=dag)))
            ran.append(definition)
        except UsageError as error:
            refused[arn] = str(error)
    if not cases:
        why = "; ".join(refused.values()) or "it has no execution that ended by itself"
        raise UsageError(f"{state_machine_arn}: nothing could be replayed: {why}")
    given = costs or CostOptions(load_prices("us-east-1"), ONCE_A_DAY, "once a day")
    return report_replays(cases, ran, lambda _: given, dag_file=dag_file, not_replayed=refused, made_at=made_at)
