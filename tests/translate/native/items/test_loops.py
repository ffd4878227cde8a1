"""Loops as functions: each does what the engine does with the same answers, and stays exact where it cannot be said."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sfn_provider.engine import simulate
from tests.translate.native.native_states import call, catch, native
from tests.translate.native.parts.test_exact_parts import exact

Json = Any


def less(variable: str, limit: int, next: str, default: str) -> dict[str, Any]:
    rule = {"Variable": variable, "NumericLessThan": limit, "Next": next}
    return {"Type": "Choice", "Choices": [rule], "Default": default}


DONE: dict[str, Any] = call("done", End=True)


@dataclass(frozen=True)
class Case:
    """A machine of one loop, what its functions answer by the names of their states, and its input."""

    name: str
    states: dict[str, Any]
    answers: dict[str, list[Json]]
    input: Json = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    language: str = "JSONPath"


CASES = [
    Case(
        "pages until there is no token",
        {
            "Page": call("page", Parameters={"token.$": "$.token"}, ResultPath="$.page", Next="More?"),
            "More?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.page.token", "IsPresent": True, "Next": "Use"}],
                "Default": "Done",
            },
            "Use": call("use", Parameters={"rows.$": "$.page.rows"}, ResultPath=None, Next="Turn"),
            "Turn": {"Type": "Pass", "InputPath": "$.page.token", "ResultPath": "$.token", "Next": "Page"},
            "Done": DONE,
        },
        {"Page": [{"token": "b", "rows": [1]}, {"token": "c", "rows": [2]}, {"rows": []}], "Use": [None]},
        {"token": "a", "other": 1, "page": None},
        ("while True:",),
    ),
    Case(
        "a count, and a value of the round before",
        {
            "Call": call("call", Parameters={"n.$": "$.n", "last.$": "$.last"}, ResultPath="$.got", Next="Step"),
            "Step": {
                "Type": "Pass",
                "Parameters": {"n.$": "States.MathAdd($.n, 1)", "last.$": "$.n", "got.$": "$.got"},
                "Next": "Enough?",
            },
            "Enough?": less("$.n", 4, "Call", "Done"),
            "Done": DONE,
        },
        {"Call": ["x", "y", "z", "w"]},
        {"n": 1, "last": 0, "got": None},
        ('data = {"n": (data["n"] + 1), "last": data["n"], "got": call}',),
    ),
    Case(
        "a Wait, several ways out, and one that fails",
        {
            "Ask": call("ask", Next="Which?"),
            "Which?": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.status", "StringEquals": "DONE", "Next": "Good"},
                    {"Variable": "$.status", "StringEquals": "LATE", "Next": "Late"},
                ],
                "Default": "Pause",
            },
            "Pause": {"Type": "Wait", "SecondsPath": "$.pause", "Next": "Ask"},
            "Good": call("good", End=True),
            "Late": call("late", End=True),
        },
        {"Ask": [{"status": "", "pause": 3}, {"status": "LATE", "n": 2}], "Late": [1]},
        {"id": 7},
        ('return {"next": "Late", "output": ask}', "time.sleep(ask["),
    ),
    Case(
        "an error leads out",
        {
            "Call": call("call", Catch=catch("Mend", ResultPath="$.error"), ResultPath="$.got", Next="Enough?"),
            "Enough?": less("$.got", 2, "Call", "Done"),
            "Mend": call("mend", Parameters={"n.$": "$.n"}, End=True),
            "Done": DONE,
        },
        {"Call": [1, {"errorType": "Broken"}], "Mend": ["mended"]},
        {"n": 1},
        ("except Exception as error:", '"next": "Mend"'),
    ),
    Case(
        "an error leads back",
        {
            "Call": call("call", Catch=catch("Again", ResultPath=None), ResultPath="$.got", Next="Enough?"),
            "Again": {"Type": "Pass", "Result": True, "ResultPath": "$.again", "Next": "Call"},
            "Enough?": less("$.got", 2, "Call", "Done"),
            "Done": DONE,
        },
        {"Call": [1, {"errorType": "Broken"}, 5]},
        {"again": False},
        ("except Exception:",),
    ),
    Case(
        "a loop within a loop",
        {
            "Start": call("start", ResultPath="$.job", Next="Ask"),
            "Ask": call("ask", Parameters={"job.$": "$.job.id"}, ResultPath="$.ask", Next="Ready?"),
            "Ready?": less("$.ask.done", 1, "Pause", "Last?"),
            "Pause": {"Type": "Wait", "SecondsPath": "$.ask.pause", "Next": "Ask"},
            "Last?": less("$.job.id", 2, "Start", "Done"),
            "Done": DONE,
        },
        {"Start": [{"id": 1}, {"id": 2}], "Ask": [{"done": 0, "pause": 1}, {"done": 1}, {"done": 1}]},
        {"keep": "me"},
        ("        while True:", "                break"),
    ),
    Case(
        "a state from whose first round alone a member is missing",
        {
            "Call": call("call", Parameters={"all.$": "$"}, ResultPath="$.got", Next="Enough?"),
            "Enough?": less("$.got.n", 3, "Call", "Done"),
            "Done": DONE,
        },
        {"Call": [{"n": 1}, {"n": 2}, {"n": 3}]},
        {"x": 1},
        ("data = params", 'data = {**data, "got": call}'),
    ),
    Case(
        "variables of the machine",
        {
            "Call": call(
                "call",
                Arguments={"n": "{% $n %}"},
                Assign={"n": "{% $n + 1 %}", "got": "{% $states.result %}"},
                Next="Q",
            ),
            "Q": {"Type": "Choice", "Choices": [{"Condition": "{% $n < 3 %}", "Next": "Call"}], "Default": "Done"},
            "Done": DONE,
        },
        {"First": [0], "Call": [5, 6, 7]},
        language="JSONata",
    ),
]


class Lambda:
    """Functions that answer in order, the last answer again and again; an object with an errorType is a failure."""

    def __init__(self, answers: dict[str, list[Json]]) -> None:
        self.answers = {name.lower(): list(found) for name, found in answers.items()}
        self.calls: list[tuple[str, Json]] = []

    def invoke_lambda(self, function_name: str, payload: str) -> dict[str, Any]:
        name = function_name.rpartition(":")[2]
        self.calls.append((name, json.loads(payload)))
        found = self.answers[name]
        answer = found.pop(0) if len(found) > 1 else found[0]
        failed = isinstance(answer, dict) and "errorType" in answer
        return {"Payload": _Stream(json.dumps(answer)), **({"FunctionError": "Unhandled"} if failed else {})}


@dataclass
class _Stream:
    text: str

    def read(self) -> str:
        return self.text


def run(source: str, name: str, input: Json, functions: Lambda) -> Any:
    """Run a function of a DAG file with the run's params."""
    tree = ast.parse(source)
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    constants = [node for node in tree.body if isinstance(node, ast.Assign)]
    for node in found:
        node.decorator_list = []
    body = [*constants, *(node for node in found if node.name in (name, "invoke_function", "error_name"))]
    slept: list[float] = []
    scope: dict[str, Any] = {
        "json": json,
        "LambdaHook": lambda: functions,
        "time": type("time", (), {"sleep": slept.append}),
        "AirflowFailException": RuntimeError,
        "ClientError": ClientError,
    }
    exec(compile(ast.Module(body, []), "dag.py", "exec"), scope)
    return scope[name](**{argument.arg: input for argument in next(n for n in found if n.name == name).args.args})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_loop_calls_and_returns_what_the_engine_does(case: Case) -> None:
    states = case.states
    if case.language == "JSONata":
        states = {"First": {"Type": "Pass", "Assign": {"n": 1}, "Next": "Call"}, **states}
    definition = {"StartAt": next(iter(states)), "States": states, "QueryLanguage": case.language}
    made = native(states, QueryLanguage=case.language)
    assert "sfn_provider" not in made.source
    for line in case.lines:
        assert line in made.source
    answers = {"Done": [None], **case.answers}
    mocks = {
        name: [
            {"Throw": {"Error": "Broken", "Cause": "{}"}}
            if isinstance(answer, dict) and "errorType" in answer
            else {"Return": answer}
            for answer in found
        ]
        for name, found in answers.items()
        if name in states
    }
    execution = simulate(definition, case.input, mocks=mocks)
    expected = [
        (event["lambdaFunctionScheduledEventDetails"]["resource"].rpartition(":")[2], json.loads(detail["input"]))
        for event in execution.events
        if (detail := event.get("lambdaFunctionScheduledEventDetails")) is not None
    ]
    entry = next(entry for entry in made.tasks if entry.how == "taskflow")
    functions = Lambda(case.answers)
    returned = run(made.source, entry.task_id.lower(), case.input, functions)
    *within, (behind, document) = expected
    assert functions.calls == within
    if isinstance(returned, dict) and "next" in returned:
        assert returned["next"].lower() == behind
        returned = returned.get("output")
    if "Parameters" not in next(state for name, state in states.items() if name.lower() == behind):
        assert returned == document
    assert execution.status == "SUCCEEDED"


