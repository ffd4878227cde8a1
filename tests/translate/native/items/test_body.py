"""Maps whose items go through several states: one function for an item."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass, field
from typing import Any

import pytest

from sfn_provider.translate import Translation
from tests.translate.native.native_states import call, native


def chosen(rules: dict[str, str], **fields: Any) -> dict[str, Any]:
    """A Choice on ``$.kind``: the next state by the value."""
    choices = [{"Variable": "$.kind", "StringEquals": value, "Next": target} for value, target in rules.items()]
    return {"Type": "Choice", "Choices": choices, **fields}


JOB = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Parameters": {"JobName": "j"}}
CATCH = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Repair"}]


def body(states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"Type": "Map", "ItemProcessor": {"StartAt": next(iter(states)), "States": states}, **fields}


def made(mapped: dict[str, Any], behind: dict[str, Any] | None = None) -> Translation:
    states = {"M": {**mapped, "ItemsPath": "$.list", **({"Next": "Z"} if behind else {"End": True})}}
    states |= {"Z": behind} if behind else {}
    return native(states)


def function(source: str) -> str:
    """The function for an item, or for the list."""
    tree = ast.parse(source)
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "m"]
    lines = source.splitlines()[found[0].lineno - 1 : found[0].end_lineno]
    return textwrap.dedent("\n".join(lines))


@dataclass(frozen=True)
class Case:
    """The states of an item, and the function that they become."""

    name: str
    states: dict[str, Any]
    text: str
    codes: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)
    behind: dict[str, Any] | None = None


CASES = [
    Case(
        "one call after the other, of which one reads the other's result",
        {
            "A": call("a", ResultPath="$.a", Next="B"),
            "B": call("b", Parameters={"x.$": "$.a.x", "i.$": "$.i"}, End=True),
        },
        """
        def m(item):
            a = invoke_function(A, item)
            invoke_function(B, {"x": a["x"], "i": item["i"]})
        """,
        ("MAP_FAILURE",),
    ),
    Case(
        "ways that meet, with a value that each makes in its way",
        {
            "Q": chosen({"new": "A"}, Default="P"),
            "A": call("a", ResultPath="$.price", Next="B"),
            "P": {"Type": "Pass", "Result": 0, "ResultPath": "$.price", "Next": "B"},
            "B": call("b", Parameters={"price.$": "$.price"}, ResultPath=None, End=True),
        },
        """
        def m(item):
            if item["kind"] == "new":
                a = invoke_function(A, item)
                price = a
            else:
                price = 0
            invoke_function(B, {"price": price})
            return {**item, "price": price}
        """,
        behind=call("z", End=True),
    ),
    Case(
        "an error that a handler reads, and ways that end in it",
        {
            "A": call("a", Catch=CATCH, End=True),
            "Repair": call("r", Parameters={"why.$": "$.error.Cause"}, Next="Stop"),
            "Stop": {"Type": "Fail", "Error": "Broken", "CausePath": "$.id"},
        },
        """
        def m(item):
            try:
                invoke_function(A, item)
            except Exception as error:
                r = invoke_function(R, {"why": str(error)})
                raise AirflowFailException(f"Broken: {r['id']}")
        """.replace("r = invoke", "repair = invoke").replace("r['id']", "repair['id']"),
        ("ERROR_CONTENTS",),
    ),
    Case(
        "a loop that fails or leads on, where ways meet",
        {
            "A": call("a", ResultPath=None, Catch=[CATCH[0] | {"Next": "B", "ResultPath": None}], Next="Pause"),
            "Pause": {"Type": "Wait", "SecondsPath": "$.pause", "Next": "Ask"},
            "Ask": call("ask", Parameters={}, ResultPath="$.ask", Next="Ready?"),
            "Ready?": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.ask.state", "StringEquals": "bad", "Next": "Stop"},
                    {"Variable": "$.ask.state", "StringEquals": "good", "Next": "B"},
                ],
                "Default": "Pause",
            },
            "Stop": {"Type": "Fail", "Error": "Broken"},
            "B": call("b", Parameters={}, End=True),
        },
        """
        def m(item):
            try:
                invoke_function(A, item)
            except Exception:
                pass
            else:
                data = item
                while True:
                    time.sleep(data["pause"])
                    ask = invoke_function(ASK, {})
                    if ask["state"] == "bad":
                        raise AirflowFailException("Broken")
                    if ask["state"] == "good":
                        break
                    data = {**data, "ask": ask}
            invoke_function(B, {})
        """,
        ("ITEM_WAIT",),
    ),
    Case(
        "rules of which none may match, and an end in between",
        {"Q": chosen({"a": "A", "b": "E"}), "A": call("a", End=True), "E": {"Type": "Succeed"}},
        """
        def m(item):
            if item["kind"] == "a":
                invoke_function(A, item)
            elif item["kind"] == "b":
                pass
            else:
                raise AirflowFailException("No rule of Q matches")
        """,
    ),
    Case(
        "a Map in a Map, and an index",
        {
            "N": body(
                {"A": call("a", Parameters={"x.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index"}, End=True)},
                ItemsPath="$.parts",
                Next="B",
            ),
            "B": call("b", Parameters={"all.$": "$"}, End=True),
        },
        """
        def m(item):
            results = []
            for index, entry in enumerate(item["parts"]):
                a = invoke_function(A, {"x": entry, "i": index})
                results.append(a)
            invoke_function(B, {"all": results})
        """,
        ("ITEM_IN_ORDER",),
    ),
    Case(
        "a Parallel in a Map",
        {
            "P": {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": "L", "States": {"L": call("l", End=True)}},
                    {"StartAt": "R", "States": {"R": call("r", End=True)}},
                ],
                "Next": "B",
            },
            "B": call("b", Parameters={"l.$": "$[0].x"}, End=True),
        },
        """
        def m(item):
            l_ = invoke_function(L, item)
            branch = l_
            invoke_function(R, item)
            invoke_function(B, {"l": branch["x"]})
        """,
        ("ITEM_IN_ORDER",),
    ),
    Case(
        "a loop that asks again",
        {
            "A": call("a", Parameters={"id.$": "$.id"}, ResultPath="$.job", Next="Q"),
            "Q": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.job.state", "StringEquals": "DONE", "Next": "B"}],
                "Default": "W",
            },
            "W": {"Type": "Wait", "Seconds": 20, "Next": "A"},
            "B": call("b", Parameters={"id.$": "$.id"}, End=True),
        },
        """
        def m(item):
            while True:
                a = invoke_function(A, {"id": item["id"]})
                if a["state"] == "DONE":
                    break
                time.sleep(20)
            invoke_function(B, {"id": item["id"]})
        """,
        ("ITEM_WAIT",),
    ),
    Case(
        "a client whose name is a word of Python",
        {
            "A": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:lambda:getFunction",
                "Parameters": {"FunctionName.$": "$.name"},
                "Next": "B",
            },
            "B": call("b", Parameters={"state.$": "$.Configuration.State"}, End=True),
        },
        """
        def m(item):
            lambda_ = AwsBaseHook(client_type="lambda").conn
            a = lambda_.get_function(FunctionName=item["name"])["Configuration"]["State"]
            invoke_function(B, {"state": a})
        """,
    ),
    Case(
        "items that call nothing become one list",
        {"P": {"Type": "Pass", "Parameters": {"name.$": "$.name", "is_new": True}, "End": True}},
        """
        def m(params):
            return [{"name": item["name"], "is_new": True} for item in params["list"]]
        """,
        behind=call("z", End=True),
    ),
    Case(
        "such items that differ by their kind",
        {
            "Q": chosen({"new": "P"}, Default="E"),
            "P": {"Type": "Pass", "Result": "N", "End": True},
            "E": {"Type": "Pass", "OutputPath": "$.name", "End": True},
        },
        """
        def m(params):
            results = []
            for item in params["list"]:
                if item["kind"] == "new":
                    results.append("N")
                else:
                    results.append(item["name"])
            return results
        """,
        behind=call("z", End=True),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_states_of_an_item_are_a_function(case: Case) -> None:
    found = made(body(case.states, **case.fields), case.behind)
    assert function(found.source) == textwrap.dedent(case.text).strip()
    assert "sfn_provider" not in found.source
    assert set(case.codes) <= {finding.code for finding in found.findings}
    compile(found.source, "x.py", "exec")


def test_retries_are_those_of_the_call_and_not_of_the_item() -> None:
    retry = [
        {
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": 3,
            "MaxAttempts": 4,
            "BackoffRate": 1.5,
            "MaxDelaySeconds": 9,
        }
    ]
    states = {"A": call("a", Next="B"), "B": call("b", Retry=retry, TimeoutSeconds=9, End=True)}
    found = made(body(states))
    assert "wait=wait_exponential(multiplier=3, max=9, exp_base=1.5)" in found.source
    assert "stop=stop_after_attempt(5)" in found.source
    assert "retries" not in found.source
    assert "from tenacity import Retrying, stop_after_attempt, wait_exponential\n" in found.source
    assert "ITEM_TIMEOUT" in {finding.code for finding in found.findings if finding.state == "B"}


def test_each_state_of_an_item_is_told_with_its_task() -> None:
    states = {"A": call("a", Next="P"), "P": {"Type": "Pass", "Next": "B"}, "B": call("b", End=True)}
    found = {entry.state: (entry.how, entry.task_id) for entry in made(body(states)).tasks}
    assert found == {"M": ("taskflow", "M"), "A": ("taskflow", "M"), "P": ("folded", ""), "B": ("taskflow", "M")}


@pytest.mark.parametrize(
    ("states", "why"),
    [
        ({"A": call("a", Next="W"), "W": {"Type": "Wait", "TimestampPath": "$.t", "End": True}}, "waits for a moment"),
        (
            {"A": call("a", Next="N"), "N": body({"B": call("b", End=True)}, ToleratedFailureCount=1, End=True)},
            "tolerates",
        ),
    ],
    ids=["a moment", "tolerated failures"],
)
def test_what_a_function_cannot_do_is_said(states: dict[str, Any], why: str) -> None:
    found = made(body(states))
    assert found.style == "exact"
    assert any(why in finding.why for finding in found.findings if finding.code == "STAYS_EXACT")
