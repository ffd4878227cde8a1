"""Branches of a Parallel that fail behind a Choice: its handler stands behind them, and what follows does not run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.translate.native.data_flow.evaluation import Evaluator
from sfn_provider.translate.native.routing.route_builder import build_routes
from tests.translate.native.native_states import call

CATCH = {"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Alarm"}]}
FAIL = {"Type": "Fail"}


def choice(yes: str, no: str) -> dict[str, Any]:
    return {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": yes}], "Default": no}


def branch(**states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def parallel(*branches: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"Type": "Parallel", "Branches": list(branches), **fields}


WORKS = branch(Work=call("work", End=True))
MAY_FAIL = branch(Ask=choice("Bad", "Good"), Bad=FAIL, Good=call("good", End=True))
ALWAYS_FAILS = branch(Ask=choice("Bad", "Worse"), Bad=FAIL, Worse=FAIL)
INNER = {"Inner": parallel(MAY_FAIL, branch(Other=call("other", End=True)), End=True)}
CAUGHT = {
    "Inner": parallel(MAY_FAIL, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Mend"}], End=True),
    "Mend": call("mend", End=True),
}


@dataclass(frozen=True)
class Case:
    """A Parallel with a handler, and what may follow which of its Fail states.

    Args:
        branches: the branches.
        handled: the Fail states whose failure the handler sees.
        before: those that what follows the Parallel waits for.
    """

    name: str
    branches: tuple[dict[str, Any], ...]
    handled: set[str]
    before: set[str]


CASES = [
    Case("no branch fails", (WORKS,), set(), set()),
    Case("one way of a branch fails", (WORKS, MAY_FAIL), {"Bad"}, set()),
    Case("each way of a branch fails", (WORKS, ALWAYS_FAILS), {"Bad", "Worse"}, {"Bad", "Worse"}),
    Case("in a Parallel in a branch", (WORKS, branch(**INNER)), {"Bad"}, set()),
    Case("in a Parallel that catches it", (WORKS, branch(**CAUGHT)), set(), set()),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_fail_states_of_branches_lead_to_the_handler(case: Case) -> None:
    states = {
        "Both": parallel(*case.branches, **CATCH, Next="Next"),
        "Next": call("next", End=True),
        "Alarm": call("alarm", End=True),
    }
    routes = build_routes(Evaluator("JSONPath").scope(parse({"StartAt": "Both", "States": states})), frozenset())
    failing = {"Bad", "Worse"}
    assert {left for left, right in routes.edges if right == "Alarm"} & failing == case.handled
    assert {left for left, right in routes.edges if right == "Next"} & failing == case.before
    assert all(kind == "error" for (_, right), kind in routes.edges.items() if right == "Alarm")
