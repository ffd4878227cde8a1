"""``sfn-provider replay``: runs recorded executions as a DAG in a private Airflow, and compares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from sfn_provider.asl.model import ExecutionType
from sfn_provider.cli.inputs.input_files import open_definition
from sfn_provider.cli.inputs.test_cases import check_mocks, print_coverage
from sfn_provider.cli.options.common import execution_type_option, json_option, substitutions_option
from sfn_provider.cli.options.reports import ReportOptions, report_options
from sfn_provider.cli.output.files import write_files
from sfn_provider.cli.output.printing import print_json
from sfn_provider.cli.output.replay_results import ReplayResults
from sfn_provider.cli.output.tables import progress
from sfn_provider.cli.provider_command import ProviderCommand
from sfn_provider.compare.airflow.dag_execution import DagSource
from sfn_provider.compare.machine_analysis.machine_parts import MachineParts
from sfn_provider.compare.replay.aws_executions import AwsExecution, fetch_execution, list_last_executions
from sfn_provider.compare.replay.history_files import read_history
from sfn_provider.compare.replay.recording import Recording
from sfn_provider.compare.replay.replayer import replay_recording
from sfn_provider.compare.report.data.cases import make_case
from sfn_provider.compare.report.replay_reports import report_replays
from sfn_provider.engine import Mocks
from sfn_provider.engine.simulation.mock_files import load_test_cases
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions import LoadedDefinition
from sfn_provider.translate.definitions.files import read_file


@click.command(cls=ProviderCommand)
@click.argument("histories", metavar="[HISTORY.json]...", nargs=-1)
@click.option("--definition", metavar="FILE", help="The definition; without it that which the execution ran, from AWS.")
@click.option("--execution-arn", "arns", metavar="ARN", multiple=True, help="Read this execution from AWS; repeatable.")
@click.option("--state-machine-arn", metavar="ARN", help="Read the last executions of this state machine from AWS.")
@click.option("--last", metavar="N", type=click.IntRange(1), default=10, show_default=True, help="How many of them.")
@click.option("--save", metavar="FOLDER", help="Keep what was read from AWS as files to replay again.")
@click.option("--dag-file", metavar="DAG.py", help="Replay this DAG file instead of the definition's translation.")
@click.option("--dag-id", metavar="ID", help="The DAG in that file, where it has several.")
@click.option("--mock", metavar="FILE#CASE", help="Answers, and objects in S3, that the history does not tell.")
@click.option("--results", metavar="FILE.jsonl", help="Append each result as it comes; those in the file are skipped.")
@execution_type_option
@substitutions_option
@json_option
@report_options
def replay(
    histories: tuple[str, ...],
    definition: str | None,
    arns: tuple[str, ...],
    state_machine_arn: str | None,
    last: int,
    save: str | None,
    dag_file: str | None,
    dag_id: str | None,
    mock: str | None,
    results: str | None,
    execution_type: ExecutionType | None,
    substitutions: tuple[str, ...],
    as_json: bool,
    report: ReportOptions,
) -> int:
    """Replay executions that Step Functions has run, as a DAG in a private Airflow, and compare state by state.

    HISTORY.json is what "aws stepfunctions get-execution-history --execution-arn ARN" prints. Every call of a task is
    answered as it was recorded; nothing is called, and AWS is only read. Exits with 1 where the DAG did anything else
    than Step Functions, with 2 where all agree but some could not be replayed.
    """
    executions = [*arns, *(list_last_executions(state_machine_arn, last) if state_machine_arn else [])]
    if not histories and not executions:
        raise UsageError("nothing to replay: name a HISTORY.json, --execution-arn or --state-machine-arn")
    if histories and definition is None:
        raise UsageError("a history does not hold its definition: name it with --definition FILE")
    if execution_type is not None and definition is None:
        raise UsageError("--type is for a definition that does not say it: name it with --definition FILE")
    checked: dict[str, Any] = {"quiet": as_json, "execution_type": execution_type}
    opened = open_definition(definition, substitutions, **checked) if definition else None
    mocks = _read_mocks(mock, opened) if mock else Mocks.from_mapping({})
    dag = DagSource(read_file(dag_file, "a DAG file"), dag_id) if dag_file else None
    replayed: list[LoadedDefinition] = [opened] if opened else []
    with ReplayResults(results) as collected:
        names = [name for name in (*histories, *executions) if name not in collected.names]
        for number, name in enumerate(names, 1):
            try:
                with progress("Replay", name, number, len(names)):
                    recording, executed = _open(name, opened, save)
                    result = replay_recording(executed.document, recording, mocks=mocks.fresh(), dag=dag)
            except UsageError as error:
                if len(names) == 1:
                    raise
                collected.add_error(name, str(error))
            else:
                replayed.append(executed)
                collected.add(make_case(name, result), quiet=as_json)
    options: dict[str, Any] = {"dag_file": dag_file, "not_replayed": collected.not_replayed, "made_at": report.made_at}
    made = report_replays(collected.cases, replayed, report.costs, **options) if replayed else None
    if as_json:
        print_json({**collected.as_json(), **(made.as_json() if made else {})})
    else:
        collected.print_summary()
        if made is not None:
            print_coverage(made.coverage)
    if made is not None:
        report.write(made)
    elif report.html or report.markdown:
        raise UsageError("nothing new was replayed, and a report needs the definition: name it with --definition FILE")
    return collected.exit_code


def _read_mocks(mock: str, definition: LoadedDefinition | None) -> Mocks:
    name, mocks = next(iter(load_test_cases(mock).items()))
    if definition is not None:
        check_mocks(MachineParts(definition.document.machine), name, mocks)
    return mocks


def _open(name: str, definition: LoadedDefinition | None, save: str | None) -> tuple[Recording, LoadedDefinition]:
    if not name.startswith("arn:"):
        if definition is None:
            raise AssertionError("histories in files come with a definition")
        return read_history(name), definition
    execution = fetch_execution(name)
    if save is not None:
        _save(execution, save)
    return execution.recording(), definition or execution.machine_definition()


def _save(execution: AwsExecution, folder: str) -> None:
    machine, name = execution.arn.split(":")[6:8]
    events = [{**event, "timestamp": event["timestamp"].isoformat()} for event in execution.events]
    history = {"executionArn": execution.arn, "events": events}
    contents = {f"{machine}.asl.json": execution.definition, f"{machine}.{name}.json": json.dumps(history, indent=1)}
    write_files({Path(folder, file): text for file, text in contents.items()}, make_folders=True)
