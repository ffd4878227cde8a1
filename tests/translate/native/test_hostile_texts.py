"""Texts of a definition that try to become code or templates in a native DAG."""

from __future__ import annotations

import ast
import json
from typing import Any

import jinja2
import pytest

from tests.translate.native.native_states import TOPIC, call, native, publish
from tests.translate.test_safety import BREAKOUTS, PAYLOAD


def hostile(text: str) -> dict[str, Any]:
    """A machine whose names, comments and data are texts that try to break out."""
    name = (text[:60] + "!") if text else "empty"
    return {
        "First": call("a", Comment=text, Parameters={"k": text, text or "k2": [text, {"deep": text}]}, Next="Item"),
        "Item": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Parameters": {"TableName": text, "Item": {text or "k": {"S": text}, "from": {"S.$": "$.x"}}},
            "ResultPath": None,
            "Next": name,
        },
        name: publish(
            Comment=text,
            Parameters={"TopicArn": TOPIC, "Message": text, "Subject": text},
            ResultPath=None,
            Next="Which",
        ),
        "Which": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.x", "StringEquals": text, "Next": "Bad"}],
            "Default": "End",
        },
        "Bad": {"Type": "Fail", "Error": text, "Cause": text},
        "End": {"Type": "Succeed"},
    }


@pytest.mark.parametrize("text", BREAKOUTS, ids=ascii)
def test_nothing_in_a_definition_becomes_code_or_a_template(text: str) -> None:
    made = native(hostile(text), Comment=text)
    assert made.style == "native"
    tree = ast.parse(made.source)
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert "__import__" not in called
    operators = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and len(node.keywords) > 2]
    arguments = {(getattr(node.func, "id", ""), word.arg): word.value for node in operators for word in node.keywords}
    payload = rendered(arguments["LambdaInvokeFunctionOperator", "payload"])
    assert json.loads(payload) == {"k": text, text or "k2": [text, {"deep": text}]}
    assert rendered(arguments["SnsPublishOperator", "message"]) == text
    assert rendered(arguments["SnsPublishOperator", "subject"]) == text
    comments = [line for line in made.source.splitlines() if line.lstrip().startswith("#")]
    assert all(line.isprintable() for line in comments)
    assert (
        text == ""
        or PAYLOAD not in made.source
        or text in [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    )


def rendered(node: ast.expr) -> str:
    """What Airflow's Jinja makes of an argument."""
    template = ast.literal_eval(node)
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True, newline_sequence="\n"
    )
    return environment.from_string(template).render()
