"""Compares every definition of some folders with its DAG, in cases made for it, and prints a table by machine.

``python -m tests.compare.corpus [FOLDER ...]``; ``make compare-corpus`` calls it. Not part of ``make test``: it takes
minutes. Two processes with a private Airflow each share the work.

In the exact style both sides are compared state by state, in the native style and as workflows of MWAA Serverless by
the calls that AWS would see. What
differs counts as *by a rule* where the rule is written down: for the exact style in
`sfn_provider.compare.diff.state_comparison`, for the native style by the report of the translation, see
`sfn_provider.compare.announced_differences`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import multiprocessing.util
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sfn_provider.asl.document import Document
from sfn_provider.asl.model import StateMachine
from sfn_provider.asl.placeholders import find_placeholders
from sfn_provider.compare.airflow.runner import AirflowRunFailed, shared_runner
from sfn_provider.compare.announced_differences import AnnouncedDifferences
from sfn_provider.compare.cases.made_cases import find_cases, made_mocks
from sfn_provider.compare.comparison import Comparison, compare_on_engine
from sfn_provider.compare.dag_comparison import compare_cases, make_mocks
from sfn_provider.compare.machine_analysis.machine_parts import PART_KINDS
from sfn_provider.compare.serverless.python_environments import find_interpreter
from sfn_provider.compare.serverless.workflow_files import write_workflow
from sfn_provider.exceptions import InvalidDefinition, SfnProviderError
from sfn_provider.translate import Translation
from sfn_provider.translate.definitions import read_definition
from sfn_provider.translate.translator import translate_definition

ROOT = Path(__file__).parents[2]
DEFAULT_FOLDERS = (ROOT / "tests" / "golden", ROOT / "dags")
SUFFIXES = (".asl.json", ".asl.yaml", ".asl.yml")
ACCOUNT = "123456789012"
WORKFLOW = "mwaa-serverless"
"""As a style: a workflow, in the environment that ``make serverless-env`` builds."""


@dataclass
class Row:
    """A machine: its cases, what they reach, and how many differ.

    Args:
        name: the definition's file, within its folder.
        cases: the number of cases.
        coverage: by kind of part how many are reached, and how many there are.
        agreed: cases in which nothing differs.
        by_rule: cases that differ, all of it by a rule.
        rules: how often each rule was needed.
        differing: what differs silently, a sentence each.
        note: what else there is to know.
        seconds: CPU time of this process and wall time of Airflow, in seconds.
    """

    name: str
    cases: int = 0
    coverage: dict[str, tuple[int, int]] = field(default_factory=dict)
    agreed: int = 0
    by_rule: int = 0
    rules: dict[str, int] = field(default_factory=dict)
    differing: list[str] = field(default_factory=list)
    note: str = ""
    seconds: float = 0.0

    def add(self, case: str, differing: Sequence[str], rules: Counter[str]) -> None:
        """Add the result of a case."""
        self.agreed += not differing and not rules
        self.by_rule += not differing and bool(rules)
        self.differing += [f"{case}: {text}" for text in differing]
        self.rules = dict(Counter(self.rules) + rules)


def find_definitions(folders: Sequence[Path]) -> list[tuple[str, Path]]:
    """Return the definitions in some folders, with their names."""
    found = [
        (path.relative_to(folder).as_posix(), path)
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.name.endswith(SUFFIXES)
    ]
    return [(_short(name), path) for name, path in found]


def _short(name: str) -> str:
    suffix = next(suffix for suffix in SUFFIXES if name.endswith(suffix))
    return name.removesuffix(suffix).removesuffix("/machine")


def compare_definition(name: str, path: Path, style: str) -> Row | None:
    """Compare a definition with its DAG in all made cases; None where Step Functions would refuse the definition."""
    started = time.perf_counter()
    row = Row(name)
    try:
        definition = read_definition(str(path))
        if style != "exact":
            definition = read_definition(str(path), placeholder_values(definition.document.value))
        machine = definition.document.machine
    except InvalidDefinition:
        return None
    try:
        made = find_cases(machine)
        row.coverage = {kind: made.coverage.counts(kind) for kind in PART_KINDS}
        if style == "exact":
            _compare_exact(row, definition.document)
        elif style == "native":
            _compare_native(row, translate_definition(definition, style="native"), machine)
        else:
            _compare_workflow(row, translate_definition(definition, target="mwaa-serverless"), machine)
    except SfnProviderError as error:
        row.differing.append(f"{type(error).__name__}: {_first_lines(error)}")
    row.seconds = round(time.perf_counter() - started, 1)
    return row


def placeholder_values(definition: object) -> dict[str, str]:
    """Return a value for each ``${Name}``, as a deployment tool would fill it in: calls of DAGs need plausible ones."""
    found = {}
    for name, location in find_placeholders(definition).items():
        plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "name"
        account = f"us-east-1:{ACCOUNT}"
        if "accountid" in plain.replace("-", ""):
            found[name] = ACCOUNT
        elif plain.endswith("region"):
            found[name] = "us-east-1"
        elif plain.endswith("partition"):
            found[name] = "aws"
        elif plain.endswith("enabled"):
            found[name] = "true"
        elif location.endswith("/ApiEndpoint"):
            found[name] = f"{plain[:10]}.execute-api.us-east-1.amazonaws.com"
        elif location.endswith("/Resource"):
            kind = "states:{}:activity" if "activity" in plain else "lambda:{}:function"
            found[name] = f"arn:aws:{kind.format(account)}:{plain}"
        elif plain.endswith("arn"):
            found[name] = f"arn:aws:service:{account}:{plain}"
        else:
            found[name] = f"https://{plain}.example.com" if plain.endswith(("url", "endpoint")) else plain
    return found


def _first_lines(error: Exception) -> str:
    return " / ".join(str(error).splitlines()[:4])


def _compare_exact(row: Row, document: Document) -> None:
    for name, mocks in made_mocks(find_cases(document.machine)).items():
        row.cases += 1
        try:
            found = compare_on_engine(document, mocks.input, mocks=mocks)
        except AirflowRunFailed as error:
            row.add(name, [f"Airflow failed: {_first_lines(error)}"], Counter())
            continue
        differing = [f"{state.state}: {text}" for state in found.states for text in state.differences]
        row.add(name, [*differing, *found.outcome], _rules(found))


def _rules(found: Comparison) -> Counter[str]:
    """The rules by which the sides of a case may differ, by how many states need them."""
    stopped = sum(bool(state.stopped) for state in found.states)
    return Counter({"stopped by another branch's failure": stopped} if stopped else {})


def _compare_native(row: Row, translation: Translation, machine: StateMachine) -> None:
    if translation.style != "native":
        row.note = "stays exact"
    with tempfile.TemporaryDirectory(prefix="compare-corpus-") as folder:
        dag_file = Path(folder) / "dag.py"
        dag_file.write_text(translation.source, encoding="utf-8")
        _compare_calls(row, translation, machine, dag_file)


def _compare_workflow(row: Row, translation: Translation, machine: StateMachine) -> None:
    refusals = sorted({found.code for found in translation.diagnostics if found.level == "error"})
    if refusals or translation.workflow is None:
        row.note = f"refused: {', '.join(refusals)}"
        return
    row.note = translation.workflow.way
    with tempfile.TemporaryDirectory(prefix="compare-corpus-") as folder:
        dag_file = write_workflow(translation.source, translation.plan.dag_id, Path(folder))
        _compare_calls(row, translation, machine, dag_file, find_interpreter())


def _compare_calls(
    row: Row, translation: Translation, machine: StateMachine, dag_file: Path, python: str | None = None
) -> None:
    announced = AnnouncedDifferences(translation)
    for name, mocks in make_mocks(machine).items():
        row.cases += 1
        try:
            (found,) = compare_cases(machine, dag_file, {name: mocks}, made=True, python=python)
        except AirflowRunFailed as error:
            row.add(name, [f"Airflow failed: {_first_lines(error)}"], Counter())
            continue
        codes = announced.by_difference([found])
        silent = [f"{finding.kind}: {finding.text}" for finding, by in codes.items() if not by]
        row.add(name, silent, Counter(by[0] for by in codes.values() if by))


def run_all(definitions: Sequence[tuple[str, Path]], style: str, jobs: int) -> Iterator[Row | None]:
    """Compare definitions in several processes, and yield each result as it comes."""
    context = multiprocessing.get_context("spawn")
    ordered = sorted(definitions, key=lambda entry: -entry[1].stat().st_size)  # the longest first
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_close_runner_at_end, initargs=(style,)) as pool:
        running = [pool.submit(compare_definition, name, path, style) for name, path in ordered]
        for future in as_completed(running):
            yield future.result()


def _close_runner_at_end(style: str) -> None:
    """Close the private Airflow with its process: what `atexit` has is not called in a process of a pool."""
    python = find_interpreter() if style == WORKFLOW else None
    multiprocessing.util.Finalize(None, shared_runner(python).close, exitpriority=10)


def print_table(rows: Sequence[Row]) -> None:
    """Print a line for each machine, what differs silently, and the sums."""
    width = max((len(row.name) for row in rows), default=7)
    kinds = [f"{kind + 's':>11}" for kind in PART_KINDS]
    print(f"{'machine':{width}} cases {' '.join(kinds)} agreed by rule differ  note")
    for row in rows:
        counts = [_of(row.coverage.get(kind, (0, 0))) for kind in PART_KINDS]
        differ = row.cases - row.agreed - row.by_rule
        rules = ", ".join(f"{rule} {count}" for rule, count in sorted(row.rules.items()))
        note = "; ".join(part for part in (row.note, rules) if part)
        print(f"{row.name:{width}} {row.cases:5} {' '.join(counts)} {row.agreed:6} {row.by_rule:7} {differ:6}  {note}")
    for row in rows:
        for text in row.differing:
            print(f"DIFFERS {row.name}: {text}")
    _print_sums(rows)


def _of(counts: Sequence[int]) -> str:
    return f"{f'{counts[0]}/{counts[1]}':>11}"


def _print_sums(rows: Sequence[Row]) -> None:
    cases, agreed, by_rule = (sum(getattr(row, name) for row in rows) for name in ("cases", "agreed", "by_rule"))
    print(f"{len(rows)} machines, {cases} cases: {agreed} agree, {by_rule} differ by a rule alone, ", end="")
    print(f"{cases - agreed - by_rule} differ; {sum(bool(row.differing) for row in rows)} machines differ")
    for kind in PART_KINDS:
        reached, total = (sum(row.coverage.get(kind, (0, 0))[at] for row in rows) for at in (0, 1))
        print(f"{kind}s reached: {reached} of {total} ({reached / total:.1%})" if total else f"no {kind}s")
    rules = sum((Counter(row.rules) for row in rows), Counter[str]())
    for rule, count in rules.most_common():
        print(f"by rule: {rule}: {count}")


def main() -> int:
    """Compare, print the table, and return 1 where something differs silently."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, default=DEFAULT_FOLDERS, metavar="FOLDER")
    parser.add_argument("--style", choices=["exact", "native", WORKFLOW], default="exact")
    parser.add_argument("--jobs", type=int, default=2, help="processes, each with a private Airflow of its own")
    parser.add_argument("--only", default="", help="only definitions whose name contains this")
    parser.add_argument("--results", type=Path, help="a file with a line a machine; those in it are not run again")
    options = parser.parse_args()
    definitions = [entry for entry in find_definitions(options.folders) if options.only in entry[0]]
    if not definitions:
        print(f"no definitions ({', '.join(SUFFIXES)}) in {', '.join(map(str, options.folders))}", file=sys.stderr)
        return 2
    rows = _read_results(options.results)
    todo = [entry for entry in definitions if entry[0] not in rows]
    started = time.perf_counter()
    refused = 0
    for number, row in enumerate(run_all(todo, options.style, options.jobs), 1):
        if row is None:
            refused += 1
            continue
        rows[row.name] = row
        _append_result(options.results, row)
        minutes = (time.perf_counter() - started) / 60
        progress = f"{number} of {len(todo)}, {minutes:.1f} min: {row.name}: {row.cases} cases in {row.seconds:.0f} s"
        print(progress + (f", {len(row.differing)} DIFFERENCES" if row.differing else ""), file=sys.stderr, flush=True)
    print_table([rows[name] for name in sorted(rows)])
    if refused:
        print(f"{refused} definitions are refused, as Step Functions would")
    return 1 if any(row.differing for row in rows.values()) or not rows else 0


def _read_results(path: Path | None) -> dict[str, Row]:
    if path is None or not path.exists():
        return {}
    rows = [Row(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    return {row.name: row for row in rows}


def _append_result(path: Path | None, row: Row) -> None:
    if path is not None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(row)) + "\n")


if __name__ == "__main__":
    sys.exit(main())
