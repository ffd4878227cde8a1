"""Cases with an error that a state does not take go on where a state around it takes the error."""

from __future__ import annotations

from sfn_provider.asl import parse
from sfn_provider.compare.calls.uncaught_errors import add_uncaught_errors
from sfn_provider.engine import Mocks, simulate

TASK = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}
MACHINE = {
    "StartAt": "Fork",
    "States": {
        "Fork": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "P1", "States": {"P1": TASK}}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Undo"}],
            "End": True,
        },
        "Undo": TASK,
    },
}


def test_the_handler_around_a_state_has_the_answer_of_another_case() -> None:
    good = Mocks.from_mapping({"P1": [{"Return": 1}]})
    handled = Mocks.from_mapping({"P1": [{"Throw": {"Error": "E", "Cause": "c"}}], "Undo": [{"Return": "undone"}]})
    cases = add_uncaught_errors(parse(MACHINE), {"Good": good, "Handled": handled})
    assert [*cases] == ["Good", "Handled", "P1ThrowsUnexpectedError", "UndoThrowsUnexpectedError"]
    outcomes = {name: simulate(MACHINE, {}, mocks=mocks) for name, mocks in cases.items()}
    assert outcomes["P1ThrowsUnexpectedError"].output == "undone"
    assert outcomes["UndoThrowsUnexpectedError"].status == "FAILED"
