from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.asl import lint

TARGET = "MISSING_TRANSITION_TARGET"
SCHEMA = "SCHEMA_VALIDATION_FAILED"


@dataclass(frozen=True)
class Case:
    name: str
    states: dict[str, Any]
    expected: list[tuple[str, str]]
    start: str = "A"


def group(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


END = {"Type": "Pass", "End": True}
DONE = {"Type": "Succeed"}
CALL = {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f"}
IF = {"Variable": "$.x", "IsPresent": True}

ERRORS = [
    Case("unknown start", {"A": END}, [(TARGET, "/StartAt")], start="B"),
    Case(
        "unknown next",
        {"A": {"Type": "Pass", "Next": "C"}, "B": END},
        [(TARGET, "/States/A/Next"), (TARGET, "/States/B")],
    ),
    Case(
        "next to a state of another case",
        {"A": {"Type": "Pass", "Next": "b"}, "B": END},
        [(TARGET, "/States/A/Next"), (TARGET, "/States/B")],
    ),
    Case(
        "unknown default",
        {"A": {"Type": "Choice", "Choices": [{**IF, "Next": "B"}], "Default": "C"}, "B": DONE},
        [(TARGET, "/States/A/Default")],
    ),
    Case(
        "unknown choice",
        {"A": {"Type": "Choice", "Choices": [{**IF, "Next": "B"}, {**IF, "Next": "C"}], "Default": "B"}, "B": DONE},
        [(TARGET, "/States/A/Choices/1/Next")],
    ),
    Case(
        "unknown catch",
        {"A": {**CALL, "Catch": [{"ErrorEquals": ["E"], "Next": "C"}], "End": True}},
        [(TARGET, "/States/A/Catch/0/Next")],
    ),
    Case("not reachable", {"A": END, "B": DONE}, [(TARGET, "/States/B")]),
    Case("reachable from itself alone", {"A": END, "B": {"Type": "Pass", "Next": "B"}}, [(TARGET, "/States/B")]),
    Case(
        "reachable from one that is not",
        {"A": END, "B": {"Type": "Pass", "Next": "C"}, "C": END},
        [(TARGET, "/States/B"), (TARGET, "/States/C")],
    ),
    Case(
        "no end", {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}, [("MISSING_END_STATE", "")]
    ),
    Case(
        "no end and one not reachable",
        {"A": {"Type": "Pass", "Next": "A"}, "B": {"Type": "Pass", "Next": "A"}},
        [("MISSING_END_STATE", "")],
    ),
    Case(
        "loop with an end that is not reachable",
        {"A": {"Type": "Pass", "Next": "A"}, "B": DONE},
        [(TARGET, "/States/B")],
    ),
    Case(
        "end false alone",
        {"A": {"Type": "Pass", "End": False}, "B": DONE},
        [(SCHEMA, "/States/A"), (TARGET, "/States/B")],
    ),
    Case(
        "neither next nor end",
        {"A": {"Type": "Wait", "Seconds": 1}, "B": DONE},
        [(SCHEMA, "/States/A"), (TARGET, "/States/B")],
    ),
    Case("next and end", {"A": {"Type": "Pass", "Next": "B", "End": True}, "B": DONE}, [(SCHEMA, "/States/A/Next")]),
    Case(
        "next on a choice",
        {"A": {"Type": "Choice", "Choices": [{**IF, "Next": "B"}], "Default": "B", "Next": "B"}, "B": DONE},
        [(SCHEMA, "/States/A/Next")],
    ),
    Case("next on a succeed", {"A": {"Type": "Succeed", "Next": "A"}}, [(SCHEMA, "/States/A/Next")]),
    Case(
        "rule without next",
        {"A": {"Type": "Choice", "Choices": [IF], "Default": "B"}, "B": DONE},
        [(SCHEMA, "/States/A/Choices/0")],
    ),
    Case(
        "next inside a rule",
        {"A": {"Type": "Choice", "Choices": [{"Not": {**IF, "Next": "B"}, "Next": "B"}], "Default": "B"}, "B": DONE},
        [(SCHEMA, "/States/A/Choices/0/Not/Next")],
    ),
    Case(
        "out of a branch",
        {"A": {"Type": "Parallel", "Branches": [group(X={"Type": "Pass", "Next": "B"})], "Next": "B"}, "B": DONE},
        [(TARGET, "/States/A/Branches/0/States/X/Next")],
    ),
    Case(
        "into a branch",
        {"A": {"Type": "Parallel", "Branches": [group(X=END)], "Next": "X"}, "B": DONE},
        [(TARGET, "/States/A/Next"), (TARGET, "/States/B")],
    ),
    Case(
        "not reachable in a branch",
        {"A": {"Type": "Parallel", "Branches": [group(X=END), group(Y=END, Z=END)], "End": True}},
        [(TARGET, "/States/A/Branches/1/States/Z")],
    ),
    Case(
        "not reachable in an iteration",
        {"A": {"Type": "Map", "ItemProcessor": group(X=END, Y=END), "End": True}},
        [(TARGET, "/States/A/ItemProcessor/States/Y")],
    ),
    Case("no states", {}, [(TARGET, "/StartAt"), (SCHEMA, "/States")]),
    Case("no branches", {"A": {"Type": "Parallel", "Branches": [], "End": True}}, [(SCHEMA, "/States/A/Branches")]),
    Case(
        "no choices",
        {"A": {"Type": "Choice", "Choices": [], "Default": "B"}, "B": DONE},
        [(SCHEMA, "/States/A/Choices")],
    ),
    Case(
        "name of 81 characters",
        {"A": {"Type": "Pass", "Next": "é" * 81}, "é" * 81: DONE},
        [("INVALID_STATE_NAME", "/States/" + "é" * 81)],
    ),
    Case("empty name", {"A": {"Type": "Pass", "Next": ""}, "": DONE}, [("INVALID_STATE_NAME", "/States/")]),
    Case(
        "name of an outer state",
        {"A": {"Type": "Map", "ItemProcessor": group(B=END), "Next": "B"}, "B": DONE},
        [("DUPLICATE_STATE_NAME", "/States/A/ItemProcessor/States/B")],
    ),
    Case(
        "name in two branches",
        {"A": {"Type": "Parallel", "Branches": [group(X=END), group(X=END)], "End": True}},
        [("DUPLICATE_STATE_NAME", "/States/A/Branches/1/States/X")],
    ),
]


@pytest.mark.parametrize("case", ERRORS, ids=lambda case: case.name)
def test_errors(case: Case) -> None:
    found = lint({"StartAt": case.start, "States": case.states})
    assert [(item.code, item.location) for item in found if item.level == "error"] == case.expected


ACCEPTED = [
    Case("end false with next", {"A": {"Type": "Pass", "End": False, "Next": "B"}, "B": DONE}, []),
    Case(
        "reached by a catch alone",
        {"A": {**CALL, "Catch": [{"ErrorEquals": ["E"], "Next": "B"}], "End": True}, "B": DONE},
        [],
    ),
    Case(
        "reached by a default alone",
        {"A": {"Type": "Choice", "Choices": [{**IF, "Next": "A"}], "Default": "B"}, "B": DONE},
        [],
    ),
    Case("name of 80 characters", {"A": {"Type": "Pass", "Next": "é" * 80}, "é" * 80: DONE}, []),
    Case("names with slash and tilde", {"A": {"Type": "Pass", "Next": "b/~c"}, "b/~c": DONE}, []),
]


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.name)
def test_accepted(case: Case) -> None:
    assert [item for item in lint({"StartAt": "A", "States": case.states}) if item.level == "error"] == []


@pytest.mark.parametrize(
    "states, location, message",
    [
        (
            {"Polling": {"Type": "Pass", "Next": "poling"}},
            "/States/Polling/Next",
            "state 'poling' does not exist; did you mean 'Polling'?",
        ),
        ({"Polling": {"Type": "Pass", "Next": "Zzz"}}, "/States/Polling/Next", "state 'Zzz' does not exist"),
        (
            {"A": {"Type": "Parallel", "Branches": [group(Inner=END)], "Next": "Inner"}},
            "/States/A/Next",
            "state 'Inner' belongs to /States/A/Branches/0, and no transition leaves or enters "
            "a branch or an item processor",
        ),
        (
            {"A": {"Type": "Parallel", "Branches": [group(Inner={"Type": "Pass", "Next": "A"})], "End": True}},
            "/States/A/Branches/0/States/Inner/Next",
            "state 'A' belongs to the state machine, and no transition leaves or enters a branch or an item processor",
        ),
    ],
)
def test_what_a_missing_target_is_told(states: dict[str, Any], location: str, message: str) -> None:
    found = lint({"StartAt": next(iter(states)), "States": states})
    assert [item.message for item in found if item.location == location] == [message]


def test_suggestions_stop_where_they_would_take_long() -> None:
    states = {f"State {n}": {"Type": "Pass", "Next": f"Stat {n}"} for n in range(100)}
    found = [item for item in lint({"StartAt": "State 0", "States": states}) if item.location.endswith("/Next")]
    assert len(found) == 100
    assert sum("did you mean" in item.message for item in found) == 20


def test_branch_that_cannot_end_is_a_warning() -> None:
    loop = group(X={"Type": "Wait", "Seconds": 1, "Next": "X"})
    found = lint({"StartAt": "A", "States": {"A": {"Type": "Parallel", "Branches": [loop], "End": True}}})
    assert [(item.level, item.code, item.location) for item in found] == [
        ("warning", "MISSING_END_STATE", "/States/A/Branches/0")
    ]


def test_reachability_waits_until_every_state_can_be_read() -> None:
    found = lint({"StartAt": "A", "States": {"A": {"Type": "Psas", "Nxt": "B"}, "B": DONE}})
    assert [item.location for item in found] == ["/States/A/Type"]


LOOPS = [
    (
        "polls without waiting",
        {
            "A": {**CALL, "Next": "B"},
            "B": {"Type": "Choice", "Choices": [{**IF, "Next": "C"}], "Default": "A"},
            "C": DONE,
        },
        ["/States/A"],
    ),
    (
        "waits",
        {
            "A": {**CALL, "Next": "W"},
            "W": {"Type": "Wait", "Seconds": 5, "Next": "B"},
            "B": {"Type": "Choice", "Choices": [{**IF, "Next": "C"}], "Default": "A"},
            "C": DONE,
        },
        [],
    ),
    (
        "waits for a job",
        {
            "A": {
                "Type": "Task",
                "Resource": "arn:aws:states:::glue:startJobRun.sync",
                "Parameters": {"JobName": "j"},
                "Next": "B",
            },
            "B": {"Type": "Choice", "Choices": [{**IF, "Next": "C"}], "Default": "A"},
            "C": DONE,
        },
        [],
    ),
    ("itself", {"A": {"Type": "Choice", "Choices": [{**IF, "Next": "C"}], "Default": "A"}, "C": DONE}, ["/States/A"]),
    ("no loop", {"A": {"Type": "Pass", "Next": "B"}, "B": {**CALL, "Next": "C"}, "C": DONE}, []),
]


@pytest.mark.parametrize("states, expected", [loop[1:] for loop in LOOPS], ids=[loop[0] for loop in LOOPS])
def test_loops_without_wait(states: dict[str, Any], expected: list[str]) -> None:
    found = lint({"StartAt": "A", "States": states})
    assert [item.location for item in found if item.code == "LOOP_WITHOUT_WAIT"] == expected
    assert {item.level for item in found} <= {"warning"}


def test_choice_without_default() -> None:
    choice = {"Type": "Choice", "Choices": [{**IF, "Next": "B"}]}
    found = lint({"StartAt": "A", "States": {"A": choice, "B": DONE}})
    assert [(item.level, item.code, item.location) for item in found] == [
        ("warning", "CHOICE_WITHOUT_DEFAULT", "/States/A")
    ]
