"""A report as Markdown, for pull requests and tickets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from sfn_provider.compare.report.builder import Report
from sfn_provider.compare.report.formatting import count, dollars, seconds
from sfn_provider.compare.report.model import CLOCKS, Case, Cost, Diff, Times

_MOST_CASES = 50
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$@])")


def as_markdown(report: Report) -> str:
    """Write a report as Markdown (GitHub's); texts of definitions and data are escaped."""
    lines = [f"# {text(report.title)}: Step Functions and Airflow", "", f"**{report.verdict}**", ""]
    lines += [line for line in (text(report.origin), text(report.made_at)) if line]
    lines += [f"- {text(note)}" for note in report.notes]
    lines += ["", "## Executions", "", *_cases(report.cases)]
    for name, why in report.not_replayed.items():
        lines += ["", f"Not replayed: {text(name)}: {text(why)}"]
    for case in [case for case in report.cases if not case.agrees][:_MOST_CASES]:
        lines += ["", f"### {text(case.name)}", "", *_differences(case)]
    if report.times is not None:
        lines += ["", "## Time", "", *_times(report.times)]
    if report.cost is not None:
        lines += ["", "## Cost", "", *_cost(report.cost)]
    lines += ["", "## Fidelity", "", *_findings(report)]
    return "\n".join(lines) + "\n"


def text(value: str) -> str:
    """Any text as Markdown that shows just that text, on one line."""
    shown = " ".join(value.split())
    return _SPECIAL.sub(r"\\\1", shown).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()) -> list[str]:
    """A table of cells that are Markdown already."""
    rule = ["---:" if column in right else "---" for column in columns]
    return [f"| {' | '.join(cells)} |" for cells in (columns, rule, *rows)]


def _cases(cases: Sequence[Case]) -> list[str]:
    columns = ("Execution", "Sides", "Step Functions", "Airflow", "Transitions", "Tasks", "Unrepeatable values")
    rows = [
        (
            text(case.name),
            "agree" if case.agrees else "**differ**",
            case.step_functions.status,
            case.airflow.status if case.airflow else "did not end",
            str(case.transitions),
            str(case.tasks if case.tasks is not None else "-"),
            str(case.unrepeatable),
        )
        for case in sorted(cases, key=lambda case: case.agrees)[:_MOST_CASES]
    ]
    more = [f"\n... and {len(cases) - _MOST_CASES} more."] if len(cases) > _MOST_CASES else []
    return table(columns, rows, right=columns[4:]) + more


def _differences(case: Case) -> Iterator[str]:
    for told in case.outcome_differences:
        yield f"- outcome: {text(told)}"
    for row in case.differing:
        for told in row.differences:
            yield f"- {text(row.state)}: {text(told)}"
    for owner, diff in [("outcome", diff) for diff in case.diffs] + [
        (row.state, diff) for row in case.differing for diff in row.diffs
    ]:
        yield ""
        yield f"{text(owner)}, {text(diff.name)}:"
        yield ""
        yield from fence(diff)


def fence(diff: Diff) -> Iterator[str]:
    """A diff as a block that nothing in it can end."""
    lines = [part for line in diff.lines for part in line.splitlines() or [""]]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    ticks = "`" * max(3, longest + 1)
    yield f"{ticks}diff"
    yield from lines
    yield ticks


def _times(times: Times) -> Iterator[str]:
    yield f"- Step Functions: {seconds(times.step_functions)} (median; {CLOCKS[times.step_functions_clock]})"
    yield (
        f"- Airflow: {seconds(times.airflow)} (median; {CLOCKS[times.airflow_clock]}): {seconds(times.in_tasks)} in "
        f"{count(times.tasks, 'task')}, {seconds(times.between_tasks)} between them"
    )
    if times.in_states is not None:
        rest = max(0.0, times.of_tasks - times.in_states)
        yield (
            f"- Its tasks took {seconds(times.of_tasks)} in all: {seconds(times.in_states)} in the states, "
            f"{seconds(rest)} to start on a worker, to defer and come back, and to keep results"
        )
    yield ""
    columns = ("State", "Visits", "Step Functions", "Airflow task")
    rows = [
        (text(row.state), str(row.visits), seconds(row.step_functions), seconds(row.airflow)) for row in times.states
    ]
    yield from table(columns, rows, right=columns[1:])


def _cost(cost: Cost) -> Iterator[str]:
    yield f"At {cost.runs:,} runs a month ({text(cost.runs_from)}), prices of {cost.region} as of {cost.as_of}:"
    yield ""
    yield from table(
        ("Way", "A month"), [(text(way.name), text(dollars(way.monthly))) for way in cost.ways], right=("A month",)
    )
    yield ""
    for point in cost.break_even:
        yield f"- From {point.runs:,} runs a month on {text(point.cheaper)} is cheaper than {text(point.than)}."
    for name, why in cost.left_out.items():
        yield f"- Left out: {text(name)}: {text(why)}"
    for assumption in cost.assumptions:
        yield f"- {text(assumption)}"
    for name, source in cost.sources.items():
        yield f"- Source of the prices ({text(name)}): {text(source)}"


def _findings(report: Report) -> Iterator[str]:
    if not report.findings:
        yield "The DAG does what the state machine does; the translation has nothing to report."
    for row in report.findings:
        place = f" {text(row.state)}" if row.state is not None else ""
        yield f"- **{row.effect}** {text(row.code)}{place}: {text(row.why)} {text(row.advice)}"