def test_a_variable_that_a_loop_sets_is_in_what_it_returns() -> None:
    states = {
        "First": call("first", Arguments={}, Assign={"kind": "k"}, Next="Ask"),
        "Ask": call("ask", Arguments={}, Assign={"state": "{% $states.result.state %}", "unread": 1}, Next="Q"),
        "Q": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $state = 'good' %}", "Next": "Done"},
                {"Condition": "{% $state = 'bad' %}", "Next": "Stop"},
            ],
            "Default": "Ask",
        },
        "Stop": {"Type": "Fail", "Cause": "{% 'it is ' & $state & $kind %}"},
        "Done": call("done", Arguments={"state": "{% $state %}"}, End=True),
    }
    made = native(states, QueryLanguage="JSONata")
    assert "sfn_provider" not in made.source
    functions = Lambda({"Ask": [{"state": "new"}, {"state": "good"}]})
    returned = run(made.source, "ask", {}, functions)
    assert returned == {"next": "Done", "variables": {"state": "good"}}
    assert 'payload=\'{"state": {{ ti.xcom_pull(task_ids="Ask").variables.state | tojson }}}\'' in made.source
    assert "it is {result['variables']['state']}k" in made.source


def test_the_branch_behind_a_loop_leads_where_the_loop_has_ended() -> None:
    source = native(CASES[2].states).source
    assert 'return result["next"]' in source
    assert "ask_task >> ask_exits(ask_task) >> [good, late]" in source
    assert "{{ ti.xcom_pull(task_ids='Ask').output | tojson }}" in source


