"""Whole documents as texts: the body of a message is their JSON, and has what is there in every run."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

import pytest

from sfn_provider.translate import Translation
from tests.translate.native.native_states import call, native

QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/q"


def send(body: str, **fields: Any) -> dict[str, Any]:
    parameters = {"QueueUrl": QUEUE, "MessageBody.$": body}
    return {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": parameters, **fields}


def publish(**fields: Any) -> dict[str, Any]:
    parameters = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Message": "m"}
    return {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": parameters, **fields}


@dataclass(frozen=True)
class Case:
    """A machine that ends with a message.

    Args:
        states: the states before the last, which is Send.
        body: the path of the message's body.
        template: the argument of the operator.
        codes: codes of the report about the state.
    """

    name: str
    states: dict[str, Any]
    template: str
    body: str = "$"
    codes: set[str] = field(default_factory=lambda: {"JSON_TEXT"})


ITEMS = {"StartAt": "Item", "States": {"Item": call("item", End=True)}}
INVOKE = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}}

CASES = [
    Case("the execution's input", {}, "{{ params | tojson }}"),
    Case("a member may be a text", {}, "{{ params.note }}", "$.note", set()),
    Case(
        "the results of a Map",
        {"Each": {"Type": "Map", "ItemProcessor": ITEMS, "ItemsPath": "$.items", "Next": "Send"}},
        "{{ ti.xcom_pull(task_ids='Each_results') | tojson }}",
    ),
    Case(
        "an operator's parts of a result",
        {"Invoke": {**INVOKE, "Next": "Send"}},
        '{"Payload": {{ ti.xcom_pull(task_ids="Invoke") }}}',
    ),
    Case(
        "a function's answer, of any type",
        {"Ask": call("ask", Next="Send")},
        "{{ (macros.json.loads(ti.xcom_pull(task_ids='Ask')) if macros.json.loads(ti.xcom_pull(task_ids='Ask')) is "
        "string else macros.json.loads(ti.xcom_pull(task_ids='Ask')) | tojson) }}",
    ),
]


def argument(made: Translation, task_id: str, name: str) -> str:
    """The text that is given to the operator of a task."""
    calls = [node for node in ast.walk(ast.parse(made.source)) if isinstance(node, ast.Call)]
    given = [{each.arg: each.value for each in call.keywords} for call in calls]
    [value] = [each[name] for each in given if name in each and ast.unparse(each["task_id"]) == repr(task_id)]
    return str(ast.literal_eval(value))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_body_of_a_message_is_json(case: Case) -> None:
    made = native({**case.states, "Send": send(case.body, End=True)})
    assert argument(made, "Send", "message_content") == case.template
    codes = {found.code for found in made.findings if found.state == "Send"}
    assert codes & {"JSON_TEXT"} == case.codes


def test_what_a_service_returns_for_some_calls_alone_is_no_part_of_its_whole_result() -> None:
    made = native(
        {
            "Tell": publish(Next="Send"),
            "Send": send("$.SequenceNumber", ResultPath="$.sent", Next="Log"),
            "Log": call("log", End=True),
        }
    )
    assert "ti.xcom_pull(task_ids='Tell').SequenceNumber" in made.source  # a state that asks for it gets it
    payload = argument(made, "Log", "payload")
    assert "MessageId" in payload
    assert "SequenceNumber" not in payload
    [parts] = [found.why for found in made.findings if found.code == "RESULT_PARTS" and found.state == "Send"]
    assert "there is $.MessageId of it alone" in parts
