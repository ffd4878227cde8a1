"""Writes a report as Markdown, for pull requests and tickets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from sfn_provider.compare.cost.estimate import BreakEven
from sfn_provider.compare.report.builder import Report
from sfn_provider.compare.report.model import CLOCKS, Case, Cost, Diff, Times
from sfn_provider.formatting import count, cut, format_dollars, format_rate, format_seconds

_MAX_CASES = 50
_MAX_CALLS, _MAX_ARGUMENTS = 100, 120
"""Calls in the table, and the characters of their arguments."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$@])")


def as_markdown(report: Report) -> str:
    """Write a report as Markdown (GitHub's); texts of definitions and data are escaped."""
    lines = [f"# {escape(report.title)}: Step Functions and Airflow", "", f"**{report.verdict}**", ""]
    lines += [line for line in (escape(report.origin), escape(report.made_at)) if line]
    lines += [f"- {escape(note)}" for note in report.notes]
    lines += ["", "## Executions", "", *_cases(report.cases)]
    lines += ["", *_coverage(report)]
    for name, why in report.not_replayed.items():
        lines += ["", f"Not replayed: {escape(name)}: {escape(why)}"]
    for case in [case for case in report.cases if not case.agrees][:_MAX_CASES]:
        lines += ["", f"### {escape(case.name)}", "", *_differences(case)]
    lines += _calls(report.cases)
    if report.times is not None:
        lines += ["", "## Time", "", *_times(report.times)]
    if report.cost is not None:
        lines += ["", "## Cost", "", *_cost(report.cost)]
    lines += ["", "## Fidelity", "", *_findings(report)]
    if report.warnings:
        lines += ["", "## Warnings about the definition", "", *_warnings(report)]
    return "\n".join(lines) + "\n"


def escape(value: str) -> str:
    """Escape a text, so that Markdown shows just that text, on one line."""
    shown = " ".join(value.split())
    return _SPECIAL.sub(r"\\\1", shown).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()) -> list[str]:
    """Return the lines of a table whose cells are Markdown already."""
    rule = ["---:" if column in right else "---" for column in columns]
    return [f"| {' | '.join(cells)} |" for cells in (columns, rule, *rows)]


def _cases(cases: Sequence[Case]) -> list[str]:
    columns = ("Execution", "Sides", "Step Functions", "Airflow", "Transitions", "Tasks", "Unrepeatable values")
    rows = [
        (
            escape(case.name),
            _agreement(case),
            case.step_functions.status,
            case.airflow.status if case.airflow else "did not end",
            str(case.transitions),
            str(case.tasks if case.tasks is not None else "-"),
            str(case.unrepeatable),
        )
        for case in sorted(cases, key=lambda case: case.agrees)[:_MAX_CASES]
    ]
    more = [f"\n... and {len(cases) - _MAX_CASES} more."] if len(cases) > _MAX_CASES else []
    return table(columns, rows, right=columns[4:]) + more


def _agreement(case: Case) -> str:
    if not case.agrees:
        return "**differ**"
    return "agree" if case.missing_input is None else f"**nothing ran**: the input lacks {escape(case.missing_input)}"


def _coverage(report: Report) -> Iterator[str]:
    if report.coverage.reached:
        missing = report.coverage.missing_text()
        yield f"Reached: {report.coverage.text}." + (" Never reached:" if missing else "")
        if missing:
            yield ""
        yield from (f"- {escape(text)}" for text in missing)


def _differences(case: Case) -> Iterator[str]:
    for difference in case.outcome_differences:
        yield f"- outcome: {escape(difference)}"
    for row in case.differing:
        for difference in row.differences:
            yield f"- {escape(row.state)}: {escape(difference)}"
    for owner, diff in [("outcome", diff) for diff in case.diffs] + [
        (row.state, diff) for row in case.differing for diff in row.diffs
    ]:
        yield ""
        yield f"{escape(owner)}, {escape(diff.name)}:"
        yield ""
        yield from fence(diff)


def _calls(cases: Sequence[Case]) -> list[str]:
    """The calls that AWS sees, those that differ first."""
    rows = [(case.name, row) for case in cases for row in case.calls]
    if not rows:
        return []
    ordered = sorted(rows, key=lambda entry: entry[1].agrees)
    cells = [
        (
            escape(name),
            escape(row.state + (f" [{row.within}]" if row.within else "")),
            escape(row.call),
            escape(_one_line(row.step_functions)),
            "the same" if row.agrees else f"**{escape(_one_line(row.airflow))}**",
            escape(row.outcome),
        )
        for name, row in ordered[:_MAX_CALLS]
    ]
    more = [f"\n... and {len(rows) - _MAX_CALLS} more."] if len(rows) > _MAX_CALLS else []
    columns = ("Execution", "State", "Call", "Of Step Functions", "Of Airflow", "Answer")
    return ["", "## Calls that AWS sees", "", *table(columns, cells), *more]