def test_all_states_of_a_loop_are_in_its_task_and_the_report_says_what_that_costs() -> None:
    made = native(CASES[2].states)
    assert {entry.state: (entry.how, entry.task_id) for entry in made.tasks} == {
        "Ask": ("taskflow", "Ask"),
        "Which?": ("taskflow", "Ask"),
        "Pause": ("taskflow", "Ask"),
        "Good": ("operator", "Good"),
        "Late": ("operator", "Late"),
    }
    assert ("LOOP_IN_ONE_TASK", "Ask") in {(found.code, found.state) for found in made.findings}


def test_a_loop_with_a_state_that_cannot_be_said_stays_exact() -> None:
    states = {**CASES[2].states, "Ask": exact("ask", Next="Which?")}
    made = native(states)
    assert {entry.state for entry in made.tasks if entry.how == "exact"} == {"Ask", "Which?", "Pause"}
    assert "while True" not in made.source


def test_a_loop_with_two_ways_in_stays_exact() -> None:
    made = native(
        {
            "Z": call("z", Next="S"),
            "S": less("$.n", 1, "A", "B"),
            "A": call("a", Next="B"),
            "B": call("b", Next="Q"),
            "Q": less("$.n", 2, "A", "Done"),
            "Done": DONE,
        }
    )
    assert {entry.state for entry in made.tasks if entry.how == "exact"} == {"S", "A", "B", "Q"}
    assert "two ways" in next(entry.why for entry in made.tasks if entry.state == "A")


def test_a_member_that_the_first_round_lacks_is_carried_by_nobody_where_it_is_written_before_it_is_read() -> None:
    emr = "arn:aws:states:::aws-sdk:emrserverless:"
    run = {"ApplicationId": "a", "JobRunId.$": "$.Job.Input.JobRunId"}
    rule = {"Variable": "$.Job.Status.JobRun.State", "StringEquals": "SUCCESS", "Next": "Done"}
    states = {
        "Start": {
            "Type": "Task",
            "Resource": f"{emr}startJobRun",
            "Parameters": {"ApplicationId": "a", "ExecutionRoleArn": "r", "ClientToken.$": "States.UUID()"},
            "ResultPath": "$.Job.Input",
            "Next": "Ask",
        },
        "Ask": {
            "Type": "Task",
            "Resource": f"{emr}getJobRun",
            "Parameters": run,
            "ResultPath": "$.Job.Status",
            "Next": "First",
        },
        "First": {"Type": "Choice", "Choices": [rule], "Default": "Second"},
        "Second": {"Type": "Choice", "Choices": [{**rule, "StringEquals": "FAILED", "Next": "Bad"}], "Default": "Wait"},
        "Wait": {"Type": "Wait", "Seconds": 20, "Next": "Ask"},
        "Bad": {"Type": "Fail"},
        "Done": {"Type": "Succeed"},
    }
    source = native(states).source
    assert "sfn_provider" not in source
    assert ')["jobRunId"]' in source, "of the first response a part is read"
    assert '["jobRun"]["state"]' in source
