"""Lines that an engineer would have written, and reasons that name what they are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.translate import Translation, translate

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:"


def call(name: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": LAMBDA + name, **fields}


def invoke(payload: Any, **fields: Any) -> dict[str, Any]:
    arguments = {"FunctionName": "f", "Payload": payload}
    return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": arguments, **fields}


def put_events(detail: str) -> dict[str, Any]:
    entries = [{"Source": "s", "DetailType": "t", "Detail": detail}]
    resource = "arn:aws:states:::aws-sdk:eventbridge:putEvents"
    return {"Type": "Task", "Resource": resource, "Arguments": {"Entries": entries}, "End": True}


def native(states: dict[str, Any], language: str = "JSONPath") -> Translation:
    definition = {"StartAt": next(iter(states)), "States": states, "QueryLanguage": language}
    return translate(definition, dag_id="x", style="native", airflow_version="3.3.1")


def equals(status: str, target: str) -> dict[str, Any]:
    return {"Variable": "$.status", "StringEquals": status, "Next": target}


@dataclass(frozen=True)
class Case:
    """A machine, and a line of its DAG file.

    Args:
        states: the states.
        line: stands in the file.
        language: the query language.
    """

    name: str
    states: dict[str, Any]
    line: str
    language: str = "JSONata"


BRANCHES = [
    {"StartAt": name, "States": {name: invoke({}, Output={"n": "{% $states.result.Payload.n %}"}, End=True)}}
    for name in ("Left", "Right")
]
RESULT = {"left": "{% $states.result[0] %}", "right": "{% $states.result[1].n %}"}

CASES = [
    Case(
        "the constant of a function with an alias has the function's name",
        {"A": call("LoadOrders:live", End=True)},
        f'LOAD_ORDERS = "{LAMBDA}LoadOrders:live"',
        "JSONPath",
    ),
    Case(
        "the text of an object is its JSON",
        {"A": put_events("{% $string({'day': $states.input.day}) %}")},
        '"Detail": json.dumps({"day": params["day"]}, separators=(",", ":"), ensure_ascii=False)',
    ),
    Case(
        "a product in a template",
        {"A": invoke({"n": "{% $states.input.n * 2 %}"}, End=True)},
        "payload='{\"n\": {{ (params.n * 2) | tojson }}}'",
    ),
    Case(
        "a member of an item of a Parallel's result",
        {
            "Both": {"Type": "Parallel", "Branches": BRANCHES, "Output": RESULT, "Next": "Last"},
            "Last": invoke({"n": "{% $states.input.right %}"}, End=True),
        },
        'payload="{\\"n\\": {{ macros.json.loads(ti.xcom_pull(task_ids=\'Right\')).n | tojson }}}"',
    ),
    Case(
        "rules of a loop that do what its Default does",
        {
            "Wait": {"Type": "Wait", "Seconds": 5, "Next": "Ask"},
            "Ask": call("ask", Parameters={}, ResultPath="$.status", Next="Is"),
            "Is": {
                "Type": "Choice",
                "Choices": [equals("RUNNING", "Wait"), equals("DONE", "End")],
                "Default": "End",
            },
            "End": call("end", Parameters={}, End=True),
        },
        'return answer != "RUNNING"',
        "JSONPath",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_emitted(case: Case) -> None:
    assert case.line in native(case.states, case.language).source


def test_a_reason_names_no_state_that_is_native_in_the_end() -> None:
    body = {"StartAt": "Item", "States": {"Item": call("item", End=True)}}
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Clean"}]
    made = native(
        {
            "Each": {"Type": "Map", "ItemProcessor": body, "Catch": catch, "End": True},
            "Clean": call("clean", Parameters={"cause.$": "$.error.Cause"}, End=True),
        }
    )
    reasons = {found.state: found.why for found in made.findings if found.code == "STAYS_EXACT"}
    assert reasons == {"Each": "the error of Each is not where a later task could read it."}


def test_a_reason_names_the_operator_that_cannot_be_said() -> None:
    made = native({"A": invoke({"n": "{% 1 in $states.input.n %}"}, Next="B"), "B": invoke({}, End=True)}, "JSONata")
    [why] = [found.why for found in made.findings if found.code == "STAYS_EXACT"]
    assert why == "the operator in has no Jinja that means the same."