def _one_line(text: str | None) -> str:
    if text is None:
        return "not called"
    return cut(" ".join(text.split()), _MAX_ARGUMENTS)


def fence(diff: Diff) -> Iterator[str]:
    """Yield a diff as a code block that no line of it can end."""
    lines = [part for line in diff.lines for part in line.splitlines() or [""]]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    ticks = "`" * max(3, longest + 1)
    yield f"{ticks}diff"
    yield from lines
    yield ticks


def _times(times: Times) -> Iterator[str]:
    clock, airflow_clock = CLOCKS[times.step_functions_clock], CLOCKS[times.airflow_clock]
    yield f"- Step Functions: {format_seconds(times.step_functions)} (median; {clock})"
    yield (
        f"- Airflow: {format_seconds(times.airflow)} (median; {airflow_clock}): {format_seconds(times.in_tasks)} in "
        f"{count(times.tasks, 'task')}, {format_seconds(times.between_tasks)} between them"
    )
    if times.in_states is not None:
        rest = format_seconds(max(0.0, times.of_tasks - times.in_states))
        in_states = format_seconds(times.in_states)
        yield (
            f"- Its tasks took {format_seconds(times.of_tasks)} in all: {in_states} in the states, {rest} to start on "
            "a worker, to defer and come back, and to keep results"
        )
    yield ""
    columns = ("State", "Visits", "Step Functions", "Airflow task")
    rows = [
        (escape(row.state), str(row.visits), format_seconds(row.step_functions), format_seconds(row.airflow))
        for row in times.states
    ]
    yield from table(columns, rows, right=columns[1:])


def _cost(cost: Cost) -> Iterator[str]:
    retries = f", {count(cost.retries, 'retry', 'retries')} among them" if cost.retries else ""
    yield (
        f"At {cost.runs:,} runs a month ({escape(cost.runs_from)}), each of "
        f"{count(cost.transitions, 'state transition')}{retries}; prices of {cost.region} as of {cost.as_of}:"
    )
    yield ""
    rows = [
        (
            escape(way.name),
            escape("-" if way.monthly is None else format_dollars(way.monthly)),
            escape("-" if way.added is None else format_dollars(way.added)),
            escape(way.origin),
        )
        for way in cost.ways
    ]
    yield from table(("Way", "A month", "On an environment that runs anyway", "Price"), rows, right=_DOLLARS)
    yield ""
    if cost.added_text:
        yield f"{escape(cost.added_text)}"
        yield ""
    for point in cost.break_even:
        yield f"- From {point.runs:,} runs a month on {escape(_break_even_text(point))}"
        yield from (f"  - {escape(text)}." for text in point.capacity)
    yield from (f"- {escape(text)}" for text in cost.always_cheaper)
    yield from (f"- {escape(way.name)}: {escape(way.limit)}." for way in cost.ways if way.limit)
    for name, why in cost.left_out.items():
        yield f"- Left out: {escape(name)}: {escape(why)}"
    for assumption in cost.assumptions:
        yield f"- {escape(assumption)}"
    for name, source in cost.sources.items():
        yield f"- Source of the prices ({escape(name)}): {escape(source)}"


_DOLLARS = ("A month", "On an environment that runs anyway")


def _break_even_text(point: BreakEven) -> str:
    """The rest of the sentence ``From 1,000 runs a month on``."""
    rate = f"({format_rate(point.runs_per_second)} runs a second)"
    if point.impossible:
        return f"{rate} {point.cheaper} takes the place of {point.than}: {point.impossible}."
    return f"{rate} {point.cheaper} is cheaper than {point.than}."


def _warnings(report: Report) -> Iterator[str]:
    for row in report.warnings:
        line = f" (line {row.line})" if row.line is not None else ""
        yield f"- {escape(row.code)} {escape(row.location or '/')}{line}: {escape(row.message)}"


def _findings(report: Report) -> Iterator[str]:
    if not report.findings:
        yield "The DAG does what the state machine does; the translation has nothing to report."
    for row in report.findings:
        place = f" {escape(row.state)}" if row.state is not None else ""
        yield f"- **{row.effect}** {escape(row.code)}{place}: {escape(row.why)} {escape(row.advice)}"
