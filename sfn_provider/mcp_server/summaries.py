"""Reduces the JSON of commands to verdicts, differences and what was reached, for an assistant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sfn_provider.mcp_server.command_runner import CommandResult  # needs anyio

_OF_COMPARISONS: Final = (
    "verdict",
    "coverage",
    "announced",
    "unannounced",
    "assumptions",
    "warnings",
    "not_replayed",
)
_OF_CASES: Final = ("status", "execution", "dag_run", "outcome_differences", "findings", "missing_input")


def summarize_lint(result: CommandResult) -> dict[str, Any]:
    """Return the diagnostics with their numbers.

    Args:
        result: what ``lint --json`` printed.
    """
    levels = [found["level"] for found in result.output]
    return {"errors": levels.count("error"), "warnings": levels.count("warning"), "diagnostics": result.output}


def summarize_comparison(result: CommandResult) -> dict[str, Any]:
    """Return the verdict, and each case with its differences alone.

    Args:
        result: what ``compare --json`` or ``replay --json`` printed: by states or, for native and other DAGs, by calls.
    """
    output = result.output
    cases = output["cases"] if "cases" in output else {case["name"]: case for case in output["replays"]}
    inputs = output.get("inputs", {})
    found = {name: output[name] for name in _OF_COMPARISONS if output.get(name)}
    return {
        "agrees": result.exit_code == 0,
        **found,
        "cases": {name: _case(case, inputs.get(name)) for name, case in cases.items()},
    }


def _case(case: dict[str, Any], case_input: Any) -> dict[str, Any]:
    found = {"agrees": case["agrees"], **{name: case[name] for name in _OF_CASES if case.get(name)}}
    differing = [
        {name: state[name] for name in ("state", "within", "differences")}
        for state in case.get("states", ())
        if not state["agrees"]
    ]
    if differing:
        found["differing_states"] = differing
    if not case["agrees"] and case_input is not None:
        found["input"] = case_input
    return found
