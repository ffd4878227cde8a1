"""``sfn-provider replay``: what Step Functions did, done again by the DAG."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import click
from rich.text import Text

from sfn_provider.cli.files import open_definition, read_mocks, write_text
from sfn_provider.cli.options import DefinitionCommand, json_option, substitutions_option
from sfn_provider.cli.output import agreement, console, print_diagnostics, print_json, status, table
from sfn_provider.compare.airflow_side import DagFile
from sfn_provider.compare.fetch import fetch, last_executions
from sfn_provider.compare.history_file import read_history
from sfn_provider.compare.recording import Recording
from sfn_provider.compare.replay import Replay
from sfn_provider.compare.replay import replay as replay_recording
from sfn_provider.engine import Mocks
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.files import read_file


@dataclass(frozen=True)
class _Job:
    """One execution to replay."""

    recording: Recording
    definition: Any


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
    with _Results(results) as kept:
        names = [name for name in (*histories, *known) if name not in kept.names]
        for name in _progress(names):
            try:
                job = _open(name, given, save)
                result = replay_recording(job.definition, job.recording, mocks=mocks.fresh(), dag_file=dag)
            except UsageError as error:
                if len(names) == 1:
                    raise
                kept.refuse(name, str(error))
            else:
                kept.add(name, result, as_json)
    return kept.tell(as_json)


def _open_definition(reference: str, substitutions: tuple[str, ...], *, quiet: bool) -> Any:
    definition, warnings = open_definition(reference, substitutions)
    if not quiet:
        print_diagnostics(warnings, reference)
    return definition.source


def _open(name: str, definition: Any, save: str | None) -> _Job:
    if not name.startswith("arn:"):
        return _Job(read_history(name), definition)
    fetched = fetch(name)
    if save is not None:
        _save(Path(save), name, fetched.definition, fetched.history)
    recording = Recording.from_events(fetched.events, name, name)
    return _Job(recording, definition if definition is not None else fetched.definition)


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


class _Results:
    """The results so far, each kept as soon as it is there."""

    def __init__(self, path: str | None) -> None:
        self._path = Path(path) if path else None
        self._file: IO[str] | None = None
        self.rows: list[dict[str, Any]] = []
        self._refused: dict[str, str] = {}

    def __enter__(self) -> _Results:
        if self._path is not None:
            try:
                text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
                self.rows = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
                self._file = self._path.open("a", encoding="utf-8")
            except (OSError, ValueError) as error:
                raise UsageError(f"{self._path}: cannot keep results there: {error}") from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def names(self) -> set[str]:
        """What was replayed already."""
        return {row["name"] for row in self.rows}

    def add(self, name: str, result: Replay, as_json: bool) -> None:
        """Keep a result, and tell it."""
        row = {"name": name, **as_json_object(result)}
        self.rows.append(row)
        if self._file is not None:
            self._file.write(json.dumps(row, ensure_ascii=False) + "\n")
            self._file.flush()
        if not as_json:
            print_replay(name, result)

    def refuse(self, name: str, why: str) -> None:
        """An execution cannot be replayed: go on with the others, and say so at the end."""
        self._refused[name] = why
        click.echo(f"Error: {why}", err=True)

    def tell(self, as_json: bool) -> int:
        """Tell the summary, and give the exit code."""
        agree = sum(row["agrees"] for row in self.rows)
        differ = len(self.rows) - agree
        if as_json:
            print_json({"replays": self.rows, "agree": agree, "differ": differ, "not_replayed": self._refused})
        else:
            console().print(_summary(self.rows))
            told = f"{agree} of {len(self.rows)} replays agree with Step Functions."
            console().print(told + (f" {len(self._refused)} could not be replayed." if self._refused else ""))
        return 1 if differ else 2 if self._refused else 0


def print_replay(name: str, result: Replay) -> None:
    """One replay for people: its differences, state by state."""
    out = console()
    recorded = result.recording.execution
    out.print(Text.assemble(f"{name}: ", status(recorded.status), ", ", agreement(result.agrees)))
    for state in result.states:
        for told in state.differences:
            out.print(f"  {state.state}: {told}", markup=False, style="red")
    for told in result.outcome:
        out.print(f"  outcome: {told}", markup=False, style="red")


def as_json_object(result: Replay) -> dict[str, Any]:
    """One replay for machines."""
    recorded = result.recording.execution
    ran = result.airflow
    return {
        "agrees": result.agrees,
        "status": recorded.status,
        "outcome_differences": list(result.outcome),
        "states": [
            {
                "state": state.state,
                "agrees": state.agrees,
                "differences": list(state.differences),
                "unrepeatable": list(state.admitted),
            }
            for state in result.states
        ],
        "transitions": recorded.transitions,
        "tasks": ran.tasks if ran else None,
        "seconds": {
            "step_functions": (result.recording.end - result.recording.start).total_seconds(),
            "replay": ran.seconds if ran else None,
        },
    }


_COLUMNS = ("Execution", "Status", "States", "Transitions", "Tasks", "Unrepeatable values", "DAG")


def _summary(rows: list[dict[str, Any]]) -> Any:
    cells = [
        [
            row["name"],
            status(row["status"]),
            str(len(row["states"])),
            str(row["transitions"]),
            str(row["tasks"] or ""),
            str(sum(len(state["unrepeatable"]) for state in row["states"])),
            agreement(row["agrees"]),
        ]
        for row in rows
    ]
    return table("What Step Functions recorded, and the DAG on the same", _COLUMNS, cells, right=_COLUMNS[2:6])
