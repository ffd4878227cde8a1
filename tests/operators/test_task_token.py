"""A DAG that answers task tokens, over HTTP."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from sfn_provider._compat import AirflowFailException
from sfn_provider.operators.step_function import (
    StepFunctionSendTaskFailureOperator,
    StepFunctionSendTaskHeartbeatOperator,
    StepFunctionSendTaskSuccessOperator,
)
from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse
from tests.fixtures.airflow.task_contexts import context_of

OPERATORS = {
    "SendTaskSuccess": StepFunctionSendTaskSuccessOperator,
    "SendTaskFailure": StepFunctionSendTaskFailureOperator,
    "SendTaskHeartbeat": StepFunctionSendTaskHeartbeatOperator,
}


def send(operator_class: Any, **arguments: Any) -> None:
    """Answer a token."""
    operator = operator_class(**({"task_id": "answer", "task_token": "AAAA"} | arguments))
    operator.execute(context_of(operator))


@pytest.fixture
def answered(scripted_aws: ScriptedAws) -> ScriptedAws:
    """A server that takes every answer."""
    for action in OPERATORS:
        scripted_aws.script(action, {})
    return scripted_aws


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"at": datetime(2025, 3, 15, tzinfo=UTC)}, '{"at": "2025-03-15T00:00:00+00:00"}'),
        ([1, 2], "[1, 2]"),
        ('{"rows": 3}', '{"rows": 3}'),
        (0, "0"),
        (None, "null"),
    ],
    ids=["date", "list", "text", "zero", "nothing"],
)
def test_the_output_is_sent_as_json(answered: ScriptedAws, value: Any, text: str) -> None:
    send(StepFunctionSendTaskSuccessOperator, task_output=value)
    assert answered.bodies("SendTaskSuccess") == [{"taskToken": "AAAA", "output": text}]


@pytest.mark.parametrize(
    ("value", "message"),
    [("done", "answer: output: a text that is no JSON"), (["x" * 262_144], "answer: output: 262,")],
    ids=["no JSON", "too large"],
)
def test_an_output_that_cannot_be_sent(answered: ScriptedAws, value: Any, message: str) -> None:
    with pytest.raises(AirflowFailException, match=message):
        send(StepFunctionSendTaskSuccessOperator, task_output=value)
    assert answered.calls == []


@pytest.mark.parametrize(
    ("action", "arguments", "line"),
    [
        ("SendTaskSuccess", {}, "success: its state goes on"),
        ("SendTaskFailure", {"error": "Load.Failed\nlate"}, r"failure: Load.Failed\nlate"),
        ("SendTaskHeartbeat", {}, "heartbeat: its state waits on"),
    ],
)
def test_an_answer_is_logged_without_its_token(
    answered: ScriptedAws,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    action: str,
    arguments: dict[str, str],
    line: str,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(OPERATORS[action], "log", logging.getLogger("task"))
    send(OPERATORS[action], task_token="A-secret", **arguments)
    assert f"AWS has taken the task token's {line}\n" in caplog.text
    assert "A-secret" not in caplog.text


def test_a_failure_has_error_and_cause(answered: ScriptedAws) -> None:
    send(StepFunctionSendTaskFailureOperator, error="Load.Failed", cause="x" * 40_000)
    send(StepFunctionSendTaskFailureOperator)
    assert answered.bodies("SendTaskFailure") == [
        {"taskToken": "AAAA", "error": "Load.Failed", "cause": "x" * 32_768},
        {"taskToken": "AAAA"},
    ]


def test_a_heartbeat(answered: ScriptedAws) -> None:
    send(StepFunctionSendTaskHeartbeatOperator)
    assert answered.bodies("SendTaskHeartbeat") == [{"taskToken": "AAAA"}]


@pytest.mark.parametrize("action", OPERATORS)
def test_an_answer_outlasts_errors(answered: ScriptedAws, action: str) -> None:
    answered.script(action, ErrorResponse("ThrottlingException"), ErrorResponse("x", status=503), {})
    send(OPERATORS[action])
    assert answered.actions() == [action] * 3


@pytest.mark.parametrize("action", OPERATORS)
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("TaskTimedOut", "has been answered before, or has run out of time"),
        ("TaskDoesNotExist", "is not waited for any more"),
        ("InvalidToken", "never gave it out"),
        ("AccessDeniedException", "states:"),
    ],
)
def test_an_answer_that_nobody_takes_fails_for_good(
    answered: ScriptedAws, action: str, code: str, message: str
) -> None:
    answered.script(action, ErrorResponse(code))
    with pytest.raises(AirflowFailException, match=message):
        send(OPERATORS[action])
    assert len(answered.calls) == 1


def test_a_token_that_nobody_waits_for_may_be_passed_over(answered: ScriptedAws) -> None:
    answered.script("SendTaskFailure", ErrorResponse("TaskTimedOut"))
    send(StepFunctionSendTaskFailureOperator, fail_if_closed=False)
    answered.script("SendTaskFailure", ErrorResponse("InvalidToken"))
    with pytest.raises(AirflowFailException):
        send(StepFunctionSendTaskFailureOperator, fail_if_closed=False)


def test_the_fields_that_are_templates() -> None:
    fields = {"aws_conn_id", "region_name", "task_token", "verify"}
    assert {action: set(made.template_fields) - fields for action, made in OPERATORS.items()} == {
        "SendTaskSuccess": {"task_output"},
        "SendTaskFailure": {"error", "cause"},
        "SendTaskHeartbeat": set(),
    }
    assert json.loads(json.dumps(StepFunctionSendTaskSuccessOperator.template_fields_renderers))
