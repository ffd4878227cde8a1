"""Writes a comparison of calls as JSON, Markdown, or an HTML page without scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sfn_provider.compare.calls.matching import CallPair
from sfn_provider.compare.dag_comparison import CaseComparison, DagComparison
from sfn_provider.compare.report.data.diffs import format_value
from sfn_provider.compare.report.markdown import escape, table
from sfn_provider.formatting import format_seconds

Json = Any


@dataclass(frozen=True, slots=True)
class ReportedCall:
    """A call on both sides, for people.

    Args:
        state: the state that makes it; None where the machine does not.
        task: the task that makes it; None where the DAG does not.
        call: the call: ``glue StartJobRun``.
        verdict: what is to say of its parameters.
        agrees: whether the sides agree.
        machine: the machine's parameters; None where it does not make the call.
        dag: the DAG's.
    """

    state: str | None
    task: str | None
    call: str
    verdict: str
    agrees: bool
    machine: Json
    dag: Json

    @property
    def machine_text(self) -> str | None:
        """The machine's parameters as text that may be cut; None where it does not make the call."""
        return format_value(self.machine) if self.machine is not None else None

    @property
    def dag_text(self) -> str | None:
        """The DAG's parameters, as those of the machine."""
        return format_value(self.dag) if self.dag is not None else None


def call_rows(case: CaseComparison) -> list[ReportedCall]:
    """Return the calls of a case, side by side, in the machine's order."""
    return [_row(pair) for pair in case.calls]


def _row(pair: CallPair) -> ReportedCall:
    expected, actual = pair.expected, pair.actual
    api_call = expected.call if expected is not None else actual.call if actual is not None else None
    return ReportedCall(
        state=expected.state if expected is not None else None,
        task=(actual.task_id or "(the DAG file)") if actual is not None else None,
        call=str(api_call),
        verdict=_verdict(pair),
        agrees=expected is not None and actual is not None and not pair.different,
        machine=expected.call.parameters if expected is not None and expected.call is not None else None,
        dag=actual.call.parameters if actual is not None else None,
    )


def _verdict(pair: CallPair) -> str:
    if pair.actual is None:
        return "NOT MADE by the DAG"
    if pair.expected is None:
        return "NOT MADE by the machine"
    if pair.different:
        return f"DIFFER: {', '.join(verdict.member for verdict in pair.different)}"
    kinds = {verdict.kind for verdict in pair.verdicts}
    words = {"addition": "with an operator's additions", "equal": "the same by rules", "run_specific": "the same"}
    return next((word for kind, word in words.items() if kind in kinds), "the same")


def calls_as_json(result: DagComparison) -> dict[str, Json]:
    """Return a comparison as a JSON object."""
    return {
        "dag_file": result.dag_file,
        "agrees": result.agrees,
        "verdict": result.verdict,
        "cases": {case.name: _case_as_json(case) for case in result.cases},
        "rules": list(result.notes("equal")),
        "additions": list(result.additions),
        "assumptions": list(result.assumptions),
        "warnings": list(result.warnings),
        "coverage": result.coverage.as_json() if result.coverage is not None else None,
    }


def _case_as_json(case: CaseComparison) -> dict[str, Json]:
    execution = case.execution
    return {
        "agrees": case.agrees,
        "execution": {"status": execution.status, "error": execution.error, "cause": execution.cause},
        "dag_run": {
            "state": case.dag.state,
            "seconds": round(case.seconds, 3),
            "failed": {task.task_id: task.error for task in case.dag.failed},
        },
        "calls": [
            {
                "state": row.state,
                "task": row.task,
                "call": row.call,
                "agrees": row.agrees,
                "verdict": row.verdict,
                "machine": row.machine,
                "dag": row.dag,
            }
            for row in call_rows(case)
        ],
        "findings": [
            {
                "kind": finding.kind,
                "state": finding.state,
                "task": finding.task_id,
                "call": finding.call,
                "member": finding.member,
                "text": finding.text,
            }
            for finding in case.findings
        ],
    }


def calls_as_markdown(result: DagComparison, title: str, made_at: str) -> str:
    """Write a comparison as Markdown (GitHub's); texts of definitions and data are escaped.

    Args:
        result: the comparison.
        title: the machine's name.
        made_at: when it was made, for people.
    """
    lines = [f"# {escape(title)}: the calls of a DAG", "", f"**{escape(result.verdict)}**", ""]
    lines += [escape(f"{result.dag_file} {made_at}"), "", "## Cases", ""]
    columns = ("Case", "Sides", "Step Functions", "DAG run", "Calls", "Time of the run")
    rows = [
        (
            escape(case.name),
            "agree" if case.agrees else "**differ**",
            case.execution.status,
            case.dag.state,
            str(len(case.calls)),
            format_seconds(case.seconds),
        )
        for case in result.cases
    ]
    lines += table(columns, rows, right=columns[4:])
    for case in result.cases:
        lines += ["", f"### {escape(case.name)}", "", *_case_as_markdown(case)]
    for heading, texts in _notes(result):
        lines += ["", f"## {heading}", "", *(f"- {escape(text)}" for text in texts)]
    return "\n".join(lines) + "\n"


def _case_as_markdown(case: CaseComparison) -> Iterator[str]:
    for finding in case.findings:
        yield f"- **{finding.kind}** {escape(finding.text)}"
    yield ""
    rows = [
        (escape(row.state or ""), escape(row.task or ""), escape(row.call), escape(row.verdict))
        for row in call_rows(case)
    ]
    yield from table(("State", "Task", "Call", "Parameters"), rows)


def _notes(result: DagComparison) -> list[tuple[str, Sequence[str]]]:
    named = (
        ("The same by a rule", result.notes("equal")),
        ("Sent by operators of their own", result.additions),
        ("Assumed in made cases", result.assumptions),
    )
    return [(heading, texts) for heading, texts in named if texts]


def calls_as_html(result: DagComparison, title: str, made_at: str) -> str:
    """Write a comparison as an HTML page; texts of definitions and data show as text.

    Args:
        result: the comparison.
        title: the machine's name.
        made_at: when it was made, for people.
    """
    from sfn_provider.compare.report.html_page import report_templates  # needs jinja2

    cases = [(case, call_rows(case)) for case in result.cases]
    page = report_templates().get_template("calls.html.j2")
    return page.render(result=result, title=title, made_at=made_at, cases=cases, notes=_notes(result))
