"""``sfn-provider replay``: what Step Functions did, done again by the DAG."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from sfn_provider.cli.files import open_definition, read_mocks, write_text
from sfn_provider.cli.options import DefinitionCommand, json_option, substitutions_option
from sfn_provider.cli.output import console, print_diagnostics, print_json
from sfn_provider.cli.replay_results import Results
from sfn_provider.cli.report_options import ReportOptions, made_at, report_options
from sfn_provider.compare.airflow.dag_execution import DagFile
from sfn_provider.compare.replay.aws_executions import fetch, fetched_definition, last_executions
from sfn_provider.compare.replay.history_files import read_history
from sfn_provider.compare.replay.recording import Recording
from sfn_provider.compare.replay.replayer import replay as replay_recording
from sfn_provider.compare.report import of_replay
from sfn_provider.compare.report.replay_reports import report_replays
from sfn_provider.engine import Mocks
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions import Definition
from sfn_provider.translate.definitions.files import read_file


@dataclass(frozen=True)
class _Job:
    """One execution to replay."""

    recording: Recording
    definition: Definition


@click.command(cls=DefinitionCommand)
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
    substitutions: tuple[str, ...],
    as_json: bool,
    report: ReportOptions,
) -> int:
    """Replay executions that Step Functions has run, as a DAG in a private Airflow, and compare state by state.

    HISTORY.json is what "aws stepfunctions get-execution-history --execution-arn ARN" prints. Every call of a task is
    answered as it was recorded; nothing is called, and AWS is only read. Exits with 1 where the DAG did anything else
    than Step Functions, with 2 where all agree but some could not be replayed.
    """
    known = list(arns) + (last_executions(state_machine_arn, last) if state_machine_arn else [])
    if not histories and not known:
        raise UsageError("nothing to replay: name a HISTORY.json, --execution-arn or --state-machine-arn")
    if histories and definition is None:
        raise UsageError("a history does not hold its definition: name it with --definition FILE")
    given = _open_definition(definition, substitutions, quiet=as_json) if definition else None
    mocks = next(iter(read_mocks(mock).values())) if mock else Mocks.from_mapping({})
    dag = DagFile(read_file(dag_file, "a DAG file"), dag_id) if dag_file else None
    ran: list[Definition] = [given] if given else []
    with Results(results) as kept:
        names = [name for name in (*histories, *known) if name not in kept.names]
        for name in _progress(names):
            try:
                job = _open(name, given, save)
                result = replay_recording(job.definition.source, job.recording, mocks=mocks.fresh(), dag_file=dag)
            except UsageError as error:
                if len(names) == 1:
                    raise
                kept.refuse(name, str(error))
            else:
                ran.append(job.definition)
                kept.add(of_replay(name, result), as_json)
    more: dict[str, Any] = {"dag_file": dag_file, "not_replayed": kept.refused, "made_at": made_at()}
    told = report_replays(kept.cases, ran, report.costs, **more) if ran else None
    if as_json:
        print_json({**kept.as_json(), **(told.as_json() if told else {})})
    else:
        kept.print()
    if told is not None:
        report.write(told)
    elif report.html or report.markdown:
        raise UsageError("nothing new was replayed, and a report needs the definition: name it with --definition FILE")
    return kept.code


def _open_definition(reference: str, substitutions: tuple[str, ...], *, quiet: bool) -> Definition:
    definition, warnings = open_definition(reference, substitutions)
    if not quiet:
        print_diagnostics(warnings, reference)
    return definition


def _open(name: str, definition: Definition | None, save: str | None) -> _Job:
    if not name.startswith("arn:"):
        if definition is None:
            raise AssertionError("histories in files come with a definition")
        return _Job(read_history(name), definition)
    fetched = fetch(name)
    if save is not None:
        _save(Path(save), name, fetched.definition, fetched.history)
    recording = Recording.from_events(fetched.events, name, name)
    return _Job(recording, definition if definition is not None else fetched_definition(fetched))


def _save(folder: Path, arn: str, definition: str, history: dict[str, Any]) -> None:
    machine, name = arn.split(":")[6:8]
    folder.mkdir(parents=True, exist_ok=True)
    write_text(str(folder / f"{machine}.asl.json"), definition)
    events = [{**event, "timestamp": event["timestamp"].isoformat()} for event in history["events"]]
    write_text(str(folder / f"{machine}.{name}.json"), json.dumps({**history, "events": events}, indent=1))


def _progress(names: list[str]) -> Iterator[str]:
    progress = console(stderr=True)
    for number, name in enumerate(names, 1):
        start = " (the first one starts a private Airflow, some ten seconds)" if number == 1 else ""
        with progress.status(f"Replay {number} of {len(names)}: {name}{start}"):
            yield name
