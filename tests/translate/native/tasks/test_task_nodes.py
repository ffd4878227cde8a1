"""The tasks that the native style emits for states, line by line."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from tests.translate.native.native_states import TOPIC, VERSION, call, catch, native, publish


@dataclass(frozen=True)
class Case:
    """A machine, and lines that stand in its DAG file."""

    name: str
    states: dict[str, Any]
    lines: tuple[str, ...]
    version: str = VERSION


CHOICE = {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericGreaterThan": 1, "Next": "B"}], "Default": "C"}


CASES = [
    Case(
        "an input field, a result, and the type of each in JSON text",
        {
            "A": call("a", Parameters={"x.$": "$.x", "one": 1, "yes": True}, ResultPath="$.a", Next="B"),
            "B": call("b", Parameters={"y.$": "$.a.items[0].y"}, End=True),
        },
        (
            """payload='{"x": {{ params.x | tojson }}, "one": 1, "yes": true}'""",
            'macros.json.loads(ti.xcom_pull(task_ids="A"))["items"][0].y | tojson',
        ),
    ),
    Case(
        "a Choice on a result, its targets, and a merge",
        {"A": call("a", Next="Q"), "Q": CHOICE, "B": call("b", ResultPath=None, Next="C"), "C": call("c", End=True)},
        (
            '@task.branch(task_id="Q")',
            'return "B" if json.loads(result)["n"] > 1 else "Q_to_C"',
            'q_to_c = EmptyOperator(task_id="Q_to_C")',
            'trigger_rule="none_failed_min_one_success"',
        ),
    ),
    Case(
        "a handler of the first task, which reads the error",
        {
            "A": call("a", Catch=catch("H"), End=True),
            "H": publish(Parameters={"TopicArn": TOPIC, "Message.$": "$.Cause"}, End=True),
        },
        (
            "on_failure_callback=push_error",
            """message="{{ ti.xcom_pull(task_ids='A', key='error').Cause }}",""",
            'trigger_rule="one_failed"',
            f'ALERTS = "{TOPIC}"',
        ),
    ),
    Case(
        "a handler of a later task looks which task has failed",
        {
            "A": call("a", Next="B"),
            "B": call("b", Catch=catch("H"), End=True),
            "H": publish(Parameters={"TopicArn": TOPIC, "Message": "failed"}, End=True),
        },
        (
            '@task(task_id="H_is_due", trigger_rule="one_failed")',
            'task_ids=["B"]',
            'if "failed" not in states[ti.run_id].values():',
            'raise AirflowFailException("An earlier task has failed")',
        ),
    ),
    Case(
        "the same on Airflow 2",
        {
            "A": call("a", Next="B"),
            "B": call("b", Catch=catch("H"), End=True),
            "H": publish(Parameters={"TopicArn": TOPIC, "Message": "failed"}, End=True),
        },
        ("from airflow.decorators import task", "from airflow import DAG", "dag_run.get_task_instances()"),
        "2.10.3",
    ),
    Case(
        "ways that meet again behind a handler",
        {
            "A": call("a", Catch=catch("H"), Next="Z"),
            "H": call("h", ResultPath=None, Next="Z"),
            "Z": call("z", Parameters={}, End=True),
        },
        ('trigger_rule="one_success"',),
    ),
    Case(
        "a Wait",
        {"A": {"Type": "Wait", "Seconds": 90, "End": True}},
        (
            "from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync",
            'target_time="{{ ti.start_date + macros.timedelta(seconds=90) }}"',
        ),
    ),
    Case(
        "a Wait on Airflow 2",
        {"A": {"Type": "Wait", "Seconds": 90, "End": True}},
        ("from airflow.sensors.date_time import DateTimeSensorAsync",),
        "2.10.3",
    ),
    Case(
        "a Fail",
        {"A": {"Type": "Fail", "Error": "Bad", "CausePath": "$.why"}},
        ("""raise AirflowFailException(f"Bad: {params['why']}")""",),
    ),
    Case(
        "an item of DynamoDB",
        {
            "A": {
                "Type": "Task",
                "Resource": "arn:aws:states:::dynamodb:getItem",
                "Parameters": {"TableName": "t", "Key": {"id": {"S.$": "$.id"}}},
                "Next": "B",
            },
            "B": call("b", Parameters={"name.$": "$.Item.name.S"}, End=True),
        },
        (
            'dynamodb = AwsBaseHook(client_type="dynamodb").conn',
            """return dynamodb.get_item(TableName="t", Key={"id": {"S": params["id"]}})["Item"]["name"]["S"]""",
            """payload='{"name": {{ ti.xcom_pull(task_ids="A") | tojson }}}',""",
        ),
    ),
    Case(
        "a polling loop",
        {
            "A": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:ssm:getParameter",
                "Parameters": {"Name": "status"},
                "ResultPath": "$.p",
                "Next": "Q",
            },
            "Q": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.p.Parameter.Value", "StringEquals": "done", "Next": "B"}],
                "Default": "W",
            },
            "W": {"Type": "Wait", "Seconds": 20, "Next": "A"},
            "B": call("b", Parameters={"x.$": "$.x"}, End=True),
        },
        (
            '@task.sensor(task_id="A", poke_interval=20, timeout=31536000, mode="reschedule")',
            'answer = ssm.get_parameter(Name="status")["Parameter"]["Value"]',
            'return answer == "done"',
        ),
    ),
    Case(
        "an inline Map",
        {
            "A": call("a", Next="M"),
            "M": {
                "Type": "Map",
                "MaxConcurrency": 3,
                "ItemsPath": "$.list",
                "ItemProcessor": {"StartAt": "I", "States": {"I": call("i", End=True)}},
                "Next": "Z",
            },
            "Z": call("z", Parameters={"all.$": "$"}, End=True),
        },
        (
            'return json.loads(result)["list"]',
            '@task(task_id="M", max_active_tis_per_dagrun=3)',
            "m_task = m.expand(item=m_items_task)",
            "return list(results or [])",
        ),
    ),
    Case(
        "a Parallel as a group, without a task of its own",
        {
            "P": {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": "L", "States": {"L": call("l", End=True)}},
                    {"StartAt": "R", "States": {"R": call("r", End=True)}},
                ],
                "Next": "Z",
            },
            "Z": call("z", Parameters={"l.$": "$[0]", "r.$": "$[1].x"}, End=True),
        },
        ('with TaskGroup("P", prefix_group_id=False):', "[l_, r] >> z"),
    ),
    Case(
        "ways that build a value differently leave it in tasks",
        {
            "Q": {**CHOICE, "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "B"}]},
            "B": {"Type": "Pass", "Result": {"k": "one"}, "Next": "Z"},
            "C": {"Type": "Pass", "Result": {"k": "two"}, "Next": "Z"},
            "Z": call("z", Parameters={"k.$": "$.k"}, End=True),
        },
        ('return {"k": "one"}', "is not none else"),
    ),
    Case(
        "ways that build a document differently are merged by a task",
        {
            "A": call("a", ResultPath="$.a", Next="Q"),
            "Q": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.n", "NumericEquals": 1, "Next": "B"},
                    {"Variable": "$.n", "NumericEquals": 2, "Next": "C"},
                ],
                "Default": "Z",
            },
            "B": call("b", ResultPath="$.b", Next="Z"),
            "C": call("c", Parameters={}, ResultSelector={"x.$": "$.x", "y.$": "$.y"}, ResultPath="$.c", Next="Z"),
            "Z": call("z", End=True),
        },
        (
            '@task(task_id="Z_payload", trigger_rule="none_failed_min_one_success")',
            'b = ti.xcom_pull(task_ids="B")',
            "if b is not None:",
            'return {**params, "a": json.loads(a), "b": json.loads(b)}',
            """payload="{{ ti.xcom_pull(task_ids='Z_payload') | tojson }}",""",
            "[b, c, q_to_z] >> z_payload() >> z",
        ),
    ),
    Case(
        "what a condition reads twice is parsed once",
        {
            "A": call("a", Next="Q"),
            "Q": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.n", "NumericEquals": 1, "Next": "B"},
                    {"Variable": "$.n", "NumericEquals": 2, "Next": "C"},
                ],
                "Default": "B",
            },
            "B": call("b", Parameters={}, End=True),
            "C": call("c", Parameters={}, End=True),
        },
        ("a = json.loads(result)", 'if a["n"] == 1:', 'if a["n"] == 2:'),
    ),
    Case(
        "an item of an array that is there, and a member that a result always has",
        {
            "A": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": "a"},
                "Next": "Q",
            },
            "Q": {
                "Type": "Choice",
                "Choices": [
                    {
                        "And": [
                            {"Variable": "$.Payload", "IsPresent": True},
                            {"Variable": "$.Payload[0]", "IsPresent": True},
                        ],
                        "Next": "B",
                    },
                    {"Variable": "$.Payload[1]", "IsPresent": False, "Next": "C"},
                ],
                "Default": "B",
            },
            "B": call("b", Parameters={}, End=True),
            "C": call("c", Parameters={}, End=True),
        },
        ("if len(a) > 0:", "if len(a) <= 1:"),
    ),
    Case(
        "retries, a delay and a time limit",
        {
            "A": call(
                "a",
                TimeoutSeconds=300,
                Retry=[{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5, "MaxAttempts": 4, "MaxDelaySeconds": 60}],
                End=True,
            )
        },
        (
            "retries=4,",
            "retry_delay=timedelta(seconds=5),",
            "retry_exponential_backoff=2.0,",
            "max_retry_delay=timedelta(minutes=1),",
            "execution_timeout=timedelta(minutes=5),",
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_emitted(case: Case) -> None:
    made = native(case.states, case.version)
    assert [(entry.state, entry.why) for entry in made.tasks if entry.how == "exact"] == []
    for line in case.lines:
        assert line in made.source
    ast.parse(made.source)
    assert "sfn_provider" not in made.source
    assert all(len(line) <= 110 for line in made.source.splitlines())


def test_a_loop_that_is_no_polling_goes_round() -> None:
    made = native(
        {
            "A": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Q"},
            "Q": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.n", "NumericEquals": 2, "Next": "Z"}],
                "Default": "A",
            },
            "Z": {"Type": "Succeed"},
        }
    )
    assert made.style == "native"
    assert "while True:" in made.source


def test_a_shallow_merge_of_objects_is_one_in_templates_and_functions() -> None:
    merge = "States.JsonMerge($.x, $.y, {})"
    tags = {"QueueUrl": "https://q", "Tags.$": merge.format("false")}
    resource = "arn:aws:states:::aws-sdk:sqs:tagQueue"
    states = {
        "A": call("a", Parameters={"m.$": merge.format("false")}, ResultPath=None, Next="B"),
        "B": {"Type": "Task", "Resource": resource, "Parameters": tags, "End": True},
    }
    source = native(states).source
    assert '{"m": {{ dict(params.x, **params.y) | tojson }}}' in source
    assert 'Tags={**params["x"], **params["y"]}' in source
    states["A"]["Parameters"] = {"m.$": merge.format("$.deep")}
    assert [found.state for found in native(states).findings if found.code == "STAYS_EXACT"] == ["A"]


@pytest.mark.parametrize("value", ["$.x", "States.JsonMerge($.x, $.y, false)"], ids=["a member", "what a call makes"])
def test_the_text_of_json_is_the_one_of_step_functions(value: str) -> None:
    expression = f"States.JsonToString({value})"
    parameters = {"TopicArn": TOPIC, "Message.$": expression}
    states = {
        "A": publish(Parameters=parameters, ResultPath=None, Next="B"),
        "B": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Parameters": {"TableName": "t", "Item": {"id": {"S.$": expression}}},
            "End": True,
        },
    }
    source = native(states).source
    assert "separators=(',', ':'), ensure_ascii=false) }}" in "".join(source.split('"\n            "'))
    assert 'separators=(",", ":"), ensure_ascii=False' in source


def test_a_machine_without_a_task_is_one_empty_task() -> None:
    assert 'a = EmptyOperator(task_id="A")' in native({"A": {"Type": "Pass", "End": True}}).source


def test_ruff_has_nothing_to_say(tmp_path: Any) -> None:
    for number, case in enumerate(CASES):
        (tmp_path / f"dag_{number}.py").write_text(native(case.states, case.version).source, encoding="utf-8")
    for command in (["check", "--extend-select", "I,W,UP,F,B"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", "--line-length", "110"]
        done = subprocess.run([*ruff, str(tmp_path)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_result_that_some_ways_lack_is_parsed_only_on_those_that_have_it() -> None:
    rules = [{"Variable": "$.n", "NumericEquals": 1, "Next": "B"}, {"Variable": "$.n", "NumericEquals": 2, "Next": "C"}]
    made = native(
        {
            "Q": {"Type": "Choice", "Choices": rules, "Default": "Z"},
            "B": call("b", ResultPath="$.r", Next="D"),
            "C": {"Type": "Pass", "Result": {"x": 1, "y": 2}, "ResultPath": "$.r", "Next": "D"},
            "D": call("d", Parameters={"x.$": "$.n"}, ResultPath=None, Next="E"),
            "E": call("e", Parameters={"x.$": "$.r.x", "y.$": "$.r.y"}, ResultPath=None, Next="Z"),
            "Z": call("z", Parameters={}, End=True),
        }
    )
    lines = made.source.splitlines()
    parses = [number for number, line in enumerate(lines) if "json.loads(" in line]
    assert parses and all("is not None:" in lines[number - 1] for number in parses)
