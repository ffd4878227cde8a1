"""Random machines on the engine and as DAGs in a real Airflow: they agree in each state and in the outcome.

Where a branch or an item fails, how far the others come is up to the clock of either side: no difference (1193, 1209).
"""

from __future__ import annotations

import pytest

from sfn_provider.compare.comparison import compare_on_engine
from sfn_provider.engine import simulate
from tests.fixtures.machines.random_machines import make_case

# 1031: a child execution within a branch names its own event in a cause.
SAMPLE = [*range(7), 1031]


@pytest.mark.usefixtures("user_airflow_home")
@pytest.mark.parametrize("number", SAMPLE)
def test_a_random_machine_agrees(number: int) -> None:
    case = make_case(number)
    result = compare_on_engine(case.definition, case.input, mocks=case.mocks)
    assert result.agrees, (result.outcome, [state for state in result.states if not state.agrees])


def test_cases_have_all_types_and_outcomes() -> None:
    """The engine takes every case: none is refused, none lacks a mock."""
    cases = [make_case(number) for number in range(60)]
    texts = "".join(str(case.definition) for case in cases)
    for kind in ("Task", "Pass", "Choice", "Wait", "Parallel", "Map", "Succeed", "Fail"):
        assert f"'Type': '{kind}'" in texts
    executions = [simulate(case.definition, case.input, mocks=case.mocks) for case in cases]
    assert {execution.status for execution in executions} == {"SUCCEEDED", "FAILED", "TIMED_OUT"}
    again = [simulate(case.definition, case.input, mocks=case.mocks) for case in cases[:10]]
    assert [one.events for one in again] == [one.events for one in executions[:10]]
