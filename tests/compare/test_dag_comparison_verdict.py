"""The result of comparing a DAG by its calls, over all cases."""

from __future__ import annotations

from dataclasses import replace

from sfn_provider.compare.calls.call_findings import CallFinding
from sfn_provider.compare.dag_comparison import CaseComparison, DagComparison, DagSide
from sfn_provider.engine import simulate
from tests.fixtures.machines.definitions import END, machine

RAN = CaseComparison("ran", simulate(machine({"Done": END}), {}), DagSide("success", (), (), {}), (), (), 0.0)
EMPTY = replace(RAN, name="empty", missing_input="$.bucket")
DIFFERS = replace(RAN, name="differs", findings=(CallFinding("missing call", "Done", None, None, "No task does."),))


def test_cases_in_which_nothing_ran_prove_nothing() -> None:
    empty = DagComparison("dag.py", (EMPTY,))
    assert (empty.agrees, empty.verdict) == (False, "Nothing was compared.")
    assert empty.warnings == ("Case empty: nothing ran, as the input lacks $.bucket.",)
    assert (DagComparison("dag.py", ()).agrees, DagComparison("dag.py", ()).verdict) == (False, empty.verdict)
    assert DagComparison("dag.py", (EMPTY, RAN)).agrees
    differs = DagComparison("dag.py", (EMPTY, DIFFERS))
    assert (differs.agrees, "in 1 of 2 cases" in differs.verdict) == (False, True)
