"""Catchers and retriers that name errors: no handler runs for an error that its catcher does not take."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.translate import Translation
from tests.translate.native.native_states import call, native

Json = Any


def put(**fields: Any) -> dict[str, Any]:
    parameters = {"TableName": "t", "Item": {"id": {"S": "1"}}}
    return {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "Parameters": parameters, **fields}


def catcher(names: str, target: str = "Mend", **fields: Any) -> dict[str, Any]:
    return {"ErrorEquals": names.split(), "ResultPath": None, "Next": target, **fields}


def made(task: dict[str, Any], version: str = "3.3.1", **states: Any) -> Translation:
    known = {
        "Do": {**task, "Next": "Go on"},
        "Go on": call("go_on", Parameters={}, End=True),
        "Mend": call("mend", Parameters={}, End=True),
        "Ask": call("ask", Parameters={}, End=True),
        **states,
    }
    text = str([state for name, state in known.items() if name not in ("Mend", "Ask")])
    known = {name: state for name, state in known.items() if name == "Do" or repr(name) in text}
    return native(known, version)


def how(translation: Translation, state: str = "Do") -> str:
    return next(entry.how for entry in translation.tasks if entry.state == state)


class Failed(Exception):
    """Stands for AirflowFailException."""


@dataclass(frozen=True)
class Xcoms:
    """What a branch pulls: the error of the task, or nothing."""

    error: str | None

    def xcom_pull(self, task_ids: str, key: str) -> Json:
        assert (task_ids, key) == ("Do", "error")
        return None if self.error is None else {"Error": self.error, "Cause": "a cause"}


def chosen(source: str, error: str | None) -> Json:
    """What the branch behind the task returns for an error; ``fails`` where it fails."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    node = next(node for node in found if node.name == "do_failed")
    lines = source.splitlines()[node.lineno - 1 : node.end_lineno]
    scope: dict[str, Any] = {"AirflowFailException": Failed}
    exec(textwrap.dedent("\n".join(lines)), scope)
    try:
        return scope["do_failed"](Xcoms(error))
    except Failed as failure:
        assert "No handler is for the error of Do" in str(failure)
        return "fails"


@dataclass(frozen=True)
class Case:
    """A Task with catchers, and what follows its errors by the names that they have in a DAG."""

    name: str
    task: dict[str, Any]
    follows: dict[str | None, Json]


CASES = [
    Case(
        "a function's error",
        call("do", Catch=[catcher("Busy Full")]),
        {"Busy": "Mend", "Full": "Mend", "Other": "fails", "ReadTimeoutError": "fails", None: "fails"},
    ),
    Case(
        "several catchers, and all other errors",
        call("do", Catch=[catcher("Busy"), catcher("States.ALL", "Ask")]),
        {"Busy": "Mend", "Other": "Ask", "AirflowTaskTimeout": "Ask", None: "fails"},
    ),
    Case(
        "a service's error by the name in its model",
        put(Catch=[catcher("DynamoDB.ConditionalCheckFailedException")]),
        {"ConditionalCheckFailedException": "Mend", "ResourceNotFoundException": "fails", None: "fails"},
    ),
    Case(
        "timeouts",
        call("do", TimeoutSeconds=30, Catch=[catcher("States.Timeout")]),
        {"AirflowTaskTimeout": "Mend", "ReadTimeoutError": "Mend", "Busy": "fails", None: "fails"},
    ),
    Case(
        "all but timeouts",
        call("do", TimeoutSeconds=30, Catch=[catcher("States.TaskFailed")]),
        {"Busy": "Mend", "AirflowTaskTimeout": "fails", None: "fails"},
    ),
    Case(
        "Lambda's own error, which is not a function's",
        call("do", Catch=[catcher("Lambda.TooManyRequestsException")]),
        {"Lambda.TooManyRequestsException": "Mend", "TooManyRequestsException": "fails"},
    ),
    Case(
        "a handler that is the end",
        call("do", Catch=[catcher("Busy", "Done")]),
        {"Busy": None, "Other": "fails"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_handler_follows_the_errors_that_its_catcher_takes(case: Case) -> None:
    translation = made(case.task, Done={"Type": "Succeed"})
    assert how(translation) == ("operator" if "lambda" in case.task["Resource"] else "taskflow")
    assert {error: chosen(translation.source, error) for error in case.follows} == case.follows
    assert "on_failure_callback=push_error" in translation.source


GENERAL = [
    Case("all errors", call("do", Catch=[catcher("States.ALL")]), {}),
    Case("failures, where nothing has a time limit", call("do", Catch=[catcher("States.TaskFailed")]), {}),
    Case("all errors, some by name", call("do", Catch=[catcher("Busy"), catcher("States.ALL")]), {}),
]


@pytest.mark.parametrize("case", GENERAL, ids=lambda case: case.name)
def test_a_handler_of_all_errors_needs_no_branch(case: Case) -> None:
    source = made(case.task).source
    assert 'task_id="Mend"' in source and 'trigger_rule="one_failed"' in source
    assert "push_error" not in source


JOB = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Parameters": {"JobName": "j"}}
RETRY = {"ErrorEquals": ["States.ALL"], "MaxAttempts": 3}

EXACT = [
    Case("errors that the model does not name", put(Catch=[catcher("DynamoDB.AmazonDynamoDBException")]), {}),
    Case("errors that a job is not known to have", {**JOB, "Catch": [catcher("Broken")]}, {}),
    Case("timeouts of a job", {**JOB, "TimeoutSeconds": 60, "Catch": [catcher("States.Timeout")]}, {}),
    Case("a function's error that Lambda has, too", call("do", Catch=[catcher("TooManyRequestsException")]), {}),
    Case("errors of the engine", call("do", Catch=[catcher("States.DataLimitExceeded")]), {}),
    Case(
        "errors of a job that are not tried again beside others",
        {**JOB, "Retry": [{"ErrorEquals": ["Broken"], "MaxAttempts": 0}, RETRY]},
        {},
    ),
]


@pytest.mark.parametrize("case", EXACT, ids=lambda case: case.name)
def test_what_a_dag_cannot_distinguish_stays_exact(case: Case) -> None:
    assert how(made(case.task)) == "exact"


def test_a_retrier_of_no_attempt_behind_the_others_changes_nothing() -> None:
    named = {"ErrorEquals": ["Busy"], "MaxAttempts": 3}
    translation = made(call("do", Retry=[named, {"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}]))
    assert how(translation) == "operator" and "retries=3" in translation.source


def test_a_parallel_catches_all_errors_or_stays_exact() -> None:
    branches = [{"StartAt": "A", "States": {"A": call("a", End=True)}}]
    for names, expected in (("States.ALL", "group"), ("Busy", "exact")):
        parallel = {"Type": "Parallel", "Branches": branches, "Catch": [catcher(names)]}
        assert how(made(parallel)) == expected


def test_ways_of_two_catchers_that_meet_with_other_documents_are_told_apart_by_the_name() -> None:
    catchers = [catcher("Busy", "Late"), catcher("States.ALL", "Late", ResultPath="$.error")]
    late = {"Late": call("late", End=True)}
    source = made(call("do", Catch=catchers), **late).source
    assert (
        '        if (do_error or {}).get("Error") == "Busy":\n'
        "            return params\n"
        '        return {**params, "error": do_error}\n'
    ) in source


def test_ways_of_catchers_that_names_do_not_tell_apart_stay_exact() -> None:
    catchers = [catcher("States.TaskFailed", "Late"), catcher("States.ALL", "Late", ResultPath="$.error")]
    late = {"Late": call("late", End=True)}
    assert how(made(call("do", Catch=catchers, TimeoutSeconds=5), **late)) == "exact"


def test_a_handler_that_does_nothing_but_fail_needs_no_branch() -> None:
    broken = call("mend", Parameters={"x.$": "$.error.Cause"}, End=True)
    task = call("do", Catch=[{"ErrorEquals": ["Busy"], "Next": "Mend"}])
    source = made(task, Mend=broken).source
    assert "do_failed" not in source and "States.Runtime" in source


@pytest.mark.parametrize(("resource", "expected"), [("lambda", "branch"), ("dynamodb", "exact")])
def test_a_choice_compares_the_name_of_a_functions_error_alone(resource: str, expected: str) -> None:
    catchers = [catcher("States.ALL", "Which", ResultPath="$.error")]
    task = call("do", Catch=catchers) if resource == "lambda" else put(Catch=catchers)
    rule = {"Variable": "$.error.Error", "StringEquals": "Busy", "Next": "Mend"}
    translation = made(task, Which={"Type": "Choice", "Choices": [rule], "Default": "Go on"})
    assert how(translation, "Which") == expected


def test_an_item_handles_the_errors_that_its_catchers_name() -> None:
    catchers = [catcher("Busy"), catcher("Full", "Ask")]
    states = {
        "Do": call("do", Catch=catchers, End=True),
        "Mend": call("mend", Parameters={}, End=True),
        "Ask": call("ask", Parameters={}, End=True),
    }
    each = {"Type": "Map", "ItemsPath": "$.list", "ItemProcessor": {"StartAt": "Do", "States": states}, "End": True}
    source = native({"M": each}).source
    expected = """\
        try:
            invoke_function(DO, item)
        except Exception as error:
            if error_name(error) == "Busy":
                invoke_function(MEND, {})
            elif error_name(error) == "Full":
                invoke_function(ASK, {})
            else:
                raise
"""
    assert expected in source


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (ValueError("failed", {"Payload": '{"errorType": "Busy"}'}), "Busy"),
        (ValueError("failed", {"Payload": '{"errorMessage": "out of time"}'}), "Lambda.Unknown"),
        (ValueError("no function"), "ValueError"),
        (KeyError("bucket"), "KeyError"),
    ],
    ids=["of the function", "without a type", "of the operator", "of Airflow"],
)
def test_the_name_of_an_error_in_a_file(error: Exception, name: str) -> None:
    source = made(call("do", Catch=[catcher("Busy")])).source
    scope: dict[str, Any] = {}
    exec("import json\n" + source[source.index("def error_name") : source.index("def push_error")], scope)
    assert scope["error_name"](error) == name


def test_the_handler_of_a_parallel_follows_errors_in_it_that_no_catcher_takes() -> None:
    branch = {
        "Do": call("do", Catch=[catcher("Busy")], End=True),
        "Mend": call("mend", Parameters={}, End=True),
    }
    other = {"Side": call("side", End=True)}
    branches = [{"StartAt": next(iter(states)), "States": states} for states in (branch, other)]
    states = {
        "P": {"Type": "Parallel", "Branches": branches, "Catch": [catcher("States.ALL", "Tell")], "End": True},
        "Tell": call("tell", Parameters={}, End=True),
    }
    source = native(states).source
    assert "do_failed_task >> mend" in source and "is_due" not in source
    assert 'task_id="Tell",' in source.partition('trigger_rule="one_failed",')[0]
    assert "[p_end1, side] >> tell" in source
